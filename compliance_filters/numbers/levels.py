"""Levels before a change, and what a change is of itself: 15,832亿元，较前一交易日减少1,146亿元 makes 16,978 of it.

The level and its change stand beside each other, in the text or in one row of a source; the words of the figure say
of when the level is (前一交易日为, 上周五在, 倒推2024年末), and the change is told from just that time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from compliance_filters.numbers import cues
from compliance_filters.numbers.arithmetic import EXACT, Result
from compliance_filters.numbers.claims import Claim
from compliance_filters.numbers.formers import names_former
from compliance_filters.numbers.mentions import BENCHMARK
from compliance_filters.numbers.moments import Moment, moments_in
from compliance_filters.numbers.parts import Part
from compliance_filters.numbers.quantities import INDEX_POINTS
from compliance_filters.numbers.rows import Row, Rows

_COMPARED_WITH = re.compile("比(?![例重率])|较|同比|环比")
_MOVES = re.compile(r"[涨跌升降增减多少]|上行|下行|缩|扩|[+\-＋－]$")
_GROWN = frozenset({"move", "return"})
_RATE, _POINTS = "%", "pp"
_WHOLE = 100
_WHOLE_OF = re.compile("由此|可知|推算|倒推|反推|折算|相当于(?:总|全)")
_A_SHARE = re.compile("占|中签率|比例")
_LED = 12  # characters before a share that say what it is of
_BESIDE = 2  # rows behind a level in which its change is told
_RATE_OF = re.compile("(?:(?P<up>[升涨增])|[降跌减])幅")
_TAKEN_BACK = re.compile("倒推|推算|反推|往回")
_LEAD = 16  # characters before a level that say of when it is
_BACK = 60  # characters between a level and its change


def asks_level(claim: Claim) -> bool:
    """Whether the words right before a figure say that it is a level of an earlier time."""
    if claim.unit == _POINTS or claim.quantity.unit == "个月":
        return False
    return names_former(claim.before)


def before_shown(claim: Claim, parts: Sequence[Part]) -> Iterator[Result]:
    """The level of an earlier time, of the last level that is shown before and the changes told behind it."""
    levels = [p for p in parts if _is_level(claim, p)]
    if not levels or not asks_level(claim):
        return
    level = levels[-1]
    changes = [p for p in parts if level.place < p.place < level.place + _BACK and _is_change(claim, p)]
    if not changes and _TAKEN_BACK.search(claim.before):  # 全年增长9.36%…年末净值1.1857元，倒推
        changes = [p for p in parts if claim.figure.sentence <= p.place < level.place and _is_change(claim, p)][:1]
    for change in changes:
        if change.unit == _RATE and claim.unit != _RATE:
            if change.value > -_WHOLE:
                yield abs(level.value) / (1 + change.value / _WHOLE), EXACT
        else:
            yield abs(level.value - _signed(change)), EXACT


def before_named(claim: Claim, told: Moment | None, levels: Sequence[Row], rows: Rows) -> Iterator[Result]:
    """The level of an earlier time, of a row of a source and the change from just that time told behind it."""
    if told is None or not asks_level(claim):
        return
    for now in levels:
        for change in changes_of(now, rows):
            if not _is_from(told, change, now):
                continue
            moved = -change.quantity.value if change.quantity.sign == "-" else change.quantity.value
            if change.quantity.unit == now.quantity.unit or change.quantity.unit == _POINTS:
                yield abs(now.quantity.value - moved), EXACT
            elif moved > -_WHOLE:
                yield now.quantity.value / (1 + moved / _WHOLE), EXACT


def changes_of(now: Row, rows: Rows) -> Iterator[Row]:
    """The changes that a source tells right behind a level: 10年期1.7420%，+3.5bp."""
    of_source = rows.of_source[now.source]
    for row in of_source[now.place + 1 : now.place + 1 + _BESIDE]:
        if row.sentence != now.sentence:
            return
        fits = row.quantity.unit in (now.quantity.unit, _POINTS if now.quantity.unit == _RATE else _RATE)
        if fits and row.quantity.sign != "?" and _MOVES.search(row.lead):
            yield row
        elif row.quantity.unit == now.quantity.unit:
            return


def growth_by_change(claim: Claim, parts: Sequence[Part]) -> Iterator[Result]:
    """What a change right before is of the level it set out from: 前一日16,978亿元，缩量1,146亿元，降幅6.75%."""
    if not (cues.GROWTH.search(claim.near) or cues.DIFFERENCE.search(claim.near)):
        return
    told = [p for p in parts if claim.figure.sentence <= p.place < claim.figure.start]
    changes = [p for p in told if p.flow or p.value < 0][-1:]
    for change in (p for p in changes if (p.flow or -1) * (1 if claim.growth == "+" else -1) > 0):
        levels = [p for p in told if p.unit == change.unit and p is not change and not p.flow]
        former = [
            p for p in levels[-_BESIDE:] if p.former or names_former(claim.text[max(0, p.place - _LEAD) : p.place])
        ]
        bases = [p.value for p in former] or [p.value - _signed(change) for p in levels[-_BESIDE:]]
        yield from ((abs(change.value / base) * _WHOLE, EXACT) for base in bases if base)


def runs_against(claim: Claim, parts: Sequence[Part]) -> bool:
    """Whether a rate is told in the other direction than the change right before: 缩量1,146亿元，升幅6.75%."""
    asked = _RATE_OF.search(claim.near)
    last = next((p for p in reversed(parts) if claim.figure.sentence <= p.place < claim.figure.start), None)
    if asked is None or last is None or claim.unit != _RATE or last.unit in (_RATE, _POINTS):
        return False
    moved = last.flow or (-1 if last.value < 0 else 0)
    return bool(moved) and (moved > 0) != bool(asked["up"])


def _is_level(claim: Claim, part: Part) -> bool:
    near = 0 <= part.place < claim.figure.start and part.unit == claim.unit
    return near and not part.flow and not part.former and not (part.attribute in _GROWN and part.unit != _RATE)


def _is_change(claim: Claim, part: Part) -> bool:
    """A growth in per cent, points of a rate, or a sum that came or went."""
    if part.unit == _POINTS:
        return claim.unit == _RATE
    if part.unit == _RATE:
        attribute = part.attribute or ""
        return claim.unit != _RATE and attribute in _GROWN and not attribute.startswith(BENCHMARK)
    return part.unit == claim.unit and bool(part.flow)


def _is_from(told: Moment, change: Row, now: Row) -> bool:
    """Whether a change is told from the time that the words say; what an index moved by is of a day."""
    steps = told.steps or told.steps_from(now.moment)
    if now.quantity.unit == INDEX_POINTS and not change.moment.steps:
        return "day" in steps and not _COMPARED_WITH.search(change.lead)
    return bool(steps & change.moment.steps)


def told_moment(claim: Claim) -> Moment | None:
    """The last time that the words before a figure name."""
    found = list(moments_in(claim.before))
    return found[-1][2] if found else None


def _signed(change: Part) -> Decimal:
    return change.flow * abs(change.value) if change.flow else change.value


def whole_of_part(claim: Claim, parts: Sequence[Part]) -> Iterator[Result]:
    """All that a part and its share make: 1,264万股，占总股本1.58%，由此可知总股本约8亿股."""
    if not _WHOLE_OF.search(claim.before):
        return
    told = [p for p in parts if claim.figure.sentence <= p.place < claim.figure.start]
    share = next((p for p in reversed(told) if p.unit == _RATE and p.value > 0), None)
    if share is None or not _A_SHARE.search(claim.text, max(0, share.place - _LED), share.place):
        return
    part = next((p for p in reversed(told) if p.unit == claim.unit and p.place < share.place), None)
    if part is not None:
        yield abs(part.value) / share.value * _WHOLE, EXACT
