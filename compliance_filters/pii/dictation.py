"""Identifiers told piece by piece: 一三八 - 嗯 - 零零一二 - 三四五六, repeated back and corrected on the way.

Pieces that follow each other, with nothing but short answers between, are one group. It is judged by what was asked
for before it, or by the shape that some of its pieces make together.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise

from stdnum import luhn

from compliance_filters.pii.numbers import is_identity_number
from compliance_filters.pii.view import SAID_DIGITS, plain_view
from compliance_filters.pii.words import label_before, words

_DIGIT = f"[0-9{''.join(SAID_DIGITS)}]"
_ALIKE = rf"[二两三四五六2-6]个{_DIGIT}"  # 三个八
_PIECE = re.compile(rf"(?:{_ALIKE}|{_DIGIT})(?:[ \t\-·、,，—]{{0,3}}(?:{_ALIKE}|{_DIGIT}))*[Xx叉]?")
_ALIKE_SAID = re.compile(rf"([二两三四五六2-6])个({_DIGIT})")
_TO_DIGIT = str.maketrans({**SAID_DIGITS, "两": "2", "叉": "X"})
_NO_DIGIT = re.compile(r"[^0-9X]")
_NOTHING = "\uffff"  # in the place of a word that says nothing
_MARK = re.compile(r"[\W_]+")
_ROUND = re.compile(r"[1-9][0-9]{0,5}000+")  # written so, it is rather a sum
_SENTENCE_END = re.compile(r"[。！？!?\n;；]")

_REST = 6  # characters beside a piece, fillers left out, that still belong to telling a number
_ANSWER = 10  # characters of a turn between two pieces that holds none
_ANSWERS = 3  # such turns in a row
_CONTEXT = 3  # turns before a group in which it is asked for
_LEAST_CORRECTED = 9  # digits
_CODE = 6  # digits of the code of a fund or a share
_MOST_PIECES = 14  # looked at for a shape
# How many digits a number has that was asked for by its name, misheard and repeated ones allowed for.
_LENGTHS = {
    "phone": (7, 13),
    "id": (14, 20),
    "card": (12, 21),
    "account": (7, 14),
    "permit": (7, 11),
    "market": (9, 11),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    """What one voice said without a break."""

    voice: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Some digits of a line; offsets are into its text."""

    line: int
    voice: str
    start: int
    end: int
    digits: str
    corrects: bool  # 不对，是 stands before it


def dictated(lines: Sequence[Line]) -> tuple[Piece, ...]:
    """The pieces of identifiers told over several pieces, in order; what is told in one piece is for the readers."""
    views = [plain_view(line.text) for line in lines]
    texts = [_without_fillers(view.text) for view in views]
    found = [piece for n, line in enumerate(lines) for piece in _pieces(n, line.voice, texts[n])]
    told = [piece for group in _groups(found, texts) if _identifies(group, lines) for piece in group]
    return tuple(_in_original(piece, views[piece.line].original_span(piece.start, piece.end)) for piece in told)


def _in_original(piece: Piece, span: tuple[int, int]) -> Piece:
    return replace(piece, start=span[0], end=span[1])


@cache
def _word(name: str) -> re.Pattern[str]:
    return re.compile(words()["dictation"][name])


@cache
def _counted_before() -> re.Pattern[str]:
    return re.compile(rf"(?:{words()['dictation']['measured']})[\s{_NOTHING}]*$")


def _without_fillers(text: str) -> str:
    """Words that say nothing as _NOTHING, so that places stay and digits apart; corrections stay too."""
    kept = [(found.start(), found.end()) for found in _word("corrections").finditer(text)]

    def blank(found: re.Match[str]) -> str:
        inside = any(start < found.end() and found.start() < end for start, end in kept)
        return found.group() if inside else _NOTHING * len(found.group())

    return _word("fillers").sub(blank, text)


def _pieces(n: int, voice: str, text: str) -> Iterator[Piece]:
    alone = not _rest(_PIECE.sub(_NOTHING, text))
    corrections = [found.end() for found in _word("corrections").finditer(text)]
    last = 0
    for found in _PIECE.finditer(text):
        start, end = found.span()
        digits = _digits(found.group())
        if _counts(text, start, end) or (len(digits) == 1 and not alone):
            continue
        corrects = any(last <= place <= start for place in corrections)
        yield Piece(line=n, voice=voice, start=start, end=end, digits=digits, corrects=corrects)
        last = end


def _digits(said: str) -> str:
    spread = _ALIKE_SAID.sub(lambda m: m.group(2) * int(m.group(1).translate(_TO_DIGIT)), said)
    return _NO_DIGIT.sub("", spread.upper().translate(_TO_DIGIT))


def _counts(text: str, start: int, end: int) -> bool:
    """Whether the number counts or measures something, or is part of a larger one."""
    return bool(_word("counted").match(text[end:].lstrip(f" {_NOTHING}"))) or bool(
        _counted_before().search(text, 0, start)
    )


def _rest(text: str) -> str:
    return _MARK.sub("", _word("corrections").sub("", text))


def _groups(pieces: Sequence[Piece], texts: Sequence[str]) -> Iterator[list[Piece]]:
    """Runs of two and more pieces that are told one after the other."""
    group = list(pieces[:1])
    for before, after in pairwise(pieces):
        if not _belong(before, after, texts):
            yield from [group] if len(group) > 1 else []
            group = []
        group.append(after)
    if len(group) > 1:
        yield group


def _belong(before: Piece, after: Piece, texts: Sequence[str]) -> bool:
    """Whether little is said between two pieces, and nothing that sets them apart."""
    if before.line == after.line:
        beside: tuple[str, ...] = (texts[after.line][before.end : after.start],)
    else:
        beside = (texts[before.line][before.end :], texts[after.line][: after.start])
    if any(_word("apart").search(text) for text in beside):
        return False
    between = texts[before.line + 1 : after.line]
    short = all(len(_rest(text)) <= _REST for text in beside) and len(between) <= _ANSWERS
    return short and all(len(_rest(text)) <= _ANSWER for text in between)


def _identifies(group: Sequence[Piece], lines: Sequence[Line]) -> bool:
    asked = _asked_for(group[0], lines)
    if asked == "innocent":
        return False
    if _fits(asked, group):
        return True
    by_voice = [[p for p in group if p.voice == voice] for voice in dict.fromkeys(p.voice for p in group)]
    return any(_has_shape(pieces[:_MOST_PIECES]) for pieces in (*by_voice, _without_echoes(group)))


def _asked_for(first: Piece, lines: Sequence[Line]) -> str | None:
    """What was asked for before the first piece: a key of `labels` in words.yaml."""
    before = [line.text for line in lines[max(0, first.line - _CONTEXT) : first.line]]
    view = plain_view(_SENTENCE_END.sub(" ", " ".join([*before, lines[first.line].text[: first.start]]))).text
    return label_before(view, len(view))


def _fits(asked: str | None, group: Sequence[Piece]) -> bool:
    """Whether some voice told about as many digits as a number of that name has."""
    if asked not in _LENGTHS or all(len(piece.digits) == _CODE for piece in group):
        return False
    if asked not in ("phone", "id") and any(len(p.digits) == _CODE or _ROUND.fullmatch(p.digits) for p in group):
        return False
    least, most = _LENGTHS[asked]
    told = Counter[str]()
    for piece in _without_echoes(group):
        told[piece.voice] += len(piece.digits)
    digits = max(told.values())
    return least <= digits and (digits <= most or any(piece.corrects for piece in group))


def _without_echoes(group: Sequence[Piece]) -> list[Piece]:
    """Pieces that repeat what was just told, in part or whole, left out."""
    kept: list[Piece] = []
    for piece in group:
        said = "".join(each.digits for each in kept)
        if not (len(piece.digits) > 1 and said.endswith(piece.digits)) or piece.corrects:
            kept.append(piece)
    return kept


def _has_shape(pieces: Sequence[Piece]) -> bool:
    """Whether neighbouring pieces, one of them left out perhaps, make a telephone, a paper or a card."""
    for first in range(len(pieces)):
        for last in range(first + 2, len(pieces) + 1):
            run = [piece.digits for piece in pieces[first:last]]
            if _is_shape("".join(run)) or any(_is_shape("".join(run[:n] + run[n + 1 :])) for n in range(len(run))):
                return True
    corrected = any(piece.corrects for piece in pieces)
    told = "".join(piece.digits for piece in pieces)
    return corrected and len(told) >= _LEAST_CORRECTED and re.match("1[3-9]", told) is not None


def _is_shape(digits: str) -> bool:
    if re.fullmatch(r"(?:86|0)?1[3-9][0-9]{9}", digits):
        return True
    if len(digits) == 18:
        return is_identity_number(digits)
    return bool(re.fullmatch(r"62[0-9]{14,17}", digits)) and bool(luhn.is_valid(digits))
