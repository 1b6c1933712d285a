"""Find which products, periods and metrics a question names, and say so when two products fit."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from difflib import SequenceMatcher
from typing import TypeVar

from knowledge_base.metrics import metrics
from knowledge_base.periods import PeriodMatch, find_periods
from knowledge_base.products import KnownName, MetricMatch, ProductMatch, ResolvedQuestion
from mandarin.offsets import Mapped
from mandarin.pinyin import find_by_sound
from mandarin.script import normalise

CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
Match = TypeVar("Match", ProductMatch, PeriodMatch, MetricMatch)
SHORTEST_PART = 4  # characters of a partial name
SHORTEST_SOUND = 4  # characters of a name that is looked for by its sound
# Words that many products share; a part made of nothing else names none.
COMMON = re.compile(
    r"(证券投资基金|集合资产管理计划|资产管理计划|交易型开放式|指数|混合型?|债券型?|股票型?|货币型?|灵活配置|持有期?"
    r"|开放式?|定期|发起式?|基金中基金|[（()）]|FOF|ETF|QDII|LOF|基金|证券|资管|主题|[一二三四五六七八九十\d]+(?:个月|年|天))"
)
FOLLOWING_CLASS = re.compile(r"^\s*([A-Z])(?:类|份额|级)?(?![A-Za-z])")


def resolve(question: str, names: Sequence[KnownName], *, today: date | None = None) -> ResolvedQuestion:
    """Products, periods and metrics that a question names, given the names open to who asks.

    Relative years count from `today` (UTC date when None). All offsets are into `question`.
    """
    mapped = normalise(question)
    plain, ambiguous = _sorted_out(_products(mapped.text, names))
    blank = _blanked(mapped.text, [*plain, *(one for group in ambiguous for one in group)])
    periods = find_periods(blank, today=today or datetime.now(UTC).date())
    blank = _blanked(blank, periods)
    return ResolvedQuestion(
        question=question,
        products=tuple(_placed(one, mapped) for one in plain),
        ambiguous=tuple(tuple(_placed(one, mapped) for one in group) for group in ambiguous),
        periods=tuple(_placed(one, mapped) for one in periods),
        metrics=tuple(_placed(one, mapped) for one in _metrics(blank)),
    )


def _placed(match: Match, mapped: Mapped) -> Match:
    """The match with offsets into the question as it was typed."""
    start, end = mapped.original_span(match.start, match.end)
    return replace(match, start=start, end=end)


def _products(text: str, names: Sequence[KnownName]) -> list[ProductMatch]:
    """By code, then by whole name, then by part of a name, at last by sound: each on text still unclaimed."""
    found = _by_code(text, names)
    found += _by_name(_blanked(text, found), names)
    found += _by_part(_blanked(text, found), names)
    return sorted(found or _by_sound(text, names), key=lambda match: (match.start, -match.score))


def _family(names: Iterable[KnownName], main_code: str) -> tuple[str, ...]:
    """The fund's own code, then those of its share classes."""
    return tuple(dict.fromkeys([main_code, *(one.code for one in names if one.main_code == main_code)]))


def _display(names: Iterable[KnownName], main_code: str) -> str:
    of_fund = [one for one in names if one.main_code == main_code]
    order = {"short": 0, "full": 1, "alias": 2}
    best = min(of_fund, key=lambda one: (one.share_class is not None, order[one.kind], len(one.name)))
    return best.name


def _by_code(text: str, names: Sequence[KnownName]) -> list[ProductMatch]:
    known = {one.code: one for one in reversed(names)}
    matches = []
    for found in CODE.finditer(text):
        one = known.get(found[0])
        if one is None:
            continue
        codes = _family(names, one.code) if one.main_code == one.code else (one.code,)
        matches.append(
            ProductMatch(codes=codes, name=one.name, start=found.start(), end=found.end(), score=1.0, how="code")
        )
    return matches


def _by_name(text: str, names: Sequence[KnownName]) -> list[ProductMatch]:
    """Whole names, the longest first; a letter after a fund's name chooses its share class."""
    matches: list[ProductMatch] = []
    for one in sorted(names, key=lambda name: -len(name.name)):
        wanted = normalise(one.name).text
        at = text.find(wanted) if len(wanted) >= 2 else -1
        while at >= 0:
            end = at + len(wanted)
            match = _whole(text, one, names, at, end)
            matches.append(match)
            text = _blanked(text, [match])
            at = text.find(wanted)
    return matches


def _whole(text: str, one: KnownName, names: Sequence[KnownName], at: int, end: int) -> ProductMatch:
    if one.share_class:
        return ProductMatch(codes=(one.code,), name=one.name, start=at, end=end, score=1.0, how=one.kind)
    family = _family(names, one.main_code)
    name = _display(names, one.main_code)
    match = ProductMatch(codes=family, name=name, start=at, end=end, score=1.0, how=one.kind)
    return _of_class(text, match, one.main_code, names)


def _of_class(text: str, match: ProductMatch, main_code: str, names: Sequence[KnownName]) -> ProductMatch:
    """The match narrowed to the share class whose letter follows in the text."""
    letter = FOLLOWING_CLASS.match(text[match.end :])
    if letter is None:
        return match
    for one in names:
        if one.main_code == main_code and one.share_class == letter[1]:
            return replace(match, codes=(one.code,), name=one.name, end=match.end + letter.end())
    return match


def _by_part(text: str, names: Sequence[KnownName]) -> list[ProductMatch]:
    """The longest distinctive part of a name that stands in the text; equals are candidates of one group."""
    best: dict[str, tuple[int, int]] = {}  # main code -> start, end
    pieces = {text[n : n + SHORTEST_PART] for n in range(len(text) - SHORTEST_PART + 1)}
    for one in names:
        wanted = normalise(one.name).text
        if any(wanted[n : n + SHORTEST_PART] in pieces for n in range(len(wanted) - SHORTEST_PART + 1)):
            start, end = _longest_part(text, wanted)
            before = best.get(one.main_code, (0, 0))
            if len(COMMON.sub("", text[start:end])) >= 2 and end - start > before[1] - before[0]:
                best[one.main_code] = (start, end)
    return [
        _of_class(text, _partial(names, main, span), main, names)
        for main, span in best.items()
        if not _covered(span, best.values())
    ]


def _longest_part(text: str, name: str) -> tuple[int, int]:
    """Start and end in the text of the longest part of the name, spaces at its ends left out."""
    longest = SequenceMatcher(None, text, name, autojunk=False).find_longest_match()
    part = text[longest.a : longest.a + longest.size]
    start = longest.a + len(part) - len(part.lstrip())
    return start, start + len(part.strip())


def _partial(names: Sequence[KnownName], main_code: str, span: tuple[int, int]) -> ProductMatch:
    start, end = span
    name = _display(names, main_code)
    return ProductMatch(
        codes=_family(names, main_code),
        name=name,
        start=start,
        end=end,
        score=0.5 + 0.4 * min(1.0, (end - start) / len(name)),
        how="partial",
    )


def _covered(span: tuple[int, int], others: Iterable[tuple[int, int]]) -> bool:
    """True when a longer part of another name overlaps this one."""
    start, end = span
    return any(other[0] < end and start < other[1] and other[1] - other[0] > end - start for other in others)


def _by_sound(text: str, names: Sequence[KnownName]) -> list[ProductMatch]:
    """Names typed with the right sounds: homophones or pinyin."""
    by_name = {one.name: one for one in names if len(one.name) >= SHORTEST_SOUND and one.kind != "full"}
    found = [match for match in find_by_sound(text, by_name, lenient=True) if not match.exact]
    longest = max((match.end - match.start for match in found), default=0)
    matches = []
    for match in found:
        if match.end - match.start < longest:
            continue
        one = by_name[match.phrase]
        codes = (one.code,) if one.share_class else _family(names, one.main_code)
        matches.append(
            ProductMatch(codes=codes, name=one.name, start=match.start, end=match.end, score=0.6, how="sound")
        )
    return matches


def _sorted_out(
    matches: Sequence[ProductMatch],
) -> tuple[list[ProductMatch], list[tuple[ProductMatch, ...]]]:
    """Matches that stand alone on their words, and groups that share words of which one is meant."""
    groups: dict[tuple[int, int], list[ProductMatch]] = defaultdict(list)
    for match in matches:
        key = next(
            (span for span in groups if match.start < span[1] and span[0] < match.end),
            (match.start, match.end),
        )
        groups[key].append(match)
    plain, ambiguous = [], []
    for group in groups.values():
        if len({match.codes for match in group}) == 1:
            plain.append(max(group, key=lambda match: match.score))
        else:
            ambiguous.append(tuple(group))
    unique = {match.codes: match for match in reversed(plain)}
    return sorted(unique.values(), key=lambda match: match.start), ambiguous


def _metrics(text: str) -> list[MetricMatch]:
    """Metrics by their words, the longest first; words that two metrics share name both."""
    words: dict[str, list[str]] = defaultdict(list)
    for metric in metrics().values():
        for synonym in metric.synonyms:
            words[synonym].append(metric.id)
    found: dict[str, MetricMatch] = {}
    for word in sorted(words, key=len, reverse=True):
        at = text.find(word)
        while at >= 0:
            for name in words[word]:
                label = metrics()[name].label
                found.setdefault(name, MetricMatch(id=name, label=label, start=at, end=at + len(word)))
            text = text[:at] + " " * len(word) + text[at + len(word) :]
            at = text.find(word)
    return sorted(found.values(), key=lambda match: match.start)


def _blanked(text: str, spans: Iterable[ProductMatch | PeriodMatch]) -> str:
    """The text with those spans blank, so that nothing else is read into them."""
    for span in spans:
        text = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
    return text
