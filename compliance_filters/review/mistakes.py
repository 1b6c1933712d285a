"""Mistakes that officers mark: a false alarm, or what was missed, becomes a test case, and then training data.

A row holds the text with identifiers and the client's names masked, since cases leave the database.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, Row, exists, insert, select, update

from compliance_filters.audit.log import canonical
from compliance_filters.errors import MistakeError
from compliance_filters.finding import Outcome, Target
from compliance_filters.pii.filter import find_identifiers
from compliance_filters.review.item import ReviewItem
from compliance_filters.rules.pack import RulePack
from compliance_filters.tables import compliance_mistake, compliance_review
from jobs.clock import database_now
from jobs.tables import new_id
from knowledge_base.access import Principal, Role

FALSE_ALARM, MISSED = "false_alarm", "missed"
PROPOSED, APPROVED, REJECTED = "proposed", "approved", "rejected"
PRIVATE = "pii.leak"  # its cases would have to hold the identifier itself
LONGEST = 20_000  # characters of a case
NAME = "某客户"
_columns = compliance_mistake.c
_KEPT = ("today", "channel", "client_level", "client_level_expires", "products")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What an officer says was wrong, in offsets of the judged text."""

    kind: str  # false_alarm | missed
    rule: str
    start: int
    end: int
    verdict: str | None = None  # the right one; None: what the right findings lead to
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One mistake with the right findings and verdict; offsets and quotes are of the masked text."""

    id: str
    state: str
    kind: str
    rule: str
    audit_id: str
    created_at: datetime
    created_by: str
    target: str
    text: str
    quote: str
    findings: tuple[Mapping[str, str], ...]  # rule, quote
    verdict: str
    meta: Mapping[str, Any]
    note: str
    decided_by: str | None
    decided_at: datetime | None


class MistakeBook:
    """Rows of `compliance_mistake`; officers write and read them."""

    def __init__(self, engine: Engine, *, two_persons: bool = True) -> None:
        self._engine, self._two_persons = engine, two_persons

    def mark(self, item: ReviewItem, mark: Mark, *, pack: RulePack, principal: Principal) -> Mistake:
        """Write down what was wrong about a judged text. Raises MistakeError for what is no mistake."""
        principal.require("mark a mistake", Role.COMPLIANCE)
        _check(item, mark, pack)
        right = [f for f in item.findings if not _is_meant(f, mark)]
        outcome = max((f.outcome for f in right), default=Outcome.PASS)
        places = [(f.rule, f.start, f.end) for f in right]
        if mark.kind == MISSED:
            outcome = max(outcome, pack.rules[mark.rule].outcome)
            places.append((mark.rule, mark.start, mark.end))
        names = item.judged_in.client_names if item.judged_in else ()
        text, spans = masked(item.text, names, [*((s, e) for _, s, e in places), (mark.start, mark.end)])
        quotes = [text[start:end] for start, end in spans]
        values = {
            "id": f"mk_{new_id()}", "kind": mark.kind, "rule": mark.rule, "audit_id": item.audit_id,
            "created_by": principal.user_id, "target": item.target.value, "text": json.dumps(text),
            "quote": json.dumps(quotes[-1]),
            "findings": json.dumps([{"rule": r, "quote": q} for (r, _, _), q in zip(places, quotes, strict=False)]),
            "verdict": mark.verdict or outcome.word, "note": mark.note,
            "meta": canonical({name: item.context.get(name) for name in _KEPT}),
            "state": PROPOSED if self._two_persons else APPROVED,
        }  # fmt: skip
        with self._engine.begin() as connection:
            statement = insert(compliance_mistake).values(**values, created_at=database_now(connection))
            return _mistake(connection.execute(statement.returning(*_columns)).one())

    def list(
        self, *, principal: Principal, state: str | None = None, after: str = "", limit: int = 100
    ) -> tuple[Mistake, ...]:
        """Mistakes, the oldest first by id; pass the last id as `after` for the next page.

        One about a confidential escalation is hidden from the officer whom that is about.
        """
        principal.require("read mistakes", Role.COMPLIANCE)
        about = compliance_review.c
        own = exists().where(
            about.audit_id == _columns.audit_id, about.confidential, about.created_by == principal.user_id
        )
        query = select(compliance_mistake).where(_columns.id > after, ~own).order_by(_columns.id).limit(max(1, limit))
        if state is not None:
            query = query.where(_columns.state == state)
        with self._engine.connect() as connection:
            return tuple(_mistake(row) for row in connection.execute(query))

    def all(self, state: str, *, principal: Principal) -> tuple[Mistake, ...]:
        """Every mistake in a state, the oldest first."""
        found: list[Mistake] = []
        while page := self.list(principal=principal, state=state, after=found[-1].id if found else "", limit=1_000):
            found += page
        return tuple(found)

    def decide(self, mistake_id: str, *, approve: bool, principal: Principal) -> Mistake:
        """Let a mistake become a case, or not; never by the officer who marked it."""
        principal.require("decide on a mistake", Role.COMPLIANCE)
        values = {"state": APPROVED if approve else REJECTED, "decided_by": principal.user_id}
        waiting = (
            (_columns.id == mistake_id) & (_columns.state == PROPOSED) & (_columns.created_by != principal.user_id)
        )
        with self._engine.begin() as connection:
            statement = update(compliance_mistake).where(waiting)
            now = database_now(connection)
            row = connection.execute(statement.values(**values, decided_at=now).returning(*_columns)).first()
            if row is None:
                raise MistakeError(
                    f"mistake {mistake_id} cannot be decided: it is decided already, is unknown, or you marked it "
                    "yourself and another officer must look."
                )
            return _mistake(row)


def masked(
    text: str, names: Iterable[str], spans: Sequence[tuple[int, int]]
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """The text with identifiers and names masked, and the spans moved with it."""
    cuts = [(item.start, item.end, item.mask) for item in find_identifiers(text)]
    for name in sorted({name for name in names if len(name) >= 2}, key=len, reverse=True):
        at = -1
        while (at := text.find(name, at + 1)) >= 0:
            if not any(start < at + len(name) and at < end for start, end, _ in cuts):
                cuts.append((at, at + len(name), NAME))
    cuts.sort()
    pieces: list[str] = []
    position = 0
    for start, end, instead in cuts:
        pieces += (text[position:start], instead)
        position = end
    moved = tuple((_moved(start, cuts, first=True), _moved(end, cuts, first=False)) for start, end in spans)
    return "".join([*pieces, text[position:]]), moved


def _moved(place: int, cuts: Sequence[tuple[int, int, str]], *, first: bool) -> int:
    """Where a place lies after the cuts; one inside a cut goes to its edge."""
    shift = 0
    for start, end, instead in cuts:
        if end <= place:
            shift += len(instead) - (end - start)
        elif start < place:
            return start + shift + (0 if first else len(instead))
    return place + shift


def _check(item: ReviewItem, mark: Mark, pack: RulePack) -> None:
    if mark.kind not in (FALSE_ALARM, MISSED):
        raise MistakeError(f"there is no mistake of the kind {mark.kind}: use {FALSE_ALARM} or {MISSED}.")
    if mark.rule not in pack.rules:
        raise MistakeError(f"the rule pack has no rule {mark.rule}: see `tougu rules explain`.")
    if mark.rule == PRIVATE:
        raise MistakeError(f"a case of {PRIVATE} would hold the identifier: give your rule pack a made-up example.")
    if mark.verdict is not None and mark.verdict not in {outcome.word for outcome in Outcome}:
        raise MistakeError(f"there is no verdict {mark.verdict}: use pass, revise, return, review or block.")
    if not 0 <= mark.start < mark.end <= len(item.text):
        raise MistakeError("the words that were meant lie outside the text: mark them again.")
    if len(item.text) > LONGEST:
        raise MistakeError(f"the text is longer than {LONGEST} characters: mark the mistake in a part of it.")
    if mark.kind == FALSE_ALARM and not any(_is_meant(f, mark) for f in item.findings):
        raise MistakeError(f"{mark.rule} was not found there: a false alarm is one of the findings.")
    if mark.kind == MISSED and any(f.rule == mark.rule and _overlap(f, mark) for f in item.findings):
        raise MistakeError(f"{mark.rule} was found there: nothing was missed.")


def _is_meant(finding: Any, mark: Mark) -> bool:
    return mark.kind == FALSE_ALARM and finding.rule == mark.rule and _overlap(finding, mark)


def _overlap(finding: Any, mark: Mark) -> bool:
    return bool(finding.start < mark.end and mark.start < max(finding.end, finding.start + 1))


def _mistake(row: Row[Any]) -> Mistake:
    values = dict(row._mapping)
    read = {name: json.loads(values[name]) for name in ("text", "quote", "meta")}
    return Mistake(**{**values, **read, "findings": tuple(json.loads(values["findings"])),
                      "target": Target(values["target"]).value})  # fmt: skip
