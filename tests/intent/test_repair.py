"""Names and terms put right by their sound; ordinary words, numbers and refusals stay."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from intent.call import Repair, Speaker, Transcript, Turn
from intent.errors import RulesError
from intent.speech.formats import from_json, to_json
from intent.speech.repair import TermRepairer, load_terms, spoken_forms

NAMES = (
    "云岭价值精选",
    "云岭稳健增利债券A",
    "澄湖医疗健康",
    "云岭300增强",
    "澄湖全球精选混合(QDII)",
    "听松新动能混合A",
)


@pytest.fixture(scope="module")
def repairer() -> TermRepairer:
    return TermRepairer(NAMES)


def turns(*texts: str) -> list[Turn]:
    return [Turn(index=i, speaker=Speaker.CLIENT, text=t, start_s=0.0, end_s=1.0) for i, t in enumerate(texts)]


def repaired(repairer: TermRepairer, *texts: str) -> str:
    return repairer.repair(turns(*texts))[0].text


@pytest.mark.parametrize(
    ("heard", "meant"),
    [
        ("我想身购基金", "我想申购基金"),
        ("两荣账户怎么开", "两融账户怎么开"),
        ("我要开通可创板的权限", "我要开通科创板的权限"),
        ("账户里的钱可以做你回购", "账户里的钱可以做逆回购"),
        ("那目前这只基金您是考虑熟悔吗", "那目前这只基金您是考虑赎回吗"),
        ("最近赢领价值金选在做持续营销", "最近云岭价值精选在做持续营销"),
        ("你们那个成湖医疗健康怎么样", "你们那个澄湖医疗健康怎么样"),
        ("云领三百增强还能买吗", "云岭300增强还能买吗"),
    ],
)
def test_what_was_misheard_is_put_right(repairer: TermRepairer, heard: str, meant: str) -> None:
    assert repaired(repairer, heard) == meant


@pytest.mark.parametrize(
    "text",
    [
        "我想申购云岭价值精选",
        "现价多少，我挂限价还是市价",
        "这手艺有收益吗，能赚钱吗",
        "我自己拿程序回测过这个基金",
        "云岭成长精选和云岭价值优选买哪只好",  # names that no catalogue holds are not made one that it holds
        "云岭稳健增益债券能买吗",
        "他承包本项目赚了钱",
        "不要，没有，别再推荐基金了",
    ],
)
def test_what_was_said_rightly_stays(repairer: TermRepairer, text: str) -> None:
    assert repaired(repairer, text) == text


def test_a_term_needs_talk_of_money_near_it(repairer: TermRepairer) -> None:
    assert repaired(repairer, "明天两荣过来吃饭") == "明天两荣过来吃饭"
    assert repaired(repairer, "那个两荣呢", "您账户里的资金够的") == "那个两融呢"
    far = ("那个两荣呢", "嗯", "哦", "您账户里的资金够的")
    assert repaired(repairer, *far) == far[0]


def test_what_was_heard_is_kept_with_a_score_for_every_repair(repairer: TermRepairer) -> None:
    (turn,) = repairer.repair(turns("云领三百增强，我想身购一万"))
    assert turn.text == "云岭300增强，我想申购一万"
    assert [(turn.text[r.start : r.end], r.heard) for r in turn.repairs] == [
        ("云岭300增强", "云领三百增强"),
        ("申购", "身购"),
    ]
    assert all(0.8 <= r.score <= 1 for r in turn.repairs)
    assert turn.heard == "云领三百增强，我想身购一万"


def test_a_higher_bar_repairs_less(repairer: TermRepairer) -> None:
    doubtful = "那订头呢，每个月几百块钱"
    assert repaired(repairer, doubtful) != doubtful
    assert repaired(TermRepairer(NAMES, min_score=0.999), doubtful) == doubtful


def test_two_names_that_fit_alike_leave_the_words_alone() -> None:
    twins = TermRepairer(["云岭恒信优选", "云岭恒鑫优选"])
    assert repaired(twins, "我买的云岭恒欣优选怎么样") == "我买的云岭恒欣优选怎么样"


def test_names_are_spoken_with_numbers_and_without_share_classes() -> None:
    assert spoken_forms("云岭300增强") == ("云岭三百增强", "云岭三零零增强")
    assert spoken_forms("听松新动能混合A") == ("听松新动能混合",)
    assert spoken_forms("澄湖QDII增长") == ()


def test_a_firm_adds_words_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "terms.yaml"
    own.write_text("terms: [远山证券]\n", "utf-8")
    repairer = TermRepairer((), load_terms(own))
    assert repaired(repairer, "这里是圆山证券，您的账户") == "这里是远山证券，您的账户"
    own.write_text("- a\n- b\n", "utf-8")
    with pytest.raises(RulesError, match="terms, known and context"):
        load_terms(own)
    with pytest.raises(RulesError, match="cannot be read"):
        load_terms(tmp_path / "nowhere.yaml")


def test_repairs_survive_the_file_of_a_transcript(repairer: TermRepairer) -> None:
    said: Sequence[Turn] = repairer.repair(turns("我想身购基金"))
    read = from_json(to_json(Transcript(turns=tuple(said), duration_s=1.0)))
    assert isinstance(read.turns[0].repairs[0], Repair)
    assert read.turns[0].heard == "我想身购基金"
