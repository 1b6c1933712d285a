"""NAV and index files: what is used, and that nothing is mended silently."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest

from copilot.diagnosis.data.index import read_index
from copilot.diagnosis.data.nav import read_nav
from copilot.diagnosis.errors import NavFileError


def write(tmp_path: Path, *rows: str, head: str = "净值日期,单位净值,日增长率") -> Path:
    path = tmp_path / "nav.csv"
    path.write_text("\n".join((head, *rows)) + "\n", encoding="utf-8-sig")
    return path


def kinds(path: Path, **options: date) -> set[str]:
    return {note.kind for note in read_nav(path, "990001", **options).notes}


def test_a_dividend_does_not_lower_the_return(tmp_path: Path) -> None:
    nav = read_nav(write(tmp_path, "2024-01-02,5.5100,0.00", "2024-01-03,4.8700,-2.49"), "990001")
    assert nav.returns.values.tolist() == pytest.approx([0.0, -0.0249])
    assert {note.kind for note in nav.notes} == {"dividend"}


def test_accumulated_nav_stands_in_for_missing_growth(tmp_path: Path) -> None:
    head = "净值日期,单位净值,累计净值,日增长率"
    path = write(tmp_path, "2024-01-02,1.0000,1.5000,0.00", "2024-01-03,0.9500,1.5100,", head=head)
    nav = read_nav(path, "990001")
    assert nav.returns.values[1] == pytest.approx(0.01)
    assert "no_growth" in {note.kind for note in nav.notes}


def test_unit_nav_stands_in_last_and_is_called_serious(tmp_path: Path) -> None:
    nav = read_nav(write(tmp_path, "2024-01-02,1.0,0.0", "2024-01-03,1.01,"), "990001")
    assert nav.returns.values[1] == pytest.approx(0.01)
    assert [note.level.value for note in nav.notes if note.kind == "no_growth"] == ["serious"]


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (("2024-01-02,1.0,0.0", "2024-01-02,1.0,0.0", "2024-01-03,1.0,0.0"), "duplicate"),
        (("2024-01-02,1.0,0.0", "2024-01-03,-1.0,0.0"), "bad_value"),
        (("2024-01-02,1.0,0.0", "2024-01-03,abc,0.0"), "unreadable"),
        (("2024-01-03,1.0,0.0", "2024-01-02,1.0,0.0"), "order"),
        (("2024-01-02,1.0,0.0", "2024-03-01,1.0,0.0"), "gap"),
        (("2024-01-02,1.0,0.0", "2024-01-03,1.3,30.0"), "jump"),
        (tuple(f"2024-01-{day:02d},1.0,0.0" for day in range(1, 31)), "unchanged"),
    ],
)
def test_faults_are_reported(tmp_path: Path, rows: tuple[str, ...], kind: str) -> None:
    assert kinds(write(tmp_path, *rows)) == {kind}


def test_a_gap_is_not_filled(tmp_path: Path) -> None:
    nav = read_nav(write(tmp_path, "2024-01-02,1.0,0.0", "2025-01-02,1.1,0.5"), "990001")
    assert len(nav.returns) == 2
    assert nav.gap_days == 366


def test_an_old_last_row_is_stale(tmp_path: Path) -> None:
    path = write(tmp_path, "2024-01-02,1.0,0.0", "2024-01-03,1.01,1.0")
    assert kinds(path, today=date(2024, 3, 1)) == {"stale"}
    assert kinds(path, today=date(2024, 1, 5)) == set()


@pytest.mark.parametrize("text", ["", "净值日期,单位净值,日增长率\n", "日期,净值\n2024-01-02,1\n"])
def test_a_file_without_usable_rows_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "nav.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(NavFileError, match=r"nav\.csv"):
        read_nav(path, "990001")


def test_a_missing_or_binary_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NavFileError, match="cannot be read"):
        read_nav(tmp_path / "absent.csv", "990001")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x81")
    with pytest.raises(NavFileError, match="cannot be read"):
        read_nav(tmp_path / "binary.csv", "990001")


INDEX = """date,open,high,low,close
2015-01-01,1,2,1,2
2015-01-05,1,2,1,2
2015-01-06,2,3,2,3
"""


def test_a_repeated_row_on_a_holiday_is_dropped_and_noted(tmp_path: Path) -> None:
    path = tmp_path / "index.csv"
    path.write_text(INDEX, encoding="utf-8")
    index = read_index(path, "远山宽基300")
    assert index.dates.astype(str).tolist() == ["2015-01-05", "2015-01-06"]
    assert [note.kind for note in index.notes] == ["false_row"]
    assert index.returns().values.tolist() == pytest.approx([0.5])


def test_a_repeated_row_on_a_trading_day_stays(tmp_path: Path) -> None:
    path = tmp_path / "index.csv"
    path.write_text(INDEX.replace("2015-01-01", "2014-12-31"), encoding="utf-8")
    assert len(read_index(path, "远山宽基300").dates) == 3


def test_returns_on_another_calendar_use_the_last_close(tmp_path: Path) -> None:
    path = tmp_path / "index.csv"
    path.write_text("date,close\n2024-01-02,100\n2024-01-03,110\n2024-01-05,121\n", encoding="utf-8")
    dates = np.array(["2024-01-01", "2024-01-02", "2024-01-04", "2024-01-05", "2024-01-09"], dtype="datetime64[D]")
    values = read_index(path, "远山宽基300").returns_on(dates).values
    assert values[2:4].tolist() == pytest.approx([0.1, 0.1])
    assert np.isnan(values[[0, 1, 4]]).all()
