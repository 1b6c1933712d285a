"""What a reader must know about NAV data: left out, doubtful or missing; nothing is mended silently."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from math import isnan
from statistics import median

from compliance_filters.finding import BoundFact
from copilot.diagnosis.data.calendars import calendar
from copilot.diagnosis.data.total_return import ROUNDING, NavRow, TotalReturns
from copilot.diagnosis.series import LONGEST_BREAK_DAYS, DataNote, NoteLevel

STALE_AFTER_DAYS = 15
UNCHANGED_ROWS = 20  # trading days without any movement
JUMP = 0.15  # larger one-day moves of a fund are looked at by a person
SCALE = 0.05  # accumulated and unit NAV move alike, unless a split lies between
_LEAST_SCALED = 20  # rows that tell it

Gap = tuple[date, date]


def clean(parsed: Sequence[NavRow | None], *, has_unit: bool) -> tuple[list[NavRow], tuple[DataNote, ...]]:
    """Readable rows with a positive NAV, in order, one a day; and what had to be left out."""
    readable = [row for row in parsed if row is not None]
    usable = [row for row in readable if _usable(row, has_unit)]
    by_day: dict[date, NavRow] = {}
    for row in usable:
        by_day.setdefault(row.day, row)
    clashing = {row.day for row in usable if repr(row) != repr(by_day[row.day])}  # NaN differs from itself
    ordered = sorted(by_day.values(), key=lambda row: row.day)
    left_out = (
        ("unreadable", len(parsed) - len(readable), "有{}行净值数据无法识别，未参与计算。"),
        ("bad_value", len(readable) - len(usable), "有{}行净值为空、为零或为负，未参与计算。"),
        ("duplicate", len(usable) - len(by_day), "有{}行净值日期重复，只采用首次出现的记录。"),
        ("clash", len(clashing), "有{}个日期出现数值不同的重复记录，请核对原始净值。"),
    )
    notes = [
        DataNote(kind=kind, level=NoteLevel.WARNING, text=text.format(count), facts=_counted(count, text))
        for kind, count, text in left_out
        if count
    ]
    if [row.day for row in usable] != sorted(row.day for row in usable):
        notes.append(DataNote(kind="order", level=NoteLevel.INFO, text="净值数据未按日期排列，已重新排序。"))
    return ordered, tuple(notes)


def _usable(row: NavRow, has_unit: bool) -> bool:
    """Positive where the column is there; a dividend is not negative, a split ratio is positive."""
    positive = [row.unit_nav] if has_unit else [1.0 if isnan(row.unit_nav) else row.unit_nav]
    positive += [value for value in (row.adjusted_nav, row.split) if not isnan(value)]
    sound = all(value > 0 for value in positive) and not row.dividend < 0 and not row.growth <= -1.0
    return sound and (has_unit or not isnan(row.growth) or not isnan(row.adjusted_nav))


def gaps(rows: Sequence[NavRow]) -> list[Gap]:
    """Pairs of neighbouring dates further apart than any market holiday."""
    return [(a.day, b.day) for a, b in pairwise(rows) if (b.day - a.day).days > LONGEST_BREAK_DAYS]


def notes(
    rows: Sequence[NavRow],
    found: TotalReturns,
    holes: Sequence[Gap],
    *,
    today: date | None,
    lag_days: int,
    has_events: bool,
) -> tuple[DataNote, ...]:
    """Everything doubtful about cleaned rows and the returns made of them."""
    return (
        *_basis_notes(found),
        *_gap_notes(holes, found),
        *_jumps(rows, found),
        *_conflicts(found),
        *_scale(rows, found),
        *(() if has_events else _dividends(rows, found)),
        *_stale(rows, today, lag_days),
        *_unchanged(rows),
    )


def _basis_notes(found: TotalReturns) -> Iterator[DataNote]:
    """Growth is the rule; what stands in for it beside growth, or with a loss, is told."""
    accumulated, unit = found.basis["accumulated"], found.basis["unit"]
    if accumulated:
        text = f"有{accumulated}行缺少日增长率，按累计净值推算。"
        yield DataNote(kind="no_growth", level=NoteLevel.INFO, text=text, facts=_counted(accumulated, "{}行"))
    if unit:
        text = f"有{unit}行缺少日增长率，按单位净值推算，其间如有分红则收益被低估。"
        yield DataNote(kind="no_growth", level=NoteLevel.SERIOUS, text=text, facts=_counted(unit, "{}行"))
    if found.basis["events"]:
        text = "收益按单位净值与所列分红、拆分推算，未列出的分红不在其中。"
        yield DataNote(kind="events", level=NoteLevel.INFO, text=text)
    if found.basis["adjusted"]:
        yield DataNote(kind="adjusted", level=NoteLevel.INFO, text="收益按复权净值推算。")


def _gap_notes(holes: Sequence[Gap], found: TotalReturns) -> Iterator[DataNote]:
    for start, end in holes:
        unknown = "，其间收益未知，跨越该段的区间不作计算" if (start, end) in found.uncovered else ""
        text = f"{start}至{end}之间没有净值，该段未补齐{unknown}，跨越该段的收益与风险指标仅供参考。"
        if unknown:
            text = f"{start}至{end}之间没有净值，该段未补齐{unknown}。"
        days = BoundFact(name="净值中断天数", value=Decimal((end - start).days), unit="天", period=f"{start}至{end}")
        yield DataNote(kind="gap", level=NoteLevel.SERIOUS, text=text, facts=(days,))


def _jumps(rows: Sequence[NavRow], found: TotalReturns) -> Iterator[DataNote]:
    for row, value in zip(rows, found.values, strict=True):
        if abs(value) > JUMP:
            moved = Decimal(f"{value * 100:.2f}")
            text = f"{row.day}单日变动{moved}%，幅度异常，请核对原始净值。"
            fact = BoundFact(name="单日变动", value=moved, unit="%", period=str(row.day))
            yield DataNote(kind="jump", level=NoteLevel.WARNING, text=text, facts=(fact,))


def _conflicts(found: TotalReturns) -> Iterator[DataNote]:
    if found.conflicts:
        count, last = len(found.conflicts), found.conflicts[-1]
        text = f"有{count}个净值日的净值涨幅高于日增长率（最近为{last}），收益按日增长率计算，请核对原始净值。"
        yield DataNote(kind="conflict", level=NoteLevel.WARNING, text=text, facts=_counted(count, "{}个", last))


def _scale(rows: Sequence[NavRow], found: TotalReturns) -> Iterator[DataNote]:
    """After an unlisted split the accumulated NAV moves by a multiple of the unit NAV."""
    if not found.basis["accumulated"]:
        return
    moves = [
        (b.accumulated_nav - a.accumulated_nav) / (b.unit_nav - a.unit_nav)
        for a, b in pairwise(rows)
        if abs(b.unit_nav / a.unit_nav - 1.0) > ROUNDING and not isnan(b.accumulated_nav - a.accumulated_nav)
    ]
    if len(moves) >= _LEAST_SCALED and abs(median(moves) - 1.0) > SCALE:
        text = "累计净值与单位净值的变动不成同一比例，可能有未列出的拆分，按累计净值推算的收益不可靠，请补充拆分比例。"
        yield DataNote(kind="scale", level=NoteLevel.SERIOUS, text=text)


def _dividends(rows: Sequence[NavRow], found: TotalReturns) -> Iterator[DataNote]:
    """Days on which the unit NAV fell by more than the return says: a dividend or a split."""
    days = [
        row.day
        for before, row, value in zip(rows, rows[1:], found.values[1:], strict=False)
        if value - (row.unit_nav / before.unit_nav - 1.0) > ROUNDING
    ]
    if days:
        text = f"有{len(days)}个净值日发生分红或拆分（最近为{days[-1]}），收益按日增长率计算，已包含分红。"
        yield DataNote(kind="dividend", level=NoteLevel.INFO, text=text, facts=_counted(len(days), "{}个", days[-1]))


def _stale(rows: Sequence[NavRow], today: date | None, lag_days: int) -> Iterator[DataNote]:
    last = rows[-1].day
    if today is None:
        return
    due = calendar().back(today, lag_days) if lag_days > 1 else today
    if (due - last).days > STALE_AFTER_DAYS:
        behind = (today - last).days
        text = f"净值只更新至{last}，距报告日已有{behind}天。"
        yield DataNote(kind="stale", level=NoteLevel.WARNING, text=text, facts=_counted(behind, "{}天", last))
    if last > today:
        text = f"最后一个净值日{last}晚于报告日{today}，请核对日期。"
        ahead = _counted((last - today).days, "{}天", last)
        yield DataNote(kind="future", level=NoteLevel.SERIOUS, text=text, facts=ahead)


def _unchanged(rows: Sequence[NavRow]) -> Iterator[DataNote]:
    run = longest = 1
    for before, row in pairwise(rows):
        run = run + 1 if row.unit_nav == before.unit_nav else 1
        longest = max(longest, run)
    if longest > UNCHANGED_ROWS:
        text = f"单位净值曾连续{longest}个净值日没有变化，请核对是否停止估值。"
        yield DataNote(kind="unchanged", level=NoteLevel.WARNING, text=text, facts=_counted(longest, "{}个"))


def _counted(count: int, text: str, day: date | None = None) -> tuple[BoundFact, ...]:
    """The count with the unit that follows it in the text; `day`: that the text names, so that the gate knows it."""
    period = str(day) if day else None
    return (BoundFact(name="数据提示计数", value=Decimal(count), unit=text.split("{}")[1][0], period=period),)
