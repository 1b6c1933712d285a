"""What a client did with a report: kept only where they agreed, and forgotten when they take that back."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from compliance_filters.audit.log import AuditEvent, AuditLog
from compliance_filters.audit.writer import Turn
from compliance_filters.errors import SealedError
from copilot.loop.codes import ACTOR
from copilot.loop.errors import ReportStateError
from copilot.loop.links import Link
from copilot.loop.tasks import ACCEPTED, QUESTION, RATING, add_task
from copilot.tables import report_links, report_reactions, report_tasks
from jobs.clock import database_now

CONSENT = (
    "我同意本公司记录我对本报告的使用情况（打开时间、阅读的章节、提问、评价以及希望进一步了解的建议），"
    "用于改进服务和由我的投资顾问跟进。我可以随时在本页撤回；不同意不影响阅读报告。"
)
CONSENT_VERSION = hashlib.sha256(CONSENT.encode()).hexdigest()[:12]
YES, NO = "yes", "no"
OPENED, SECTION, REPORT, PDF = "opened", "section", "report", "pdf"
LOW_RATING = 2
LONGEST_QUESTION = 500
MOST = 500  # reactions of one link
MOST_QUESTIONS = 10  # of one link
SOON = timedelta(days=1)
AGAIN = timedelta(minutes=10)  # coming back to a page within this time is the same reading


@dataclass(frozen=True, kw_only=True)
class Reaction:
    """One thing a client did; `words` are their own, or the line they took up."""

    kind: str
    part: str
    value: int | None
    words: str | None
    at: datetime


class Reactions:
    """Records and shows what clients did."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit, self._engine = audit, audit.engine

    def consent(self, link: Link, answer: str) -> None:
        """Note whether the client agrees. Taking it back deletes what was recorded and the tasks that came of it;
        the audit log keeps that it was given and taken back."""
        if answer not in (YES, NO):
            raise ReportStateError("请选择同意或不同意。")
        with self._audit.writer.turn() as turn:
            values = {"consent": answer, "consent_at": turn.now}
            turn.connection.execute(update(report_links).where(report_links.c.id == link.id).values(values))
            if answer == NO:
                _forget(turn, link)
            self._tell(turn, link, "consent", {"answer": answer, "wording": CONSENT_VERSION})

    def seen(self, link: Link, kind: str, part: str = "") -> None:
        """Note that something was opened; nothing without consent, and the same thing once in a while only."""
        if link.consent == YES and self._count(link) < MOST and not self._just_now(link, kind, part):
            self._add(link, kind, part=part)

    def ask(self, link: Link, question: str) -> None:
        """A question to the advisor, who gets a task. Raises ReportStateError."""
        words = " ".join(question.split())
        self._require_consent(link)
        if not words or len(words) > LONGEST_QUESTION:
            raise ReportStateError(f"请填写问题，且不超过{LONGEST_QUESTION}字。")
        if self._count(link, QUESTION) >= MOST_QUESTIONS:
            raise ReportStateError("您的提问已较多，请直接联系您的投资顾问。")
        self._add(link, QUESTION, payload={"words": words}, task=QUESTION)

    def rate(self, link: Link, value: int) -> None:
        """A rating from 1 to 5; the last one counts, and a low one is a task. Raises ReportStateError."""
        self._require_consent(link)
        if not 1 <= value <= 5:
            raise ReportStateError("请选择1到5分。")
        if self._count(link, RATING) < MOST_QUESTIONS:
            self._add(link, RATING, value=value, task=RATING if value <= LOW_RATING else None)

    def accept(self, link: Link, title: str, words: str) -> None:
        """A suggestion that the client wants to talk about: a wish and a task, never an order."""
        self._require_consent(link)
        if self._count(link, ACCEPTED, part=title[:60]) == 0:
            self._add(link, ACCEPTED, part=title, payload={"words": words}, task=ACCEPTED)

    def of(self, link: Link) -> tuple[Reaction, ...]:
        """What was recorded of a link, the first first; without consent there is nothing."""
        query = select(report_reactions).where(report_reactions.c.link_id == link.id)
        with self._engine.connect() as connection:
            rows = connection.execute(query.order_by(report_reactions.c.at, report_reactions.c.id)).all()
        return tuple(
            Reaction(kind=row.kind, part=row.part, value=row.value, words=self._words(row), at=row.at) for row in rows
        )

    def _words(self, row: Any) -> str | None:
        if row.kind not in (QUESTION, ACCEPTED):
            return None
        try:
            return (self._audit.payload(row.audit_id) or {}).get("words")
        except SealedError:
            return None

    def _add(
        self,
        link: Link,
        kind: str,
        *,
        part: str = "",
        value: int | None = None,
        payload: Mapping[str, Any] | None = None,
        task: str | None = None,
    ) -> None:
        with self._audit.writer.turn() as turn:
            still = select(report_links.c.consent).where(report_links.c.id == link.id)
            if turn.connection.execute(still).scalar_one() != YES:
                return  # taken back between the click and this moment
            data = {"what": kind, "part": part[:60], "value": value}
            audit_id = self._tell(turn, link, "reacted", data, payload)
            row = {
                "id": f"rr_{uuid.uuid4().hex}", "link_id": link.id, "kind": kind, "part": part[:60], "value": value,
                "audit_id": audit_id, "at": turn.now,
            }  # fmt: skip
            turn.connection.execute(insert(report_reactions).values(row))
            if task is not None:
                add_task(
                    turn.connection, link_id=link.id, client_id=link.client_id, why=task, due_at=turn.now + SOON,
                    now=turn.now, audit_id=audit_id if payload else None,
                )  # fmt: skip

    def _tell(
        self, turn: Turn, link: Link, what: str, data: Mapping[str, Any], payload: Mapping[str, Any] | None = None
    ) -> str:
        event = AuditEvent(
            event=f"delivery.{what}", actor=ACTOR, subject=link.client_id, data={"link": link.id, **data},
            payload=payload,
        )  # fmt: skip
        entry = self._audit.entry(event)
        turn.write([entry])
        return entry.id

    def _count(self, link: Link, kind: str | None = None, *, part: str | None = None) -> int:
        columns = report_reactions.c
        query = select(func.count()).select_from(report_reactions).where(columns.link_id == link.id)
        if kind is not None:
            query = query.where(columns.kind == kind)
        if part is not None:
            query = query.where(columns.part == part)
        with self._engine.connect() as connection:
            return int(connection.execute(query).scalar_one())

    def _just_now(self, link: Link, kind: str, part: str) -> bool:
        columns = report_reactions.c
        same = (columns.link_id == link.id) & (columns.kind == kind) & (columns.part == part[:60])
        with self._engine.connect() as connection:
            last = connection.execute(select(func.max(columns.at)).where(same)).scalar()
            return last is not None and database_now(connection) - last < AGAIN

    def _require_consent(self, link: Link) -> None:
        if link.consent != YES:
            raise ReportStateError("请先在本页同意记录使用情况，再提交。")


def _forget(turn: Turn, link: Link) -> None:
    turn.connection.execute(delete(report_reactions).where(report_reactions.c.link_id == link.id))
    came_of_it = (report_tasks.c.link_id == link.id) & report_tasks.c.why.in_((QUESTION, RATING, ACCEPTED))
    turn.connection.execute(delete(report_tasks).where(came_of_it))
