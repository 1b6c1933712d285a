from __future__ import annotations

from intent.call import Polarity
from intent.classifier.utterance import Utterance
from intent.corpus.utterances import Labelled, utterance_of
from intent.corpus.variety import (
    are_twins,
    beside_templates,
    near_duplicates,
    near_pairs,
    template_lines,
    variety,
)

ASKED = [{"role": "advisor", "text": "给您开通一下港股通的权限，您看方便吗"}]
OTHER = [{"role": "advisor", "text": "那这个月的定投我就帮您先停掉了"}]


def line(said: Utterance, split: str = "train", tags: tuple[str, ...] = (), stance: str = "interest") -> Labelled:
    gold = (("permission.hk", Polarity(stance)),)
    return Labelled(id="", utterance=said, gold=gold, split=split, tags=tags, batch="a")


def test_the_shares_are_those_worked_out_by_hand() -> None:
    found = variety(["我想买", "我想卖。"])
    assert (found.distinct_1, found.distinct_2, found.distinct_3) == (0.6667, 0.75, 1.0)
    assert found.self_similarity == 0.0
    assert variety(["我想买基金", "我想买基金！"]).self_similarity == 1.0


def test_templates_repeat_themselves_more_than_people() -> None:
    people = ["闺女我那个定存下礼拜到日子", "别老给我打电话了", "啥叫网格，你给说说", "昨儿亏的，我一宿没合眼"]
    own, made = beside_templates(people)
    assert own.lines == made.lines == 4
    many = variety(template_lines(400))
    assert many.self_similarity > 0.5
    assert many.distinct_3 < 0.3


def test_template_lines_are_different_and_always_the_same() -> None:
    assert len(set(template_lines(300))) == 300
    assert template_lines(300) == template_lines(300)
    small = {"seed": 1, "slots": {"x": ["甲", "乙"]}, "templates": ["{x}好"]}
    assert set(template_lines(10, small)) == {"甲好", "乙好"}


def test_a_near_duplicate_is_alike_alone_and_with_what_was_said_before() -> None:
    same = [line(utterance_of("行那就给我办了吧", ASKED)), line(utterance_of("行，那就给我办了吧。", ASKED), "test")]
    assert list(near_pairs(same)) == [(0, 1)]
    assert near_duplicates(same).across == 1
    other_question = [same[0], line(utterance_of("行那就给我办了吧", OTHER))]
    other_answer = [same[0], line(utterance_of("再说吧我先问问家里", ASKED))]
    assert list(near_pairs(other_question)) == list(near_pairs(other_answer)) == []


def test_contrast_pairs_of_one_author_are_no_duplicates() -> None:
    wish = line(utterance_of("港股通我是真想开一个的"), tags=("contrast",))
    refusal = line(utterance_of("港股通我是真想开一个的才怪"), tags=("contrast",), stance="decline")
    assert are_twins(wish, refusal)
    found = near_duplicates([wish, refusal])
    assert (found.within, found.across, found.twins) == (0, 0, 1)
    assert not are_twins(wish, line(refusal.utterance, tags=("contrast",)))
