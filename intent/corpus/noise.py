"""Noise of speech engines for training text: the words change as they are misheard, what they mean does not."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, fields
from functools import cache
from random import Random
from typing import Any

import yaml

from intent.corpus.lines import shipped
from intent.corpus.numeral_forms import number_spans, other_forms, values
from intent.corpus.sounds import NEAR, OTHER, SAME, SoundAlikes
from intent.errors import TrainingDataError
from mandarin.script import HAN

_PUNCTUATION = re.compile(r"[，。！？；：、…—~～!?;\"“”‘’《》（）()]|(?<!\d)[.,:]|[.,:](?!\d)")
_HAN_WORD = re.compile(f"[{HAN}]+")
_SPOKEN = re.compile(r"\w")
_MEASURED = ("same_sound", "near_sound", "other_sound", "deleted", "inserted")
Step = Callable[[str, Random], str]


@dataclass(frozen=True, kw_only=True)
class Rates:
    """How often each kind of noise strikes, as shares 0..1."""

    same_sound: float = 0.0  # of characters
    near_sound: float = 0.0  # of characters
    other_sound: float = 0.0  # of characters; only what was measured for this very character
    deleted: float = 0.0  # of characters
    inserted: float = 0.0  # of gaps between words
    dropped: float = 0.0  # of light words
    doubled: float = 0.0  # of words
    no_punctuation: float = 0.0  # of lines
    traditional: float = 0.0  # of lines
    other_form: float = 0.0  # of numbers

    def __post_init__(self) -> None:
        """Raises TrainingDataError for a rate outside 0..1."""
        for field in fields(self):
            rate = getattr(self, field.name)
            if not 0 <= rate <= 1:
                raise TrainingDataError(f"The noise rate {field.name} is {rate}: give a share from 0 to 1.")


@dataclass(frozen=True)
class Noise:
    """Makes noisy twins of a line. Pure: the same text and random state give the same twin."""

    _: KW_ONLY
    rates: Rates
    sounds: SoundAlikes
    light: frozenset[str] = frozenset()  # words that may be lost
    keep: frozenset[str] = frozenset()  # words that are never touched
    confusions: Mapping[str, Mapping[str, int]]  # character -> what was heard for it, counted
    insertions: Mapping[str, int]  # what was heard where nothing was said, counted

    @classmethod
    def from_data(cls, raw: Mapping[str, Any] | None = None) -> Noise:
        """The noise of `noise.yaml`, or of data of its form. Raises TrainingDataError where a part is missing."""
        raw = raw or shipped_noise()
        try:
            measured = raw["measured"]
            rates = Rates(
                **{name: measured[name] for name in _MEASURED},
                **raw["words"],
                **raw["lines"],
                **raw["numerals"],
            )
            return cls(
                rates=rates,
                sounds=SoundAlikes(raw["near"], keep="".join(word for word in raw["keep"] if len(word) == 1)),
                light=frozenset(raw["light"]),
                keep=frozenset(raw["keep"]),
                confusions=measured["confusions"],
                insertions={word: n for word, n in measured["inserted_words"].items() if word in raw["light"]},
            )
        except (KeyError, TypeError, ValueError) as error:
            raise TrainingDataError(f"The noise data lacks a part or holds a bad value ({error}): mend it.") from error

    def of(self, text: str, rng: Random) -> str:
        """A noisy twin; never without a word where the text has one, and with the same numbers in it.

        A step that would change the value of a number, or leave nothing, is not taken.
        """
        wanted = values(text)
        for step in self._steps():
            changed = step(text, rng)
            if changed != text and _SPOKEN.search(changed) and values(changed) == wanted:
                text = changed
        return text

    def _steps(self) -> tuple[Step, ...]:
        return (self._other_numerals, self._misheard, self._lost, self._without_punctuation, self._traditional)

    def _other_numerals(self, text: str, rng: Random) -> str:
        for numeral, forms in reversed(other_forms(text)):
            if rng.random() < self.rates.other_form:
                text = text[: numeral.start] + rng.choice(forms) + text[numeral.end :]
        return text

    def _misheard(self, text: str, rng: Random) -> str:
        """Words written by others of the same or a near sound."""
        return "".join(self._heard(word, rng) if free else word for word, free in self._words(text))

    def _heard(self, word: str, rng: Random) -> str:
        for relation, rate in (
            (SAME, self.rates.same_sound), (NEAR, self.rates.near_sound), (OTHER, self.rates.other_sound),
        ):  # fmt: skip
            if rng.random() < 1 - (1 - rate) ** len(word):
                return self._other_word(word, relation, rng)
        return word

    def _other_word(self, word: str, relation: str, rng: Random) -> str:
        """A word of that sound, else the word with one character of that sound."""
        whole = self.sounds.alike(word, relation)
        if whole and len(word) > 1:
            return _drawn(whole, rng)
        at = rng.randrange(len(word))
        others = Counter(self.sounds.alike(word[at], relation))
        heard = self.confusions.get(word[at], {})
        others.update({char: n for char, n in heard.items() if self.sounds.gives(char, word[at], relation)})
        return word[:at] + _drawn(others, rng) + word[at + 1 :] if others else word

    def _lost(self, text: str, rng: Random) -> str:
        """Light words lost, words said twice, characters lost or heard in addition."""
        said: list[str] = []
        for word, free in self._words(text):
            if not free:
                said.append(word)
                continue
            if word in self.light and rng.random() < self.rates.dropped:
                continue
            said.append("".join(char for char in word if rng.random() >= self.rates.deleted))
            if rng.random() < self.rates.doubled:
                said.append(said[-1])
            if self.insertions and rng.random() < self.rates.inserted:
                said.append(_drawn(self.insertions, rng))
        return "".join(said)

    def _without_punctuation(self, text: str, rng: Random) -> str:
        return _PUNCTUATION.sub("", text) if rng.random() < self.rates.no_punctuation else text

    def _traditional(self, text: str, rng: Random) -> str:
        return _converter().convert(text) if rng.random() < self.rates.traditional else text

    def _words(self, text: str) -> Iterator[tuple[str, bool]]:
        """The words in order, each with whether noise may touch it: no number, no kept word, no letters."""
        import jieba

        jieba.setLogLevel("WARNING")
        position = 0
        for start, end in (*number_spans(text), (len(text), len(text))):
            for word in jieba.cut(text[position:start]):
                yield word, bool(_HAN_WORD.fullmatch(word)) and not self._kept(word)
            if start < end:
                yield text[start:end], False
            position = end

    def _kept(self, word: str) -> bool:
        return word in self.keep or any(char in self.keep for char in word)


def shipped_noise() -> dict[str, Any]:
    """The data of `noise.yaml`."""
    raw: dict[str, Any] = yaml.safe_load(shipped("noise.yaml").read_text("utf-8"))
    return raw


def _drawn(weights: Mapping[str, float], rng: Random) -> str:
    words: Sequence[str] = sorted(weights)
    return rng.choices(words, [weights[word] for word in words])[0]


@cache
def _converter() -> Any:
    from opencc import OpenCC

    return OpenCC("s2t")
