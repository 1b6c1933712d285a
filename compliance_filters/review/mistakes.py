"""Mistakes that officers mark: a false alarm, or what was missed, becomes a test case, and then training data.

A row holds the text with identifiers and names masked, since cases leave the database. A later mark on a text
builds on the earlier one and replaces it; the rows stay, and each step is an entry of the audit log.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, exists, insert, select, update

from compliance_filters.audit.bound import claims, whole_row
from compliance_filters.audit.keys import new_entry_id
from compliance_filters.audit.log import AuditEvent, AuditLog, canonical
from compliance_filters.audit.writer import Turn
from compliance_filters.errors import MistakeError
from compliance_filters.finding import Target
from compliance_filters.review.judged import Judged
from compliance_filters.review.marking import Mark, Marking
from compliance_filters.review.short_ids import the_id
from compliance_filters.rules.pack import RulePack
from compliance_filters.tables import compliance_mistake, compliance_review
from jobs.tables import new_id
from knowledge_base.access import Principal, Role

PROPOSED, APPROVED, REJECTED = "proposed", "approved", "rejected"
REPLACED = "replaced"  # by a later mark on the same text
_columns = compliance_mistake.c
_KEPT = ("today", "channel", "client_level", "client_level_expires", "products")


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One mistake with the right findings and verdict; quotes are of the masked text."""

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

    @property
    def case(self) -> tuple[str, str]:
        """What two marks on one text share."""
        return (self.target, self.text)


class MistakeBook:
    """Rows of `compliance_mistake`, bound into the audit log; officers write and read them."""

    def __init__(self, audit: AuditLog, *, two_persons: bool = True) -> None:
        self._audit, self._two_persons = audit, two_persons

    def mark(
        self, judged: Judged, mark: Mark, *, pack: RulePack, principal: Principal, names: Iterable[str] = ()
    ) -> Mistake:
        """Write down what was wrong about a judged text. Raises MistakeError for what is no mistake.

        names: of people whom the firm knows; they are masked like those of the client.
        """
        principal.require("mark a mistake", Role.COMPLIANCE)
        marking = Marking(judged, mark, names, pack)
        entry_id = new_entry_id()
        meta = {name: judged.context.get(name) for name in _KEPT}
        with self._audit.turn() as turn:
            earlier = self._standing(turn.connection, (judged.target.value, marking.text))
            last = earlier[-1] if earlier else None
            right = marking.corrected(
                last.findings if last else None, same_context=last is not None and _alike(last.meta, meta)
            )
            row = whole_row(
                compliance_mistake,
                id=f"mk_{new_id()}", kind=mark.kind, rule=mark.rule, audit_id=judged.audit_id or entry_id,
                created_at=turn.now, created_by=principal.user_id, target=judged.target.value,
                text=json.dumps(right.text), quote=json.dumps(right.quote), findings=json.dumps(right.findings),
                verdict=mark.verdict or right.outcome.word, note=mark.note, meta=canonical(meta),
                state=PROPOSED if self._two_persons else APPROVED,
            )  # fmt: skip
            replaced = [] if self._two_persons else [each.id for each in earlier]
            changes = [(None, row), *self._replacing(turn.connection, replaced)]
            self._write(turn, "marked", changes, principal, entry_id=entry_id, client_id=judged.client_id)
            turn.connection.execute(insert(compliance_mistake).values(row))
            return _mistake(row)

    def list(
        self, *, principal: Principal, state: str | None = None, after: str = "", limit: int = 100
    ) -> tuple[Mistake, ...]:
        """Mistakes, the oldest first by id; pass the last id as `after` for the next page.

        One about a confidential escalation is hidden from the officer whom that is about.
        """
        principal.require("read mistakes", Role.COMPLIANCE)
        query = select(compliance_mistake).where(_columns.id > after, not_about(principal))
        if state is not None:
            query = query.where(_columns.state == state)
        with self._audit.engine.connect() as connection:
            return tuple(map(_read, connection.execute(query.order_by(_columns.id).limit(max(1, limit)))))

    def full_id(self, mistake_id: str, *, principal: Principal) -> str:
        """The id of the one mistake that begins like this. Raises ReviewQueueError where several do."""
        principal.require("read mistakes", Role.COMPLIANCE)
        return the_id(self._audit.engine, _columns.id, mistake_id, not_about(principal), kind="mk_")

    def to_export(self, *, principal: Principal) -> tuple[Mistake, ...]:
        """Every approved mistake, and those that were replaced."""
        principal.require("read mistakes", Role.COMPLIANCE)
        query = select(compliance_mistake).where(_columns.state.in_((APPROVED, REPLACED)), not_about(principal))
        with self._audit.engine.connect() as connection:
            return tuple(map(_read, connection.execute(query.order_by(_columns.created_at, _columns.id))))

    def decide(self, mistake_id: str, *, approve: bool, principal: Principal) -> Mistake:
        """Let a mistake become a case, or not; never by the officer who marked it.

        An approved one replaces the earlier marks on the same text.
        """
        principal.require("decide on a mistake", Role.COMPLIANCE)
        with self._audit.turn() as turn:
            found = turn.connection.execute(select(compliance_mistake).where(_columns.id == mistake_id)).first()
            if found is None or found.state != PROPOSED or found.created_by == principal.user_id:
                raise MistakeError(
                    f"mistake {mistake_id} cannot be decided: it is decided already, is unknown, or you marked it "
                    "yourself and another officer must look."
                )
            before = dict(found._mapping)
            after = {**before, "state": APPROVED if approve else REJECTED, "decided_by": principal.user_id,
                     "decided_at": turn.now}  # fmt: skip
            mine = _mistake(before)
            known = [mistake.id for mistake in self._standing(turn.connection, mine.case)]
            earlier = known[: known.index(mistake_id)] if approve else []
            changes = [(before, after), *self._replacing(turn.connection, earlier)]
            self._write(turn, after["state"], changes, principal)
            turn.connection.execute(update(compliance_mistake).where(_columns.id == mistake_id).values(after))
            return _mistake(after)

    def _standing(self, connection: Connection, case: tuple[str, str]) -> tuple[Mistake, ...]:
        """Marks on a text that nothing replaced or refused, the oldest first."""
        query = select(compliance_mistake).where(
            _columns.target == case[0], _columns.text == json.dumps(case[1]),
            _columns.state.in_((PROPOSED, APPROVED)),
        )  # fmt: skip
        return tuple(map(_read, connection.execute(query.order_by(_columns.created_at, _columns.id))))

    def _replacing(self, connection: Connection, ids: Iterable[str]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        """Set marks aside; their rows before and after."""
        for mistake_id in ids:
            which = _columns.id == mistake_id
            before = dict(connection.execute(select(compliance_mistake).where(which)).one()._mapping)
            connection.execute(update(compliance_mistake).where(which).values(state=REPLACED))
            yield before, {**before, "state": REPLACED}

    def _write(
        self,
        turn: Turn,
        act: str,
        changes: Iterable[tuple[Mapping[str, Any] | None, Mapping[str, Any]]],
        principal: Principal,
        *,
        entry_id: str | None = None,
        client_id: str | None = None,
    ) -> None:
        """The audit entry of a step, with every row that it changes; the first one is the mistake itself."""
        rows = [(compliance_mistake, before, after) for before, after in changes]
        mistake = rows[0][2]
        told = AuditEvent(
            event=f"mistake.{act}", actor=principal.user_id, subject=client_id,
            data={"mistake": mistake["id"], "of": mistake["audit_id"], "kind": mistake["kind"],
                  "rule": mistake["rule"], **claims(self._audit.secrets, *rows)},
        )  # fmt: skip
        turn.write([self._audit.entry(told, entry_id=entry_id)])


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two contexts differ in nothing but the day."""
    return canonical({**one, "today": None}) == canonical({**other, "today": None})


def not_about(principal: Principal) -> ColumnElement[bool]:
    """Not a mistake about a confidential escalation that is about the officer who asks."""
    about = compliance_review.c
    own = exists().where(about.audit_id == _columns.audit_id, about.confidential, about.created_by == principal.user_id)
    return ~own


def _read(row: Row[Any]) -> Mistake:
    return _mistake(dict(row._mapping))


def _mistake(row: Mapping[str, Any]) -> Mistake:
    read = {name: json.loads(row[name]) for name in ("text", "quote", "meta")}
    return Mistake(**{**row, **read, "findings": tuple(json.loads(row["findings"])),
                      "target": Target(row["target"]).value})  # fmt: skip
