"""Writes the note of a call: who asked for what, what was stated and promised, what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from intent.call import Call, Evidence, Speaker, Turn, Wish
from intent.classifier.taxonomy import Taxonomy
from intent.notes.client import client_promises, facts_of
from intent.notes.cues import load_cues
from intent.notes.dues import CHINA, Clock
from intent.notes.note import CallNote, Point, Promise
from intent.notes.promises import AdvisorPromises
from intent.notes.text import due_text, note_lines, note_text, shorten
from intent.notes.wording import NoteWriter

PLACES = {"lead": "商机", "ticket": "工单", "consent": "意愿变更"}
NEVER = datetime.max.replace(tzinfo=CHINA)
POLITE_START = 2  # turns of greeting that hold no purpose


class NoteMaker:
    """Makes notes; one instance serves all calls."""

    def __init__(self, taxonomy: Taxonomy, products: Sequence[str] = (), writer: NoteWriter | None = None) -> None:
        """`products`: names and aliases as clients may say them. `writer`: words the text, where there is one."""
        self._taxonomy, self._writer = taxonomy, writer
        self._products = sorted({p for p in products if len(p) >= 2}, key=len, reverse=True)

    def note(self, call: Call, wishes: Sequence[Wish]) -> CallNote:
        """The note of a call, extractive: nothing stands in it that nobody said, each entry with its turns.

        Without `started_at` of the call no due date can be settled, and every `due` is None.
        """
        turns = call.transcript.turns
        cues = load_cues()
        clock = Clock(cues, call.started_at)
        promised = AdvisorPromises(cues, clock).read(turns)
        note = CallNote(
            purpose=_purpose(turns, wishes, self._taxonomy),
            facts=facts_of(turns, cues, clock, self._products),
            promised=promised,
            client_promised=client_promises(turns, cues, clock),
            next_steps=(*_first_step(promised), *_steps(wishes, self._taxonomy)),
        )
        note = replace(note, text=note_text(note_lines(note)))
        return self._writer.reword(note) if self._writer else note


def _purpose(turns: Sequence[Turn], wishes: Sequence[Wish], taxonomy: Taxonomy) -> tuple[Point, ...]:
    """Without cases, as the steps are; a call that was nothing else has no purpose that its advisor may read."""
    first: dict[str, Wish] = {}
    for wish in wishes:
        if wish.goes_to != "case":
            first.setdefault(wish.intent, wish)
    if first or wishes:
        return tuple(
            Point(text=f"{taxonomy[w.intent].zh}：{shorten(w.evidence[0].quote)}", evidence=w.evidence[:1])
            for w in first.values()
        )
    said = [t for t in turns[POLITE_START:] if t.speaker is not Speaker.ADVISOR] or list(turns)
    if not said:
        return ()
    longest = max(said, key=lambda t: len(t.text))
    return (Point(text=f"{shorten(longest.text)}；未发现明确需求", evidence=(_evidence(longest),)),)


def _first_step(promised: Sequence[Promise]) -> tuple[Point, ...]:
    """The promise that is due first; where none has a time, the first that was made."""
    if not promised:
        return ()
    first = min(promised, key=lambda promise: promise.due.at if promise.due else NEVER)
    return (Point(text=f"兑现承诺：{shorten(first.what)}{due_text(first.due)}", evidence=first.evidence),)


def _steps(wishes: Sequence[Wish], taxonomy: Taxonomy) -> tuple[Point, ...]:
    """Without cases: what is registered is not for the advisor concerned, who reads the note."""
    return tuple(Point(text=_step(wish, taxonomy), evidence=wish.evidence) for wish in wishes if wish.goes_to != "case")


def _step(wish: Wish, taxonomy: Taxonomy) -> str:
    product = f"（{wish.product}）" if wish.product else ""
    amount = f"，{'约' * wish.amount_about}{wish.amount_cny:,.0f}元" if wish.amount_cny is not None else ""
    day = f"，{wish.day.month}月{wish.day.day}日" if wish.day else ""
    hours = taxonomy[wish.intent].sla_hours
    then = f"，暂缓：{wish.held_because}" if wish.held_because else f"，{hours}小时内处理"
    return f"{PLACES[wish.goes_to]}：{taxonomy[wish.intent].zh}{product}{amount}{day}{then}"


def _evidence(turn: Turn) -> Evidence:
    return Evidence(turn=turn.index, quote=turn.text, start_s=turn.start_s, end_s=turn.end_s)
