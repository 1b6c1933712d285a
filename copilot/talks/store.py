"""Talks in the database: each belongs to one user, and nobody else learns that it exists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from compliance_filters.audit.log import AuditLog
from compliance_filters.errors import SealedError
from copilot.talks.errors import TalkError, UnknownTalkError
from copilot.talks.tables import talk_texts, talk_turns, talks
from copilot.talks.talk import Reason, Talk, Turn, TurnState
from jobs.clock import database_now
from jobs.locks import begin_writing, hold
from jobs.tables import new_id
from knowledge_base.access import Principal
from knowledge_base.clients import Clients

MOST_TURNS = 200  # of one talk: a page shows them all
SHOWN = 50
CLEARED = ("pass", "revise")
ASKED, ANSWERED, OPINION = "talk.asked", "talk.answered", "talk.opinion"
_SEALED = "（这段对话已封存，不能查看。）"


class Talks:
    """Opens talks, keeps their turns, and gives them back to their user."""

    def __init__(self, audit: AuditLog, clients: Clients) -> None:
        self._audit, self._clients, self._engine = audit, clients, audit.engine

    def open(self, client_id: str | None, *, principal: Principal) -> Talk:
        """A new talk. Raises UnknownClientError for a client who is not the principal's to see."""
        if client_id is not None:
            self._clients.get(client_id, principal=principal)
        with self._engine.begin() as connection:
            now = database_now(connection)
            talk = Talk(id=new_id(), user_id=principal.user_id, client_id=client_id, created_at=now)
            connection.execute(insert(talks).values(**vars(talk), last_at=now))
        return talk

    def get(self, talk_id: str, *, principal: Principal) -> Talk:
        """Raises UnknownTalkError, also for a talk of somebody else; UnknownClientError for one about a client who
        is not the principal's any more."""
        with self._engine.connect() as connection:
            talk = _own(connection, talk_id, principal)
        if talk.client_id is not None:
            self._clients.get(talk.client_id, principal=principal)
        return talk

    def turns(self, talk: Talk) -> tuple[Turn, ...]:
        """The last turns of a talk, the first asked first, without those that were asked again."""
        query = select(talk_turns).where(talk_turns.c.talk_id == talk.id).order_by(talk_turns.c.n.desc()).limit(SHOWN)
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()[::-1]
        replaced = {row.retry_of for row in rows}
        return tuple(self._turn(row) for row in rows if row.id not in replaced)

    def turn(self, talk: Talk, turn_id: str) -> Turn:
        """One turn of a talk. Raises UnknownTalkError."""
        with self._engine.connect() as connection:
            return self._turn(_turn_row(connection, talk, turn_id))

    def running(self, talk: Talk) -> tuple[str, ...]:
        """Ids of the turns that have not ended."""
        which = (talk_turns.c.talk_id == talk.id, talk_turns.c.state == TurnState.RUNNING.value)
        with self._engine.connect() as connection:
            return tuple(connection.scalars(select(talk_turns.c.id).where(*which)))

    def earlier(self, talk: Talk, most: int, *, without: str | None = None) -> tuple[str, ...]:
        """The last questions whose answers were cleared, the first asked first."""
        which = [talk_turns.c.talk_id == talk.id, talk_turns.c.outcome.in_(CLEARED), talk_turns.c.id != (without or "")]
        query = select(talk_turns.c.question_id).where(*which).order_by(talk_turns.c.n.desc()).limit(most)
        with self._engine.connect() as connection:
            found = list(connection.scalars(query))
        return tuple(str(self._payload(each).get("question", "")) for each in reversed(found))

    def ask(
        self, talk: Talk, question: str, *, turn_id: str, retry_of: str | None = None, principal: Principal
    ) -> Turn:
        """A new turn, running. Raises TalkError while another runs, and for a talk that has too many."""
        question_id = self._audit.append(
            event=ASKED, actor=principal.user_id, subject=talk.client_id, data={"talk": talk.id},
            payload={"question": question},
        )  # fmt: skip
        with self._engine.begin() as connection:
            hold(connection, f"talk {talk.id}")
            if retry_of is not None:
                _turn_row(connection, talk, retry_of)
            of_talk = talk_turns.c.talk_id == talk.id
            running = select(talk_turns.c.id).where(of_talk, talk_turns.c.state == TurnState.RUNNING.value)
            if connection.execute(running).first() is not None:
                raise TalkError("上一个问题还在回答：请等它结束，或先停止。")
            n = connection.execute(select(func.count()).select_from(talk_turns).where(of_talk)).scalar_one()
            if n >= MOST_TURNS:
                raise TalkError(f"这次对话已有{MOST_TURNS}个问题：请开始新的对话。")
            now = database_now(connection)
            row = {
                "id": turn_id, "talk_id": talk.id, "n": n, "state": TurnState.RUNNING.value, "asked_at": now,
                "question_id": question_id, "retry_of": retry_of,
            }  # fmt: skip
            connection.execute(insert(talk_turns).values(row))
            connection.execute(update(talks).where(talks.c.id == talk.id).values(last_at=now))
            return self._turn(_turn_row(connection, talk, str(row["id"])), question=question)

    def end(
        self,
        talk: Talk,
        turn_id: str,
        *,
        state: TurnState,
        events: Sequence[Mapping[str, Any]],
        outcome: str | None,
        audit_id: str | None,
    ) -> None:
        """The turn has ended; what was shown of it is kept. Nothing changes for one that has ended before."""
        answer_id = self._audit.append(
            event=ANSWERED, actor=talk.user_id, subject=talk.client_id,
            data={"talk": talk.id, "state": state.value}, payload={"events": list(events)},
        )  # fmt: skip
        with self._engine.begin() as connection:
            values = {
                "state": state.value, "ended_at": database_now(connection), "answer_id": answer_id, "outcome": outcome,
                "audit_id": audit_id,
            }  # fmt: skip
            which = (talk_turns.c.id == turn_id, talk_turns.c.state == TurnState.RUNNING.value)
            connection.execute(update(talk_turns).where(*which).values(values))

    def opine(self, talk: Talk, turn_id: str, *, good: bool, reason: Reason | None, words: str) -> None:
        """What the user thinks of an answer; a later word replaces an earlier one. Raises UnknownTalkError."""
        if not good and reason is None:
            raise TalkError("请选择一个原因：没有帮助的原因用来改进资料和回答。")
        opinion_id = self._audit.append(
            event=OPINION, actor=talk.user_id, subject=talk.client_id,
            data={"turn": turn_id, "good": good, "reason": reason.value if reason else None},
            payload={"words": words} if words else None,
        )  # fmt: skip
        with self._engine.begin() as connection:
            _turn_row(connection, talk, turn_id)
            values = {"good": good, "reason": reason.value if reason else None, "opinion_id": opinion_id}
            connection.execute(update(talk_turns).where(talk_turns.c.id == turn_id).values(values))

    def opinions(self, since: datetime) -> dict[str, int]:
        """How many answers were found good, and why the others were not, by word; no talk is named."""
        query = (
            select(talk_turns.c.good, talk_turns.c.reason, func.count())
            .where(talk_turns.c.good.is_not(None), talk_turns.c.asked_at >= since)
            .group_by(talk_turns.c.good, talk_turns.c.reason)
        )
        with self._engine.connect() as connection:
            return {"good" if good else str(reason): count for good, reason, count in connection.execute(query)}

    def forget(self, days: int) -> int:
        """Remove talks in which nothing was asked for so long; what the log keeps is kept. Returns how many."""
        with self._engine.begin() as connection:
            begin_writing(connection)
            over = select(talks.c.id).where(talks.c.last_at < database_now(connection) - timedelta(days=days))
            for table in (talk_texts, talk_turns):
                connection.execute(delete(table).where(table.c.talk_id.in_(over)))
            return connection.execute(delete(talks).where(talks.c.id.in_(over))).rowcount

    def _turn(self, row: Row[Any], question: str | None = None) -> Turn:
        kept = {each.name: row._mapping[each.name] for each in fields(Turn) if each.name in row._mapping}
        asked = question if question is not None else str(self._payload(row.question_id).get("question", _SEALED))
        events = tuple(self._payload(row.answer_id).get("events", ())) if row.answer_id else ()
        return Turn(**{**kept, "state": TurnState(row.state), "question": asked, "events": events})

    def _payload(self, audit_id: str) -> Mapping[str, Any]:
        try:
            return self._audit.payload(audit_id) or {}
        except SealedError:
            return {}


def _own(connection: Connection, talk_id: str, principal: Principal) -> Talk:
    which = (talks.c.id == talk_id, talks.c.user_id == principal.user_id)
    row = connection.execute(select(talks).where(*which)).first()
    if row is None:
        raise UnknownTalkError("没有这次对话，或它不是您的：请开始新的对话。")
    return Talk(id=row.id, user_id=row.user_id, client_id=row.client_id, created_at=row.created_at)


def _turn_row(connection: Connection, talk: Talk, turn_id: str) -> Row[Any]:
    which = (talk_turns.c.id == turn_id, talk_turns.c.talk_id == talk.id)
    row = connection.execute(select(talk_turns).where(*which)).first()
    if row is None:
        raise UnknownTalkError("这次对话里没有这个问题：请刷新页面。")
    return row
