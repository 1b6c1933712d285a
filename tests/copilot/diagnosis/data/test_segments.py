"""Files of weights and returns by segment: what is read, what is refused, and which periods count together."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from copilot.diagnosis.data.provider import NavFolder
from copilot.diagnosis.data.segments import UNNAMED_BENCHMARK, chain_on, read_segments
from copilot.diagnosis.errors import NavFileError

HEAD = "开始日期,结束日期,分段,基金权重,基准权重,基金收益率,基准收益率,基准\n"
FIRST = "2026-01-05,2026-03-31,制造业,60,50,8,5,沪深300\n2026-01-05,2026-03-31,金融业,40,50,,1,沪深300\n"
NEXT = "2026-03-31,2026-09-30,制造业,100,40,2,3,沪深300\n2026-03-31,2026-09-30,金融业,0,60,,-1,沪深300\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "segments").mkdir()
    return tmp_path / "segments" / "990001.csv"


def test_periods_that_follow_each_other_are_a_chain(path: Path) -> None:
    path.write_text(HEAD + NEXT + FIRST.replace("40,50,,1", "40,50,2,1"), encoding="utf-8")
    periods = read_segments(path)
    assert [(one.start, one.end) for one in periods] == [
        (date(2026, 1, 5), date(2026, 3, 31)), (date(2026, 3, 31), date(2026, 9, 30)),
    ]  # fmt: skip
    assert periods[0].segments["制造业"].weight == pytest.approx(0.6)
    assert chain_on(periods, date(2026, 10, 1)) == periods
    assert chain_on(periods, date(2026, 9, 1)) == periods[:1]
    assert chain_on(periods, date(2026, 1, 5)) == ()


def test_a_gap_or_another_benchmark_ends_the_chain(path: Path) -> None:
    first = FIRST.replace("40,50,,1", "40,50,2,1")
    for other in (NEXT.replace("2026-03-31,", "2026-04-30,"), NEXT.replace(",沪深300", ",")):
        path.write_text(HEAD + first + other, encoding="utf-8")
        periods = read_segments(path)
        assert chain_on(periods, date(2026, 12, 31)) == periods[1:]
    assert periods[1].benchmark_name == UNNAMED_BENCHMARK


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (FIRST, "period from 2026-01-05: A segment has no return"),
        (FIRST.replace("40,50,,1", "30,50,2,1"), "weights sum to 0.9"),
        (FIRST.replace("制造业,60", "制造业,六十"), "line 2 is no segment"),
        (FIRST.replace("2026-03-31", "2026-01-05"), "line 2 is no segment"),
        (FIRST.replace("金融业", "制造业"), "line 3 tells a segment of its period again"),
        (
            FIRST.replace("40,50,,1", "40,50,2,1") + NEXT.replace("2026-03-31,", "2026-02-27,"),
            "overlap from 2026-02-27",
        ),
    ],
)
def test_a_file_that_would_blame_the_wrong_segment_is_refused(path: Path, rows: str, message: str) -> None:
    path.write_text(HEAD + rows, encoding="utf-8")
    with pytest.raises(NavFileError, match=message):
        read_segments(path)


def test_the_folder_has_them_by_code(path: Path) -> None:
    path.write_text(HEAD + NEXT, encoding="utf-8")
    folder = NavFolder(path.parent.parent, None, benchmark_name="")
    assert len(folder.segments("990001", date(2026, 12, 31))) == 1
    assert folder.segments("990002", date(2026, 12, 31)) == ()
