"""Reversible pseudonyms for what goes to a chat model: 〔手机KXQT〕 out, the number back in its reply."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator

import ahocorasick

from compliance_filters.pii.filter import find_identifiers
from mandarin.script import strip_inserted

_LABELS = {
    "身份证号": "证件",
    "证件号": "证件",
    "手机号": "手机",
    "电话号码": "电话",
    "银行卡号": "卡号",
    "证券账户": "账户",
    "邮箱": "邮箱",
    "微信号": "微信",
    "住址": "住址",
}
_NAME = "客户"
_LETTERS = "BCDFGHJKLMNPQRTVWXYZ"  # no vowels, so no words; no digits, so no number checks stumble
_LENGTH = 4
_KIND = f"(?:{'|'.join(sorted({*_LABELS.values(), _NAME}))})"
_INSIDE = rf"{_KIND}[{_LETTERS}]{{{_LENGTH}}}"
_TOKEN = re.compile(f"〔{_INSIDE}〕")
# What a model makes of a token when it does not copy it: other brackets, a gap, a part of it.
_MANGLED = re.compile(rf"(?<!〔){_INSIDE}|{_INSIDE}(?!〕)|〔\s*{_KIND}(?![{_LETTERS}]{{{_LENGTH}}}〕)")
Span = tuple[int, int]


class Pseudonyms:
    """Hides identifiers and known names; the same value has the same token as long as this object lives.

    A token is made of a keyed hash of what it hides, so a conversation needs no memory, and who sees the
    tokens learns nothing of the values. The map is the caller's, who gives it to `restore`.

    Names that change are given as a function, asked before every text: while it returns the same object,
    nothing has changed. Where it raises, so does `hide`.
    """

    def __init__(self, names: Iterable[str] | Callable[[], Collection[str]] = (), *, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(32)
        fixed = () if callable(names) else tuple(names)
        self._names = names if callable(names) else lambda: fixed
        self._built: tuple[Collection[str], ahocorasick.Automaton | None] = ((), None)
        self._matcher()

    def hide(self, text: str) -> tuple[str, dict[str, str]]:
        """The text with tokens, and token -> what stood there first; a token that stands in the text is not reused."""
        taken = set(_TOKEN.findall(text))
        tokens: dict[str, str] = {}
        values: dict[str, str] = {}
        pieces: list[str] = []
        position = 0
        for start, end, label, value in self._found(text):
            token = self._token(label, value, values, taken)
            values[token] = value
            tokens.setdefault(token, text[start:end])
            pieces += (text[position:start], token)
            position = end
        return "".join([*pieces, text[position:]]), tokens

    def restore(self, text: str, tokens: dict[str, str]) -> str:
        """Put the originals back. Raises ValueError when a token is lost, invented or mangled."""
        lost = [token for token in tokens if token not in text]
        if lost:
            raise ValueError(f"the text lost {len(lost)} of {len(tokens)} tokens: draft it again")
        if any(token not in tokens for token in _TOKEN.findall(text)) or _MANGLED.search(text):
            raise ValueError("the text holds an unknown token or part of one: draft it again")
        return _TOKEN.sub(lambda found: tokens[found.group()], text)

    def _found(self, text: str) -> Iterator[tuple[int, int, str, str]]:
        """Start, end, label and value of each thing to hide, in order of place."""
        spans = [(i.start, i.end, _LABELS[i.kind], i.value) for i in find_identifiers(text)]
        taken = sorted((start, end) for start, end, _, _ in spans)
        names = [(s, e, _NAME, value) for s, e, value in self._named(text) if not _overlaps((s, e), taken)]
        yield from sorted([*spans, *names])

    def _named(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Known names, the longest at each place, also where signs were put between their characters."""
        automaton = self._matcher()
        if automaton is None:
            return
        view = strip_inserted(text)
        position = 0
        for start, end, name in _longest(automaton, view.text):
            if start >= position:
                position = end
                yield (*view.original_span(start, end), name)

    def _matcher(self) -> ahocorasick.Automaton | None:
        """The names of this moment; one tuple, so that threads never see names with another list's automaton."""
        names = self._names()
        built, automaton = self._built
        if names is not built:
            automaton = _automaton(names)
            self._built = (names, automaton)
        return automaton

    def _token(self, label: str, value: str, given: dict[str, str], taken: set[str]) -> str:
        """The value's token; where another value has it already (one case in 160,000), the next."""
        for attempt in range(1_000):
            token = f"〔{label}{self._letters(f'{label}:{value}:{attempt}')}〕"
            if given.get(token, value) == value and (token in given or token not in taken):
                return token
        raise ValueError("no token is left for this text: send less of it")

    def _letters(self, value: str) -> str:
        digest = hmac.digest(self._key, value.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:_LENGTH])


def _automaton(names: Iterable[str]) -> ahocorasick.Automaton | None:
    automaton = ahocorasick.Automaton()
    for name in names:
        squeezed = "".join(name.split())
        if len(squeezed) >= 2:
            automaton.add_word(squeezed, squeezed)
    if not len(automaton):
        return None
    automaton.make_automaton()
    return automaton


def _longest(automaton: ahocorasick.Automaton, text: str) -> list[tuple[int, int, str]]:
    """Matches by place, the longest first at each."""
    found = [(last + 1 - len(name), last + 1, name) for last, name in automaton.iter(text)]
    return sorted(found, key=lambda match: (match[0], -match[1]))


def _overlaps(span: Span, taken: list[Span]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in taken)
