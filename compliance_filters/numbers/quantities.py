"""What a written number amounts to: its value in one unit of its class, its precision, sign and bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache

from mandarin.numerals import Numeral, NumeralKind

_SAME = {"人民币": "元", "日": "天", "自然日": "天", "名": "人", "位": "人", "支": "只"}
# Units that are one another's multiples: rates in per cent, distances in points, spans of time in months.
_SCALED = {
    "‰": ("%", Decimal("0.1")), "‱": ("%", Decimal("0.01")), "bp": ("pp", Decimal("0.01")),
    "年": ("个月", Decimal(12)), "周年": ("个月", Decimal(12)), "季度": ("个月", Decimal(3)),
    "月": ("个月", Decimal(1)),
}  # fmt: skip
_UNIT_OF_KIND = {
    NumeralKind.PERCENT: "%", NumeralKind.PERCENTAGE_POINTS: "pp", NumeralKind.BASIS_POINTS: "bp",
}  # fmt: skip
_PER = re.compile("/(?:[年月日天份股户人手张吨]|10+份)$")  # 0.4%/年, 1.28元/份
_FACT_UNITS = {"％": "%", "个百分点": "pp", "百分点": "pp", "BP": "bp", "bps": "bp", "基点": "bp", "个基点": "bp"}
_AMOUNT_SCALES = {
    "百万": 10**6, "千万": 10**7, "万": 10**4, "亿": 10**8, "千": 10**3, "兆": 10**6, "吉": 10**9, "太": 10**12,
}  # fmt: skip
_ONE, _HALF = Decimal(1), Decimal("0.5")
INDEX_POINTS, _LEAST_LEVEL = "指数点", 30  # 3,412.56点, of an index
_TENTH = 10  # per cent
_RATES = frozenset({"%", "pp"})
_WRITTEN = re.compile(r"\d[\d,]*(?:\.(\d+))?\s?([百千万亿]*)")
_TEN = {"百": 2, "千": 3, "万": 4, "亿": 8}
_FALL = (  # 盈亏 and 涨跌 name both ways
    "下跌|下降|降低|调低|走低|缩减|缩量|缩了|净回笼|下滑|下行|下挫|亏损|减少|回落|缩水|流出|(?<!涨)跌幅|降幅|负增长"
    "|(?<!涨)跌|(?<!盈)亏|(?<!升)降|(?<!税)负(?![债担荷])|(?<!增)减|跑输|落后|低于|少|贬值"
)
_RISE = (
    "上涨|上升|上行|增长|增加|盈利|涨幅|提高|提升|流入|净投放|升|涨|赚|增|跑赢|超过|超出|超额|领先|高于|高出|多|升值"
)
_FALL_BEFORE = re.compile(
    rf"(?P<word>{_FALL})(?:了|至|约|达|幅|为|近|逾|超过?|基准|同期|业绩比较|整体|合计|累计|不到){{0,3}}\s?$"
)
_FALLING, _RISING = re.compile(_FALL), re.compile(_RISE)
_LEVEL = re.compile(r"(?:至|到|为)\s?$")  # 跌至5.1%, 降到5.1%: what is reached, not how far it fell
_RELATION = frozenset({"跑输", "落后", "低于", "少"})  # a distance of points below is a fall, a level below is none
_MAY_BE_SIGNED = re.compile("[贬跌降滑行挫损少落缩减出长负亏输后低撤动离差值放笼]")  # one look tells for most
_UNSIGNED = re.compile("回撤|波动|偏离|跟踪误差|在险价值|之差|差额|差距")  # sizes, written with a minus or without
_NAMED_FALL = re.compile("(?<!涨)跌幅|降幅|亏损|减少|流出|下降|下跌")
_BORNE = re.compile("承受|接受|容忍|止损|预警|底线")  # how much may be lost, with a minus or without
_OVER = re.compile(r"(?<![不未没])(?:超过?|逾|突破)了?\s?$")
_UNDER = re.compile(r"(?:不足|不到|[未没]到|[未没][有能]?超过)\s?$")
_NEAR = re.compile(r"(?:接近|将近|(?<![最附])近|逼近)\s?$")
_BOUND_ENDS = frozenset("超过逾破了足到近")
_A_LITTLE_OVER = re.compile("出头|有余|[略稍]?多一?[点些]")
_AND_MORE = re.compile("[多余](?=[亿万元份户只人个%，,。；;、）)]|$)")
_ABOUT = re.compile(r"(?:约|大概|差不多|近似)[为是]?\s?$")
_ABOUT_ROOM = Decimal("0.02")  # of a round number that is told as one: 约2,800元 of 2,750
_FALL_BEHIND = re.compile("的?(?:跌幅|降幅|下跌|回落|亏损)")  # 近一年14.32%的回落
_FRACTION_ROOM = Decimal("0.05")
_REACH = Decimal("0.15")  # how far beyond a round figure the exact one may lie where 超 or 不足 stands before it
_NEAR_REACH = Decimal("0.08")  # and how far below one that it is 接近


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """A number of a text. `value` is never negative; the sign stands apart, `?` where words leave it open."""

    value: Decimal
    unit: str  # "%", "pp" (percentage points), "元", "个月", ..., "" where none is said, "点" for % or pp
    tolerance: Decimal  # half of the last written digit
    sign: str = "+"  # + | - | ?
    low: Decimal | None = None  # where 超, 逾 or 不足 stands before it: the exact figure may lie in low..high
    high: Decimal | None = None

    @property
    def range(self) -> tuple[Decimal, Decimal]:
        """Between which values another one can be of the same size."""
        if self.low is not None and self.high is not None:
            return self.low, self.high
        return self.value - self.tolerance, self.value + self.tolerance

    def same_size(self, other: Quantity) -> bool:
        """Equal within what was written, units of one class; the sign is not looked at."""
        return same_class(self.unit, other.unit) and self.admits(other.value)

    def admits(self, value: Decimal, room: Decimal = Decimal(0)) -> bool:
        """Whether the exact figure may be `value`, give or take `room`: 近三成 admits 29.6%, 超三成 does not."""
        low, high = self.range
        return low - room <= value <= high + room

    def same_sign(self, other: Quantity) -> bool:
        return "?" in (self.sign, other.sign) or self.sign == other.sign or not other.value


def same_class(mine: str, known: str) -> bool:
    """Whether two units can mean the same; a number without a unit agrees with any but percentage points."""
    if mine == known:
        return True
    if "点" in (mine, known):
        return bool({mine, known} & _RATES)
    if "pp" in (mine, known):
        return False
    return "" in (mine, known)


def quantity_of(numeral: Numeral, before: str, unit: str = "", after: str = "") -> Quantity:
    """A number as it stands between `before` (its own clause) and `after`; `unit` is what a table's heading gives."""
    if numeral.kind is NumeralKind.RATIO and not numeral.unit and "分之" in numeral.quote:
        return _fraction(numeral, before, after)
    said = _UNIT_OF_KIND.get(numeral.kind, numeral.unit)
    written = "点" if numeral.unit == "个点" else INDEX_POINTS if _is_level(numeral) else said
    value, tolerance = abs(numeral.value), _tolerance(numeral)
    if written == INDEX_POINTS:
        tolerance = tolerance or _HALF  # 3,412点 of 3,412.56
    scale = _ONE
    if unit and written in ("", "个"):  # 2.36个和1.09个百分点
        written, scale = _split_scale(_FACT_UNITS.get(unit, unit))
    name, factor = _normal_unit(written)
    if factor != 1 or scale != 1:
        value, tolerance = value * factor * scale, tolerance * factor * scale
    low, high = _bounds(before, after, numeral.quote, value, tolerance)
    if _ABOUT.search(before) or after.startswith(("左右", "上下")):
        tolerance = max(tolerance, min(_half_digit(value), value * _ABOUT_ROOM))
    sign = _sign(before, name)
    if sign == "?" and numeral.value < 0 and not _UNSIGNED.search(before):
        sign = "-"  # 跌幅最大的传媒（-3.12%）: what is written tells
    if sign == "+" and (numeral.value < 0 or _FALL_BEHIND.match(after)):
        sign = "-"
    return Quantity(value=value, unit=name, tolerance=tolerance, sign=sign, low=low, high=high)


def _is_level(numeral: Numeral) -> bool:
    """Whether an index stands at so many points, or moved by them: rates and distances are told in few."""
    return numeral.unit == "点" and numeral.value >= _LEAST_LEVEL


def _half_digit(value: Decimal) -> Decimal:
    """Half of the last digit that is no zero: 50 of 2,800."""
    return _last_digit(value) / 2


def _last_digit(value: Decimal) -> Decimal:
    """100 of 2,800."""
    return Decimal(1).scaleb(int(value.normalize().as_tuple().exponent)) if value else Decimal(0)


def _fraction(numeral: Numeral, before: str, after: str) -> Quantity:
    """三分之一 is said of anything near 33.3%; 三分之一多一点 of what is above."""
    value = abs(numeral.value) * 100
    over = _A_LITTLE_OVER.match(after)
    low, high = (value, value * (1 + _NEAR_REACH)) if over else (None, None)
    tolerance = value * _FRACTION_ROOM
    return Quantity(value=value, unit="%", tolerance=tolerance, sign=_sign(before, "%"), low=low, high=high)


def quantity_of_fact(value: Decimal, unit: str, name: str) -> Quantity:
    """The value of a fact, exact; a fall that is given as a positive number (跌幅 5.1) is a fall all the same."""
    unit = _PER.sub("", unit.strip())
    written, scale = _split_scale(_FACT_UNITS.get(unit, unit))
    written = _FACT_UNITS.get(written, written)
    plain, factor = _normal_unit(written)
    falls = value < 0 or bool(_NAMED_FALL.search(name))
    sign = "?" if _UNSIGNED.search(name) or (value > 0 and _BORNE.search(name)) else "-" if falls else "+"
    return Quantity(value=abs(value) * scale * factor, unit=plain, tolerance=Decimal(0), sign=sign)


def without_plain_sign(quantity: Quantity, before: str) -> Quantity:
    """A source's sum of money without a word for rise or fall (净卖出26.3亿元) leaves its sign open."""
    if quantity.sign != "+" or quantity.unit in _RATES or _RISING.search(before):
        return quantity
    return replace(quantity, sign="?")


@cache
def _normal_unit(unit: str) -> tuple[str, Decimal]:
    """The unit that stands for its class, and how many of it one of the written unit is."""
    bare = unit.removeprefix("个")
    plain = _SAME.get(bare, bare)
    return _SCALED.get(plain, (plain, _ONE))


def _split_scale(unit: str) -> tuple[str, Decimal]:
    for name, scale in _AMOUNT_SCALES.items():
        if unit.startswith(name):
            plain, further = _split_scale(unit.removeprefix(name))  # 万千瓦
            return plain, Decimal(scale) * further
    return unit, Decimal(1)


def _sign(before: str, unit: str) -> str:
    """The sign that words give: a fall right before the number, or left open where one stands further off."""
    if not _MAY_BE_SIGNED.search(before):
        return "+"
    if _UNSIGNED.search(before):
        return "?"
    near = _FALL_BEFORE.search(before)
    if near:
        open_one = (near["word"] in _RELATION and unit != "pp") or _LEVEL.search(before)
        return "?" if open_one else "-"
    falling = _FALLING.search(before)
    return "?" if falling and not _RISING.search(before, falling.end()) else "+"


def _bounds(
    before: str, after: str, quote: str, value: Decimal, tolerance: Decimal
) -> tuple[Decimal | None, Decimal | None]:
    """Between which values the exact figure lies by words of one side: 超30亿元, 接近三成, 42亿多, 三成出头."""
    if "多" in quote or "余" in quote or _AND_MORE.match(after):
        return value, value + _last_digit(value)
    if _A_LITTLE_OVER.match(after):
        return value, value + max(tolerance / 2, value * _NEAR_REACH)
    if before[-1:] not in _BOUND_ENDS and not before[-1:].isspace():
        return None, None
    reach = max(value * _REACH, tolerance * 2)
    if _OVER.search(before):
        return value, value + reach
    if _UNDER.search(before):
        return value - reach, value
    if _NEAR.search(before):
        return value - max(value * _NEAR_REACH, tolerance / 2), value
    return None, None


def _tolerance(numeral: Numeral) -> Decimal:
    """Half of the last written digit, so that a rounded figure is bound to the exact one; a plain count is exact."""
    found = _WRITTEN.search(numeral.quote)
    if found and found[0]:
        decimals, scales = len(found[1] or ""), sum(_TEN[char] for char in found[2])
        if numeral.kind is NumeralKind.COUNT and not decimals and not scales:
            return Decimal(1) if numeral.approximate else Decimal(0)
        step = Decimal(1).scaleb(scales - decimals)
    elif numeral.value:
        step = Decimal(1).scaleb(int(numeral.value.normalize().as_tuple().exponent))
    else:
        step = Decimal(1)
    tenths = numeral.kind is NumeralKind.PERCENT and step >= _TENTH  # 约四成 is neither three tenths nor five
    return step if numeral.approximate and not tenths else step / 2
