"""A kept report comes back as it was; its prose can be written in other words, and nothing else."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from compliance_filters.finding import BoundFact
from copilot.diagnosis.charts import BarChart, Bars, Line, LineChart
from copilot.diagnosis.findings import Observation, Severity
from copilot.diagnosis.report import Adviser, DiagnosisReport, HoldingRow, SourceNote
from copilot.loop.errors import ReportStateError, SavedReportError
from copilot.loop.passages import edited, fitted, paragraphs
from copilot.loop.reading import split
from copilot.loop.saved import packed, unpacked

DAYS = (date(2026, 1, 5), date(2026, 1, 6))


def a_report() -> DiagnosisReport:
    holding = HoldingRow(
        code="990001", name="云岭", amount_cny=Decimal("1200.50"), weight=Decimal("70.9"), risk_level=None,
        year_return=None, year_benchmark=None, max_drawdown=Decimal("-1.00"),
    )  # fmt: skip
    seen = Observation(
        rule="concentration",
        severity=Severity.WARNING,
        title="过度集中",
        words="云岭占持仓70.9%。",
        evidence=(),
        facts=(),
    )
    charts = (
        LineChart(title="走势", alt="涨", unit="%", dates=DAYS, lines=(Line(name="云岭", values=(1.0, float("inf"))),)),
        BarChart(title="占比", alt="多", unit="%", labels=("云岭",), bars=(Bars(name="占比", values=(None,)),)),
    )
    return DiagnosisReport(
        title="客户持仓诊断报告", subject="甲", codes=("990001",), as_of=DAYS[1], made_on=DAYS[1],
        summary=("您共持有1只产品。", "云岭占持仓70.9%。"), figures=(), holdings=(holding,), observations=(seen,),
        charts=charts, conventions=("按日计算。",), sources=(SourceNote(title="净值", as_of=None),), notes=(),
        facts=(BoundFact(name="占比", value=Decimal("70.9"), unit="%"),), adviser=Adviser(name="乙", licence="S1"),
    )  # fmt: skip


class TestKeeping:
    def test_a_report_comes_back_whole(self) -> None:
        assert unpacked(packed(a_report())) == a_report()

    @pytest.mark.parametrize(
        "held",
        [
            {"$": "os:system"},
            {"$": "builtins:eval"},
            {"$": "copilot.diagnosis.render:render"},
            {"$": "copilot.diagnosis.report:SourceNote", "title": "x", "as_of": None},
            {"$": "copilot.diagnosis.report:DiagnosisReport", "unknown": 1},
            {"$": "copilot.diagnosis.gone:Away"},
            [],
        ],
    )
    def test_nothing_but_a_report_comes_back(self, held: object) -> None:
        text = base64.b64encode(zlib.compress(json.dumps(held).encode())).decode()
        with pytest.raises(SavedReportError, match="order the diagnosis again"):
            unpacked(text)

    @pytest.mark.parametrize("text", ["", "x", "eJw="])
    def test_noise_is_refused(self, text: str) -> None:
        with pytest.raises(SavedReportError):
            unpacked(text)


class TestEditing:
    def line(self, words: str) -> int:
        return next(each.n for each in paragraphs(a_report()) if words in each.text)

    def test_prose_may_be_edited_and_nothing_else(self) -> None:
        free = [each.text for each in paragraphs(a_report()) if each.editable]
        assert free == ["您共持有1只产品。", "云岭占持仓70.9%。", "过度集中（关注）：云岭占持仓70.9%。"]

    def test_one_line_changes_and_every_rendering_with_it(self) -> None:
        n = self.line("您共持有")
        changed = edited(a_report(), {n: "您目前持有1只产品。"})
        assert changed.summary == ("您目前持有1只产品。", "云岭占持仓70.9%。")
        assert changed.text().split("\n")[n] == "您目前持有1只产品。"
        assert replace(changed, summary=a_report().summary) == a_report()

    def test_a_line_that_stands_twice_is_changed_once(self) -> None:
        both = [each for each in paragraphs(a_report()) if each.editable and "70.9%" in each.text]
        changed = edited(a_report(), {both[1].n: "过度集中（关注）：云岭占比偏高。"})
        assert changed.summary[1] == "云岭占持仓70.9%。"
        assert changed.observations[0].words == "云岭占比偏高。"

    @pytest.mark.parametrize("words", ["云岭占比偏高。", "过度集中（关注）：", "过度集中（提示）：云岭占比偏高。"])
    def test_the_weight_of_a_finding_cannot_be_edited(self, words: str) -> None:
        with pytest.raises(ReportStateError, match="须以"):
            edited(a_report(), {self.line("过度集中"): words})

    def test_a_text_is_fitted_where_only_prose_differs(self) -> None:
        text = a_report().text()
        other = fitted(a_report(), text.replace("您共持有", "您目前持有"))
        assert other is not None
        assert other.summary[0] == "您目前持有1只产品。"
        assert fitted(a_report(), text.replace("投资需谨慎", "可以放心")) is None
        assert fitted(a_report(), text + "\n多一行") is None
        assert fitted(a_report(), text) == a_report()


class TestSections:
    TEXT = (
        "标题\n主体。\n【摘要】\n一。\n【调整建议】\n先说明。\n【云岭（990001）】\n建议维持不变。\n【方案对比】\n甲。\n"
        "【听松（990002）】\n建议转换。\n【账户概况】\n【持仓明细】\n乙。\n【云岭（990001）】\n丙。\n【主要指标】\n丁。\n"
        "【听松（990002）】\n戊。\n【主要指标】\n己。"
    )

    def test_chapters_are_no_sections_and_headings_are_told_apart(self) -> None:
        title, subject, sections = split(self.TEXT)
        assert (title, subject) == ("标题", "主体。")
        assert [each.title for each in sections] == [
            "摘要", "调整建议", "云岭（990001）", "方案对比", "听松（990002）", "持仓明细", "云岭（990001）",
            "云岭（990001） 主要指标", "听松（990002）", "听松（990002） 主要指标",
        ]  # fmt: skip
        assert [each.n for each in sections] == list(range(10))

    def test_only_suggestions_can_be_taken_up(self) -> None:
        assert [each.lines for each in split(self.TEXT)[2] if each.suggests] == [("建议维持不变。",), ("建议转换。",)]
