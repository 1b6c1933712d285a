from __future__ import annotations

import copy
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intent.corpus.noise import Noise, shipped_noise
from intent.corpus.numeral_forms import other_forms, values
from intent.corpus.sounds import NEAR, OTHER, SAME, SoundAlikes
from intent.errors import TrainingDataError
from mandarin.script import to_simplified

LINES = st.lists(
    st.sampled_from(
        ["我想买", "八十万", "80万块", "的基金", "，", "定投", "不想做了", "3.5%", "两万五", "嗯", "。", "港股通",
         "那个", "600519", "百分之三", "十来万", "ETF", "2026年3月", "利息", "吗？", "啊", "佣金万一点五", " "]
    ),
    min_size=1, max_size=12,
).map("".join)  # fmt: skip
SEEDS = st.integers(0, 2**32)


def data(**rates: float) -> dict[str, Any]:
    """The shipped data with every rate 0 but those named."""
    raw = copy.deepcopy(shipped_noise())
    for part in ("measured", "words", "lines", "numerals"):
        for name, value in raw[part].items():
            if isinstance(value, float | int) and name != "characters":
                raw[part][name] = rates.get(name, 0.0)
    return raw


QUIET = Noise.from_data(data())
LOUD = Noise.from_data(
    data(
        same_sound=0.3, near_sound=0.2, other_sound=0.3, deleted=0.1, inserted=0.2, dropped=0.5, doubled=0.2,
        no_punctuation=0.5, traditional=0.3, other_form=0.7,
    )
)  # fmt: skip


@settings(deadline=None, max_examples=150)
@given(LINES, SEEDS)
def test_noise_is_never_empty_and_keeps_every_number(text: str, seed: int) -> None:
    noisy = LOUD.of(text, Random(seed))
    assert noisy.strip() or not text.strip()
    assert values(noisy) == values(text)
    assert noisy == LOUD.of(text, Random(seed))


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=30) | LINES, SEEDS)
def test_without_rates_nothing_changes(text: str, seed: int) -> None:
    assert QUIET.of(text, Random(seed)) == text


@settings(deadline=None, max_examples=60)
@given(SEEDS)
def test_what_turns_a_line_round_is_left_alone(seed: int) -> None:
    noisy = to_simplified(LOUD.of("定投我不想做了，港股通没兴趣，别买", Random(seed))).text
    assert all(noisy.count(word) == 1 for word in "不没别买")


def test_same_sounds_stand_for_each_other() -> None:
    noise = Noise.from_data(data(same_sound=1.0))
    alikes = SoundAlikes(shipped_noise()["near"])
    noisy = noise.of("定投", Random(1))
    assert noisy != "定投"
    assert alikes.relation("定投", noisy) == SAME


def test_punctuation_goes_and_numbers_stay() -> None:
    noise = Noise.from_data(data(no_punctuation=1.0))
    assert noise.of("行，3.5%的，办吧。10:30见！", Random(0)) == "行3.5%的办吧10:30见"
    assert noise.of("。", Random(0)) == "。"


def test_script_becomes_traditional() -> None:
    assert Noise.from_data(data(traditional=1.0)).of("我想开户买基金", Random(0)) == "我想開戶買基金"


def test_light_words_are_lost_and_words_doubled() -> None:
    assert Noise.from_data(data(dropped=1.0)).of("那个基金啊", Random(0)) == "基金"
    assert Noise.from_data(data(doubled=1.0)).of("基金", Random(0)) == "基金基金"


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("八十万", "80万"),
        ("80万", "八十万"),
        ("两万五", None),
        ("3.5%", "百分之三点五"),
        ("百分之三点五", "3.5%"),
        ("六零零五一九", "600519"),
        ("600519", "六零零五一九"),
        ("三十五岁", "35岁"),
        ("2只", "两只"),
        ("一个", None),
        ("五六只", None),
        ("一百多万", "100多万"),
    ],
)
def test_numbers_have_another_form(text: str, other: str | None) -> None:
    assert [form for _, forms in other_forms(text) for form in forms] == ([other] if other else [])


def test_sounds_relate() -> None:
    alikes = SoundAlikes([("zh", "z"), ("ang", "an"), ("n", "l")], keep="不")
    assert alikes.relation("章", "张") == SAME
    assert alikes.relation("张", "咱") == NEAR
    assert alikes.relation("脑", "老") == NEAR
    assert alikes.relation("张", "钱") == OTHER
    assert "不" not in alikes.alike("布", SAME)
    assert sum(alikes.alike("收益", SAME).values()) == pytest.approx(1)
    assert "手艺" in alikes.alike("收益", SAME)
    assert not {"事", "是"} & {*alikes.alike("时", NEAR)}


@pytest.mark.parametrize("change", [{"near": None}, {"words": {"dropped": 2, "doubled": 0}}, {"lines": {"x": 0.1}}])
def test_broken_noise_data_is_named(change: dict[str, Any]) -> None:
    with pytest.raises(TrainingDataError, match=r"lacks a part|is 2: give a share"):
        Noise.from_data({**shipped_noise(), **change})
