"""Who says what in a Chinese sentence: asserted, denied, asked, taught or reported.

Scope is the clause, not a distance: a negation reaches to the end of its own clause, a contrast
(但, 不过) begins a new one, two negations or a rhetorical question turn the sense back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

Span = tuple[int, int]
_CARRY = 12  # clauses over which a prohibition may reach
_NEXT = 40  # characters of the next sentence that a sentence knows
_OPENING = 2  # characters of a claim that may end what stands before it: 如果|有人说有内幕
_NAMED = 12  # characters before a quotation that say whose it is
_REACH = 80  # characters of a tail or a following clause that may take a claim back
_TEXTS = 16  # remembered
_REMEMBERED = 64  # sentences; several claims of one sentence are judged one after another
LONGEST_SENTENCE = 400  # characters; a longer run without a full stop is cut, so that work stays linear
_SENTENCE_END = re.compile(r"[。!?…\n]+[”’」』\")]*")
_CLAUSE_MARKS = ",;:—"
_HEADING = re.compile(r":\s*\n")
_QUOTE = re.compile(r"“[^“”]{1,60}”|\"[^\"]{1,60}\"|「[^「」]{1,60}」|‘[^‘’]{1,60}’")
_ASKED_LINE = re.compile(
    r"(?m)^[ \t]*(?:客户|投资者|您|你)?(?:刚才|刚刚|刚)?(?:问|提问|来信|来电|Q\d{0,2})[ \t]?:(?:(?!答:|\n).){0,400}"
)
_ANSWER = re.compile(r"\s{0,40}(?:直接|我的)?(?:答|回答|回复|A\d{0,2})(?:您|你)?[ \t]?:\s*")
_LIST_ITEM = re.compile(r"^\s*(?:[-•·*]|\(?[\d一二三四五六七八九十]{1,2}[.、)）])")


class Stance(StrEnum):
    """How the writer stands to a claim."""

    ASSERTED = "asserted"
    DENIED = "denied"
    ASKED = "asked"
    TAUGHT = "taught"
    REPORTED = "reported"


class Sentence(NamedTuple):
    """A sentence with its place in the text; `after` is how the next one begins, `carried` what a list
    heading in front of it forbids, `told` that it is somebody else's line."""

    text: str
    start: int
    end: int
    mark: str  # the punctuation that ends it, "" at the end of the text
    after: str = ""
    carried: bool = False
    told: bool = False  # stands in a line that a client says (问：…)


@dataclass(frozen=True, kw_only=True)
class Clause:
    """A clause of a sentence; offsets are into the sentence."""

    start: int
    end: int
    opens_with: str  # the mark or contrast word before it


@lru_cache(maxsize=_TEXTS)
def sentences(text: str) -> tuple[Sentence, ...]:
    """Split at full stops, question marks and line ends; remembered, since most filters split the same text."""
    bounds = _bounds(text)
    afters = [text[start : min(end, start + _NEXT)] for start, end, _ in bounds[1:]]
    return tuple(
        Sentence(text[start:end], start, end, mark, after)
        for (start, end, mark), after in zip(bounds, (*afters, ""), strict=False)
    )


def _bounds(text: str) -> list[tuple[int, int, str]]:
    bounds: list[tuple[int, int, str]] = []
    position = 0
    for stop in _SENTENCE_END.finditer(text):
        _add(bounds, text, position, stop.start(), stop.group())
        position = stop.end()
    _add(bounds, text, position, len(text), "")
    return bounds


def _add(bounds: list[tuple[int, int, str]], text: str, start: int, end: int, mark: str) -> None:
    while end - start > LONGEST_SENTENCE:
        cut = max(text.rfind(m, start + LONGEST_SENTENCE // 2, start + LONGEST_SENTENCE) for m in ",;、:")
        cut = cut + 1 if cut > start else start + LONGEST_SENTENCE
        bounds.append((start, cut, ""))
        start = cut
    if start < end:
        bounds.append((start, end, mark))


def _either(words: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(words, key=len, reverse=True))) or r"(?!)")


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{p})" for p in patterns) or r"(?!)")


class ClauseReader:
    """Reads the stance of a claim in a normalised sentence by the words of a lexicon."""

    def __init__(self, lexicon: Mapping[str, Any]) -> None:
        self._neutral = _any_of(lexicon["neutral_patterns"])
        self._negators = _either(lexicon["negators"])
        self._rhetorical = _either(lexicon["rhetorical"])
        self._rhetorical_question = _any_of(lexicon["rhetorical_question_patterns"])
        self._questions = _either(lexicon["questions"])
        self._question_ends = tuple(lexicon["question_ends"])
        self._presupposed = _any_of(lexicon["presupposed_patterns"])
        self._attributions = _either(lexicon["attributions"])
        self._warned = _any_of(lexicon["warned_patterns"])
        self._warned_next = _any_of(lexicon["warned_next_patterns"])
        self._affirmed_next = _any_of(lexicon["affirmed_next_patterns"])
        self._others = _any_of(lexicon["others_say_patterns"])
        self._refuted = _any_of(lexicon["refuted_patterns"])
        self._taught = _either(lexicon["taught_before"])
        self._carried = _either(lexicon["carried"])
        self._own = _either(lexicon["own_subjects"])
        self._joins = re.compile(f"(?:、|[,]|(?:也|更|又|亦|且|或|及|和|与)(?:者|是)?)(?={self._negators.pattern})")
        self._unequal = _either(lexicon["unequal"])
        self._inability = _any_of(lexicon["inability_patterns"])
        self._disputed = _any_of(lexicon["disputed_patterns"])
        self._retaken = _any_of(lexicon["retaken_patterns"])
        self._contrasts = _either(lexicon["contrasts"])
        self._masked = lru_cache(maxsize=_REMEMBERED)(self._mask)
        self._split = lru_cache(maxsize=_REMEMBERED)(self._clauses)

    def carried_lines(self, text: str) -> list[tuple[int, int]]:
        """Where the items of lists lie whose heading forbids them (严禁以下话术：), as spans of `text`."""
        if not _HEADING.search(text):
            return []
        spans: list[tuple[int, int]] = []
        carrying = False
        for sentence in sentences(text):
            carrying = carrying and bool(_LIST_ITEM.match(sentence.text))
            if carrying:
                spans.append((sentence.start, sentence.end))
            if sentence.text.rstrip().endswith(":"):
                carrying = bool(self._carried.search(sentence.text) or self._taught.search(sentence.text))
        return spans

    def told_lines(self, text: str) -> list[tuple[int, int, str]]:
        """Lines of a client in a dialogue (问：…), as spans of `text`, each with how the answer begins."""
        if ":" not in text:
            return []
        lines = []
        for found in _ASKED_LINE.finditer(text):
            answer = _ANSWER.match(text, found.end())
            begin = answer.end() if answer else found.end()
            lines.append((found.start(), found.end(), text[begin : begin + _NEXT].lstrip()))
        return lines

    def clauses(self, sentence: str) -> list[Clause]:
        """Clauses in order; a contrast word begins one although no comma stands before it."""
        return self._split(sentence)

    def _clauses(self, sentence: str) -> list[Clause]:
        cuts: dict[int, str] = {0: ""}
        for index, char in enumerate(sentence):
            if char in _CLAUSE_MARKS:
                cuts[index + 1] = char
        for found in self._contrasts.finditer(self._masked(sentence)):
            cuts[found.start()] = found.group()
        starts = sorted(cuts)
        ends = [*starts[1:], len(sentence)]
        return [Clause(start=s, end=e, opens_with=cuts[s]) for s, e in zip(starts, ends, strict=True) if e > s]

    def stance(self, sentence: Sentence, start: int, end: int, spent: tuple[int, ...] = ()) -> Stance:
        """The stance to `sentence.text[start:end]`; `spent` are ends of earlier claims of the same rule.

        What a clause denies, asks or reports a later one can take up again: 监管不让讲保本，可这款实际上就是保的.
        """
        if sentence.told:
            return Stance.ASSERTED if self._affirmed_next.search(sentence.after) else Stance.REPORTED
        found = self._stance(sentence, start, end, spent)
        if found is not Stance.ASSERTED and self._retaken.search(sentence.text[end:] + "," + sentence.after):
            return Stance.ASSERTED
        return found

    def _stance(self, sentence: Sentence, start: int, end: int, spent: tuple[int, ...]) -> Stance:
        text = sentence.text
        parts = self.clauses(text)
        index = max(i for i, part in enumerate(parts) if part.start <= start or i == 0)
        last = max(i for i, part in enumerate(parts) if part.start < max(end, start + 1))
        clause = parts[index]
        head = self._own_conjunct(self._scope(text, self._content(clause, start), start, spent), text[start:end])
        tail = text[end : parts[last].end].rstrip(_CLAUSE_MARKS)
        following = text[parts[last].end : parts[last].end + _REACH] or sentence.after
        if self._is_taught(sentence, parts, index, head + text[start : start + _OPENING], tail, following):
            return Stance.TAUGHT
        rhetorical = bool(self._rhetorical.search(head + text[start:end]))
        closing = parts[last].end == len(text) and "?" in sentence.mark
        exclaimed = "!" in sentence.mark and tail.endswith("嘛")  # 赔不了嘛!
        if not rhetorical and not exclaimed and self._is_question(head, text[start:end], tail, closing):
            return Stance.ASSERTED if self._affirmed_next.search(following.lstrip()) else Stance.ASKED
        quote = _quote_around(text, start, end)
        if self._is_reported(text, parts, index, head, quote) and not self._affirmed_next.search(following):
            return Stance.REPORTED
        if self._is_refuted(sentence, start, end, quote):
            return Stance.REPORTED
        negations = self._negations(head, tail)
        if not rhetorical and self._disputed.search(head + text[start:end] + tail + "," + following):
            negations += 1
        return Stance.DENIED if negations % 2 else Stance.ASSERTED

    def _content(self, clause: Clause, start: int) -> int:
        """Where a clause begins to say something: the 不 of an opening 不过 denies nothing."""
        opener = 0 if clause.opens_with in (*_CLAUSE_MARKS,) else len(clause.opens_with)
        return min(clause.start + opener, start)

    def _mask(self, text: str) -> str:
        return self._neutral.sub(lambda found: "□" * len(found.group()), text)

    def _scope(self, text: str, begin: int, start: int, spent: tuple[int, ...]) -> str:
        """The clause before the claim; where an earlier claim and a new subject lie between, from there."""
        for end in sorted((e for e in spent if begin < e <= start), reverse=True):
            subject = re.search("我们|咱们|我", text[end:start])
            if subject:
                begin = end + subject.start()
                break
        masked = self._masked(text)
        return masked[begin:start]

    def _own_conjunct(self, head: str, claim: str) -> str:
        """The last conjunct of a head where it has a negation of its own: 不保本、不保息, 没亏过也不会亏.

        Of an equation that is denied (没亏过不等于以后不会亏) what stands before it is a proposition of its own.
        """
        equated = list(self._unequal.finditer(head))
        if equated:
            return head[equated[-1].start() :]
        joins = [m.end() for m in self._joins.finditer(head + claim[:4]) if m.end() <= len(head)]
        return head[joins[-1] :] if joins else head

    def _negations(self, head: str, tail: str) -> int:
        tail_denies = 1 if self._inability.match(tail) else 0  # 亏损我赔不了您
        count = tail_denies + len(self._negators.findall(head)) + len(self._rhetorical.findall(head))
        asks = tail.endswith(("吗", "么", "嘛"))
        return count + (1 if asks and self._rhetorical_question.search(head) else 0)

    def _is_question(self, head: str, claim: str, tail: str, closing: bool) -> bool:
        if self._questions.search(head):
            return True
        ends = tail.endswith(self._question_ends) or (closing and not tail)
        if not ends and not closing:
            return False
        if self._rhetorical_question.search(head):
            return False
        given = self._presupposed.search(tail) and not re.search("有|是|找|哪|什么|想要|求", head)
        return not given and (tail.endswith(self._question_ends) or closing)

    def _is_taught(
        self, sentence: Sentence, parts: list[Clause], index: int, head: str, tail: str, following: str
    ) -> bool:
        if sentence.carried or self._taught.search(head):
            return True
        if self._warned.search(tail[:_REACH]) or self._warned_next.search(following.lstrip()):
            return True
        return self._is_carried(sentence.text, parts, index)

    def _is_carried(self, text: str, parts: list[Clause], index: int) -> bool:
        """A prohibition reaches over commas as long as no contrast and no subject of its own intervenes."""
        for at in range(index, max(0, index - _CARRY), -1):
            clause = parts[at]
            if clause.opens_with not in (*_CLAUSE_MARKS,) or self._own.match(text[clause.start : clause.end]):
                return False
            prior = parts[at - 1]
            before = self._neutral.sub("□", text[prior.start : prior.end])
            if self._carried.search(before):
                return True
        return False

    def _is_reported(self, text: str, parts: list[Clause], index: int, head: str, quote: Span | None) -> bool:
        if self._attributions.search(head):
            return True
        if quote and self._attributions.search(text, max(0, quote[0] - _NAMED), quote[0]):
            return True
        clause = parts[index]
        before = text[parts[index - 1].start : parts[index - 1].end] if index else ""
        return clause.opens_with == ":" and bool(self._attributions.search(before))

    def _is_refuted(self, sentence: Sentence, start: int, end: int, quote: Span | None) -> bool:
        """Words in quotation marks, or of somebody else, which the writer then takes apart: 群里喊“必涨”，您别当真."""
        text = sentence.text
        if not quote and not self._others.search(text[:start]):
            return False
        rest = text[quote[1] if quote else end :][:_REACH] + "," + sentence.after
        found = self._refuted.search(rest)
        return found is not None and not self._contrasts.search(self._masked(rest), found.end())


def _quote_around(text: str, start: int, end: int) -> Span | None:
    """The quotation that holds a claim, marks included."""
    return next((m.span() for m in _QUOTE.finditer(text) if m.start() < start and end < m.end()), None)
