"""The scorer in use: the trained score that is active, else the rule."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

import numpy as np
from sqlalchemy import Connection

from intent.classifier.taxonomy import Taxonomy
from intent.errors import ScoreError
from intent.leads.scoring import features
from intent.leads.scoring.model import HEADS, ScoreModel, ScoreShelf
from intent.leads.scoring.scorer import RULE, LeadFacts, RuleScorer, Score, Scored, value_weight
from knowledge_base.client_facts import ClientFacts
from knowledge_base.events import china_day

log = logging.getLogger("tougu.leads")


class TrainedScorer:
    """Probability that a lead is one, times that it is won, times the weight of what is at stake."""

    def __init__(self, model: ScoreModel, taxonomy: Taxonomy) -> None:
        self._model = model
        self._zh = {n: taxonomy[i].zh if i in taxonomy else i for n, i in enumerate(model.intents)}

    def scores(self, connection: Connection, facts: Sequence[LeadFacts], now: datetime) -> tuple[Scored, ...]:
        day = china_day(now)
        clients = features.clients_of(connection, [each.client_id for each in facts], day=day)
        return self.of_facts(facts, clients, day)

    def for_clients(self, connection: Connection, client_ids: Iterable[str], now: datetime) -> Score:
        day = china_day(now)
        clients = features.clients_of(connection, list(client_ids), day=day)
        return lambda facts: self.of_facts([facts], clients, day, why=False)[0].score

    def of_facts(
        self, facts: Sequence[LeadFacts], clients: Mapping[str, ClientFacts], day: date, *, why: bool = True
    ) -> tuple[Scored, ...]:
        """The same with clients who were read before; reasons take most of the time, and can be left out."""
        if not facts:
            return ()
        rows = [features.row_of(each, clients.get(each.client_id), day, self._model.intents) for each in facts]
        matrix = np.asarray(rows, np.float32)
        right, ready = (self._model.probabilities(head, matrix) for head in HEADS)
        parts = self._model.contributions(matrix) if why else np.zeros(matrix.shape)
        return tuple(
            self._scored(
                each, rows[n], float(right[n]), float(ready[n]), parts[n].tolist(), clients.get(each.client_id)
            )
            for n, each in enumerate(facts)
        )

    def _scored(
        self, facts: LeadFacts, row: Sequence[float], right: float, ready: float, why: Sequence[float],
        client: ClientFacts | None,
    ) -> Scored:  # fmt: skip
        value = value_weight(facts.amount_cny, client.client.assets_cny if client else None)
        return Scored(
            score=round(right * ready * value, 4), right=round(right, 4), ready=round(ready, 4), value=value,
            by=self._model.version, reasons=features.reasons(row, why, self._zh),
        )  # fmt: skip


class ActiveScorer:
    """Follows the shelf: a score that is activated or taken back counts from the next lead on, in every process.

    A score that cannot be loaded never stops a lead: the rule scores, and the log says why.
    """

    def __init__(self, shelf: ScoreShelf, taxonomy: Taxonomy) -> None:
        self._shelf, self._taxonomy = shelf, taxonomy
        self._rule = RuleScorer()
        self._lock = threading.Lock()
        self._version: str | None = None
        self._trained: TrainedScorer | None = None

    def scores(self, connection: Connection, facts: Sequence[LeadFacts], now: datetime) -> tuple[Scored, ...]:
        return (self.trained() or self._rule).scores(connection, facts, now)

    def for_clients(self, connection: Connection, client_ids: Iterable[str], now: datetime) -> Score:
        return (self.trained() or self._rule).for_clients(connection, client_ids, now)

    @property
    def version(self) -> str:
        """Of the score in use."""
        return (self._version or RULE) if self.trained() else RULE

    def trained(self) -> TrainedScorer | None:
        """The active score; None where the rule scores."""
        version = self._shelf.active()
        with self._lock:
            if version != self._version:
                self._version, self._trained = version, self._load(version)
            return self._trained

    def _load(self, version: str | None) -> TrainedScorer | None:
        if version is None:
            return None
        try:
            return TrainedScorer(self._shelf.load(version), self._taxonomy)
        except ScoreError as error:
            log.error("the rule scores leads instead of %s: %s", version, error)
            return None
