"""Cases of prompts: replies are accepted or refused by name, and an own prompt that fails one is not used."""

from __future__ import annotations

from pathlib import Path

import pytest

from prompts.cases import asked
from prompts.checks import CHECKS, faults
from prompts.library import PromptLibrary
from prompts.scripted_chat import ScriptedChat

GIVEN = {"passages": "[1] 管理费率为每年0.60%。", "lines": "[f1]收益率[f2]。"}
SCHEMA = {"type": "object", "required": ["wants"], "properties": {"wants": {"type": "boolean"}}}


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        ("cites", "费率为每年0.60%。[1]另见说明[1]。", "费率为每年0.60%。[1]另见说明。"),
        ("cites", "【费率】\n- 每年0.60%[1]", "费率为每年0.60%[2]。"),
        ("numbers", "费率是百分之零点六[1]。", "费率是0.85%[1]。"),
        ("placeholders", "在[f1]里收益率为[f2]", "收益率[f2]，在[f1]里"),
        ("placeholders", "在[f1]里收益率为[f2]", "在[f1]里收益率为[f2]，高三成"),
        ("same_lines", "一行", "一行\n两行"),
        ("one_line", "\n只有一行\n", "一行\n两行"),
        ("chinese", "按ETF的费率", "The fee of this fund is low 低"),
    ],
)
def test_a_check_tells_good_from_bad(check: str, good: str, bad: str) -> None:
    assert CHECKS[check](good, GIVEN) is None
    assert CHECKS[check](bad, GIVEN)


def test_a_schema_is_a_check() -> None:
    assert faults('{"wants": true}', {}, (), SCHEMA) == {}
    assert list(faults("有意向", {}, (), SCHEMA)) == ["schema"]


def test_every_shipped_template_says_what_is_accepted_and_what_is_refused() -> None:
    for template in PromptLibrary().list():
        replies = [reply for case in template.front.tests for reply in case.replies]
        assert any(not reply.breaks for reply in replies), template.name
        assert any(reply.breaks for reply in replies), template.name


class TestOwnTemplate:
    @pytest.mark.parametrize(
        ("name", "old", "new", "why"),
        [
            ("answer", "资料中没有的，直接说“资料中没有找到”，", "", "lacks '资料中没有' (of the shipped template)"),
            ("answer", "checks: [cites, numbers, chinese]", "checks: [cites]", "leaves out the check"),
            ("answer", "breaks: [numbers]", "breaks: []", "judges"),
            ("answer", "version: 1", "version: none", "wrong at version"),
        ],
    )
    def test_one_that_fails_is_refused_with_the_reason(
        self, tmp_path: Path, name: str, old: str, new: str, why: str
    ) -> None:
        text = PromptLibrary().get(name).text
        assert old in text
        changed = text.replace(old, new, 1)
        if "资料中没有" in old:  # its own case no longer asks for the words: the shipped one still does
            changed = changed.replace(', "资料中没有"]', "]").replace("资料中没有的", "没有的")
        (tmp_path / f"{name}.md").write_text(changed, "utf-8")
        library = PromptLibrary(tmp_path)
        assert why in library.refused[name]
        assert library.get(name).text == text

    def test_a_refused_one_keeps_no_other_back(self, tmp_path: Path) -> None:
        shipped = PromptLibrary()
        (tmp_path / "answer.md").write_text("nothing", "utf-8")
        better = shipped.get("call_note").text.replace("version: 1", "version: 2")
        (tmp_path / "call_note.md").write_text(better, "utf-8")
        library = PromptLibrary(tmp_path)
        assert (library.is_own("call_note"), library.is_own("answer")) == (True, False)


class TestAskedOfAModel:
    def test_what_it_answers_is_held_to_the_checks(self) -> None:
        template = PromptLibrary().get("answer")
        good = ScriptedChat(["云岭稳健混合2024年净值增长率为3.25%。[1]"])
        assert asked(template, good) == ()
        (wrong,) = asked(template, ScriptedChat(["净值增长率为9.99%。[1]"]))
        assert "9.99%" in wrong

    def test_no_reply_is_a_failure(self) -> None:
        (wrong,) = asked(PromptLibrary().get("answer"), ScriptedChat([]))
        assert "got no reply" in wrong
