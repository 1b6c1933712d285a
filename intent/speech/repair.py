"""Names and terms that the engine wrote as other words of their sound (身购, 两荣, 可创板), put right with a score.

A noisy channel: what was written against what may be meant, by how likely each is as Mandarin (words of the trade
and names of the catalogue count as frequent here), less what it costs to mishear one for the other. What was
heard is kept beside every repair.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from importlib import resources
from pathlib import Path
from typing import Protocol

import ahocorasick
import yaml

from intent.call import Repair, Turn
from intent.errors import RulesError
from mandarin.chinese_number import write_number
from mandarin.homophones import frequencies
from mandarin.near_sounds import Nearness, NearSound, NearSoundFinder
from mandarin.numeral import DIGIT_CHARS, SCALE_CHARS
from mandarin.script import HAN
from mandarin.word_model import WordModel

# Nats that a misheard character costs: shares of characters that Whisper base wrote by the same and by a near sound
# on the sample calls (`measured` of intent/corpus/data/noise.yaml), against the share it wrote rightly.
COSTS = {Nearness.WRITTEN: 0.0, Nearness.SAME: 2.45, Nearness.NEAR: 4.5, Nearness.PART: 6.5}
MIN_SCORE = 0.8
MARGIN = 2.0  # nats by which the best word must lead another that would fit the same place
NEIGHBOURS = 2  # turns before and after that count as context
_CLAUSE = re.compile(f"[{HAN}]+")
_NAME = re.compile(r"[A-Za-z]$|（.*|\(.*")  # share classes and brackets, which nobody speaks
_DIGITS = re.compile(r"\d+")
_KEPT = frozenset("不没别无未非甭" + DIGIT_CHARS + SCALE_CHARS)  # a refusal or a number is never written over


class Repairer(Protocol):
    """Puts names and terms right in the turns of one call."""

    def repair(self, turns: Sequence[Turn]) -> tuple[Turn, ...]:
        """The same turns in the same order; what was changed stands in `Turn.repairs`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Terms:
    """Words of the trade, right words that sound like them, and words that show that money is spoken of."""

    terms: tuple[str, ...]
    known: tuple[str, ...] = ()
    context: tuple[str, ...] = ()


def load_terms(path: Path | None = None) -> Terms:
    """The shipped words; with `path` a firm's own beside them. Raises RulesError naming the file."""
    shipped = _read(resources.files("intent.speech").joinpath("data", "terms.yaml").read_text("utf-8"), "terms.yaml")
    if path is None:
        return shipped
    try:
        own = _read(path.read_text("utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise RulesError(f"The terms {path} cannot be read ({error}): correct speech.terms.") from error
    return Terms(
        terms=(*shipped.terms, *own.terms), known=(*shipped.known, *own.known), context=(*shipped.context, *own.context)
    )


class TermRepairer:
    """Repairs against terms and the names of the catalogue; building it takes a second, once."""

    def __init__(self, names: Iterable[str], terms: Terms | None = None, *, min_score: float = MIN_SCORE) -> None:
        """`names`: products and stocks as the catalogue writes them, with their digits and share classes."""
        self._terms = terms or load_terms()
        self._names, self._min_score = tuple(dict.fromkeys(names)), min_score

    def repair(self, turns: Sequence[Turn]) -> tuple[Turn, ...]:
        """See Repairer."""
        near = [self._speaks_of_money(turn.text) for turn in turns]
        return tuple(
            self._repaired(turn, in_context=any(near[max(0, i - NEIGHBOURS) : i + NEIGHBOURS + 1]))
            for i, turn in enumerate(turns)
        )

    def _repaired(self, turn: Turn, *, in_context: bool) -> Turn:
        text, shift, done = turn.text, 0, []
        for found, score in self._chosen(turn.text, in_context=in_context):
            start, word = found.start + shift, self._spoken.get(found.word, found.word)
            heard = turn.text[found.start : found.end]
            text = text[:start] + word + text[start + len(heard) :]
            done.append(Repair(start=start, end=start + len(word), heard=heard, score=round(score, 4)))
            shift += len(word) - len(heard)
        return replace(turn, text=text, repairs=tuple(done)) if done else turn

    def _chosen(self, text: str, *, in_context: bool) -> list[tuple[NearSound, float]]:
        """What is replaced, in order of place: of overlapping words the likeliest, if it leads clearly."""
        likely = sorted(self._likely(text, in_context=in_context), key=lambda pair: -pair[1])
        kept: list[tuple[NearSound, float]] = []
        for found, odds in likely:
            if any(_overlap(found, other) for other, _ in kept) or _sigmoid(odds) < self._min_score:
                continue
            rivals = [o for other, o in likely if _overlap(found, other) and other.word not in found.word]
            if not rivals or odds - max(rivals) >= MARGIN:
                kept.append((found, odds))
        return sorted(((f, _sigmoid(odds)) for f, odds in kept), key=lambda pair: pair[0].start)

    def _likely(self, text: str, *, in_context: bool) -> Iterator[tuple[NearSound, float]]:
        """Candidates with the log-odds that they are meant, in nats."""
        for clause in _CLAUSE.finditer(text):
            said = clause.group()
            for found in self._finder.find(said):
                if (in_context or found.word in self._spoken) and not self._forbidden(said, found):
                    meant = said[: found.start] + found.word + said[found.end :]
                    odds = self._model.log_probability(meant) - self._model.log_probability(said)
                    here = replace(found, start=found.start + clause.start(), end=found.end + clause.start())
                    yield here, odds - sum(COSTS[step] for step in found.steps)

    def _forbidden(self, said: str, found: NearSound) -> bool:
        """A number or a refusal would be written over, or a syllable of another sound is an ordinary word's."""
        for i, step in enumerate(found.steps):
            at = found.start + i
            if step is not Nearness.WRITTEN and said[at] in _KEPT:
                return True
            if step is Nearness.PART and any(frequencies().get(said[a : a + 2], 0) for a in (max(at - 1, 0), at)):
                return True
        return False

    def _speaks_of_money(self, text: str) -> bool:
        return next(iter(self._cues.iter(text)), None) is not None

    @cached_property
    def _cues(self) -> ahocorasick.Automaton:
        cues = ahocorasick.Automaton()
        for word in (*self._terms.context, *self._terms.terms, *self._spoken):
            cues.add_word(word, word)
        cues.make_automaton()
        return cues

    @cached_property
    def _spoken(self) -> dict[str, str]:
        """Names of four and more characters as they are spoken, to the name as the catalogue writes it."""
        spoken = {form: _NAME.sub("", name) for name in self._names for form in spoken_forms(name)}
        return {form: name for form, name in spoken.items() if len(form) >= 4 or len(name) >= 4}

    @cached_property
    def _finder(self) -> NearSoundFinder:
        return NearSoundFinder((*self._terms.terms, *self._spoken))

    @cached_property
    def _model(self) -> WordModel:
        return WordModel((*self._terms.terms, *self._terms.known, *self._spoken))


def spoken_name(name: str) -> str:
    """A name without its share class and brackets, which nobody speaks."""
    return _NAME.sub("", name)


def spoken_forms(name: str) -> tuple[str, ...]:
    """A name as it is spoken: without share class, digits read as a number (三百) and one by one (三零零)."""
    bare = _NAME.sub("", name)
    read = _DIGITS.sub(lambda m: write_number(Decimal(m.group())), bare)
    told = _DIGITS.sub(lambda m: "".join("零一二三四五六七八九"[int(d)] for d in m.group()), bare)
    return tuple(dict.fromkeys(form for form in (read, told) if _CLAUSE.fullmatch(form)))


def _overlap(a: NearSound, b: NearSound) -> bool:
    return a.start < b.end and b.start < a.end


def _sigmoid(odds: float) -> float:
    return 1 / (1 + math.exp(-max(min(odds, 50.0), -50.0)))


def _read(text: str, name: str) -> Terms:
    try:
        raw = yaml.safe_load(text)
        lists = {key: tuple(str(word) for word in raw.get(key) or ()) for key in ("terms", "known", "context")}
        return Terms(**lists)
    except (yaml.YAMLError, AttributeError, TypeError) as error:
        raise RulesError(f"{name} is no file of terms, known and context, each a list of words: correct it.") from error
