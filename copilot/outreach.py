"""One text to the clients of a segment: bound to each, judged for each, and handed over as a file of cleared texts.

Nothing is sent from here: the firm's own channel sends what it fetches, and the message archive shows what it sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from string import Template
from typing import Any, Protocol

from sqlalchemy import Row, func, insert, select, update

from compliance_filters.audit.log import AuditLog
from compliance_filters.errors import AuditError, SealedError
from compliance_filters.finding import Draft, ReviewContext, Target, Verdict
from copilot.delivery import refusal
from copilot.messages.errors import OutreachError, UnknownOutreachError
from copilot.tables import outreach_texts, outreaches
from jobs.tables import new_id
from knowledge_base.access import Principal, Role
from knowledge_base.clients import Client, Clients
from knowledge_base.consents import Purpose, latest, refusals
from knowledge_base.errors import UnknownWordingError
from knowledge_base.wordings import Wordings

SENDERS = (Role.ADVISOR, Role.SUPERVISOR, Role.SYSTEM)
MOST = 200  # clients of one outreach: each text is judged by itself, within one request
VARIABLES = ("client", "adviser")
CLEARED, HELD, LEFT_OUT = "cleared", "held", "left_out"


class Members(Protocol):
    """Clients of a segment whom the principal may see (intent.segments)."""

    def members(self, name: str, *, principal: Principal) -> tuple[str, ...]: ...


class Reviews(Protocol):
    """The gate."""

    def review(self, draft: Draft, context: ReviewContext, *, principal: Principal) -> Verdict: ...


class Contexts(Protocol):
    """What a text to a client is judged in."""

    def of(self, draft: Draft, client_id: str) -> ReviewContext | None: ...


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be said to whom: an approved wording, or a template of one's own."""

    segment: str
    channel: str
    why: str
    template: str | None = None  # with ${client} and ${adviser}
    wording: tuple[str, int] | None = None  # id and version


@dataclass(frozen=True, kw_only=True)
class OutreachText:
    """What became of the text to one client."""

    client_id: str
    state: str  # cleared | held | left_out
    why: str = ""
    sha256: str | None = None
    audit_id: str | None = None
    review_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Outreach:
    """One text to a segment, as it stands."""

    id: str
    segment: str
    channel: str
    wording: str | None
    by: str
    why: str
    created_at: datetime
    fetched_at: datetime | None
    texts: tuple[OutreachText, ...]


@dataclass(frozen=True, kw_only=True)
class OutreachLine:
    """One outreach in a list."""

    id: str
    segment: str
    channel: str
    wording: str | None
    why: str
    created_at: datetime
    fetched_at: datetime | None
    counts: Mapping[str, int]  # texts by state


class OutreachDesk:
    """Prepares outreaches and hands their cleared texts over."""

    def __init__(
        self, audit: AuditLog, *, segments: Members, clients: Clients, wordings: Wordings, gate: Reviews,
        contexts: Contexts,
    ) -> None:  # fmt: skip
        self._audit, self._engine = audit, audit.engine
        self._segments, self._clients, self._wordings = segments, clients, wordings
        self._gate, self._contexts = gate, contexts

    def prepare(self, wanted: Wanted, *, principal: Principal) -> Outreach:
        """Bind and judge a text for every client of the segment whom the principal sees; each verdict is recorded.

        Raises OutreachError for a wrong template, no reason, or more than `MOST` clients; SegmentError.
        """
        principal.require("write to a segment", *SENDERS)
        text = self._text(wanted, principal)
        ids = self._segments.members(wanted.segment, principal=principal)
        if not 1 <= len(ids) <= MOST:
            raise OutreachError(
                f"The segment {wanted.segment} has {len(ids)} clients of yours: choose one of 1 to {MOST}.",
                zh=f"客群中您可见的客户有 {len(ids)} 位：请选择 1 到 {MOST} 位的客群。",
            )
        refused = self._refused(ids)
        texts = [
            self._judged(client, wanted, text, refused.get(client.id, frozenset()), principal)
            for client in self._clients.some(ids, principal=principal)
        ]
        return self._kept(wanted, texts, principal)

    def get(self, outreach_id: str, *, principal: Principal) -> Outreach:
        """For the person who made it, and officers. Raises OutreachError."""
        with self._engine.connect() as connection:
            row = connection.execute(select(outreaches).where(outreaches.c.id == outreach_id)).one_or_none()
            if row is None or not (row.by == principal.user_id or principal.has(Role.COMPLIANCE, Role.SYSTEM)):
                raise UnknownOutreachError(outreach_id)
            texts = connection.execute(
                select(outreach_texts).where(outreach_texts.c.outreach_id == outreach_id).order_by("client_id")
            ).all()
        return _outreach(row, texts)

    def mine(self, *, principal: Principal, limit: int = 50) -> tuple[OutreachLine, ...]:
        """The outreaches that somebody made, the newest first."""
        principal.require("write to a segment", *SENDERS)
        own = select(outreaches).where(outreaches.c.by == principal.user_id)
        state = outreach_texts.c.state
        with self._engine.connect() as connection:
            rows = connection.execute(own.order_by(outreaches.c.created_at.desc()).limit(limit)).all()
            counted = (
                select(outreach_texts.c.outreach_id, state, func.count().label("n"))
                .where(outreach_texts.c.outreach_id.in_([row.id for row in rows]))
                .group_by(outreach_texts.c.outreach_id, state)
            )
            found = connection.execute(counted).all()
        counts: dict[str, dict[str, int]] = {row.id: dict.fromkeys((CLEARED, HELD, LEFT_OUT), 0) for row in rows}
        for each in found:
            counts[each.outreach_id][each.state] = each.n
        return tuple(
            OutreachLine(
                id=row.id, segment=row.segment, channel=row.channel, wording=row.wording, why=row.why,
                created_at=row.created_at, fetched_at=row.fetched_at, counts=counts[row.id],
            )
            for row in rows
        )  # fmt: skip

    def cleared(self, outreach_id: str, *, principal: Principal) -> list[Mapping[str, str]]:
        """The cleared texts for the firm's channel, each with its hash and the entry that cleared it.

        Who refused since is not among them, nor whose texts were sealed. Raises OutreachError.
        """
        found = self.get(outreach_id, principal=principal)
        if found.by != principal.user_id and not principal.has(Role.SYSTEM):
            raise OutreachError("Only who made an outreach fetches its texts.", zh="只有发起人可以取走文本。")
        told = list(self._still(found, principal))
        with self._engine.begin() as connection:
            values = {"fetched_at": datetime.now(UTC)}
            connection.execute(update(outreaches).where(outreaches.c.id == outreach_id).values(values))
        return told

    def _still(self, found: Outreach, principal: Principal) -> Iterator[Mapping[str, str]]:
        cleared = {each.client_id: each for each in found.texts if each.state == CLEARED}
        refused = self._refused(tuple(cleared))
        for client in self._clients.some(cleared, principal=principal):
            each = cleared[client.id]
            if _why_not(client, found.channel, refused.get(client.id, frozenset())):
                continue
            text = self._stored(each)
            if text is not None:
                yield {
                    "client_id": client.id, "channel": found.channel, "text": text, "sha256": each.sha256 or "",
                    "audit_id": each.audit_id or "", "outreach": found.id,
                }  # fmt: skip

    def _stored(self, each: OutreachText) -> str | None:
        """The text as the log keeps it; None where it is sealed, or is not the one that was cleared."""
        try:
            text = str((self._audit.payload(each.audit_id or "") or {})["text"])
        except (SealedError, AuditError, KeyError):
            return None
        return text if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() == each.sha256 else None

    def _text(self, wanted: Wanted, principal: Principal) -> str:
        if not wanted.why.strip():
            raise OutreachError("No reason is given: write what it is for.", zh="请填写外发的用途。")
        if wanted.wording is not None:
            return _approved(self._wordings, wanted.wording, principal)
        template = Template((wanted.template or "").strip())
        if not template.template or not template.is_valid() or set(template.get_identifiers()) - set(VARIABLES):
            raise OutreachError(
                "The template is empty or has a variable other than ${client} and ${adviser}: correct it.",
                zh="模板为空，或用了 ${client}、${adviser} 以外的变量，请更正。",
            )
        return template.template

    def _judged(
        self, client: Client, wanted: Wanted, text: str, refused: frozenset[Purpose], principal: Principal
    ) -> OutreachText:
        if why := _why_not(client, wanted.channel, refused):
            return OutreachText(client_id=client.id, state=LEFT_OUT, why=why)
        adviser = self._clients.advisor(client.advisor_id, principal=principal) if client.advisor_id else None
        if wanted.wording is None:
            text = Template(text).substitute(client=client.name, adviser=adviser.name if adviser else "您的投资顾问")
        draft = Draft(text=text, target=Target.ADVISOR_MESSAGE, by=principal.user_id, generated=False)
        context = self._contexts.of(draft, client.id)
        if context is None:
            return OutreachText(client_id=client.id, state=LEFT_OUT, why="客户不存在")
        verdict = self._gate.review(draft, replace(context, channel="client"), principal=principal)
        return _judgement(client.id, verdict)

    def _refused(self, ids: Sequence[str]) -> dict[str, frozenset[Purpose]]:
        with self._engine.connect() as connection:
            return {each: refusals(standing) for each, standing in latest(connection, ids).items()}

    def _kept(self, wanted: Wanted, texts: Sequence[OutreachText], principal: Principal) -> Outreach:
        outreach_id = new_id()
        name = f"{wanted.wording[0]}:{wanted.wording[1]}" if wanted.wording else None
        with self._engine.begin() as connection:
            connection.execute(
                insert(outreaches).values(
                    id=outreach_id, segment=wanted.segment, channel=wanted.channel, wording=name,
                    by=principal.user_id, why=wanted.why.strip(), created_at=datetime.now(UTC),
                )
            )  # fmt: skip
            rows = [{"outreach_id": outreach_id, **_fields(each)} for each in texts]
            connection.execute(insert(outreach_texts), rows)
        return self.get(outreach_id, principal=principal)


def _why_not(client: Client, channel: str, refused: frozenset[Purpose]) -> str:
    """Why a client gets none, in Chinese; empty where they may be written to."""
    if why := refusal(client, channel, refused):
        return why
    unwilling = Purpose.MARKETING in refused or "marketing" in client.opt_outs or "phone" in client.opt_outs
    return "客户已拒绝营销或联系" if unwilling else ""


def _approved(wordings: Wordings, wanted: tuple[str, int], principal: Principal) -> str:
    try:
        found = wordings.get(*wanted, principal=principal)
    except UnknownWordingError:
        found = None
    if found is None or found.state != "approved":
        raise OutreachError(f"There is no approved wording {wanted[0]}:{wanted[1]}.", zh="没有这条已核准的话术。")
    return found.text


def _judgement(client_id: str, verdict: Verdict) -> OutreachText:
    if verdict.cleared is not None:
        return OutreachText(
            client_id=client_id, state=CLEARED, sha256=verdict.cleared.sha256, audit_id=verdict.audit_id
        )  # fmt: skip
    reasons = dict.fromkeys(finding.reason for finding in verdict.findings)
    return OutreachText(
        client_id=client_id, state=HELD, why="；".join(reasons) or "检查未完成，等待复核", audit_id=verdict.audit_id,
        review_id=verdict.review_id,
    )  # fmt: skip


def _fields(each: OutreachText) -> dict[str, Any]:
    return {name: getattr(each, name) for name in OutreachText.__dataclass_fields__}


def _outreach(row: Row[Any], texts: Sequence[Row[Any]]) -> Outreach:
    told = tuple(OutreachText(**{name: getattr(t, name) for name in OutreachText.__dataclass_fields__}) for t in texts)
    return Outreach(**row._mapping, texts=told)
