"""What the figures right before one say of it: two levels that it lies between, a rate that it is the sum of, a row."""

from __future__ import annotations

import re
from decimal import Decimal

from compliance_filters.numbers import cues
from compliance_filters.numbers.pages import Page

_PAIR = 2
_ROW = 6  # figures, also such as say nothing, of which a row is made
_OPENED, _ASIDE = re.compile("[(（]"), 6  # 89.3%（基准84.1%）: of the fund is what follows
_MOVED_FROM = re.compile("[从由]")
_MOVED_TO = re.compile("[\u4e00-\u9fff]{0,4}(?:升|降|增加?|提高|减少?|涨|跌|变|滑|落|回落|扩大|缩小?)[到至为成]约?")
_AGAIN = re.compile("(?:左右|上下)?[(（]约?")  # 少一成左右（10.2%）: told once more and exactly
_BARELY = re.compile("[了约近整]{0,2}|大约|差不多")
_IN_MONEY = re.compile("[，,；;]?(?:合|折合|即|也?就是)(?:大?约)?")
_MOVE = re.compile(
    "[，,]?(?:[一全单当本两三][周月季年天日]|期间|累计|整体|合计|即)?"
    "(?:(?:下|上)行|(?:下|上)降?升?|[升降]低?|提高|增加|减少|回落|回升|走[高低]|[下上]调)(?:了|约|近){0,2}"
)
_SET_OUT = re.compile(r"(?:从|由)[\u4e00-\u9fff]{0,4}$")
_REACHES = re.compile(
    r"(?:大幅|小幅|逐步|略|进一步)?(?:(?P<down>下?降|下调|回落|缩短|减少|下滑|下行|压缩|降低|收窄)|上?升|上调|提高|提升|增加|扩大|回升|上行)"
    r"(?:到|至|为)(?:了|约)?"
)
_OF_A_RATE = re.compile("汇率|中间价|[兑对](?:美元|人民币|港元|欧元|日元)")  # which rises as its number falls
_TURN = re.compile("[，,；;][\u4e00-\u9fff]{1,6}?(?:大?约)?")  # of the next of a row


def leads_on(page: Page, index: int) -> int:
    """The figure whose words hold for the next one: 由40%升到48.3%, 低于平均的16.9%约1.7个百分点, 少一成（10.2%）."""
    figure = page.figures[index]
    if not index or page.figures[index - 1].end < figure.sentence:
        return -1
    last = page.figures[index - 1]
    between = page.text[last.end : figure.start]
    moved = _MOVED_TO.fullmatch(between) and _MOVED_FROM.search(page.text, last.stretch, last.start)
    apart = (
        figure.quantity.unit == "pp"
        and _BARELY.fullmatch(between)
        and cues.AGAINST.search(page.text, last.stretch, last.start)
    )
    aside = last.quantity.unit == figure.quantity.unit and _AGAIN.fullmatch(between)
    return index - 1 if moved or apart or aside else -1


def moved_between(page: Page, index: int) -> tuple[int, int] | None:
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


def part_before(page: Page, index: int) -> Decimal | None:
    """A rate, as a part of one, that a sum right behind it puts in money: 三成，即6万元."""
    before = next((f for f in reversed(page.figures[max(0, index - _ROW) : index]) if f.said or f.assumed), None)
    if before is None or before.quantity.unit not in ("%", "pp"):
        return None
    told = _IN_MONEY.fullmatch(page.text, before.end, page.figures[index].start)
    return before.quantity.value / 100 if told else None


def row(page: Page, index: int) -> tuple[int, int]:
    """First and last of a row of shares of which the first alone says 占: 债券约占五成，红利约三成，成长约两成."""
    first = last = index
    while first and _in_turn(page, first):
        first -= 1
    while last + 1 < len(page.figures) and _in_turn(page, last + 1):
        last += 1
    head = page.figures[first]
    return (first, last) if cues.PART.search(page.text, head.stretch, head.start) else (index, index)


def _in_turn(page: Page, index: int) -> bool:
    """Whether a share follows the one before with nothing but a name between: 五成，红利约三成."""
    before, figure = page.figures[index - 1 : index + 1]
    rates = before.quantity.unit == figure.quantity.unit == "%" and before.end > figure.sentence
    named = rates and _TURN.fullmatch(page.text, before.end, figure.start)
    return bool(named) and not cues.SUM.search(page.text, before.end, figure.start)


def level_before(page: Page, index: int) -> int:
    """Where the level stands of which a move is told: 股票仓位为89.3%，比上季度末下降4.2个百分点."""
    figure, text = page.figures[index], page.text
    for other in reversed(page.figures[:index]):
        if other.start < figure.sentence or re.search("[；;|]", text[other.end : figure.start]):
            return -1
        aside = _OPENED.search(text, max(0, other.start - _ASIDE), other.start)
        if other.said and other.quantity.unit == "%" and not aside:
            return other.start
    return -1


def told_backwards(page: Page, index: int) -> str | None:
    """What is wrong where words and numbers run against each other: 从55%降到60%."""
    figure, before = page.figures[index], page.figures[index - 1] if index else None
    if before is None or before.end < figure.sentence or before.quantity.unit != figure.quantity.unit:
        return None
    words = _REACHES.fullmatch(page.text, before.end, figure.start)
    if (
        words is None
        or _OF_A_RATE.search(page.text, before.sentence, before.start)
        or not _SET_OUT.search(page.text[max(0, before.start - 8) : before.start])
    ):
        return None
    rises = figure.quantity.value > before.quantity.value
    wrong = rises if words["down"] else not rises and figure.quantity.value != before.quantity.value
    return "，与前一个数字的升降方向相反" if wrong else None
