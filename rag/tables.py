"""The figures of a comparison, a difference or a sum side by side: one small table, every cell cited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from knowledge_base.metrics import metrics as all_metrics
from rag.cite import Citations, Place
from rag.compute import Computed, figure
from rag.from_facts import Stated
from rag.passage import FigureCell, FigureTable
from rag.wording import WINDOWS, period_words

_MOST_ROWS = 8
_MOST_COLUMNS = 4

Name = Callable[[Stated], str]


@dataclass(frozen=True, kw_only=True)
class _Axis:
    """One thing in which values may differ, and how it is written."""

    title: str
    name: Name


def _product(one: Stated) -> str:
    return one.fact.entity


def _period(one: Stated) -> str:
    """A trailing window ends with the report that tells it."""
    fact = one.fact
    words = period_words(fact.period)
    report = one.places[0].chunk.period
    if ".." in (fact.period or "") and report:
        return f"{words}（截至{period_words(report)}末）"
    window = WINDOWS.get(fact.window or "")
    return f"{window}（截至{words}末）" if window and words else words


def _metric(one: Stated) -> str:
    return all_metrics()[one.fact.attribute].label


_ROWS = (
    _Axis(title="产品", name=_product),
    _Axis(title="期间", name=_period),
    _Axis(title="指标", name=_metric),
)


def tabled(stated: Sequence[Stated], worked: Computed | None, citations: Citations) -> FigureTable | None:
    """The values as a table, with what was computed of them as its last row.

    None where there is nothing to compare, where it would be no small table, or where a cell would
    hold two values.
    """
    values = [one for one in stated if one.fact.value is not None]
    rows = next((axis for axis in _ROWS if len({axis.name(one) for one in values}) > 1), None)
    if rows is None:
        return None
    columns = _columns(values, rows)
    cells = _cells(values, rows.name, columns)
    names = list(dict.fromkeys(columns(one) for one in values))
    labels = list(dict.fromkeys(rows.name(one) for one in values))
    if cells is None or len(labels) > _MOST_ROWS or len(names) > _MOST_COLUMNS:
        return None
    body = [
        (FigureCell(text=label), *(_cell(cells.get((label, name)), citations) for name in names)) for label in labels
    ]
    return FigureTable(
        header=(rows.title, *names),
        rows=tuple(body),
        result=_result(worked, citations) if worked is not None else None,
    )


def _columns(values: Sequence[Stated], rows: _Axis) -> Name:
    """What the rows do not tell apart, joined: metric always, period and product where they differ or are known."""
    others = [axis.name for axis in _ROWS if axis is not rows and axis.name is not _product]
    if rows.name is _metric:
        others = [_period]
    return lambda one: " ".join(dict.fromkeys(filter(None, (name(one) for name in reversed(others))))) or "数值"


def _cells(values: Sequence[Stated], row: Name, column: Name) -> dict[tuple[str, str], Stated] | None:
    """Values by row and column; None where two different ones meet in a cell."""
    cells: dict[tuple[str, str], Stated] = {}
    for one in values:
        held = cells.setdefault((row(one), column(one)), one)
        if figure(held) != figure(one):
            return None
    return cells


def _cell(one: Stated | None, citations: Citations) -> FigureCell:
    if one is None:
        return FigureCell(text="—")
    return FigureCell(text=figure(one).strip("()"), citations=_numbers(one.places[:1], citations))


def _result(worked: Computed, citations: Citations) -> tuple[FigureCell, FigureCell]:
    places = [one.places[0] for one in worked.values]
    return (
        FigureCell(text=worked.title),
        FigureCell(text=f"{worked.result}（{worked.shown}）", citations=_numbers(places, citations)),
    )


def _numbers(places: Sequence[Place], citations: Citations) -> tuple[int, ...]:
    return tuple(dict.fromkeys(citations.number(place) for place in places))
