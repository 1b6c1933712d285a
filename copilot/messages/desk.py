"""Sent = cleared: each message of the firm's archive is matched to what the gate had cleared; the rest is judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Protocol

from sqlalchemy import Row, select
from sqlalchemy.dialects import postgresql, sqlite

from compliance_filters.audit.entry import NewEntry
from compliance_filters.audit.keys import new_entry_id
from compliance_filters.audit.log import AuditEvent, AuditLog
from compliance_filters.audit.writer import Turn
from compliance_filters.errors import AuditError, SealedError
from compliance_filters.finding import Draft, Finding, ReviewContext, Target
from compliance_filters.mend import worst
from copilot.messages.archive import LeftOut, MessageArchive, SentMessage
from copilot.messages.cleared import ClearedText, ClearedTexts
from copilot.messages.matching import exact_hash, near_hash
from copilot.tables import archived_messages
from knowledge_base.access import Principal, Role
from knowledge_base.batches import batches
from knowledge_base.events import china_day

IMPORTERS = (Role.OPERATIONS, Role.COMPLIANCE, Role.SYSTEM)
OFFICERS = (Role.COMPLIANCE, Role.SYSTEM)  # rules of which others are not told may be among those broken
BATCH = 100  # messages of one transaction
UNMATCHED, ARCHIVED = "unmatched", "message.archived"
_row = archived_messages.c


class Judges(Protocol):
    """The gate, which records nothing and clears nothing here."""

    def judge(self, draft: Draft, context: ReviewContext) -> tuple[tuple[Finding, ...], tuple[str, ...]]: ...


class Contexts(Protocol):
    """What a text to a client is judged in; None for a client whom the firm does not know."""

    def of(self, draft: Draft, client_id: str) -> ReviewContext | None: ...


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What became of an archive."""

    exact: int = 0
    near: int = 0
    unmatched: int = 0
    known: int = 0  # imported before
    left_out: Mapping[str, int] = field(default_factory=dict)  # reason -> records

    @property
    def added(self) -> int:
        return self.exact + self.near + self.unmatched


@dataclass(frozen=True, kw_only=True)
class ArchivedMessage:
    """One message as it was matched; `text` is None where the client's texts are sealed."""

    id: str
    user_id: str
    client_id: str
    channel: str
    sent_at: datetime
    how: str  # exact | near | unmatched
    cleared_id: str | None
    for_client: bool
    outcome: str | None
    rules: tuple[str, ...]
    audit_id: str
    text: str | None = None


class MessageDesk:
    """Imports archives and lists what no clearing stands for."""

    def __init__(self, audit: AuditLog, cleared: ClearedTexts, gate: Judges, contexts: Contexts) -> None:
        self._audit, self._engine = audit, audit.engine
        self._cleared, self._gate, self._contexts = cleared, gate, contexts

    def take(self, archive: MessageArchive, *, principal: Principal) -> Imported:
        """Import what is new; a message that is known by its id changes nothing.

        Each part of `BATCH` messages stands when it is written, so that an import that broke off goes on where it was.
        Raises MessageArchiveError, AuditError, AccessDeniedError.
        """
        principal.require("import messages", *IMPORTERS)
        counts: Counter[str] = Counter()
        left: Counter[str] = Counter()
        for part in batches(archive.read(), BATCH):
            left.update(each.why for each in part if isinstance(each, LeftOut))
            counts.update(self._part([each for each in part if isinstance(each, SentMessage)]))
        return Imported(
            exact=counts["exact"], near=counts["near"], unmatched=counts[UNMATCHED], known=counts["known"],
            left_out=dict(left),
        )  # fmt: skip

    def unmatched(self, day: date, *, principal: Principal) -> tuple[ArchivedMessage, ...]:
        """What was sent on a day of China and never cleared, the gravest first, with its text."""
        principal.require("read messages", *OFFICERS)
        query = select(archived_messages).where(_row.day == day, _row.how == UNMATCHED)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_row.sent_at, _row.id)).all()
        found = [self._with_text(row) for row in rows]
        return tuple(sorted(found, key=lambda each: -_GRAVITY.get(each.outcome or "", 0)))

    def _part(self, messages: Sequence[SentMessage]) -> list[str]:
        """How each message was taken: exact, near, unmatched, known."""
        with self._engine.connect() as connection:
            ids = select(_row.id).where(_row.id.in_([message.id for message in messages]))
            known = set(connection.execute(ids).scalars())
        new = {message.id: message for message in messages if message.id not in known}
        read = [self._read(message) for message in new.values()]
        how = ["known"] * (len(messages) - len(new))
        with self._audit.turn() as turn:
            for message, values, event in read:
                entry = self._audit.entry(event, entry_id=values["audit_id"])
                how.append(values["how"] if _write(turn, message, values, entry) else "known")
        return how

    def _read(self, message: SentMessage) -> tuple[SentMessage, dict[str, Any], AuditEvent]:
        """A message, its row, and the entry that goes with it."""
        match = self._cleared.find(
            message.user_id, message.client_id, exact_hash(message.text), near_hash(message.text), message.sent_at
        )
        findings, errors, outcome = ((), (), None) if match else self._judged(message)
        values = {
            **_matched(match), "outcome": outcome, "rules": sorted({finding.rule for finding in findings}),
            "audit_id": new_entry_id(),
        }  # fmt: skip
        told = {name: values[name] for name in ("how", "cleared_id", "for_client", "outcome", "rules")}
        event = AuditEvent(
            event=ARCHIVED, actor=message.user_id, subject=message.client_id,
            data={**told, "message": self._audit.keyed_hash(message.id), "channel": message.channel,
                  "sent_at": message.sent_at.isoformat(), "errors": list(errors)},
            payload={"message": message.id, "text": message.text, "client_id": message.client_id,
                     "findings": [[f.rule, f.quote, f.reason] for f in findings]},
        )  # fmt: skip
        return message, values, event

    def _judged(self, message: SentMessage) -> tuple[tuple[Finding, ...], tuple[str, ...], str]:
        draft = Draft(text=message.text, target=Target.ADVISOR_MESSAGE, by=message.user_id, generated=False)
        context = self._contexts.of(draft, message.client_id)
        if context is None:
            return (), ("client: not known",), worst((), ("client",)).word
        findings, errors = self._gate.judge(draft, context)
        return findings, errors, worst(findings, errors).word

    def _with_text(self, row: Row[Any]) -> ArchivedMessage:
        try:
            text = (self._audit.payload(row.audit_id) or {}).get("text")
        except (SealedError, AuditError):
            text = None
        fields = {name: getattr(row, name) for name in ArchivedMessage.__dataclass_fields__ if name != "text"}
        return ArchivedMessage(**{**fields, "rules": tuple(row.rules)}, text=text)


_GRAVITY = {"pass": 0, "revise": 1, "return": 2, "review": 3, "block": 4}


def _matched(match: ClearedText | None) -> dict[str, Any]:
    if match is None:
        return {"how": UNMATCHED, "cleared_id": None, "for_client": False}
    return {"how": match.how, "cleared_id": match.audit_id, "for_client": match.for_client}


def _write(turn: Turn, message: SentMessage, values: Mapping[str, Any], entry: NewEntry) -> bool:
    """Row and entry in the caller's transaction; False where another import was faster."""
    make = postgresql.insert if turn.connection.dialect.name == "postgresql" else sqlite.insert
    row = {
        **values, "id": message.id, "user_id": message.user_id, "client_id": message.client_id,
        "channel": message.channel, "sent_at": message.sent_at, "day": china_day(message.sent_at),
        "text_sha256": exact_hash(message.text), "imported_at": turn.now,
    }  # fmt: skip
    done = turn.connection.execute(
        make(archived_messages).values(row).on_conflict_do_nothing(index_elements=["id"]).returning(_row.id)
    )
    if done.first() is None:
        return False
    turn.write([entry])
    return True
