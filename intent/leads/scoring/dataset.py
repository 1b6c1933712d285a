"""Leads with an outcome, as rows to learn from: what was known when they were offered, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, select

from intent.leads.lead import Lead, LeadState
from intent.leads.queue import lead_of
from intent.leads.scoring import features
from intent.leads.scoring.features import Matrix
from intent.leads.scoring.scorer import LeadFacts, by_rule, value_weight
from intent.leads.scoring.tables import lead_explorations, lead_scores
from intent.leads.tables import leads
from knowledge_base.client_facts import ClientFacts
from knowledge_base.events import china_day

OUTCOMES = (LeadState.WON, LeadState.LOST, LeadState.WRONG)  # contacted says not yet what became of it
PAGE = 500
TRAIN_SHARE, CALIBRATION_SHARE = 0.6, 0.2  # of the leads in order of time; the rest is held back


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """Leads with outcomes in order of time; arrays of shape (leads,), the matrix (leads, features)."""

    clients: tuple[str, ...]
    days: tuple[date, ...]  # first seen
    matrix: Matrix
    won: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    rule: NDArray[np.float64]  # score of the rule
    value: NDArray[np.float64]
    explored: NDArray[np.bool_]  # drawn at random into a list
    intents: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.clients)

    def take(self, which: NDArray[np.bool_]) -> Labelled:
        index = np.flatnonzero(which)
        return Labelled(
            clients=tuple(self.clients[n] for n in index), days=tuple(self.days[n] for n in index),
            matrix=self.matrix[index], won=self.won[index], wrong=self.wrong[index], rule=self.rule[index],
            value=self.value[index], explored=self.explored[index], intents=self.intents,
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Slices:
    """One after the other in time, and no client in two of them."""

    train: Labelled
    calibration: Labelled
    held_back: Labelled
    dropped: int  # earlier leads of clients who came again in a later slice


@dataclass(frozen=True, kw_only=True)
class _Row:
    lead: Lead
    values: list[float]
    value: float
    explored: bool


def labelled_leads(engine: Engine, intents: Sequence[str]) -> Labelled:
    """All leads with an outcome, in order of their first second.

    Features are those stored when the lead was last scored while on offer. A lead that was never scored has those of
    its events alone: what the client holds today would tell what became of it.
    """
    rows: list[_Row] = []
    after = ""
    while True:
        with engine.connect() as connection:
            query = select(leads).where(leads.c.state.in_([s.value for s in OUTCOMES]), leads.c.id > after)
            page = [lead_of(row) for row in connection.execute(query.order_by(leads.c.id).limit(PAGE))]
            if not page:
                break
            rows += _rows(connection, page, intents)
        after = page[-1].id
    rows.sort(key=lambda row: (row.lead.first_seen_at, row.lead.id))
    return Labelled(
        clients=tuple(row.lead.client_id for row in rows),
        days=tuple(china_day(row.lead.first_seen_at) for row in rows),
        matrix=np.asarray([row.values for row in rows], np.float32).reshape(len(rows), len(features.names())),
        won=np.asarray([row.lead.state is LeadState.WON for row in rows], bool),
        wrong=np.asarray([row.lead.state is LeadState.WRONG for row in rows], bool),
        rule=np.asarray([by_rule(LeadFacts.of(row.lead)).score for row in rows], float),
        value=np.asarray([row.value for row in rows], float),
        explored=np.asarray([row.explored for row in rows], bool),
        intents=tuple(intents),
    )


def split(found: Labelled) -> Slices:
    """By time, then by client: of a client who comes in a later slice the earlier leads are dropped."""
    first, second = int(len(found) * TRAIN_SHARE), int(len(found) * (TRAIN_SHARE + CALIBRATION_SHARE))
    slice_of = np.zeros(len(found), int)
    slice_of[first:second], slice_of[second:] = 1, 2
    slice_of = _same_day_together(slice_of, found.days)
    latest: dict[str, int] = {}
    for client, n in zip(found.clients, slice_of.tolist(), strict=True):
        latest[client] = max(latest.get(client, 0), n)
    stays = np.asarray([latest[c] == n for c, n in zip(found.clients, slice_of.tolist(), strict=True)], bool)
    train, calibration, held_back = (found.take((slice_of == n) & stays) for n in range(3))
    return Slices(train=train, calibration=calibration, held_back=held_back, dropped=int((~stays).sum()))


def _same_day_together(slice_of: NDArray[np.int_], days: Sequence[date]) -> NDArray[np.int_]:
    """A day belongs to the slice of its first lead."""
    of_day: dict[date, int] = {}
    for day, n in zip(days, slice_of.tolist(), strict=True):
        of_day.setdefault(day, n)
    return np.asarray([of_day[day] for day in days], int)


def _rows(connection: Connection, page: Sequence[Lead], intents: Sequence[str]) -> list[_Row]:
    ids = [lead.id for lead in page]
    query = select(lead_scores).where(lead_scores.c.lead_id.in_(ids), lead_scores.c.layout == features.layout())
    stored = {row.lead_id: row for row in connection.execute(query)}
    drawn = frozenset(
        connection.execute(
            select(lead_explorations.c.lead_id).where(lead_explorations.c.lead_id.in_(ids)).distinct()
        ).scalars()
    )
    bare = [lead for lead in page if lead.id not in stored]
    clients = _clients(connection, bare)
    place = features.names().index(features.INTENT)
    rows = []
    for lead in page:
        facts = LeadFacts.of(lead)
        if lead.id in stored:
            values = features.unpack(stored[lead.id].features).tolist()
            values[place] = features.intent_number(lead.intent, intents)  # the taxonomy may have another order by now
            value = value_weight(facts.amount_cny, features.assets_of(values))
        else:
            day = china_day(lead.first_seen_at)
            values = features.row_of(facts, clients.get(lead.client_id), day, intents, past=True)
            value = value_weight(facts.amount_cny, features.assets_of(values))
        rows.append(_Row(lead=lead, values=values, value=value, explored=lead.id in drawn))
    return rows


def _clients(connection: Connection, page: Sequence[Lead]) -> Mapping[str, ClientFacts]:
    if not page:
        return {}
    earliest = china_day(min(lead.first_seen_at for lead in page))
    return features.clients_of(connection, [lead.client_id for lead in page], day=earliest)
