"""Dates, clock times, risk levels and product codes that a text states, held against sources and metadata.

These are weaker claims than figures: a text may name a date that nobody gave it. So only a contradiction
counts: the same thing (成立, 到期, 公告) is known with another date.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from compliance_filters.finding import ReviewContext
from compliance_filters.numbers.evidence import Known
from compliance_filters.numbers.mentions import Mention
from compliance_filters.numbers.settlement import wrong_settlements

Fault = tuple[int, int, str]

_DAY = re.compile(
    r"(?:(?P<y>(?:19|20)\d\d)\s?[年\-/.]\s?)?(?P<m>1[0-2]|0?[1-9])\s?(?P<mark>[月\-/.])\s?(?P<d>3[01]|[12]\d|0?[1-9])"
    r"\s?(?P<day>[日号])?(?![\d%])"
)
_DAY_BEGINS = re.compile(r"\d(?<!\d\d)")
_CHINESE_DAY = re.compile(
    r"(?P<y>[一二][零〇一二三四五六七八九]{3})年(?P<m>十[一二]?|[一二三四五六七八九])月(?P<d>三十一?|二?十[一二三四五六七八九]?|[一二三四五六七八九])日"
)
_MONTH = re.compile(r"(?P<y>(?:19|20)\d\d)年(?P<m>1[0-2]|0?[1-9])月(?!\s?\d|[上中下]旬|末|底|初)")
_OF_A_MONTH = frozenset({"成立", "任职"})  # of which a month alone is told
_CLOCK = re.compile(r"(?<![\d:])(?P<h>[01]?\d|2[0-4])[:：](?P<min>[0-5]\d)(?![\d:]|\.\d)")
# The exchanges' hours as they are named; anybody knows them.
_SESSION = re.compile(
    r"0?9[:：](?:15|30)\s?[至到\-—–~～]{1,2}\s?(?:0?9[:：]25|11[:：]30|15[:：]00)|13[:：]00\s?[至到\-—–~～]{1,2}\s?15[:：]00"
    r"|14[:：]57\s?[至到\-—–~～]{1,2}\s?15[:：]00"
)
_WHAT = {
    "成立": re.compile("成立|生效|设立|合同生效"),
    "测评": re.compile("测评|等级|评级"),
    "到期": re.compile("到期|届满|有效期|失效|过期|终止"),
    "公告": re.compile("公告|发布|披露|公布|出具|报告送出|刊登|发出|报告(?!期)|研报"),
    "分红": re.compile("分红|除息|权益登记|派息|红利发放|收益分配"),
    "任职": re.compile("任职|起管理|开始管|接手|上任|接任|起任|管理至今|任期"),
    "截至": re.compile("截至|截止|末"),
    "开放": re.compile("开放|募集|认购|发售|起至|执行|施行|优惠|期间"),
}
_LAST_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_REMEMBERED = 256  # texts
# 风险测评得分62分，对应C3；再过六个月（5月20日）到期: nothing else is named that could end.
_OF_CLIENT = re.compile("(?:测评|等级|评级)(?:(?!证件?|存款|产品|基金|债|合同|协议|封闭|开放|优惠|活动|额度)[^。\n])*$")
_SENTENCE = 40  # characters
_EXPIRES = re.compile("(?:有效期|到期日?|有效|截止日?)?[至到为是：:\\s]*")
_UNTIL = re.compile(
    r"(?:成立|生效|任职|管理|上任)(?:日|以来|之日起|起)?(?:至|到)$|\d[日号]?(?:起)?(?:至|到|[-—–~～])$"
)  # a span's end: 成立至2026年10月30日, 2023年2月14日至2025年6月30日
_COMPLETES = re.compile("[^，,。；;\n]{0,4}满")
_BEFORE, _AFTER = 18, 8  # characters around a date that say what it is of
_LEVEL = re.compile(
    r"(?:风险等级|风险级别|风险评级|产品等级|等级|中(?:低|高|等)?风险|低风险|高风险)[为是:：(（\s]{0,3}(?P<level>R[1-5])|(?<=[\u4e00-\u9fffA-C])(?<!不)(?:是|属于?)(?P<told>R[1-5])(?!及|或|以|至|到|-)|(?P<bare>(?<![A-Za-z])R[1-5])(?=级|等级|产品|的产品|风险)"
)
_CLIENT_LEVEL = re.compile(
    r"(?:您|测评结果)[^。；;\n]{0,24}?(?:等级|能力|级别|评级|对应)[为是:：]{0,2}(?P<level>C[1-5])(?![0-9]|及以|以上|以下|至|到|-)"
)
_LETTER_LEVEL = re.compile("[RC][1-5]")
_CODE = re.compile(r"\s?[(（]\s?(?:基金)?(?:代码)?[:：]?\s?(?P<code>\d{6})\s?[)）]")
_NUMBERS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stated:
    """A day (year None = not said, day 0 = only the month) with the things that the words around it are about."""

    start: int
    end: int
    year: int | None
    month: int
    day: int
    about: frozenset[str]

    def agrees(self, other: _Stated) -> bool:
        years = self.year is None or other.year is None or self.year == other.year
        days = 0 in (self.day, other.day) or self.day == other.day
        return years and self.month == other.month and days

    @property
    def said(self) -> str:
        parts = (f"{self.year}" if self.year else "", f"{self.month:02d}", f"{self.day:02d}" if self.day else "")
        return "-".join(part for part in parts if part)

    def _ends_month(self) -> bool:
        return self.day >= _LAST_DAYS[self.month - 1]

    def nearly(self, other: _Stated) -> bool:
        """One of year, month and day differs: so dates are miscopied. The end of a month is named without source."""
        if (
            not self.day
            or not other.day
            or self._ends_month()
            or not (self.year or other.year is None or self.month == other.month)
        ):
            return False
        years = [(self.year, other.year)] if self.year and other.year else []
        pairs = [*years, (self.month, other.month), (self.day, other.day)]
        return sum(mine != theirs for mine, theirs in pairs) == 1


class StatedChecker:
    """Finds dates, times, levels and codes that contradict what is known."""

    def faults(self, text: str, known: Known, context: ReviewContext, products: Sequence[Mention]) -> Iterator[Fault]:
        """(start, end, why) of each contradiction."""
        yield from _wrong_days(text, known, context, products)
        yield from _wrong_times(text, known)
        yield from wrong_settlements(text, known)
        yield from _wrong_levels(text, context, products)
        yield from _wrong_codes(text, context, products)


def days_shown(text: str, context: ReviewContext) -> Iterator[date]:
    """The days that a text itself names: its reader counts between these alone. Without a year they are of today's."""
    for day in _days(text):
        if day.day:
            with suppress(ValueError):
                yield date(day.year or context.today.year, day.month, day.day)


def _wrong_days(text: str, known: Known, context: ReviewContext, products: Sequence[Mention]) -> Iterator[Fault]:
    stated = _days(text)
    if not stated:
        return
    held = [*_held_days(known, context)]
    written = [other for page in known.sources for other in _days(page.page.text)]
    for day in stated:
        of_product = _inceptions(day, context, products)
        if any(day.agrees(other) for other in held) and not (of_product and not any(map(day.agrees, of_product))):
            continue
        rivals = of_product or [other for other in held if day.about & other.about]
        rivals = rivals or [other for other in written if day.nearly(other)]
        if rivals and not any(day.agrees(other) for other in of_product) and not _is_anniversary(text, day, held):
            yield day.start, day.end, f"，已知的日期是{rivals[0].said}"


def _is_anniversary(text: str, day: _Stated, held: Sequence[_Stated]) -> bool:
    """2024年6月5日确认，到2025年6月5日就满一年."""
    if not _COMPLETES.match(text, day.end):
        return False
    return any((o.month, o.day) == (day.month, day.day) and (o.year or 0) < (day.year or 9999) for o in held)


def _inceptions(day: _Stated, context: ReviewContext, products: Sequence[Mention]) -> list[_Stated]:
    """When the product was set up that a date of 成立 speaks of."""
    if "成立" not in day.about or len(day.about) > 1:
        return []
    before = [m.value for m in products if m.start < day.start]
    code = before[-1] if before else (context.products[0].code if len(context.products) == 1 else None)
    return [_held(p.inception, "成立") for p in context.products if p.code == code and p.inception]


def _held_days(known: Known, context: ReviewContext) -> Iterator[_Stated]:
    for held in known.sources:
        yield from _days(held.page.text)
        if held.source.published_on:
            yield _held(held.source.published_on, "公告")
    if context.client_level_expires:
        yield _held(context.client_level_expires, "测评")
    yield _held(context.today)
    for product in context.products:
        if product.inception:
            yield _held(product.inception, "成立")
    for fact in known.facts:
        for period in fact.periods:
            if period.kind == "day":
                yield _Stated(
                    start=0, end=0, year=period.year, month=period.first, day=period.day,
                    about=frozenset({"截至"}),
                )  # fmt: skip
        if fact.fact:
            yield from _days(f"{fact.fact.period or ''} {fact.fact.name}")


def _held(day: date, *about: str) -> _Stated:
    return _Stated(start=0, end=0, year=day.year, month=day.month, day=day.day, about=frozenset(about))


@lru_cache(maxsize=_REMEMBERED)
def _days(text: str) -> tuple[_Stated, ...]:
    return tuple(_days_of(text))


def _days_of(text: str) -> Iterator[_Stated]:
    position = 0
    for candidate in _DAY_BEGINS.finditer(text):
        found = _DAY.match(text, candidate.start()) if candidate.start() >= position else None
        if found is None:
            continue
        if found["mark"] == "月" and not found["day"]:
            continue
        if found["mark"] != "月" and not found["y"]:
            continue
        position = found.end()
        year = int(found["y"]) if found["y"] else None
        yield _stated(text, found.start(), found.end(), year, int(found["m"]), int(found["d"]))
    for found in _MONTH.finditer(text) if "月" in text else ():
        month = _stated(text, found.start(), found.end(), int(found["y"]), int(found["m"]), 0)
        if month.about & _OF_A_MONTH:
            yield month
    for found in _CHINESE_DAY.finditer(text) if "日" in text else ():
        year = int("".join(str(_NUMBERS[char]) for char in found["y"]))
        yield _stated(text, found.start(), found.end(), year, _small(found["m"]), _small(found["d"]))


def _small(written: str) -> int:
    """十二 -> 12, 三十一 -> 31."""
    tens, found, ones = written.partition("十")
    return (_NUMBERS[tens] if tens else 1) * 10 + (_NUMBERS[ones] if ones else 0) if found else _NUMBERS[written]


def _stated(text: str, start: int, end: int, year: int | None, month: int, day: int) -> _Stated:
    clauses = re.split("[。；;\n，,]", text[max(0, start - _BEFORE) : start])
    before = clauses[-1]
    if len(clauses) > 1 and _EXPIRES.fullmatch(before):
        before = clauses[-2] + before  # 风险等级C3，有效期至
    after = re.split("[。；;\n，,]", text[end : end + _AFTER])[0]
    about = frozenset(name for name, words in _WHAT.items() if words.search(before) or words.search(after))
    if _UNTIL.search(before):
        about = frozenset({"截至"})
    if "到期" in about and _OF_CLIENT.search(text, max(0, start - _SENTENCE), start):
        about |= {"测评"}
    return _Stated(start=start, end=end, year=year, month=month, day=day, about=about)


def _wrong_times(text: str, known: Known) -> Iterator[Fault]:
    stated = list(_CLOCK.finditer(text)) if ":" in text or "：" in text else []
    if not stated:
        return
    held = {_time(found) for page in known.sources for found in _CLOCK.finditer(page.page.text)}
    sessions = [m.span() for m in _SESSION.finditer(text)]
    for found in stated:
        if any(start <= found.start() < end for start, end in sessions):
            continue
        if held and _time(found) not in held:
            yield found.start(), found.end(), "，来源里是别的时间"


def _time(found: re.Match[str]) -> tuple[int, int]:
    return int(found["h"]), int(found["min"])


def _wrong_levels(text: str, context: ReviewContext, products: Sequence[Mention]) -> Iterator[Fault]:
    """A product's or the client's level, where it is known and the text says another."""
    if not _LETTER_LEVEL.search(text):
        return
    levels = {p.code: p.risk_level for p in context.products if p.risk_level}
    for found in _LEVEL.finditer(text) if levels else ():
        start, end = found.span(next(name for name in ("level", "told", "bare") if found[name]))
        line = max(text.rfind(mark, 0, start) for mark in "。\n；;") + 1
        named = [m.value for m in products if line <= m.start < start]
        code = named[-1] if len(set(named)) == 1 else next(iter(levels)) if len(levels) == 1 and not named else None
        said = found["level"] or found["told"]
        if said and code in levels and levels[code] != said and not _of_client(text, line, start):
            yield start, end, f"，产品的风险等级是{levels[code]}"
    if context.client_level:
        for found in _CLIENT_LEVEL.finditer(text):
            if found["level"] != context.client_level and not re.search("若|如果|可购买|及以|以上|至", found.group()):
                yield found.start("level"), found.end("level"), f"，客户的等级是{context.client_level}"


def _of_client(text: str, start: int, end: int) -> bool:
    """可购买R1至R3的产品 speaks of what a client may buy, not of the product."""
    return bool(re.search("可(?:以)?购买|可买|匹配|对应|不超过|不高于|及以下|适合|至|到", text[start:end]))


def _wrong_codes(text: str, context: ReviewContext, products: Sequence[Mention]) -> Iterator[Fault]:
    """A code in brackets behind a product's name that is another product's, or nobody's."""
    named = {product.code for product in context.products}
    for mention in products:
        found = _CODE.match(text, mention.end)
        written = text[mention.start : mention.end]
        if found and mention.value in named and found["code"] != mention.value and written not in named:
            yield found.start("code"), found.end("code"), f"，产品代码是{mention.value}"
