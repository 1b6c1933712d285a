"""A figure with the words around it that ask for a computation: 合计, 相差, 占, 增长, 其余, 到手."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from compliance_filters.numbers.arithmetic import Result
from compliance_filters.numbers.assumed import CLAUSE_END
from compliance_filters.numbers.figures import Figure
from compliance_filters.numbers.mentions import Mention
from compliance_filters.numbers.pages import Page
from compliance_filters.numbers.parts import is_sum
from compliance_filters.numbers.periods import Period
from compliance_filters.numbers.quantities import Quantity

_UP = (
    "少跌|少亏|放量|跑赢|超过|超出|超越|超额|领先|高|多(?![跌亏])|提高|上升|增加|增长|上行|提升|扩大|上调|增厚|拉升|好于|优于"
    "|加了|加仓|升|净增|增了|超了|走高|拉长"
)
_DOWN = (
    "多跌|多亏|少涨|少赚|缩量|跑输|落后|低于|低|少|下降|减少|回落|下行|收窄|下调|降低|缩小|下滑|降|不及|不如|逊于"
    "|减了|减仓|净减|走低|缩短|缩水|缩减|压缩"
)
DIFFERENCE = re.compile(rf"(?P<up>{_UP})|(?P<down>{_DOWN})|相差|差距|差值|差额|之差|差|较|比|变化|变动|利差|区间")
# Between rates only words that compare: 净值增长率 holds a 增长 and asks for no difference.
BETWEEN_RATES = re.compile(
    "跑赢|跑输|超额|第六|后五|(?<!不)超过|超出|超越|(?<!不)高于|高出|(?<!不)低于|领先|落后|相差|差|多|少|利差|提高|下降|上升"
)
_GAIN = re.compile("(?P<up>赚|盈利|浮盈|增值)|亏|赔|损失")
_OF_A_FALL = re.compile("降幅|跌幅|回撤|亏损")  # which narrows when the figure rises
LEFT = re.compile(
    "其余|剩|余下|另外|余额|结余|盈余|浮盈|浮亏|盈利|亏损|收益|赚|亏|增值|净(?!值|资产|利)|可用于|可投|缺口|还差|还需|扣除|实得|实收|到手|[=＝]"
)
SUM = re.compile(
    "[前后这]?[两二三四五][只者类项]|合起来|加一起|(?:加|凑|放)在?一块|凑起来|拢共|前[三五十]大|合计|及以[上下]|共|总计|总和|之和|加总|相加|加起来|累计|综合|总额|总费|[=＝]"
)
_PLUS = re.compile(r"\d[%元份][^，,。；;\d]{0,8}(?:加上?|[+＋])[^，,。；;\d]{0,4}\d")  # 1.20%的管理费加0.20%的托管费
_ROUGHEST = 5  # a distance is told to a fifth of itself at least: 0.5 is not 1个百分点
_ADDS = 40  # characters
FORMERLY = re.compile("即|倒推|季末|年初|原|此前|之前|期初|前|上[季月年]|上个|去年|变成|变为|达到|增至")
BEFORE = re.compile(
    r"倒推|推算|测算|反推|往回算|此前|之前|原来|原先|当时|上[季月年]度?末|上个?[月季]末|[去上]年同期|即\d{1,2}月|\d{1,2}月末?[为是]|期初|年初|季初|月初|[一二三]季度末"
)  # a move taken back
NET = re.compile("净(?:(?P<came>申购|增加?|流入|转入|买入)|赎回|减少?|流出|转出|卖出)[^，,。；;]{0,4}$")
HELD = re.compile("合计|总共|市值|余额|规模")  # of a sum that is told, not supposed
ENDED = re.compile("期末|[年季月]末|照此|应为|现在|(?:增加|减少|升|降|减|涨)到|目前|变为|变成|达到|[升增降减]至")
THEN = re.compile("现在?约?为|现约|升至|降至|调至|达到|变为|之后为|后约?为")
OF_BENCHMARK = re.compile("跑赢|跑输|基准|超额|不及|战胜|落后|领先")
ORDERED = re.compile("前者|后者")
A_MONTH = re.compile("月利率|月息|每月|月化")  # of a rate a year
WEIGHTED = re.compile("权重|加权|按.{0,4}比例")
BALANCE = re.compile("期末|余额|结余|损益|盈亏")
SHARE = re.compile(
    "占|比例|比重|权重|倍|份额|分之|相当于|折合|约为|收益率|派息率|分红率|股息率|净利率|利润率|负债率|胜率|翻|前|[=＝]"
)
AMONG = re.compile("里|中|内")  # 信用债里八成: of two rates
GROWN_BY = re.compile("涨|增长|增加|跌|下降|减少|缩水|缩减|[降升少多增减]了")
PART = re.compile("占|比重|权重|份额|分之")  # of which nothing is more than the whole
GROWTH = re.compile(
    "增长|增幅|增速|增加|下降|降幅|同比|环比|较|涨|跌|减少|上升|缩水|缩减|扩大|回落|下滑|滑落|回升|反弹|上行|下行|盈|亏|收益|回撤"
    "|折|回本|回到|空间|溢价|折价|[降升少多增减]了"
)
YEARLY = re.compile("年化|年均|平均每年")
COMPOUND = re.compile("加起来|累计|合计|一共|总共|连续|[两三四五]年")
_AVERAGE = re.compile("平均|均值|[年月日户人]均")
_EACH = re.compile(f"{_AVERAGE.pattern}|每|各")
RECOVERS = re.compile("回本|回到|回来|涨回|扳回")
REST = re.compile("其余|剩余|余下|另外|剩下|其他|个人|散户")
LESS = re.compile("差|多|少|省|便宜|贵|高|低")
APART = re.compile("差|省|便宜|贵")
AFTER = re.compile("到手|到账|净|市值|剩|余|扣|本息|变|回到|合|共|实际|只有|还有|申购|认购|费|[=＝]")
GROWN = re.compile("剩|变成|变为|增长到|增值到|滚到|本息|终值|复利")
_COMPUTED = re.compile(
    "折|[，,；;]合约?,|进账|入账|派|红利|分红|费|利息|本息|本金|即|就是|相当|折合|合计|共|累计|[=＝]"
)
PAID = re.compile(
    rf"{_COMPUTED.pattern}|收益|盈|亏|赚|赔|损|跌|涨|少|多|差|省|约|计|到手|到账|净(?!值|资产|利)|剩|余|扣|变|实际"
    "|市值|得|大概|大约|差不多|准备|还需|需要|付|缴|每|平均"
)
SINCE = re.compile("成立|运作|运营|至今|历时|任职|管理|存续")
# Words behind which a number need not be one that stands there already.
COMPUTES = re.compile(f"{LEFT.pattern}|{SUM.pattern}|差|多|少")
COMPARES = 10  # characters before a figure in which it is said to be a difference
_AGAINST = re.compile("比|较|相比|对比|相较|于")
_PAIR = 2
_ROW = 6  # figures, also such as say nothing, of which a row is made
_OPENED, _ASIDE = re.compile("[(（]"), 6  # 89.3%（基准84.1%）: of the fund is what follows
_MOVED_FROM = re.compile("[从由]")
_MOVED_TO = re.compile("[\u4e00-\u9fff]{0,4}(?:升|降|增加?|提高|减少?|涨|跌|变|回落|扩大|缩小?)[到至为]约?")
_BARELY = re.compile("[了约近整]{0,2}|大约|差不多")
_APART_COLUMN = re.compile("差额|超额|差值|差异|增减|变动")
_IN_MONEY = re.compile("[，,；;]?(?:合|折合|即|也?就是)(?:大?约)?")
_MOVE = re.compile(
    "[，,]?(?:[一全单当本两三][周月季年天日]|期间|累计|整体|合计|即)?"
    "(?:(?:下|上)行|(?:下|上)降?升?|[升降]低?|提高|增加|减少|回落|回升|走[高低]|[下上]调)(?:了|约|近){0,2}"
)
_TURN = re.compile("[，,；;][\u4e00-\u9fff]{1,6}?(?:大?约)?")  # of the next of a row
_SINCE = re.compile("[较比](?:上|去|前一|年初|期初|季初|月初|此前|之前|[一二三四]季)")
# 比后两项之和多: of those named last or first, or of all others.
AGAINST_SUM = re.compile(
    r"[较比于][^，,。；;\d]{0,6}(?P<n>[两二三四五])[项者只个家大类笔][^，,。；;\d]{0,4}(?:之和|合计|总和|相加|加起来|加总)"
)
_RELATIVE = re.compile("按比例|相对(?:幅度|变化|于)|比例上")
_CHANGED = re.compile("(?:(?P<fell>[降少减])|[升多增])了[^，,。；;]{0,3}$")
_BEHIND = 6  # characters behind a figure that may say what it is
_BARE = 6  # characters between a sum and its share
_PRECISE = Decimal("0.002")  # half of the last digit by the value: 46,899 and 920 are precise, 75 and 2.1 are not
_ROUND_DIGITS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """A figure that nothing known binds.

    One written with few digits is met by chance too easily, so its words must ask for a computation; one of
    several digits (46,899元) needs only parts nearby.
    """

    figure: Figure
    text: str
    words: str  # since the figure before, and a little behind
    near: str  # right before it
    before: str  # since the figure before
    open: bool  # nothing else is known of what it is of
    free: bool  # and precise enough to be computed without words that ask for it
    entity: str | None  # code of the product that its own words name last
    compared: tuple[str, str] | None  # codes of two that its words hold against each other: A比B多
    anchored: int  # where the level right before it stands, of which it is the move; -1 where none is
    moved: tuple[int, int] | None  # where the two levels stand right before it, of which it is the move
    periods: tuple[Period, ...]  # that its own words name
    member: int  # which of a list it is, counted from 0
    members: int  # of how many; 1 outside a list
    part: Decimal | None  # the rate right before it, of which it is the sum: 差十个百分点，合十二万
    in_turn: bool  # a share behind others of which the first alone says 占
    bare: bool  # a rate right behind a sum, of which nothing is said: 权益18.84万元，刚好三成

    @property
    def quantity(self) -> Quantity:
        return self.figure.quantity

    @property
    def unit(self) -> str:
        """The figure's unit; 元 where it is left out."""
        return "元" if is_sum(self.text, self.figure) else self.quantity.unit

    @property
    def direction(self) -> int:
        """+1, -1 or 0 for the last word that compares; in a column of differences the sign that is written."""
        if self.figure.label and _APART_COLUMN.search(self.figure.label):
            return -1 if self.quantity.sign == "-" else 1
        if net := NET.search(self.near):
            return 1 if net["came"] else -1
        if self.unit == "元" and (gain := _GAIN.search(self.near)):
            return 1 if gain["up"] else -1
        found = list(DIFFERENCE.finditer(self.words))
        if not found or _OF_A_FALL.search(self.words):
            return 0
        return 1 if found[-1]["up"] else -1 if found[-1]["down"] else 0

    @property
    def growth(self) -> str:
        """The sign of a change told by how much of itself: 少了近7% is a fall, 低7% may be a level."""
        if self.quantity.sign != "?" or not (told := _CHANGED.search(self.near)):
            return self.quantity.sign
        return "-" if told["fell"] else "+"

    @property
    def asks_distance(self) -> bool:
        unit = self.unit
        if unit in ("pp", "点") or (BETWEEN_RATES if unit == "%" else DIFFERENCE).search(self.near):
            return True
        return unit != "%" and LEFT.search(self.words) is not None

    @property
    def asks_total(self) -> bool:
        if self.figure.label and BALANCE.search(self.words):
            return True
        if _PLUS.search(self.text, max(self.figure.sentence, self.figure.start - _ADDS), self.figure.start):
            return True
        behind = self.text[self.figure.end : self.figure.end + 2]
        return behind[:1] in ("：", ":") or bool(SUM.search(self.words) or SUM.search(behind))

    @property
    def of_benchmark(self) -> bool:
        """Whether it is told how far a fund lies from its benchmark."""
        return OF_BENCHMARK.search(self.near) is not None

    @property
    def relative(self) -> bool:
        """By how much of itself a rate changed: 按比例增加3.6%."""
        return _RELATIVE.search(self.words) is not None

    @property
    def asks_mean(self) -> bool:
        return self.unit != "pp" and (_EACH if self.open else _AVERAGE).search(self.words) is not None

    @property
    def asks_interest(self) -> bool:
        return self.free or (PAID if self.open else _COMPUTED).search(self.words) is not None

    def meets(self, results: Iterable[Result]) -> bool:
        """Whether one of the results is this figure within what was written."""
        mine = self.quantity
        if mine.low is not None:
            return any(mine.admits(value, room) for value, room in results)
        rounded = min(mine.tolerance, abs(mine.value) / _ROUGHEST) if self.unit == "pp" else mine.tolerance
        return any(abs(value - mine.value) <= rounded + room for value, room in results)


def claim_of(page: Page, index: int, products: Sequence[Mention], *, stated: bool = False) -> Claim:
    """`stated`: something else is known of just what the figure is of. In a list the words before it hold for all."""
    figure, reading = page.figures[index], page.reading(index)
    first, last = page.group(index)
    head = page.figures[first]
    if (start := _leads_on(page, first)) >= 0:
        head = page.figures[start]
    row = _row(page, index) if first == last else (first, last)
    before, words, near = _words(page, figure, head)
    named = list(dict.fromkeys(m.value for m in products if head.previous_end <= m.start < head.start))
    bare = len(before) <= _BARE and not figure.label and (before == "的" or reading.attribute is None)
    return Claim(
        figure=figure,
        text=page.text,
        words=figure.label or words,
        near=figure.label or near,
        before=figure.label or before,
        open=not stated,
        free=not stated and _is_precise(figure.quantity),
        periods=reading.periods if reading.own_period else (),
        member=index - row[0],
        members=row[1] - row[0] + 1,
        in_turn=first == last and index > row[0],
        entity=named[-1] if named else None,
        compared=(named[0], named[1]) if len(named) == _PAIR and _AGAINST.search(before) else None,
        anchored=_level_before(page, index) if _SINCE.search(before) else -1,
        part=_part_before(page, index),
        moved=_moved_between(page, index),
        bare=bare,
    )


def _words(page: Page, figure: Figure, head: Figure) -> tuple[str, str, str]:
    """Since the figure before, the same and a little behind, and right before; `head` is where its words begin."""
    text = page.text
    own = text[figure.previous_end : figure.start] if head is not figure else ""
    before = text[head.previous_end : head.start] + own
    former = text.rfind("前者", figure.sentence, figure.start) if "后者" in before else -1  # whose words hold for both
    behind = CLAUSE_END.split(text[figure.end : figure.end + _BEHIND])[0]
    words = f"{text[former : figure.start] if former >= 0 else before},{behind}"
    return before, words, text[max(head.stretch, head.start - COMPARES) : head.start] + own


def _leads_on(page: Page, index: int) -> int:
    """The figure whose words hold for the next one: 由40%升到48.3%, 低于平均的16.9%约1.7个百分点; -1 without."""
    figure = page.figures[index]
    if not index or page.figures[index - 1].end < figure.sentence:
        return -1
    last = page.figures[index - 1]
    between = page.text[last.end : figure.start]
    moved = _MOVED_TO.fullmatch(between) and _MOVED_FROM.search(page.text, last.stretch, last.start)
    apart = (
        figure.quantity.unit == "pp"
        and _BARELY.fullmatch(between)
        and _AGAINST.search(page.text, last.stretch, last.start)
    )
    return index - 1 if moved or apart else -1


def _moved_between(page: Page, index: int) -> tuple[int, int] | None:
    """Where the two levels stand right behind which a move is told: 由1.86%降至1.71%，一周下行15bp."""
    figure = page.figures[index]
    if figure.label or figure.quantity.unit != "pp":
        return None
    rates = [f for f in page.figures[max(0, index - _ROW) : index] if f.said and f.start >= figure.sentence][-_PAIR:]
    if [f.quantity.unit for f in rates] != ["%", "%"]:
        return None
    start, end = rates
    told = _MOVE.fullmatch(page.text, end.end, figure.start) and _MOVED_TO.fullmatch(page.text, start.end, end.start)
    return (start.start, end.start) if told and _MOVED_FROM.search(page.text, start.stretch, start.start) else None


def _part_before(page: Page, index: int) -> Decimal | None:
    """A rate, as a part of one, that a sum right behind it puts in money: 三成，即6万元."""
    before = next((f for f in reversed(page.figures[max(0, index - _ROW) : index]) if f.said or f.assumed), None)
    if before is None or before.quantity.unit not in ("%", "pp"):
        return None
    told = _IN_MONEY.fullmatch(page.text, before.end, page.figures[index].start)
    return before.quantity.value / 100 if told else None


def _row(page: Page, index: int) -> tuple[int, int]:
    """First and last of a row of shares of which the first alone says 占: 债券约占五成，红利约三成，成长约两成."""
    first = last = index
    while first and _in_turn(page, first):
        first -= 1
    while last + 1 < len(page.figures) and _in_turn(page, last + 1):
        last += 1
    head = page.figures[first]
    return (first, last) if PART.search(page.text, head.stretch, head.start) else (index, index)


def _in_turn(page: Page, index: int) -> bool:
    """Whether a share follows the one before with nothing but a name between: 五成，红利约三成."""
    before, figure = page.figures[index - 1 : index + 1]
    rates = before.quantity.unit == figure.quantity.unit == "%" and before.end > figure.sentence
    named = rates and _TURN.fullmatch(page.text, before.end, figure.start)
    return bool(named) and not SUM.search(page.text, before.end, figure.start)


def _level_before(page: Page, index: int) -> int:
    """Where the level stands of which a move is told: 股票仓位为89.3%，比上季度末下降4.2个百分点."""
    figure, text = page.figures[index], page.text
    for other in reversed(page.figures[:index]):
        if other.start < figure.sentence or re.search("[；;|]", text[other.end : figure.start]):
            return -1
        aside = _OPENED.search(text, max(0, other.start - _ASIDE), other.start)
        if other.said and other.quantity.unit == "%" and not aside:
            return other.start
    return -1


def is_round(quantity: Quantity) -> bool:
    """10万, 360: sums that examples set out from, and that chance meets."""
    return len(quantity.value.normalize().as_tuple().digits) <= _ROUND_DIGITS


def _is_precise(quantity: Quantity) -> bool:
    return not is_round(quantity) and quantity.tolerance <= quantity.value * _PRECISE
