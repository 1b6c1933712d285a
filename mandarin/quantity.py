"""A number with what follows it: scale, unit, halves and tenths, or the second number of a range."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from decimal import Decimal

from mandarin.chinese_number import DIGITS, SCALES, plain, read_digits, read_number
from mandarin.dates import read_date
from mandarin.numeral import DIGIT_CHARS, SCALE_CHARS, Numeral, NumeralKind, make_numeral


@dataclass(frozen=True, kw_only=True)
class _Unit:
    pattern: str
    kind: NumeralKind
    name: str | None = None  # None = as written
    factor: Decimal = Decimal(1)  # to the base unit: a 毛 is 0.1 元


@dataclass(frozen=True, kw_only=True)
class Core:
    """A number before its unit: 二十来万, 3,456.78, -1.2亿."""

    end: int
    value: Decimal
    approximate: bool
    digits: str | None  # None where digits would claim more than was said
    plain_digits: bool  # digit characters only, no scale: may be a code
    grouped: bool
    large: bool  # written with 万 or 亿


_LATIN_SCALE = "[wWkK](?![A-Za-z])"
_SIGN = re.compile(r"(?<![0-9A-Za-z%.)\]\-])[-+\u2212](?=\d)|(?<!税)负(?=[0-9" + DIGIT_CHARS + "十百])")
_MORE = r"(?:[多余](?![少头空额次半\d])|来(?=[万亿千百块元个只天年岁股手份人])|把(?=[万块元]))"
# 二十万一半, 三千一个月: what begins after a scale is another number.
_ANOTHER = "(?<=[百千万亿])一(?=半|个?(?:月|季度|星期|礼拜)|[年天周次手股只张份期人])"
_ARABIC = re.compile(
    rf"(?P<core>(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d+)?(?:(?:[百千十]?[万亿]+|[百千](?!分)|{_LATIN_SCALE})"
    rf"(?:\d+(?:\.\d+)?[百千]?万)?(?:\d[千百]?(?![\d.,%年月日个只万亿]))?)?)"
    rf"(?P<more>{_MORE})?(?P<scale>(?<=[多余来几])[百千]?[万亿]+)?"
)
_CHINESE = re.compile(
    rf"(?P<core>[{DIGIT_CHARS}{SCALE_CHARS}几](?:(?!{_ANOTHER})[{DIGIT_CHARS}{SCALE_CHARS}几])*(?:点[{DIGIT_CHARS}]+[百千]?[万亿]*)?(?:{_LATIN_SCALE})?)"
    rf"(?:(?<=[{SCALE_CHARS}])(?P<more>{_MORE}))?(?P<scale>(?<=[多余来把])[百千]?[万亿]+|个亿)?"
)
_MEASURES = (
    "个?交易日|个?工作日|个?自然日|个月|个?季度|个?小时|分钟|秒|周年|年|月|周|天|日|岁"
    "|股(?![票民市])|[只支份手次个人户家位名笔条张项期档轮批套层折遍点吨米]"
)
_UNITS = (
    _Unit(pattern="个?百分点", kind=NumeralKind.PERCENTAGE_POINTS, name="个百分点"),
    _Unit(pattern="个点", kind=NumeralKind.PERCENTAGE_POINTS, name="个点"),
    _Unit(pattern="个?(?:基点|[bB][pP][sS]?(?![A-Za-z]))", kind=NumeralKind.BASIS_POINTS, name="bp"),
    _Unit(pattern="%", kind=NumeralKind.PERCENT),
    _Unit(pattern="[‰‱]|倍", kind=NumeralKind.RATIO),
    _Unit(pattern="美元|美金", kind=NumeralKind.AMOUNT, name="美元"),
    _Unit(pattern="港元|港币", kind=NumeralKind.AMOUNT, name="港元"),
    _Unit(pattern="欧元|日元|英镑", kind=NumeralKind.AMOUNT),
    _Unit(
        pattern="元人民币|元|块钱|(?<![在到凑]一)(?<![成为这那][一二两三四五六七八九])块(?!儿)|圆",
        kind=NumeralKind.AMOUNT,
        name="元",
    ),
    _Unit(pattern="毛钱?|角", kind=NumeralKind.AMOUNT, name="元", factor=Decimal("0.1")),
    _Unit(pattern=_MEASURES, kind=NumeralKind.COUNT),
)
_ANY_UNIT = re.compile("|".join(f"({unit.pattern})" for unit in _UNITS))
_TENTHS = re.compile(r"成(?![立交本长功员为果绩都就熟分])")
_HALF = re.compile(r"半(?![年天夜])")
_CENTS = re.compile(
    rf"(?P<jiao>[{DIGIT_CHARS}1-9](?![{DIGIT_CHARS}{SCALE_CHARS}\d年月日天个只]))[毛角]?(?:[{DIGIT_CHARS}1-9]分)?"
)
_LONE_SCALE = re.compile(rf"[百千万亿][{DIGIT_CHARS}]?")
_TENTHS_REST = re.compile(rf"半|[{DIGIT_CHARS}](?![{DIGIT_CHARS}{SCALE_CHARS}\d个只年月天])")
_WHOLE_OF_HALF = re.compile("月|小时|季度|点")  # 一个半月: the unit stands behind the half
_RANGE = re.compile("到|至|[-~\u2013\u2014\uff5e]{1,2}")
_CURRENCY = {"¥": "元", "￥": "元", "$": "美元"}


def read_calendar(text: str, start: int) -> Numeral | None:
    """A date or clock time as a number of kind `date`."""
    date = read_date(text, start)
    if not date:
        return None
    return make_numeral(text, start, date.end, Decimal(date.value), date.unit, NumeralKind.DATE, date.digits)


def read_quantity(text: str, start: int, *, may_open_range: bool = True) -> Numeral | None:
    """The number with its unit that begins at `start`, sign included; None where there is none."""
    sign = _SIGN.match(text, start)
    core = read_core(text, sign.end() if sign else start)
    if not core:
        return None
    if sign and sign.group() != "+":
        core = replace(core, value=-core.value, digits=None if core.digits is None else "-" + core.digits)
    numeral = _tenths(text, start, core) or _with_unit(text, start, core)
    numeral = numeral or (_range_start(text, start, core) if may_open_range else None)
    numeral = numeral or _bare(text, start, core)
    return numeral and _approximated(text, numeral)


def read_core(text: str, start: int) -> Core | None:
    arabic = _ARABIC.match(text, start)
    found = arabic or _CHINESE.match(text, start)
    if not found or (not arabic and _only_words(found.group())):
        return None
    core, more, scale = found["core"], found["more"] or "", found["scale"] or ""
    number = read_number(core)
    value, approximate = number.value, number.approximate or bool(more)
    for char in scale.removeprefix("个"):
        value *= SCALES[char]
    spoken_digits = not arabic and len(core) >= 3 and all(char in DIGITS for char in core)
    if spoken_digits:
        value, approximate = Decimal(read_digits(core)), False
    written = plain(number.value) + more + scale if more else plain(value)
    if spoken_digits:
        written = read_digits(core)
    exact = spoken_digits or not (number.approximate or more == "把")
    return Core(
        end=found.end(), value=value, approximate=approximate, digits=written if exact else None,
        plain_digits=spoken_digits or (core.isdigit() and core.isascii() and not more), grouped="," in core,
        large=any(char in "万亿wW" for char in core + scale),
    )  # fmt: skip


def _only_words(written: str) -> bool:
    """A lone scale (万元), a lone 几 and a scale with a digit (千五) count nothing; 十 does."""
    return written == "几" or bool(_LONE_SCALE.fullmatch(written))


def _tenths(text: str, start: int, core: Core) -> Numeral | None:
    """三成, 三成五, 两成半: tenths, given in per cent."""
    found = _TENTHS.match(text, core.end)
    if not found or core.large or core.value > 10:
        return None
    rest = _TENTHS_REST.match(text, found.end())
    more = Decimal(0)
    if rest:
        more = Decimal(5 if rest.group() == "半" else read_digits(rest.group()))
    value = core.value * 10 + more
    digits = None if core.digits is None else plain(value) + "%"
    end = rest.end() if rest else found.end()
    return make_numeral(text, start, end, value, "%", NumeralKind.PERCENT, digits, approximate=core.approximate)


def _with_unit(text: str, start: int, core: Core) -> Numeral | None:
    found = _ANY_UNIT.match(text, core.end)
    if not found or found.lastindex is None:
        return None
    return _finished(text, start, core, _UNITS[found.lastindex - 1], found)


def _finished(text: str, start: int, core: Core, unit: _Unit, found: re.Match[str]) -> Numeral:
    """Add what may follow a unit: 三块五 (tenths of a yuan), 一年半, 一个半月 (halves)."""
    value, end, written = core.value * unit.factor, found.end(), found.group()
    name = unit.name or written
    cents = _CENTS.match(text, end) if written == "块" else None
    half = _HALF.match(text, end)
    if cents:
        value, end = value + Decimal(read_digits(cents["jiao"])) / 10, cents.end()
    elif half and not core.approximate:
        value, end = value + Decimal("0.5"), half.end()
        if written == "个" and (whole := _WHOLE_OF_HALF.match(text, end)):
            name, end = "个" + whole.group(), whole.end()
    digits = None if core.digits is None else core.digits + written
    if end != found.end():
        digits = plain(value) + (name if half and not cents else written)
    return make_numeral(text, start, end, value, name, unit.kind, digits, approximate=core.approximate)


def _bare(text: str, start: int, core: Core) -> Numeral | None:
    quote, kind, unit = text[start : core.end], NumeralKind.COUNT, _CURRENCY.get(text[start - 1 : start], "")
    if len(quote) == 1 and not quote.isascii():
        return None
    if core.plain_digits and not core.grouped and not unit and core.value >= 0 and _is_code(quote):
        kind = NumeralKind.CODE
    elif core.large or unit:
        kind = NumeralKind.AMOUNT
    elif core.digits is None and len(quote) == 2 and all(char in DIGITS for char in quote):
        return None  # 三四, 五六 without anything counted
    digits = read_digits(quote) if kind is NumeralKind.CODE else core.digits
    return make_numeral(text, start, core.end, core.value, unit, kind, digits, approximate=core.approximate)


def _is_code(quote: str) -> bool:
    return len(quote) == 6 or len(quote) >= 9 if quote.isascii() else len(quote) >= 3


def _range_start(text: str, start: int, core: Core) -> Numeral | None:
    """The 三 of 三到五万 and the 20 of 20-30万 take scale and unit from the second number."""
    connector = _RANGE.match(text, core.end)
    if not connector or core.large:
        return None
    at = connector.end()
    second = read_calendar(text, at) or read_quantity(text, at, may_open_range=False)
    if not second or second.kind is NumeralKind.CODE:
        return None
    if second.kind is NumeralKind.DATE and (second.unit != "年" or core.value < 1900):
        return None
    value = core.value * next((SCALES[char] for char in reversed(second.quote) if char in "万亿wW"), 1)
    digits = None if core.digits is None else plain(value)
    approximate = core.approximate
    return make_numeral(text, start, core.end, value, second.unit, second.kind, digits, approximate=approximate)


_ABOUT_BEFORE = re.compile("(?:大约|大概|差不多|约|将近|接近|上下)$")
_ABOUT_AFTER = re.compile("左右|上下|出头|不到")


def _approximated(text: str, numeral: Numeral) -> Numeral:
    before = text[max(0, numeral.start - 3) : numeral.start]
    about = _ABOUT_BEFORE.search(before) or _ABOUT_AFTER.match(text, numeral.end)
    return replace(numeral, approximate=True) if about else numeral
