"""From an answer to a client's chat: the advisor's text is judged anew, and what is sent is what was cleared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Row, insert, select

from compliance_filters.audit.log import AuditLog
from compliance_filters.finding import Verdict
from copilot.talks.errors import TalkError, UnknownTalkError
from copilot.talks.tables import sent_messages, talk_texts
from copilot.talks.talk import Channel, JudgedText, SentText, Talk
from jobs.clock import database_now
from jobs.tables import new_id

SENT = "talk.sent"
GOOD_FOR = timedelta(hours=12)  # rules and levels change with the day


class Sending:
    """Keeps what was judged, and writes down what was sent."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit, self._engine = audit, audit.engine

    def judged(self, talk: Talk, verdict: Verdict, *, turn_id: str | None) -> JudgedText:
        """Keep a verdict on a text. Raises TalkError for one that is not in the log: nothing may be sent on it."""
        if verdict.audit_id is None:
            raise TalkError("审计日志暂时写不进去，这段文字不能发送：请稍后再试。")
        cleared = verdict.cleared
        row: dict[str, Any] = {
            "id": new_id(), "talk_id": talk.id, "turn_id": turn_id, "client_id": talk.client_id,
            "audit_id": verdict.audit_id, "outcome": verdict.outcome.word,
            "text_sha256": self._audit.keyed_hash(cleared.text) if cleared else None,
            "cleared_sha256": cleared.sha256 if cleared else None,
        }  # fmt: skip
        with self._engine.begin() as connection:
            now = database_now(connection)
            connection.execute(insert(talk_texts).values(**row, judged_at=now))
        return JudgedText(**row, judged_at=now)

    def sent(self, talk: Talk, text_id: str, channel: Channel) -> SentText:
        """Write down that a cleared text was sent; in the log first. Raises UnknownTalkError, or TalkError for a text
        that was not cleared, or not lately."""
        with self._engine.connect() as connection:
            which = (talk_texts.c.id == text_id, talk_texts.c.talk_id == talk.id)
            row = connection.execute(select(talk_texts).where(*which)).first()
            now = database_now(connection)
        if row is None:
            raise UnknownTalkError("没有这段文字的审核记录：请重新审核后再发送。")
        if row.text_sha256 is None:
            raise TalkError("这段文字没有通过合规审核，不能发送：请修改后重新审核。")
        if now - row.judged_at > GOOD_FOR:
            raise TalkError("审核已过期，规则和客户信息可能有变：请重新审核后再发送。")
        return self._written(talk, row, channel)

    def _written(self, talk: Talk, row: Row[Any], channel: Channel) -> SentText:
        self._audit.append(
            event=SENT, actor=talk.user_id, subject=talk.client_id,
            data={"verdict": row.audit_id, "channel": channel.value, "text": row.text_sha256},
        )  # fmt: skip
        with self._engine.begin() as connection:
            values = {
                "id": new_id(), "user_id": talk.user_id, "client_id": talk.client_id, "text_sha256": row.text_sha256,
                "cleared_sha256": row.cleared_sha256, "audit_id": row.audit_id, "channel": channel.value,
                "sent_at": database_now(connection),
            }  # fmt: skip
            connection.execute(insert(sent_messages).values(values))
        return SentText(**values)
