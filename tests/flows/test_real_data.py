"""The three ways on real recordings, reports and NAV, by the commands that a user types."""

from __future__ import annotations

import difflib
import json
import shutil
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from tests.conftest import data_dir
from tests.flows.conftest import LIMIT_S, Installation

pytestmark = [pytest.mark.data, pytest.mark.slow, pytest.mark.timeout(LIMIT_S)]

QUESTION = "北信瑞丰健康生活主题2024年净值增长率和业绩比较基准各是多少"
AISHELL = "广州市房地产中介协会分析"
FUND = "000020"
REPORTS = ("001056_REPORT_1752622427.html", "900018_REPORT_1752622380.html")  # the one asked for, and another


@pytest.mark.weights
def test_recordings_become_transcripts_and_a_second_run_does_nothing(
    tmp_path: Path, weights_cache: Path, real_data: Path
) -> None:
    tougu = Installation(tmp_path / "home", TOUGU_MODELS__CACHE_DIR=str(weights_cache))
    command = ("transcribe", real_data / "speech", "--out", tmp_path / "out", "--json")
    first = tougu(*command)
    assert first.returncode == 0, first.stderr
    outcomes = json.loads(first.stdout)
    assert len(outcomes) == 7
    assert {outcome["state"] for outcome in outcomes} == {"done"}
    heard = _spoken(tmp_path / "out" / "aishell-BAC009S0724W0121.json")
    assert difflib.SequenceMatcher(None, heard, AISHELL).ratio() > 0.7, heard
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").glob("*.txt")}
    assert len(written) == 7
    assert json.loads(tougu(*command).stdout) == outcomes
    assert {path: path.stat().st_mtime_ns for path in written} == written, "a recording was done twice"


def _spoken(transcript: Path) -> str:
    turns = json.loads(transcript.read_text(encoding="utf-8"))["turns"]
    return "".join(turn["text"] for turn in turns).rstrip("。")


class TestQuestions:
    """All 18 reports without weights and the rules that need them, and two as it ships: both answer alike."""

    @pytest.fixture(
        scope="class",
        params=[
            pytest.param({"TOUGU_MODELS__ENCODER_KIND": "hash", "TOUGU_COMPLIANCE__PROFILE": "rules"}, id="all"),
            pytest.param({}, id="two", marks=pytest.mark.weights),
        ],
    )
    def synced(
        self, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, weights_cache: Path
    ) -> tuple[Installation, Path]:
        home, folder = tmp_path_factory.mktemp("home"), data_dir() / "fund_reports"
        if not request.param:
            folder = tmp_path_factory.mktemp("two")
            for name in REPORTS:
                shutil.copyfile(data_dir() / "fund_reports" / name, folder / name)
        tougu = Installation(home, TOUGU_MODELS__CACHE_DIR=str(weights_cache), **request.param)
        ran = tougu("kb", "sync", folder, "--json")
        assert ran.returncode == 0, ran.stderr
        assert [row["outcome"] for row in json.loads(ran.stdout)] == ["added"] * len(list(folder.iterdir()))
        return tougu, folder

    @pytest.fixture(scope="class")
    def reply(self, synced: tuple[Installation, Path]) -> dict[str, Any]:
        ran = synced[0]("ask", QUESTION, "--json")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        answer: dict[str, Any] = json.loads(ran.stdout)
        return answer

    def test_the_right_figures_with_unit_and_period(self, reply: dict[str, Any]) -> None:
        assert reply["cleared"] is True
        assert "2024年净值增长率为-20.27%" in reply["text"]
        assert "业绩比较基准收益率为11.13%" in reply["text"]

    def test_each_citation_opens_at_its_quote(self, synced: tuple[Installation, Path], reply: dict[str, Any]) -> None:
        quotes = " ".join(citation["quote"] for citation in reply["citations"])
        assert "20.27%" in quotes
        assert "11.13%" in quotes
        for citation in reply["citations"]:
            text = synced[0].text(citation["version_id"])
            assert text[citation["start"] : citation["end"]] == citation["quote"]

    def test_a_second_sync_does_nothing(self, synced: tuple[Installation, Path]) -> None:
        tougu, folder = synced
        rows = json.loads(tougu("kb", "sync", folder, "--json").stdout)
        assert {row["outcome"] for row in rows} == {"unchanged"}


def test_a_real_fund_becomes_a_pdf(tmp_path: Path, real_data: Path) -> None:
    out = tmp_path / "report.pdf"
    ran = Installation(tmp_path / "home")(
        "diagnose", FUND, "--nav", real_data / "nav", "--benchmark", real_data / "index" / "000300.csv",
        "--benchmark-name", "沪深300", "--out", out,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert out.read_bytes().startswith(b"%PDF")
    document = pypdfium2.PdfDocument(out)
    assert len(document) > 1
    words = "".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    assert FUND in words
    assert "沪深300" in words.replace(" ", "")  # the page sets a space between the scripts
