from __future__ import annotations

from pathlib import Path

import pytest

from intent.errors import InspectionDataError
from intent.inspection.checklists import load_checklists
from intent.inspection.scoring_data import load_scoring
from intent.inspection.wording import load_wording
from tests.intent.inspection.talk import CALL_BACK, talk

OWN = """
version: "7"
least: 1
types:
  - id: margin
    zh: 两融提示
    cues: [{pattern: 融资, weight: 1}]
    items:
      - {id: line, zh: 说明平仓线, weight: 10, said: [平仓线]}
"""


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("said", "call_type"),
    [
        (CALL_BACK, "call_back"),
        (
            ("a:下面进行录音录像，请您面对镜头，出示身份证。", "c:好。", "a:请明确回答是否同意。"),
            "dual_recording",
        ),
        (("a:给您推荐一只基金，R3的，一万起购。", "c:说说看。"), "sale"),
        (("c:我密码忘了。", "a:您在登录页点忘记密码。"), "unknown"),
        (("a:就是例行回访一下，最近都好吧？", "c:都好。"), "unknown"),
        (("c:给我推荐一只基金，R3的，一万起购。",), "unknown"),  # the client's words tell no type
        (("a:我不给您推荐基金，也不谈风险等级。",), "unknown"),
    ],
)
def test_the_advisors_words_tell_the_type(said: tuple[str, ...], call_type: str) -> None:
    assert load_checklists().detect(talk(*said).turns, load_wording()) == call_type


def test_a_firms_file_stands_for_the_shipped_one(tmp_path: Path) -> None:
    lists = load_checklists(own(tmp_path, OWN))
    assert [each.id for each in lists.types] == ["margin"]
    with pytest.raises(InspectionDataError, match="no checklist for the call type sale: use one of margin"):
        lists.require("sale")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("said: [平仓线]", "said: []"), "items line has no patterns in said"),
        (("said: [平仓线]", "said: ['(']"), "has the broken pattern"),
        (("weight: 10", "weight: -1"), "no number from 0 to 100 in weight"),
        (("weight: 10", "weigth: 10"), "unknown field weigth"),
        (("id: line,", "id: line, before: [end],"), "puts line before end"),
        (("id: line,", "id: line, answer: maybe,"), "has answer maybe: use one of affirm, consent, deny"),
        (("id: margin", "id: unknown"), "stands for no type"),
        (("types:", "types: ["), "cannot be read"),
        (("least: 1", "least: [1]"), "no number"),
    ],
)
def test_a_broken_file_is_refused_with_place_and_remedy(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    with pytest.raises(InspectionDataError, match=message.replace("(", r"\(")):
        load_checklists(own(tmp_path, OWN.replace(*change)))


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InspectionDataError, match="cannot be read"):
        load_checklists(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("ability: 0.4", "ability: 0.5"), "does not add up to 1"),
        (("points: 25", "points: 26"), "not 100 together"),
        (("above: 90", "over: 90"), "unknown field over"),
        (("lose: 7", "lose: x"), "no number"),
        (("anger: true", "anger: 1"), "write true or false"),
    ],
)
def test_a_broken_scoring_is_refused(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    from importlib import resources

    text = resources.files("intent.inspection").joinpath("data", "scoring.yaml").read_text("utf-8")
    assert change[0] in text
    with pytest.raises(InspectionDataError, match=message):
        load_scoring(own(tmp_path, text.replace(*change, 1)))
