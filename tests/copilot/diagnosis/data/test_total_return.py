"""The same fund in every form of NAV gives the same total return, and holes stay holes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from copilot.diagnosis.data.nav import NavSeries, read_nav
from copilot.diagnosis.errors import DiagnosisError, NavFileError
from tests.copilot.diagnosis.conftest import weekdays

DAYS = weekdays(date(2024, 1, 1), date(2024, 6, 28))
TRUTH = np.concatenate(([0.0], np.random.default_rng(5).normal(0.0004, 0.01, len(DAYS) - 1)))
PAID = {30: 0.08, 77: 0.05}  # yuan a unit on these days
SPLIT = {50: 2.0}


def a_fund(*, split: bool) -> Iterator[dict[str, float | str]]:
    """A fund with two dividends (and a split), its true return known."""
    unit, accumulated, adjusted = 1.5, 1.5, 1.5
    for n, (day, earned) in enumerate(zip(DAYS, TRUTH, strict=True)):
        paid, ratio = PAID.get(n, 0.0), SPLIT.get(n, 1.0) if split else 1.0
        before = unit
        unit = ((before * (1 + earned) if n else before) - paid) / ratio
        accumulated += unit * ratio + paid - before if n else 0.0
        adjusted *= 1 + earned
        yield {
            "净值日期": str(day),
            "单位净值": unit,
            "累计净值": accumulated,
            "复权净值": adjusted,
            "日增长率": earned * 100,
            "每份分红": paid or "",
            "拆分比例": ratio if ratio != 1.0 else "",
        }


def written(path: Path, columns: str, *, split: bool = False) -> NavSeries:
    names = columns.split(",")
    lines = [",".join(str(row[name]) for name in names) for row in a_fund(split=split)]
    path.write_text("\n".join([columns, *lines]) + "\n", encoding="utf-8")
    return read_nav(path, "990001")


@pytest.mark.parametrize(
    ("columns", "split", "basis"),
    [
        ("净值日期,单位净值,日增长率", True, "growth"),
        ("净值日期,日增长率", True, "growth"),
        ("净值日期,复权净值", True, "adjusted"),
        ("净值日期,单位净值,每份分红,拆分比例", True, "events"),
        ("净值日期,单位净值,累计净值", False, "accumulated"),
    ],
)
def test_every_form_gives_the_total_return(tmp_path: Path, columns: str, split: bool, basis: str) -> None:
    nav = written(tmp_path / "990001.csv", columns, split=split)
    assert nav.returns.values[1:] == pytest.approx(TRUTH[1:], abs=1e-9)
    assert nav.basis[basis] >= len(DAYS) - 1


def test_unit_nav_alone_misses_the_dividends_and_says_so(tmp_path: Path) -> None:
    nav = written(tmp_path / "990001.csv", "净值日期,单位净值")
    assert nav.returns.values[30] < TRUTH[30] - 0.04
    assert [note.level.value for note in nav.notes if note.kind == "no_growth"] == ["serious"]


def test_payouts_are_the_declared_ones_or_are_worked_out(tmp_path: Path) -> None:
    declared = written(tmp_path / "a.csv", "净值日期,单位净值,每份分红,拆分比例").payouts
    implied = written(tmp_path / "b.csv", "净值日期,单位净值,日增长率").payouts
    assert [one.day for one in declared] == [one.day for one in implied] == [DAYS[30], DAYS[77]]
    assert [one.per_unit for one in implied] == pytest.approx([0.08, 0.05])
    assert [one.declared for one in (*declared, *implied)] == [True, True, False, False]


def test_parquet_is_read_like_csv(tmp_path: Path) -> None:
    arrow = pytest.importorskip("pyarrow", reason="needs tougu[parquet]")
    parquet = pytest.importorskip("pyarrow.parquet")
    rows = list(a_fund(split=False))
    columns = {
        "净值日期": [date.fromisoformat(str(row["净值日期"])) for row in rows],
        **{name: [row[name] for row in rows] for name in ("单位净值", "日增长率")},
    }
    parquet.write_table(arrow.table(columns), tmp_path / "990001.parquet")
    nav = read_nav(tmp_path / "990001.parquet", "990001")
    assert nav.returns.values == pytest.approx(TRUTH)


def test_a_parquet_file_without_its_reader_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    with pytest.raises(DiagnosisError, match=r"tougu\[parquet\]"):
        read_nav(tmp_path / "990001.parquet", "990001")


def file(tmp_path: Path, *rows: str, head: str = "净值日期,单位净值,日增长率") -> Path:
    path = tmp_path / "nav.csv"
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8")
    return path


def test_one_days_growth_does_not_pass_for_a_years(tmp_path: Path) -> None:
    nav = read_nav(file(tmp_path, "2023-01-03,1.0,0.0", "2024-01-03,1.5,0.3", "2024-01-04,1.5,0.0"), "990001")
    assert math.isnan(nav.returns.values[1])
    (note,) = [note for note in nav.notes if note.kind == "gap"]
    assert "其间收益未知" in note.text


def test_growth_that_covers_the_hole_is_kept(tmp_path: Path) -> None:
    nav = read_nav(file(tmp_path, "2023-01-03,1.0,0.0", "2024-01-03,1.5,50.0"), "990001")
    assert nav.returns.values[1] == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (("2024-01-02,1.0,0.0", "2024-01-03,1.1,0.1"), "conflict"),
        (("2024-01-02,1.0,0.0", "2024-01-02,1.2,0.0"), "clash"),
        (("2024-01-02,1.0,0.0", "2024-01-03,1.0,-100"), "bad_value"),
    ],
)
def test_more_faults_are_reported(tmp_path: Path, rows: tuple[str, ...], kind: str) -> None:
    assert kind in {note.kind for note in read_nav(file(tmp_path, *rows), "990001").notes}


def test_accumulated_nav_after_an_unlisted_split_is_doubted(tmp_path: Path) -> None:
    lines, unit, accumulated = [], 1.0, 1.0
    for n, day in enumerate(DAYS[:60]):
        change = 0.01 if n % 2 else -0.009
        unit, accumulated = unit + change, accumulated + 2 * change
        lines.append(f"{day},{unit:.4f},{accumulated:.4f}")
    nav = read_nav(file(tmp_path, *lines, head="净值日期,单位净值,累计净值"), "990001")
    assert "scale" in {note.kind for note in nav.notes}


def test_a_qdii_fund_may_be_two_days_later(tmp_path: Path) -> None:
    path = file(tmp_path, "2024-01-02,1.0,0.0", "2024-01-03,1.0,0.1")
    today = date(2024, 1, 19)
    assert "stale" in {note.kind for note in read_nav(path, "1", today=today, lag_days=1).notes}
    assert "stale" not in {note.kind for note in read_nav(path, "1", today=today, lag_days=2).notes}
    assert "future" in {note.kind for note in read_nav(path, "1", today=date(2024, 1, 2)).notes}


def test_currency_is_read_and_two_in_one_file_are_refused(tmp_path: Path) -> None:
    head = "净值日期,单位净值,日增长率,币种"
    assert read_nav(file(tmp_path, "2024-01-02,1,0,usd", head=head), "1").currency == "USD"
    assert read_nav(file(tmp_path, "2024-01-02,1,0,人民币", head=head), "1").currency == "CNY"
    with pytest.raises(NavFileError, match="CNY、USD"):
        read_nav(file(tmp_path, "2024-01-02,1,0,USD", "2024-01-03,1,0,CNY", head=head), "1")
