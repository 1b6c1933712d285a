"""The report way: what the gate cleared becomes a file, what it held does not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine

from compliance_filters.finding import Draft, Outcome, ReviewContext, Target, Verdict
from compliance_filters.gate import Gate
from copilot.diagnosis.data.provider import NavFolder
from copilot.diagnosis.errors import DiagnosisError
from copilot.diagnosis.rewriting import ProseRewriter
from copilot.reports import ReportDesk
from knowledge_base.access import Principal
from knowledge_base.clients import Clients
from knowledge_base.products import Products
from prompts.library import PromptLibrary
from tests.copilot.diagnosis.conftest import LAST, drawn_returns, weekdays
from tests.copilot.diagnosis.test_rewriting import Rewording
from tests.copilot.firm import ADVISOR, FUND, OTHER, TODAY, Facts, make_firm


def write_series(folder: Path) -> NavFolder:
    """Five years of NAV of one fund and of an index."""
    days = weekdays(LAST.replace(year=2021), LAST)
    growth = drawn_returns(len(days), 7)
    nav = "".join(
        f"{day},{value:.4f},{rate * 100:.2f}\n"
        for day, value, rate in zip(days, np.cumprod(1 + growth), growth, strict=True)
    )
    (folder / f"{FUND}.csv").write_text("净值日期,单位净值,日增长率\n" + nav, encoding="utf-8")
    levels = 3000 * np.cumprod(1 + drawn_returns(len(days), 99))
    index = "".join(f"{day},{level:.2f}\n" for day, level in zip(days, levels, strict=True))
    (folder / "benchmark.csv").write_text("date,close\n" + index, encoding="utf-8")
    return NavFolder(folder, folder / "benchmark.csv", benchmark_name="远山宽基300")


class Watched:
    """The real gate, remembering what it judged; with `outcome` every verdict is that one."""

    def __init__(self, gate: Gate, outcome: Outcome | None = None) -> None:
        self._gate, self._outcome = gate, outcome
        self.seen: list[tuple[Draft, ReviewContext]] = []

    def review(self, draft: Draft, context: ReviewContext, *, principal: Principal) -> Verdict:
        self.seen.append((draft, context))
        verdict = self._gate.review(draft, context, principal=principal)
        return replace(verdict, outcome=self._outcome, cleared=None) if self._outcome else verdict


@pytest.fixture
def gate(real_gate: Gate) -> Watched:
    return Watched(real_gate)


@pytest.fixture
def desk(engine: Engine, tmp_path: Path, gate: Watched) -> ReportDesk:
    make_firm(engine, tmp_path)
    return desk_of(engine, tmp_path, gate)


def desk_of(engine: Engine, folder: Path, gate: Watched) -> ReportDesk:
    return ReportDesk(
        gate=gate, clients=Clients(engine), products=Products(engine), facts=Facts(), navs=write_series(folder)
    )


@pytest.mark.parametrize("kind", ["html", "pdf", "docx"])
def test_a_cleared_report_becomes_a_file(desk: ReportDesk, gate: Watched, tmp_path: Path, kind: str) -> None:
    judged = desk.fund(FUND, principal=ADVISOR, today=TODAY)
    assert judged.verdict.cleared, judged.verdict
    written = judged.write(tmp_path / "out" / f"r.{kind}")
    assert written.stat().st_size > 1000
    ((draft, context),) = gate.seen
    assert (draft.target, draft.by, context.channel) == (Target.REPORT, "template", "export")
    assert set(judged.report.facts) <= set(context.facts)
    assert [product.code for product in context.products] == [FUND]


@pytest.mark.parametrize("outcome", [Outcome.RETURN, Outcome.REVIEW, Outcome.BLOCK])
def test_a_held_report_is_never_written(engine: Engine, tmp_path: Path, real_gate: Gate, outcome: Outcome) -> None:
    make_firm(engine, tmp_path)
    judged = desk_of(engine, tmp_path, Watched(real_gate, outcome)).fund(FUND, principal=ADVISOR, today=TODAY)
    with pytest.raises(DiagnosisError, match=f"not cleared .{outcome.word}.*nothing was written"):
        judged.write(tmp_path / "r.pdf")
    assert not (tmp_path / "r.pdf").exists()


def test_a_number_that_code_did_not_compute_holds_the_report(desk: ReportDesk, gate: Watched, tmp_path: Path) -> None:
    judged = desk.fund(FUND, principal=ADVISOR, today=TODAY)
    tampered = replace(judged.report, summary=(*judged.report.summary, "该基金近一年收益为987.65%。"))
    draft = Draft(text=tampered.text(), target=Target.REPORT, by="template")
    verdict = gate.review(draft, gate.seen[0][1], principal=ADVISOR)
    assert verdict.cleared is None
    with pytest.raises(DiagnosisError):
        replace(judged, report=tampered).write(tmp_path / "r.html")
    assert not (tmp_path / "r.html").exists()


def test_a_clients_report(desk: ReportDesk, gate: Watched, tmp_path: Path) -> None:
    judged = desk.client("C1", principal=ADVISOR, today=TODAY)
    assert judged.verdict.cleared, judged.verdict
    assert judged.write(tmp_path / "r.html").is_file()
    assert gate.seen[0][1].client_id == "C1"


@pytest.mark.parametrize(("client", "principal"), [("C1", OTHER), ("C9", ADVISOR)])
def test_a_client_who_is_hidden_looks_like_none(
    desk: ReportDesk, gate: Watched, client: str, principal: Principal
) -> None:
    with pytest.raises(DiagnosisError, match=f"no client {client} that you may see"):
        desk.client(client, principal=principal, today=TODAY)
    assert gate.seen == []


@pytest.mark.parametrize("code", ["990099", "../benchmark", "benchmark/../990001", ""])
def test_nav_lies_in_its_folder_or_nowhere(desk: ReportDesk, code: str) -> None:
    with pytest.raises(DiagnosisError, match="no NAV file"):
        desk.fund(code, principal=ADVISOR, today=TODAY)


def test_no_benchmark_is_no_error(desk: ReportDesk, tmp_path: Path) -> None:
    alone = NavFolder(tmp_path, None, benchmark_name="")
    assert desk.fund(FUND, principal=ADVISOR, today=TODAY, navs=alone).verdict.cleared


def test_holdings_without_any_nav_are_told(desk: ReportDesk, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DiagnosisError, match="None of the 1 products that C1 holds has NAV"):
        desk.client("C1", principal=ADVISOR, today=TODAY, navs=NavFolder(empty, None, benchmark_name=""))


@pytest.mark.parametrize("part", ["positions", "segments"])
def test_a_faulty_file_beside_the_nav_costs_only_itself(desk: ReportDesk, tmp_path: Path, part: str) -> None:
    (tmp_path / part).mkdir()
    heads = "报告期,类别,名称,占净值比例,开始日期,结束日期,分段,基金权重,基准权重,基金收益率,基准收益率\n"
    (tmp_path / part / f"{FUND}.csv").write_text(heads + "昨天,,,,,,,,,,\n", encoding="utf-8")
    for judged in (
        desk.fund(FUND, principal=ADVISOR, today=TODAY), desk.client("C1", principal=ADVISOR, today=TODAY),
    ):  # fmt: skip
        assert judged.verdict.cleared
        assert "文件有误，未采用" in judged.report.text()
        assert judged.report.measures is not None
        assert FUND in judged.report.measures.funds


def test_a_reworded_report_is_judged_as_its_models_work(engine: Engine, tmp_path: Path, gate: Watched) -> None:
    make_firm(engine, tmp_path)
    rewriter = ProseRewriter(Rewording(lambda line: line), PromptLibrary(), lambda draft, context: ((), ()))
    desk = ReportDesk(
        gate=gate, clients=Clients(engine), products=Products(engine), facts=Facts(), navs=write_series(tmp_path),
        rewriter=rewriter,
    )  # fmt: skip
    judged = desk.fund(FUND, principal=ADVISOR, today=TODAY)
    assert judged.verdict.cleared
    assert judged.report.rewriting is not None
    assert [draft.by for draft, _ in gate.seen] == ["rewording"]
