"""Questions that are being answered: each in a thread of its own, for as many readers as come, go and come again.

A turn runs to its end whether anybody reads or not, so that a page that was killed finds its answer. What a turn has
told is kept here while it runs, and by `copilot.talks.store` once it has ended.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from copilot.releases import Released, Replied, Searching, Step, TakenBack, Withheld
from copilot.talks.talk import Talk, Turn, TurnState
from jobs.tables import new_id
from prompts.chat import Message
from serve.commands.context import HOUSE_PACKAGES, one_line

if TYPE_CHECKING:
    from knowledge_base.access import Principal
    from serve.wiring import House

log = logging.getLogger("tougu.turns")
AT_ONCE = 16  # turns that are worked on; others wait their turn
Event = Mapping[str, Any]  # id (from 1), event, data
LOST = "服务在回答时中断了：请重新提问。"
BROKEN = "服务出了意外，没有答出来：请重新提问，仍不行请告知管理员。"


class LiveTurn:
    """What one turn has told so far, and those who listen."""

    def __init__(self) -> None:
        self.wish_to_stop = threading.Event()
        self.events: list[Event] = []
        self._ended = False
        self._lock = threading.Lock()
        self._woken: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    def tell(self, event: str, data: Mapping[str, Any], *, last: bool = False) -> None:
        with self._lock:
            self.events.append({"id": len(self.events) + 1, "event": event, "data": data})
            self._ended = self._ended or last
            waiting, self._woken = self._woken, []
        for loop, wake in waiting:
            try:
                loop.call_soon_threadsafe(wake.set)
            except RuntimeError:  # the loop of a reader that is gone
                continue

    async def after(self, last_id: int) -> AsyncIterator[Event]:
        """Events with a later id, as they come, to the last one."""
        at = max(last_id, 0)
        while True:
            wake = asyncio.Event()
            with self._lock:
                fresh, ended = self.events[at:], self._ended
                if not fresh and not ended:
                    self._woken.append((asyncio.get_running_loop(), wake))
            for event in fresh:
                yield event
            at += len(fresh)
            if ended and not fresh:
                return
            if not fresh:
                await wake.wait()


class LiveTurns:
    """The turns of this process."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._running: dict[str, LiveTurn] = {}
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def get(self, turn_id: str) -> LiveTurn | None:
        return self._running.get(turn_id)

    def stop(self, turn_id: str) -> None:
        """What was released stays; the rest is not written."""
        live = self._running.get(turn_id)
        if live is not None:
            live.wish_to_stop.set()

    def ask(self, talk: Talk, question: str, *, retry_of: str | None, principal: Principal) -> Turn:
        """A new turn, at work. Raises TalkError while another of the talk is."""
        self.settle(talk)
        talks, turn_id = self._house.talks, new_id()
        history = talks.earlier(talk, self._house.settings.copilot.history_turns, without=retry_of)
        live = self._running[turn_id] = LiveTurn()
        try:
            turn = talks.ask(talk, question, turn_id=turn_id, retry_of=retry_of, principal=principal)
        except Exception:
            del self._running[turn_id]
            raise
        said = [Message(role="user", content=earlier) for earlier in history]
        threading.Thread(target=self._work, args=(live, talk, turn, said, principal), name="turn", daemon=True).start()
        return turn

    def settle(self, talk: Talk) -> None:
        """Turns of a talk that run nowhere any more have failed: a server was stopped while it answered."""
        for turn_id in self._house.talks.running(talk):
            if turn_id not in self._running:
                self._end(talk, turn_id, _events(lost(LOST)), TurnState.FAILED, None)

    def _work(self, live: LiveTurn, talk: Talk, turn: Turn, history: Sequence[Message], principal: Principal) -> None:
        try:
            with self._places:
                replied = self._answered(live, talk, turn, history, principal)
            stopped = live.wish_to_stop.is_set() and (replied is None or replied.stopped)
            state = TurnState.STOPPED if stopped else TurnState.DONE if replied else TurnState.FAILED
            told = {"state": state.value, "proposals": self._proposals(replied, turn, history, principal)}
            done = {"id": len(live.events) + 1, "event": "done", "data": told}
            self._end(talk, turn.id, [*live.events, done], state, replied)
            live.tell("done", told, last=True)
        except Exception as error:
            log.error("a question was not answered: %s", type(error).__name__)
            self._fail(live, talk, turn, error)
        finally:
            self._running.pop(turn.id, None)

    def _answered(
        self, live: LiveTurn, talk: Talk, turn: Turn, history: Sequence[Message], principal: Principal
    ) -> Replied | None:
        """The reply, told step by step; None where the reader stopped before anything was searched."""
        if live.wish_to_stop.is_set():
            return None
        replied = None
        for step in self._house.session.steps(
            turn.question,
            principal=principal,
            today=self._house.today(),
            client_id=talk.client_id,
            history=history,
            stopped=live.wish_to_stop.is_set,
        ):
            live.tell(*as_event(step))
            replied = step if isinstance(step, Replied) else None
        return replied

    def _proposals(
        self, replied: Replied | None, turn: Turn, history: Sequence[Message], principal: Principal
    ) -> list[str]:
        if replied is None or replied.reply.answer is None or replied.reply.answer.abstained:
            return []
        house = self._house
        return list(house.questions_in_turn.proposals(turn.question, history, principal=principal, on=house.today()))

    def _fail(self, live: LiveTurn, talk: Talk, turn: Turn, error: Exception) -> None:
        """Nothing that was shown stands: it was never judged whole."""
        told = lost(_words_of(error))
        try:
            self._end(talk, turn.id, _events(told), TurnState.FAILED, None)
        except Exception as worse:  # the reader is told in any case; `settle` ends the turn later
            log.error("a turn could not be ended: %s", type(worse).__name__)
        for name, data in told:
            live.tell(name, data, last=name == "done")

    def _end(
        self, talk: Talk, turn_id: str, events: Sequence[Event], state: TurnState, replied: Replied | None
    ) -> None:
        verdict = replied.reply.verdict if replied else None
        self._house.talks.end(
            talk,
            turn_id,
            state=state,
            events=events,
            outcome=verdict.outcome.word if verdict else None,
            audit_id=verdict.audit_id if verdict else None,
        )


def _words_of(error: Exception) -> str:
    """What a person is told: nothing of the inside of an error that nobody expected."""
    ours = type(error).__module__.split(".")[0] in HOUSE_PACKAGES
    return str(getattr(error, "zh", "") or (one_line(error) if ours else BROKEN))


def lost(detail: str) -> list[tuple[str, dict[str, Any]]]:
    """The events of a turn of which nothing stands."""
    return [("error", {"detail": detail}), ("done", {"state": TurnState.FAILED.value, "proposals": []})]


def _events(told: Sequence[tuple[str, dict[str, Any]]]) -> list[Event]:
    return [{"id": n, "event": name, "data": data} for n, (name, data) in enumerate(told, start=1)]


def as_event(step: Step) -> tuple[str, dict[str, Any]]:
    """A step as its event on the wire: name and data."""
    from serve.routes.questions import CitationOut, ReplyOut

    match step:
        case Searching(whole=whole):
            return "searching", {"whole": whole}
        case Released(n=n, sentence=sentence, citations=citations, mended=mended):
            cited = [CitationOut.of(each).model_dump() for each in citations]
            told = {"n": n, "text": sentence.text, "citations": list(sentence.citations), "sources": cited}
            return "sentence", {**told, "mended": mended}
        case Withheld(n=n, reasons=reasons):
            return "withheld", {"n": n, "reasons": list(reasons)}
        case TakenBack(n=n, reasons=reasons):
            return "retract", {"n": n, "reasons": list(reasons)}
        case Replied(reply=reply, stopped=stopped):
            return "verdict", {"reply": ReplyOut.of(reply).model_dump(mode="json"), "stopped": stopped}
