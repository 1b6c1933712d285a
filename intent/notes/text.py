"""The note as people read it: sections in Chinese, each line with the turns it rests on, counted from 1."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from intent.call import Evidence
from intent.notes.note import CallNote, Due, Fact, Promise

LONGEST_QUOTE = 60  # characters
MOST_FACTS = 12  # lines; the structured note holds all
NOTHING = "本次录音没有可读的通话内容。"
PURPOSE, FACTS, PROMISED, CLIENT_PROMISED, NEXT = "来电目的", "客户情况", "顾问承诺", "客户答应", "下一步"
_WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True, kw_only=True)
class NoteLine:
    """One line of the note under its heading."""

    section: str
    text: str
    evidence: tuple[Evidence, ...]

    @property
    def turns(self) -> frozenset[int]:
        return frozenset(each.turn for each in self.evidence)


def note_lines(note: CallNote) -> tuple[NoteLine, ...]:
    """The lines of a note in order."""
    return tuple(_lines(note))


def note_text(lines: Sequence[NoteLine]) -> str:
    """The whole note; one sentence where there is nothing to read."""
    sections = dict.fromkeys(line.section for line in lines)
    return "\n".join(_section(name, lines) for name in sections) or NOTHING


def due_text(due: Due | None) -> str:
    """（11月24日周二18:00前）; empty without a due date."""
    if due is None:
        return ""
    day = f"{due.at.month}月{due.at.day}日周{_WEEKDAYS[due.at.weekday()]}"
    clock = {"minute": f"{due.at:%H:%M}", "part": f"{due.at:%H:%M}前", "day": ""}[due.precision]
    return f"（{day}{clock}）"


def shorten(text: str) -> str:
    """At most LONGEST_QUOTE characters."""
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


def _lines(note: CallNote) -> Iterator[NoteLine]:
    for point in note.purpose:
        yield NoteLine(section=PURPOSE, text=point.text, evidence=point.evidence)
    for fact in _foremost(note.facts):
        yield NoteLine(section=FACTS, text=shorten(fact.text), evidence=fact.evidence)
    yield from _promises(PROMISED, note.promised)
    yield from _promises(CLIENT_PROMISED, note.client_promised)
    for point in note.next_steps:
        yield NoteLine(section=NEXT, text=point.text, evidence=point.evidence)


def _promises(section: str, promises: Iterable[Promise]) -> Iterator[NoteLine]:
    for promise in promises:
        asked = "应客户要求：" if promise.asked else ""
        text = f"{asked}{shorten(promise.what)}{due_text(promise.due)}"
        yield NoteLine(section=section, text=text, evidence=promise.evidence)


def _foremost(facts: Sequence[Fact]) -> list[Fact]:
    """The facts that tell most, in the order in which they were said."""
    best = sorted(facts, key=lambda fact: (-len(fact.kinds), "amount" not in fact.kinds, fact.evidence[0].turn))
    chosen = {id(fact) for fact in best[:MOST_FACTS]}
    return [fact for fact in facts if id(fact) in chosen]


def _section(name: str, lines: Sequence[NoteLine]) -> str:
    return "\n".join((f"【{name}】", *(f"- {line.text}{_cited(line)}" for line in lines if line.section == name)))


def _cited(line: NoteLine) -> str:
    return f"（第{'、'.join(str(turn + 1) for turn in sorted(line.turns))}轮）"
