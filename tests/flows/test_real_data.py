"""The three ways on real recordings, reports and NAV, by the commands that a user types."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from tests.flows.conftest import LIMIT_S, Tougu

pytestmark = [pytest.mark.data, pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(LIMIT_S)]

QUESTION = "北信瑞丰健康生活主题2024年净值增长率和业绩比较基准各是多少"
AISHELL = "广州市房地产中介协会分析"
FUND = "110022"


@pytest.fixture(scope="module")
def data() -> Path:
    from tests.conftest import data_dir

    return data_dir()


class TestCallWay:
    def test_recordings_become_transcripts_and_a_second_run_does_nothing(
        self, tougu: Tougu, data: Path, tmp_path: Path
    ) -> None:
        first = tougu("transcribe", data / "speech", "--out", tmp_path, "--json")
        assert first.returncode == 0, first.stderr
        outcomes = json.loads(first.stdout)
        assert len(outcomes) == 7
        assert {outcome["state"] for outcome in outcomes} == {"done"}
        heard = spoken(tmp_path / "aishell-BAC009S0724W0121.json")
        assert difflib.SequenceMatcher(None, heard, AISHELL).ratio() > 0.7, heard
        written = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.json")}
        again = tougu("transcribe", data / "speech", "--out", tmp_path, "--json")
        assert json.loads(again.stdout) == outcomes
        assert {path: path.stat().st_mtime_ns for path in written} == written, "nothing was done twice"


def spoken(transcript: Path) -> str:
    turns = json.loads(transcript.read_text(encoding="utf-8"))["transcript"]["turns"]
    return "".join(turn["text"] for turn in turns)


class TestQuestionWay:
    @pytest.fixture(scope="class")
    def synced(self, tougu: Tougu, data: Path) -> Tougu:
        ran = tougu("kb", "sync", data / "fund_reports", "--json")
        assert ran.returncode == 0, ran.stderr
        rows = json.loads(ran.stdout)
        assert len(rows) == 18
        assert {row["outcome"] for row in rows} <= {"added", "duplicate"}
        return tougu

    @pytest.fixture(scope="class")
    def reply(self, synced: Tougu) -> dict[str, Any]:
        ran = synced("ask", QUESTION, "--json")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        answer: dict[str, Any] = json.loads(ran.stdout)
        return answer

    def test_the_right_figures_with_unit_and_period(self, reply: dict[str, Any]) -> None:
        assert "-20.27%" in reply["text"]
        assert "11.13%" in reply["text"]
        assert "2024年" in reply["text"]
        assert reply["cleared"] is True

    def test_each_figure_opens_at_its_place(self, synced: Tougu, reply: dict[str, Any]) -> None:
        quotes = [citation["quote"] for citation in reply["citations"]]
        assert any("20.27" in quote for quote in quotes), quotes
        assert any("11.13" in quote for quote in quotes), quotes
        for citation in reply["citations"]:
            assert citation["quote"] in _text(synced, citation), citation

    def test_a_second_sync_does_nothing(self, synced: Tougu, data: Path) -> None:
        rows = json.loads(synced("kb", "sync", data / "fund_reports", "--json").stdout)
        assert {row["outcome"] for row in rows} <= {"unchanged", "duplicate"}


class TestReportWay:
    def test_a_real_fund_becomes_a_pdf(self, tougu: Tougu, data: Path, tmp_path: Path) -> None:
        out = tmp_path / "report.pdf"
        ran = tougu(
            "diagnose", FUND, "--nav", data / "nav", "--benchmark", data / "index" / "000300.csv",
            "--benchmark-name", "沪深300", "--out", out,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        assert out.read_bytes().startswith(b"%PDF")
        document = pypdfium2.PdfDocument(out)
        assert len(document) > 1
        words = "".join(page.get_textpage().get_text_range() for page in document)
        document.close()
        assert FUND in words
        assert "沪深300" in words
        assert "%" in words
