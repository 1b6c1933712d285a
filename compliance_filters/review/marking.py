"""From an officer's mark to what is right about a text: the places that were meant, masking, corrected findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from compliance_filters.errors import MistakeError
from compliance_filters.finding import Outcome
from compliance_filters.pii.filter import find_identifiers
from compliance_filters.review.judged import Judged
from compliance_filters.rules.pack import RulePack

FALSE_ALARM, MISSED = "false_alarm", "missed"
PRIVATE = "pii.leak"  # its cases would have to hold the identifier itself
LONGEST = 20_000  # characters of a case
NAME = "某客户"
Span = tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What an officer says was wrong, by the words that were meant or by offsets of the judged text.

    Without either, a false alarm is the rule's only finding, and what was missed is the whole text.
    """

    kind: str  # false_alarm | missed
    rule: str
    quote: str = ""
    start: int | None = None
    end: int | None = None
    verdict: str | None = None  # the right one; None: what the right findings lead to
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A finding in the masked text."""

    rule: str
    start: int
    end: int
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Corrected:
    """The masked text with the words that were meant and all right findings."""

    text: str
    quote: str
    places: tuple[Place, ...]

    @property
    def findings(self) -> list[dict[str, str]]:
        return [{"rule": p.rule, "quote": self.text[p.start : p.end]} for p in self.places]

    @property
    def outcome(self) -> Outcome:
        return max((place.outcome for place in self.places), default=Outcome.PASS)


class Marking:
    """A mark on a judged text; the text is masked once, and everything then counts in the masked one."""

    def __init__(self, judged: Judged, mark: Mark, names: Iterable[str], pack: RulePack) -> None:
        """Raises MistakeError for what is no mistake of this text."""
        _check(judged, mark, pack)
        self._mark, self._pack = mark, pack
        meant = _meant(judged.text, mark)
        found = [(f.start, f.end) for f in judged.findings]
        self.text, moved = masked(judged.text, (*judged.names, *names), [*found, *meant])
        self._meant = moved[len(found) :]
        self._found = tuple(
            Place(rule=f.rule, start=start, end=end, outcome=f.outcome)
            for f, (start, end) in zip(judged.findings, moved, strict=False)
        )

    def corrected(self, earlier: Sequence[Mapping[str, str]] | None, *, same_context: bool) -> Corrected:
        """What is right. earlier: the right findings by an earlier mark on the same text, on which this one builds;
        of one in another context only those of rules that words alone decide.

        Raises MistakeError for a false alarm where nothing was found, and for a miss where something was.
        """
        known = self._found if earlier is None else tuple(self._by(earlier, same_context))
        if self._mark.kind == FALSE_ALARM:
            wrong = self._wrong(known)
            spans = [(place.start, place.end) for place in wrong]
            places = tuple(place for place in known if place not in wrong)
        else:
            spans = [self._missed(known)]
            made = Place(
                rule=self._mark.rule, start=spans[0][0], end=spans[0][1],
                outcome=self._pack.rules[self._mark.rule].outcome,
            )  # fmt: skip
            places = (*known, made)
        start, end = spans[0]
        return Corrected(text=self.text, quote=self.text[start:end], places=places)

    def _by(self, earlier: Sequence[Mapping[str, str]], same_context: bool) -> Iterator[Place]:
        """The places that an earlier mark left or added."""
        rules = self._pack.rules
        theirs = {rule for rule in rules if same_context or rules[rule].kind == "phrase"}
        yield from (place for place in self._found if place.rule not in theirs)
        for rule, quote in ((each["rule"], each["quote"]) for each in earlier if each["rule"] in theirs):
            same = [p for p in self._found if p.rule == rule and self.text[p.start : p.end] == quote]
            at = self.text.find(quote)
            if same:
                yield from same[:1]
            elif at >= 0:
                yield Place(rule=rule, start=at, end=at + len(quote), outcome=rules[rule].outcome)

    def _wrong(self, known: Sequence[Place]) -> list[Place]:
        rule = self._mark.rule
        candidates = [place for place in known if place.rule == rule]
        wrong = [p for p in candidates if any(_overlap(p, span) for span in self._meant)] if self._meant else candidates
        if not wrong:
            raise MistakeError(f"{rule} was not found there: a false alarm is one of the findings.")
        if not self._meant and len(wrong) > 1:
            raise MistakeError(f"{rule} was found at {len(wrong)} places: quote the words that are meant.")
        return wrong

    def _missed(self, known: Sequence[Place]) -> Span:
        """The first of the places that were meant where the rule was not found."""
        spans = self._meant or ((0, len(self.text)),)
        taken = [place for place in known if place.rule == self._mark.rule]
        free = [span for span in spans if not any(_overlap(place, span) for place in taken)]
        if not free:
            raise MistakeError(f"{self._mark.rule} was found there: nothing was missed.")
        return free[0]


def masked(text: str, names: Iterable[str], spans: Sequence[Span]) -> tuple[str, tuple[Span, ...]]:
    """The text with identifiers and names masked, and the spans moved with it."""
    cuts = [(item.start, item.end, item.mask) for item in find_identifiers(text)]
    for name in sorted({name for name in names if len(name) >= 2 and name in text}, key=len, reverse=True):
        for at in _places(text, name):
            if not any(start < at + len(name) and at < end for start, end, _ in cuts):
                cuts.append((at, at + len(name), NAME))
    cuts.sort()
    pieces: list[str] = []
    position = 0
    for start, end, instead in cuts:
        pieces += (text[position:start], instead)
        position = end
    moved = tuple((_moved(start, cuts, first=True), _moved(end, cuts, first=False)) for start, end in spans)
    return "".join([*pieces, text[position:]]), moved


def _meant(text: str, mark: Mark) -> list[Span]:
    """Every place of the original text that the mark may mean; none where it names none."""
    if mark.start is not None and mark.end is not None:
        return [(mark.start, mark.end)]
    if not mark.quote:
        return []
    found = [(at, at + len(mark.quote)) for at in _places(text, mark.quote)]
    if not found:
        raise MistakeError(f"“{mark.quote}” does not stand in the text: copy the words as they are written.")
    return found


def _places(text: str, words: str) -> Iterator[int]:
    at = -1
    while (at := text.find(words, at + 1)) >= 0:
        yield at


def _moved(place: int, cuts: Sequence[tuple[int, int, str]], *, first: bool) -> int:
    """Where a place lies after the cuts; one inside a cut goes to its edge."""
    shift = 0
    for start, end, instead in cuts:
        if end <= place:
            shift += len(instead) - (end - start)
        elif start < place:
            return start + shift + (0 if first else len(instead))
    return place + shift


def _overlap(place: Place, span: Span) -> bool:
    return place.start < span[1] and span[0] < max(place.end, place.start + 1)


def _check(judged: Judged, mark: Mark, pack: RulePack) -> None:
    if mark.kind not in (FALSE_ALARM, MISSED):
        raise MistakeError(f"there is no mistake of the kind {mark.kind}: use {FALSE_ALARM} or {MISSED}.")
    if mark.rule not in pack.rules:
        raise MistakeError(f"the rule pack has no rule {mark.rule}: see `tougu rules list`.")
    if mark.rule == PRIVATE:
        raise MistakeError(f"a case of {PRIVATE} would hold the identifier: give your rule pack a made-up example.")
    if mark.verdict is not None and mark.verdict not in {outcome.word for outcome in Outcome}:
        raise MistakeError(f"there is no verdict {mark.verdict}: use pass, revise, return, review or block.")
    if (mark.start is None) != (mark.end is None):
        raise MistakeError("an offset stands alone: give both start and end, or quote the words that are meant.")
    if mark.start is not None and mark.end is not None and not 0 <= mark.start < mark.end <= len(judged.text):
        raise MistakeError("the words that were meant lie outside the text: mark them again.")
    if len(judged.text) > LONGEST:
        raise MistakeError(f"the text is longer than {LONGEST} characters: mark the mistake in a part of it.")
