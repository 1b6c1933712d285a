"""The dossier of a client or a complaint: what was said, asked, answered, cleared and sent, as the log proves it.

Everything comes from the audit log, whose entries are proven one by one as they are read; what other tables
know beside it (calls, cases, leads, deliveries) is laid into the same order of time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from compliance_filters.audit.entry import AuditEntry
from compliance_filters.audit.keys import KEY_EVENTS
from compliance_filters.audit.log import ACCESS_EVENTS, Access, AuditLog
from compliance_filters.audit.read import entries_of
from compliance_filters.finding import Target
from copilot.tables import deliveries
from intent.call import Call, CallReading
from intent.follow_ups.tables import follow_ups
from intent.leads.tables import calls, leads
from knowledge_base.access import AccessDeniedError, Principal, Role
from knowledge_base.tables import clients

CALL_READ = "call.read"
VERDICT = "compliance.verdict"
KINDS = {Target.CLIENT_INPUT.value: "asked", Target.ANSWER.value: "answered"}  # every other target is "checked"


class DossierError(Exception):
    """A dossier cannot be made or read; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """Whom or what a dossier is about."""

    id: str  # as it was asked for: a client, a case or a lead
    kind: str  # client | case | lead
    client_id: str | None
    call_id: str | None = None
    row: Mapping[str, Any] | None = None  # of the case or lead


@dataclass(frozen=True, kw_only=True)
class Moment:
    """One thing that happened; `entry` is the audit entry that proves it, where there is one."""

    at: datetime
    kind: str  # said | asked | answered | checked | reviewed | sent | call | case | lead | accessed | ...
    by: str
    what: Mapping[str, Any]
    entry: str | None = None


@dataclass(frozen=True, kw_only=True)
class Dossier:
    """Everything about one subject in a period, in order of time."""

    subject: Subject
    since: datetime | None
    until: datetime | None
    made_at: datetime
    made_by: str
    version: str  # of the program
    moments: tuple[Moment, ...]
    entries: tuple[AuditEntry, ...]


def call_payload(call: Call, reading: CallReading) -> dict[str, Any]:
    """What the log keeps of a call: every turn with its seconds, and what was read in it."""
    return {
        "call_id": call.id,
        "client_id": call.client_id,
        "advisor_id": call.advisor_id,
        "started_at": call.started_at.isoformat() if call.started_at else None,
        "engine": call.transcript.engine,
        "warnings": list(call.transcript.warnings),
        "turns": [[t.speaker.value, t.start_s, t.end_s, t.text] for t in call.transcript.turns],
        "confidence": [t.confidence for t in call.transcript.turns],  # of the transcription; None where text came in
        "heard": {str(t.index): t.heard for t in call.transcript.turns if t.repairs},  # before terms were put right
        "findings": [asdict(finding) for finding in reading.findings],
        "wishes": [[w.goes_to, w.intent, w.product] for w in reading.wishes],
    }


def collect(
    audit: AuditLog,
    about: str,
    *,
    since: datetime | None,
    until: datetime | None,
    made_at: datetime,
    version: str,
    principal: Principal,
) -> Dossier:
    """Everything about a client, a case (complaint) or a lead, from `since` and before `until`.

    Making it is itself logged, as an export. Raises AccessDeniedError, also for the advisor whom a case
    concerns; DossierError for an unknown id; SealedError for a client whose texts were sealed,
    unless an officer makes it during a lawful opening.
    """
    principal.require("make a dossier", Role.COMPLIANCE, Role.SYSTEM)
    with audit.engine.connect() as connection:
        subject = _subject(connection, about)
    row = subject.row or {}
    if subject.kind == "case" and principal.user_id in (row.get("advisor_id"), row.get("client_advisor_id")):
        raise AccessDeniedError("The advisor whom a case concerns never makes its dossier: ask a colleague.")
    audit.access(Access.EXPORT, actor=principal.user_id, what="dossier", items=[(subject.client_id, about)])
    entries = tuple(_entries(audit, subject, since, until, principal))
    with audit.engine.connect() as connection:
        beside = [
            moment
            for moment in _beside(connection, subject)
            if (since is None or moment.at >= since) and (until is None or moment.at < until)
        ]
    moments = sorted([*map(_moment, entries), *beside], key=lambda moment: moment.at)
    return Dossier(
        subject=subject, since=since, until=until, made_at=made_at, made_by=principal.user_id, version=version,
        moments=tuple(moments), entries=entries,
    )  # fmt: skip


def _subject(connection: Connection, about: str) -> Subject:
    case = connection.execute(select(follow_ups).where(follow_ups.c.id == about)).first()
    if case is not None:
        row = dict(case._mapping)
        return Subject(id=about, kind="case", client_id=case.client_id, call_id=case.call_id, row=row)
    lead = connection.execute(select(leads).where(leads.c.id == about)).first()
    if lead is not None:
        return Subject(id=about, kind="lead", client_id=lead.client_id, row=dict(lead._mapping))
    known = (
        select(clients.c.id).where(clients.c.id == about).union(select(calls.c.client_id).filter_by(client_id=about))
    )
    if connection.execute(known).first() is None:
        raise DossierError(f"There is no client, case or lead {about}: see `tougu leads cases`.")
    return Subject(id=about, kind="client", client_id=about)


def _entries(
    audit: AuditLog, subject: Subject, since: datetime | None, until: datetime | None, principal: Principal
) -> Iterator[AuditEntry]:
    """All entries of the client; for a case of a caller nobody knows, those of its call."""
    if subject.client_id is not None:
        yield from entries_of(audit, subject.client_id, since=since, until=until, principal=principal)
    elif subject.call_id is not None:
        call = audit.keyed_hash(subject.call_id)
        found = entries_of(audit, None, since=since, until=until, events=(CALL_READ,))
        yield from (entry for entry in found if entry.data.get("call") == call)


def _moment(entry: AuditEntry) -> Moment:
    kind, at = "recorded", entry.at
    what: dict[str, Any] = {"event": entry.event, **entry.data, **(entry.payload or {})}
    if entry.event == CALL_READ:
        kind, what = "said", dict(entry.payload or entry.data)
        at = datetime.fromisoformat(what["started_at"]) if what.get("started_at") else at
    elif entry.event == VERDICT:
        kind = KINDS.get(str(entry.data.get("target")), "checked")
    elif entry.event.startswith("review."):
        kind = "reviewed"
    elif entry.event.startswith(ACCESS_EVENTS):
        kind = "accessed"
    elif entry.event.startswith(KEY_EVENTS):
        kind = "key"
    return Moment(at=at, kind=kind, by=entry.actor, what=what, entry=entry.id)


def _beside(connection: Connection, subject: Subject) -> Iterator[Moment]:
    """What other tables know: calls with their notes, cases, leads, and what was delivered."""
    if subject.client_id is None:
        queries: Iterable[tuple[str, Any]] = [
            ("call", select(calls).where(calls.c.id == subject.call_id)),
            ("case", select(follow_ups).where(follow_ups.c.id == subject.id)),
        ]
    else:
        client_id = subject.client_id
        queries = [
            ("call", select(calls).where(calls.c.client_id == client_id)),
            ("case", select(follow_ups).where(follow_ups.c.client_id == client_id)),
            ("lead", select(leads).where(leads.c.client_id == client_id)),
            ("sent", select(deliveries).where(deliveries.c.client_id == client_id)),
        ]
    for kind, query in queries:
        for row in connection.execute(query):
            yield _row_moment(kind, dict(row._mapping))


def _row_moment(kind: str, row: dict[str, Any]) -> Moment:
    at = {"call": "started_at", "case": "created_at", "lead": "first_seen_at", "sent": "created_at"}[kind]
    by = {"call": "advisor_id", "case": "advisor_id", "lead": "advisor_id", "sent": "user_id"}[kind]
    kind = str(row["kind"]) if kind == "case" else kind  # a case, a ticket or a change of consent
    return Moment(at=row[at] or row["recorded_at"], kind=kind, by=row[by] or "", what=row, entry=row.get("audit_id"))


def call_turns(audit: AuditLog, call_id: str, client_id: str | None) -> list[dict[str, Any]]:
    """The turns of a call as the log keeps them: speaker, start_s, end_s, text, and the transcription's confidence.

    None where the log has no such call; a confidence is None where none is known.

    Raises SealedError where the client's texts are sealed.
    """
    hashed = audit.keyed_hash(call_id)
    found = None
    for entry in entries_of(audit, client_id, events=(CALL_READ,)):
        if entry.data.get("call") == hashed and entry.payload is not None:
            found = entry.payload
    names, told = ("speaker", "start_s", "end_s", "text"), found or {}
    turns = [dict(zip(names, turn, strict=True)) for turn in told.get("turns", ())]
    sure = told.get("confidence") or [None] * len(turns)
    return [{**turn, "confidence": each} for turn, each in zip(turns, sure, strict=True)]
