"""Identification of who opens a link: a code by the firm's channel, single-use, short-lived, and few attempts.

Every step is one transaction that holds the head of the audit log, so that attempts made at once are counted one
after the other. With the defaults a link takes at most 15 wrong codes before it is
revoked: a chance of 15 in a million.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from compliance_filters.audit.log import AuditEvent, AuditLog
from compliance_filters.audit.writer import Turn
from copilot.loop.keys import CODE_DIGITS, LinkKeys, new_cookie
from copilot.loop.links import Link, revoke_row
from copilot.loop.senders import CODE_TOPIC
from copilot.loop.tasks import LOCKED, add_task
from copilot.settings import DeliverySettings
from copilot.tables import report_links, report_sessions
from jobs.clock import database_now
from jobs.outbox import Outbox

ACTOR = "client"  # in the audit log; which one is the entry's subject
SYSTEM = "system"
_links = report_links.c


class Step(StrEnum):
    """What became of a request for a code, or of a code that was entered."""

    SENT = "sent"
    TOO_SOON = "too_soon"
    TOO_MANY = "too_many"
    LOCKED = "locked"
    RIGHT = "right"
    WRONG = "wrong"
    NONE = "none"  # no code is open: never asked for, used, or too old
    CLOSED = "closed"  # the link was revoked by this very attempt, or in between


@dataclass(frozen=True, kw_only=True)
class Entered:
    """What became of a code; `cookie` opens the report, where it was right."""

    step: Step
    cookie: str | None = None
    left: int = 0  # attempts until the link is locked


class CodeDesk:
    """Asks for codes and takes them."""

    def __init__(self, audit: AuditLog, keys: LinkKeys, settings: DeliverySettings) -> None:
        self._audit, self._keys, self._rules = audit, keys, settings
        self._outbox = Outbox(audit.engine)

    def request(self, link: Link) -> Step:
        """Have a new code sent; the one before is void. The message is a row of the outbox, without the code."""
        with self._audit.writer.turn() as turn:
            row = _row(turn.connection, link.id)
            step = self._may_request(row, turn.now)
            if step is not Step.SENT:
                return step
            fresh = row.codes_since is None or turn.now - row.codes_since >= timedelta(days=1)
            count, until = row.codes + 1, turn.now + timedelta(minutes=self._rules.code_minutes)
            self._change(
                turn, link, codes=count, codes_today=1 if fresh else row.codes_today + 1,
                codes_since=turn.now if fresh else row.codes_since, code_at=turn.now, code_until=until,
            )  # fmt: skip
            payload = {"id": link.id, "client_id": link.client_id, "count": count, "expires_at": until.isoformat()}
            self._outbox.add(turn.connection, CODE_TOPIC, link.id, payload)
            self._tell(turn, link, "code_asked", ACTOR, count=count)
        return Step.SENT

    def enter(self, link: Link, code: str) -> Entered:
        """Take a code. A right one is spent at once and opens a session; wrong ones lock, then revoke the link."""
        given = "".join(code.split()).encode("utf-8", "surrogatepass")
        with self._audit.writer.turn() as turn:
            row = _row(turn.connection, link.id)
            right = hmac.compare_digest(self._keys.code(link.id, row.codes).encode(), given)  # compared in any case
            if row.revoked_at is not None or row.expires_at <= turn.now:
                return Entered(step=Step.CLOSED)
            if row.locked_until is not None and row.locked_until > turn.now:
                return Entered(step=Step.LOCKED)
            if row.code_until is None or row.code_until <= turn.now:
                return Entered(step=Step.NONE)
            return self._opened(turn, link) if right else self._missed(turn, link, row)

    def awaits(self, link: Link) -> bool:
        """Whether a code was asked for and can still be entered."""
        with self._audit.engine.connect() as connection:
            row = _row(connection, link.id, lock=False)
            return row.code_until is not None and row.code_until > database_now(connection)

    def identified(self, link: Link, cookie: str | None) -> bool:
        """Whether the browser holds a session of this very link."""
        if not cookie:
            return False
        query = select(report_sessions.c.expires_at).where(
            report_sessions.c.token == self._keys.session_hash(cookie), report_sessions.c.link_id == link.id
        )
        with self._audit.engine.connect() as connection:
            until = connection.execute(query).scalar_one_or_none()
            return until is not None and until > database_now(connection)

    def leave(self, link: Link, cookie: str | None) -> None:
        """End a session."""
        if cookie:
            token = self._keys.session_hash(cookie)
            with self._audit.engine.begin() as connection:
                connection.execute(delete(report_sessions).where(report_sessions.c.token == token))

    def _may_request(self, row: Row[Any], now: datetime) -> Step:
        if row.revoked_at is not None or row.expires_at <= now:
            return Step.CLOSED
        if row.locked_until is not None and row.locked_until > now:
            return Step.LOCKED
        if row.code_at is not None and now - row.code_at < timedelta(seconds=self._rules.code_pause_s):
            return Step.TOO_SOON
        today = row.codes_since is not None and now - row.codes_since < timedelta(days=1)
        return Step.TOO_MANY if today and row.codes_today >= self._rules.codes_a_day else Step.SENT

    def _opened(self, turn: Turn, link: Link) -> Entered:
        cookie, until = new_cookie(), turn.now + timedelta(minutes=self._rules.session_minutes)
        self._change(turn, link, code_until=None, misses=0, locks=0)
        over = (report_sessions.c.link_id == link.id) & (report_sessions.c.expires_at <= turn.now)
        turn.connection.execute(delete(report_sessions).where(over))
        turn.connection.execute(
            insert(report_sessions).values(
                token=self._keys.session_hash(cookie), link_id=link.id, created_at=turn.now, expires_at=until
            )
        )
        self._tell(turn, link, "identified", ACTOR)
        return Entered(step=Step.RIGHT, cookie=cookie)

    def _missed(self, turn: Turn, link: Link, row: Row[Any]) -> Entered:
        misses = row.misses + 1
        self._tell(turn, link, "code_wrong", ACTOR, misses=misses)
        if misses < self._rules.code_misses:
            self._change(turn, link, misses=misses)
            return Entered(step=Step.WRONG, left=self._rules.code_misses - misses)
        locks, until = row.locks + 1, turn.now + timedelta(minutes=self._rules.lock_minutes)
        self._change(turn, link, misses=0, locks=locks, locked_until=until, code_until=None)
        self._tell(turn, link, "locked", SYSTEM, locks=locks)
        if locks < self._rules.locks:
            return Entered(step=Step.LOCKED)
        revoke_row(turn.connection, link.id, by=SYSTEM, now=turn.now)
        due = turn.now + timedelta(days=1)
        add_task(turn.connection, link_id=link.id, client_id=link.client_id, why=LOCKED, due_at=due, now=turn.now)
        self._tell(turn, link, "revoked", SYSTEM, locks=locks)
        return Entered(step=Step.CLOSED)

    def _change(self, turn: Turn, link: Link, **values: Any) -> None:
        turn.connection.execute(update(report_links).where(_links.id == link.id).values(values))

    def _tell(self, turn: Turn, link: Link, what: str, actor: str, **data: Any) -> None:
        event = AuditEvent(
            event=f"delivery.{what}", actor=actor, subject=link.client_id, data={"link": link.id, **data}
        )
        turn.write([self._audit.entry(event)])


def _row(connection: Connection, link_id: str, *, lock: bool = True) -> Row[Any]:
    query = select(report_links).where(_links.id == link_id)
    return connection.execute(query.with_for_update() if lock else query).one()


def looks_like_code(text: str) -> bool:
    """Six digits, spaces aside; what is none is no attempt."""
    digits = "".join(text.split())
    return len(digits) == CODE_DIGITS and digits.isascii() and digits.isdecimal()
