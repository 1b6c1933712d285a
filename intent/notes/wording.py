"""With a chat model: the note in better words, of which only those sentences stay that their turns hold.

The model sees the extractive lines and the turns they cite, never the whole call; what comes next (下一步) is not its
business. A sentence stands when it cites turns of its section and brings no number, no time, no title with a name
and no character of its own; a line that no such sentence covers stays as it was.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files

import yaml

from intent.call import Evidence
from intent.notes.dues import CHINA
from intent.notes.note import CallNote
from intent.notes.text import NEXT, NoteLine, note_lines, note_text
from mandarin.numerals import find_numerals
from mandarin.spoken_dates import find_moments
from prompts.chat import ChatModel
from prompts.errors import ChatUnavailableError
from prompts.library import PromptLibrary

_log = logging.getLogger(__name__)
PROMPT = "call_note"
_ONE_MOMENT = datetime(2026, 1, 5, 0, 0, tzinfo=CHINA)
_HEADING = re.compile(r"^\s*【(?P<name>[^】]+)】\s*$")
_MARK = re.compile(r"\[(\d+)\]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]+")


class NoteWriter:
    """Words notes with a chat model, which stands behind its pseudonymiser."""

    def __init__(self, model: ChatModel, prompts: PromptLibrary) -> None:
        self._model, self._prompts = model, prompts

    def reword(self, note: CallNote) -> CallNote:
        """The same note with another `text` and `by`; unchanged where no sentence stands, or no model answers."""
        lines = note_lines(note)
        given = [line for line in lines if line.section != NEXT]
        if not given:
            return note
        try:
            reply = self._model.complete(self._prompts.messages(PROMPT, lines=_listed(given), turns=_turns(given)))
        except ChatUnavailableError:
            _log.warning("the chat model %s gave no note: the extractive one stands", self._model.name)
            return note
        stood = _stood(reply.text, given)
        if not stood:
            return note
        worded = [
            line for name in dict.fromkeys(line.section for line in lines) for line in _merged(name, lines, stood)
        ]
        return replace(note, text=note_text(worded), by=reply.model, prompt=self._prompts.get(PROMPT).sha256)


def _merged(section: str, lines: Sequence[NoteLine], stood: Sequence[NoteLine]) -> list[NoteLine]:
    """The sentences of a section, and its lines that none of them covers."""
    kept = [line for line in stood if line.section == section]
    left = [line for line in lines if line.section == section and not any(_covers(each, line) for each in kept)]
    return [*kept, *left]


def _covers(sentence: NoteLine, line: NoteLine) -> bool:
    return line.turns <= sentence.turns and _numbers(line.text) <= _numbers(sentence.text)


def _stood(reply: str, lines: Sequence[NoteLine]) -> list[NoteLine]:
    found, section = [], ""
    for row in reply.splitlines():
        if heading := _HEADING.match(row):
            section = heading["name"]
        elif checked := _checked(section, row, [line for line in lines if line.section == section]):
            found.append(checked)
    return found


def _checked(section: str, row: str, lines: Sequence[NoteLine]) -> NoteLine | None:
    """The sentence as a line; None unless every turn it cites is one of its section and holds what it says."""
    cited = {int(number) - 1 for number in _MARK.findall(row)}
    text = _MARK.sub("", row).strip().lstrip("-*·• ").strip()
    by_turn: Mapping[int, Evidence] = {each.turn: each for line in lines for each in line.evidence}
    if not text or not cited or not cited <= by_turn.keys():
        return None
    sources = [by_turn[turn].quote for turn in sorted(cited)]
    sources += [line.text for line in lines if line.turns <= cited]
    if not _held(text, "\n".join(sources)):
        return None
    return NoteLine(section=section, text=text, evidence=tuple(by_turn[turn] for turn in sorted(cited)))


def _held(text: str, sources: str) -> bool:
    """Whether the sources hold every number, Latin word, titled name and character of a sentence."""
    allowed, titles = _wording()
    return (
        _numbers(text) <= _numbers(sources)
        and _times_held(text, sources)
        and set(_LATIN.findall(text)) <= set(_LATIN.findall(sources))
        and set(_HAN.findall(text)) - _of_numbers(text) <= allowed | set(sources)
        and all(found.group() in sources for found in titles.finditer(text))
    )


def _numbers(text: str) -> frozenset[tuple[Decimal, str]]:
    return frozenset((number.value, number.unit.removeprefix("个") or "元") for number in find_numerals(text))


def _times_held(text: str, sources: str) -> bool:
    """Words of time stand in the sources as they are; a date in digits may be written there in another way."""
    known = find_moments(sources, said_at=_ONE_MOMENT)
    days, times = {m.day for m in known}, {None, *(m.at for m in known)}
    return all(
        m.quote in sources or (m.quote[0].isdigit() and m.day in days and m.at in times)
        for m in find_moments(text, said_at=_ONE_MOMENT)
    )


def _of_numbers(text: str) -> set[str]:
    """Characters that write a number: 三十万 and 30万 are the same, and judged as numbers."""
    return {char for number in find_numerals(text) for char in number.quote}


def _listed(lines: Sequence[NoteLine]) -> str:
    sections = dict.fromkeys(line.section for line in lines)
    return "\n".join(
        "\n".join((f"【{name}】", *(f"- {line.text}{_marks(line)}" for line in lines if line.section == name)))
        for name in sections
    )


def _marks(line: NoteLine) -> str:
    return "".join(f"[{turn + 1}]" for turn in sorted(line.turns))


def _turns(lines: Sequence[NoteLine]) -> str:
    quotes = {each.turn: each.quote for line in lines for each in line.evidence}
    return "\n".join(f"[{turn + 1}] {quotes[turn]}" for turn in sorted(quotes))


@cache
def _wording() -> tuple[frozenset[str], re.Pattern[str]]:
    """Characters that a sentence may bring of its own, and a title with the character before it."""
    raw = yaml.safe_load(files("intent.notes").joinpath("wording.yaml").read_text("utf-8"))
    return frozenset("".join(raw["words"])), re.compile(rf"[\u3400-\u9fff](?:{raw['titles']})")
