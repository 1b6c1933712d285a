"""Find which products, shares, periods and metrics a question names, and say so when two of them fit."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TypeVar

from knowledge_base.abbreviations import brand_at, find_abbreviation, terms_named
from knowledge_base.asked_metrics import metrics_named, subject_of
from knowledge_base.fund_classes import NAMED_CLASS, names_class, of_class, with_class
from knowledge_base.initials import APART, KIND, find_initials, is_form
from knowledge_base.periods import PeriodMatch, find_periods
from knowledge_base.products import KnownName, MetricMatch, ProductMatch, ResolvedQuestion
from knowledge_base.share_names import ShareNames
from mandarin.offsets import Mapped
from mandarin.pinyin import find_by_sound
from mandarin.script import normalise

CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")
Match = TypeVar("Match", ProductMatch, PeriodMatch, MetricMatch)
SHORTEST_SOUND = 4  # characters of a name that is looked for by its sound
HOLDINGS_ASKED = re.compile(
    r"持有|持仓|重仓|配置|占|比例|仓位|投资了|买了|哪[些只个]|明细|前[一二三四五六七八九十\d]+[大名]|什么是"
)
MOST_OF_KIND = 4  # funds of one kind that are asked back; of more the kind itself is meant
FEEDER = re.compile(r"(?:ETF)?的?联接")


def resolve(
    question: str, names: Sequence[KnownName], *, today: date | None = None, shares: ShareNames | None = None
) -> ResolvedQuestion:
    """Products, periods and metrics that a question names, given the names open to who asks, and shares where given.

    Relative years count from `today` (UTC date when None). All offsets are into `question`.
    """
    mapped = normalise(question)
    named = _products(_capitals(mapped.text), names)
    plain, ambiguous = _sorted_out(shares.beside(mapped.text, named) if shares else named)
    plain, stray = with_class(_blanked(_capitals(mapped.text), plain), plain, names)
    ambiguous_ones = [one for group in ambiguous for one in group]
    blank = _blanked(_capitals(mapped.text), [*plain, *ambiguous_ones])
    blank = NAMED_CLASS.sub(lambda found: " " * len(found[0]), blank)
    periods = find_periods(blank, today=today or datetime.now(UTC).date())
    blank = _blanked(blank, periods)
    asked = metrics_named(blank, subject_of([*plain, *ambiguous_ones]))
    if asked and not plain and not ambiguous:  # 黄金ETF的管理费率: the one of that kind, or which of them is meant
        plain, ambiguous = _sorted_out(by_kind(_capitals(mapped.text), names))
    return ResolvedQuestion(
        question=question,
        products=tuple(_placed(one, mapped) for one in plain),
        ambiguous=tuple(tuple(_placed(one, mapped) for one in group) for group in ambiguous),
        periods=tuple(_placed(one, mapped) for one in periods),
        metrics=tuple(_placed(one, mapped) for one in asked),
        other_classes=stray,
    )


def _placed(match: Match, mapped: Mapped) -> Match:
    """The match with offsets into the question as it was typed."""
    start, end = mapped.original_span(match.start, match.end)
    return replace(match, start=start, end=end)


def _products(text: str, names: Sequence[KnownName]) -> list[ProductMatch]:
    """By code, then by whole name, then by part of a name, at last by sound: each on text still unclaimed."""
    found = _by_code(text, names)
    found += _by_name(_blanked(text, found), names)
    found += _by_initials(_blanked(text, found), names)
    parts = _by_part(_blanked(text, found), names)
    parts += _by_term(_blanked(text, [*found, *parts]), names)
    parts += _by_own_words(_blanked(text, [*found, *parts]), names)
    if not found and _longest(parts) < SHORTEST_SOUND:  # a few characters of a name may be a name typed wrongly
        heard = _by_sound(text, names)
        parts = heard if _longest(heard) > _longest(parts) else parts
    named = [one for one in found + parts if not _is_of_feeder(text, one, names)]
    return sorted(named, key=lambda match: (match.start, -match.score))


def _is_of_feeder(text: str, match: ProductMatch, names: Sequence[KnownName]) -> bool:
    """Whether a fund is named that feeds the ETF found (黄金ETF联接): another one, with figures of its own."""
    said = FEEDER.search(text[match.start : match.end]) or FEEDER.match(text, match.end)
    return bool(said) and not any(FEEDER.search(one.name) for one in names if one.code in match.codes)


def _capitals(text: str) -> str:
    """The text as names are compared, Latin letters as capitals: esg, c类; offsets stay."""
    return re.sub("[a-z]+", lambda found: found[0].upper(), text)


def _written(one: KnownName) -> str:
    return _capitals(normalise(one.name).text)


def _unbranded(name: str) -> str:
    return name.removeprefix(brand_at(name))


def _longest(matches: Iterable[ProductMatch]) -> int:
    return max((match.end - match.start for match in matches), default=0)


def _family(names: Iterable[KnownName], main_code: str) -> tuple[str, ...]:
    """The fund's own code, then those of its share classes."""
    return tuple(dict.fromkeys([main_code, *(one.code for one in names if one.main_code == main_code)]))


def _display(names: Iterable[KnownName], main_code: str) -> str:
    of_fund = [one for one in names if one.main_code == main_code]
    order = {"short": 0, "full": 1, "alias": 2}
    best = min(of_fund, key=lambda one: (names_class(one), order[one.kind], len(one.name)))
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
        wanted = _written(one)
        at = text.find(wanted) if len(wanted) >= 2 else -1
        while at >= 0:
            end = at + len(wanted)
            match = _whole(text, one, names, at, end)
            matches.append(match)
            text = _blanked(text, [match])
            at = text.find(wanted)
    return matches


def _whole(text: str, one: KnownName, names: Sequence[KnownName], at: int, end: int) -> ProductMatch:
    if names_class(one):
        return ProductMatch(codes=(one.code,), name=one.name, start=at, end=end, score=1.0, how=one.kind)
    family = _family(names, one.main_code)
    name = _display(names, one.main_code)
    match = ProductMatch(codes=family, name=name, start=at, end=end, score=1.0, how=one.kind)
    return of_class(text, match, one.main_code, names)


def _by_part(text: str, names: Sequence[KnownName]) -> list[ProductMatch]:
    """The longest abbreviation of each product that stands in the text; equals are candidates of one group."""
    best: dict[str, tuple[int, int]] = {}  # main code -> start, end
    for one in names:
        span = find_abbreviation(text, _written(one))
        before = best.get(one.main_code, (0, 0))
        if span is not None and span[1] - span[0] > before[1] - before[0]:
            best[one.main_code] = span
    return [
        of_class(text, _partial(names, main, span), main, names)
        for main, span in best.items()
        if not _covered(span, best.values())
    ]


def _by_initials(text: str, names: Sequence[KnownName]) -> list[ProductMatch]:
    """通航ETF, where one fund of the kind has such words in its name."""
    return [_partial(names, main, span) for main, span in find_initials(text, names)]


def _by_term(text: str, names: Sequence[KnownName]) -> list[ProductMatch]:
    """增利一年, where the names of one fund alone hold such words, or begin with them behind a brand."""
    matches = []
    for start, end in terms_named(text):
        having = [one for one in names if text[start:end] in _written(one)]
        first = [one for one in having if _unbranded(one.name).startswith(text[start:end])]
        meant = {one.main_code for one in first or having}
        if len(meant) == 1:
            main = meant.pop()
            matches.append(of_class(text, _partial(names, main, (start, end)), main, names))
    return matches


def _by_own_words(text: str, names: Sequence[KnownName]) -> list[ProductMatch]:
    """债券增强 for 中信证券债券增强: a short name without its brand, where one fund alone has it."""
    owners: dict[str, set[str]] = defaultdict(set)
    for one in names:
        words = _unbranded(_written(one))
        if one.kind == "short" and not names_class(one) and SHORTEST_SOUND <= len(words) < len(one.name):
            owners[words].add(one.main_code)
    matches = []
    for words, mains in owners.items():
        at = text.find(words)
        if at >= 0 and len(mains) == 1 and APART.search(text[:at]):
            main = next(iter(mains))
            matches.append(of_class(text, _partial(names, main, (at, at + len(words))), main, names))
    return matches


def by_kind(text: str, names: Sequence[KnownName]) -> list[ProductMatch]:
    """The funds of a kind named without a manager (黄金ETF), where they are few and not what is held is asked for."""
    found = KIND.search(text)
    if found is None or HOLDINGS_ASKED.search(text) or not APART.search(text[: found.start()]):
        return []
    words, form = found[1], found[2].upper()
    alike = {one.main_code for one in names if words in one.name and is_form(form, one.name)}
    return [_partial(names, main, found.span()) for main in sorted(alike)] if len(alike) <= MOST_OF_KIND else []


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
    whole = {one.name: one for one in names if len(one.name) >= SHORTEST_SOUND and one.kind != "full"}
    own = {_unbranded(name): one for name, one in whole.items() if not names_class(one)}  # 信盈一年
    by_name = {name: one for name, one in own.items() if len(name) >= SHORTEST_SOUND} | whole
    found = [match for match in find_by_sound(text, by_name, lenient=True) if not match.exact]
    longest = max((match.end - match.start for match in found), default=0)
    matches = []
    for match in found:
        if match.end - match.start < longest:
            continue
        one = by_name[match.phrase]
        codes = (one.code,) if names_class(one) else _family(names, one.main_code)
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


def _blanked(text: str, spans: Iterable[ProductMatch | PeriodMatch]) -> str:
    """The text with those spans blank, so that nothing else is read into them."""
    for span in spans:
        text = text[: span.start] + " " * (span.end - span.start) + text[span.end :]
    return text
