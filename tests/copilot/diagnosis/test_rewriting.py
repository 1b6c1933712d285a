"""A chat model words the prose: what stands the checks is printed, what does not leaves the composed line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from compliance_filters.filters import standard_filters
from compliance_filters.finding import Draft, Finding, ReviewContext
from compliance_filters.rules.shelf import builtin_pack
from copilot.diagnosis.analysis import FundInput
from copilot.diagnosis.data.index import IndexSeries
from copilot.diagnosis.diagnose import diagnose_fund, name_facts
from copilot.diagnosis.report import DiagnosisReport
from copilot.diagnosis.rewriting import Bound, ProseRewriter, fault
from copilot.loop.saved import packed, unpacked
from prompts.chat import ChatModel, Message, PseudonymisingChat, Reply
from prompts.errors import ChatUnavailableError
from prompts.library import PromptLibrary
from prompts.openai_chat import OpenAIChat
from prompts.scripted_chat import ScriptedChat
from prompts.settings import ChatSettings
from tests.copilot.diagnosis.test_diagnose import TODAY
from tests.prompts.chat_server import ChatServer

FILTERS = standard_filters(builtin_pack())
BOUND = Bound(
    line="[f1]收益率[f2]，同期基准[f3]，跑赢[f4]。",
    held={"[f1]": "近3年", "[f2]": "19.04%", "[f3]": "16.14%", "[f4]": "2.90个百分点"},
)


def asked_lines(messages: Sequence[Message]) -> list[str]:
    """The lines with placeholders in a prompt."""
    found = re.search(r"原文：\n(.*?)\n\n对照：", messages[-1].content, re.DOTALL)
    assert found
    return found[1].splitlines()


class Rewording:
    """A chat model that changes each line as it is told."""

    name = "rewording"

    def __init__(self, change: Callable[[str], str]) -> None:
        self.asked: list[Sequence[Message]] = []
        self._change = change

    def complete(self, messages: Sequence[Message], **options: Any) -> Reply:
        self.asked.append(messages)
        return Reply(text="\n".join(map(self._change, asked_lines(messages))), model=self.name)

    def stream(self, messages: Sequence[Message], *, max_tokens: int = 800) -> Iterator[str]:
        yield self.complete(messages).text


def judged(draft: Draft, context: ReviewContext) -> tuple[list[Finding], list[str]]:
    return [found for one in FILTERS for found in one.find(draft, context)], []


def reworded(report: DiagnosisReport, model: ChatModel) -> DiagnosisReport:
    facts = (*report.facts, *name_facts(report.subject))
    context = ReviewContext(today=TODAY, facts=facts, channel="export", check_numbers=True)
    return ProseRewriter(model, PromptLibrary(), judged).reword(report, context)


@pytest.fixture
def report(make_fund: Callable[..., FundInput], index: IndexSeries) -> DiagnosisReport:
    return diagnose_fund(make_fund(), index, today=TODAY)


def test_every_number_comes_back_in_its_place(report: DiagnosisReport) -> None:
    model = Rewording(lambda line: line.replace("最大回撤", "最大回撤为", 1))
    found = reworded(report, model)
    changed = [line for line in found.summary if "最大回撤为" in line]
    assert changed
    assert [line.replace("最大回撤为", "最大回撤", 1) for line in found.summary] == list(report.summary)
    assert found.rewriting
    assert found.rewriting.by == "rewording"
    assert found.rewriting.refused == ()


def test_the_model_is_shown_placeholders_and_no_number(report: DiagnosisReport) -> None:
    model = Rewording(lambda line: line)
    reworded(report, model)
    for line in asked_lines(model.asked[0]):
        assert not re.search(r"\d", re.sub(r"\[f\d+\]", "", line)), line


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        ("[f1]收益率[f2]，同期基准[f3]，跑赢。", "占位符"),  # lost
        ("[f1]收益率[f2]，同期基准[f3]，跑赢[f4]，即[f4]。", "占位符"),  # doubled
        ("[f1]收益率[f2]，同期基准[f3]，跑赢[f5]。", "占位符"),  # invented
        ("[f1]收益率[f3]，同期基准[f2]，跑赢[f4]。", "次序"),  # swapped
        ("[f1]收益率[f2]，同期基准[f3]，跑赢[f4]，约三个百分点。", "新的数字"),
        ("[f1]收益率[f2]，同期基准[f3]，跑赢[f4]，年化6%。", "新的数字"),
        ("[f1]收益率[f2]，同期基准[f3]，落后[f4]。", "方向"),
        ("[f1]亏损[f2]，同期基准[f3]，跑赢[f4]。", "方向"),  # against the sign of the number itself
        ("[f1]收益率[f2]，同期基准[f3]，相差[f4]。", "方向"),  # the direction is lost
        ("[f1]收益率[f2]，同期基准[f3]，没有跑赢[f4]。", "方向"),
        ("[f1]收益率[f2]，同期基准[f3]，跑赢[f4]。" + "这是一段很长的话" * 10, "过长"),
    ],
)
def test_a_line_that_fails_a_check_stays_as_composed(reply: str, why: str) -> None:
    assert why in (fault(BOUND, reply) or "")


@pytest.mark.parametrize("reply", ["[f1]的收益率为[f2]；同期基准为[f3]，领先[f4]。", BOUND.line])
def test_other_words_of_the_same_direction_stand(reply: str) -> None:
    assert fault(BOUND, reply) is None
    assert "19.04%" in BOUND.restored(reply)


def test_a_line_that_the_gate_would_not_pass_stays_as_composed_and_the_others_do_not(report: DiagnosisReport) -> None:
    def change(line: str) -> str:
        return line + "本产品保本。" if line.startswith("下一步") else line.replace("最大回撤", "最大回撤为", 1)

    found = reworded(report, Rewording(change))
    assert found.rewriting
    assert [line.why for line in found.rewriting.refused] == ["合规检查未通过"]
    assert found.summary[-1] == report.summary[-1]
    assert found.summary != report.summary


@pytest.mark.parametrize("replies", [[ChatUnavailableError("down")], ["只有一行"]])
def test_without_a_usable_reply_the_report_is_as_composed_and_says_so(
    report: DiagnosisReport, replies: list[str | Exception]
) -> None:
    found = reworded(report, ScriptedChat(replies))
    assert found.text() == report.text()
    assert found.rewriting
    assert len(found.rewriting.refused) == len(report.summary)
    assert found.rewriting.by == "template"


def test_the_record_is_kept_with_the_report(report: DiagnosisReport) -> None:
    found = reworded(report, Rewording(lambda line: line))
    assert unpacked(packed(found)).rewriting == found.rewriting


def test_a_server_that_invents_numbers_changes_nothing(report: DiagnosisReport) -> None:
    class NoNames:
        def hide(self, text: str) -> tuple[str, dict[str, str]]:
            return text, {}

        def restore(self, text: str, tokens: dict[str, str]) -> str:
            return text

    with ChatServer() as server:
        server.reply = "\n".join("该基金近三年收益率高达88.88%，远超基准。" for _ in report.summary)
        settings = ChatSettings.model_validate({"base_url": server.base_url, "model": "tiny", "max_retries": 0})
        found = reworded(report, PseudonymisingChat(OpenAIChat(settings), NoNames()))
        assert len(server.requests) == 1
    assert found.text() == report.text()
    assert found.rewriting
    assert len(found.rewriting.refused) == len(report.summary)


def test_only_the_leads_of_the_first_pages_are_asked_for(report: DiagnosisReport) -> None:
    page = replace(_page(), lead=("近1年收益率3.00%。",))
    pages = tuple(replace(page, code=f"99{n:04d}") for n in range(8))
    model = Rewording(lambda line: line)
    reworded(replace(report, pages=pages), model)
    assert len(model.asked) == 1 + 5


def _page():  # type: ignore[no-untyped-def]
    from copilot.diagnosis.parts import FundPage

    return FundPage(
        code="", name="示例基金", profile="", lead=(), figures=(), observations=(), charts=(), unjudged=(),
        benchmark_name=None,
    )  # fmt: skip
