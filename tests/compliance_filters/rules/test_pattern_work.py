"""No pattern of the pack is catastrophic: bounded by its form, and linear when it is measured."""

from __future__ import annotations

import re
import time
from itertools import chain

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compliance_filters.rules.lint import patterns_of_settings
from compliance_filters.rules.pack import RulePack, compile_pattern
from compliance_filters.rules.patterns import can_hold, dangers
from compliance_filters.rules.shelf import builtin_pack

SHORT, LONG = 1_000, 12_000  # characters; twelve times the text may take twelve times as long
MOST_RATIO = 42.0  # 144 would be quadratic
SHORTEST_S = 0.006  # below it a clock measures noise
FILLERS = ("的", "1", "一", "a", " ", ",", "%", "您", "x ")


def all_patterns(pack: RulePack) -> list[re.Pattern[str]]:
    of_rules = [
        pattern
        for rule in pack.rules.values()
        for pattern in (*(cue.pattern for cue in rule.cues), *rule.benign, *rule.unless)
    ]
    return list(chain(of_rules, (pattern for _, pattern in patterns_of_settings(pack))))


def words_of(pattern: re.Pattern[str]) -> list[str]:
    """Words of the pattern's own, which lead a search furthest into it."""
    plain = re.sub(r"\[[^\]]*\]|\{[^}]*\}|\\.|\(\?[:=!<i]*", "|", pattern.pattern)
    return sorted({word for word in re.split(r"[^\w\u4e00-\u9fff]+", plain) if word})[:40] or ["的"]


def seconds(pattern: re.Pattern[str], text: str) -> float:
    """Of processor time, the least of three: other work on the machine must not count."""
    best = float("inf")
    for _ in range(3):
        began = time.thread_time()
        for _found in pattern.finditer(text):
            pass
        best = min(best, time.thread_time() - began)
    return best


def is_linear(pattern: re.Pattern[str], unit: str) -> bool:
    short, long = ((unit * (size // len(unit) + 1))[:size] for size in (SHORT, LONG))
    spent = seconds(pattern, long)
    if spent < SHORTEST_S:
        return True
    return any(seconds(pattern, long) <= MOST_RATIO * seconds(pattern, short) for _ in range(3))


PATTERNS = all_patterns(builtin_pack())


@pytest.mark.slow
@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_every_pattern_is_linear_on_texts_made_against_it(data: st.DataObject) -> None:
    """Each example builds a hostile text for every pattern out of the pattern's own words and fillers."""
    order = data.draw(st.lists(st.integers(0, 1_000_000), min_size=2, max_size=8))
    filler = data.draw(st.sampled_from(FILLERS))
    gap = data.draw(st.integers(0, 8))
    for pattern in PATTERNS[order[0] % 8 :: 8]:
        words = words_of(pattern)
        unit = "".join(words[n % len(words)] + filler * gap for n in order[1:])
        assert is_linear(pattern, unit), (pattern.pattern, unit)


@pytest.mark.parametrize("filler", FILLERS)
def test_every_pattern_is_linear_on_one_thing_over_and_over(filler: str) -> None:
    assert [p.pattern for p in PATTERNS if not is_linear(p, filler)] == []


def test_the_measure_sees_a_catastrophe() -> None:
    assert not is_linear(re.compile(r"的.*。"), "的")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("(?:a|aa)+b", "without a bound"),
        ("a*b", "without a bound"),
        (r"\d{6,}", "without a bound"),
        (r"(?:[的了]{1,12}){1,12}b", "ways from one place"),
        (r"[的]{0,90}[的]{0,90}[的]{0,90}b", "ways from one place"),
        (r"(?=(?:的{0,9}){1,9})b", "ways from one place"),
        (r"(的)\1", "refers back"),
    ],
)
def test_a_dangerous_pattern_is_named(source: str, words: str) -> None:
    assert any(words in danger for danger in dangers(re.compile(source)))


@pytest.mark.parametrize("source", ["(?:保本|保息)", "{pct}{g12}(?:上涨|涨)", r"\d{6,18}", "保本(?!期)"])
def test_a_plain_pattern_is_not(source: str) -> None:
    assert list(dangers(compile_pattern(source))) == []


@pytest.mark.parametrize(
    ("source", "word", "holds"),
    [
        ("(?:保证|承诺){g4}收益", "承诺", True),
        ("(?:保证|承诺){g4}收益", "证收", True),
        ("(?:保证|承诺){g4}收益", "证的了收益", True),
        ("(?:保证|承诺)收益", "保收", False),
        ("(?:哪有|没有)(?:不赚|不挣)", "不亏", False),
        ("[一二三]倍", "二倍", True),
        ("[^一二三]倍", "二倍", False),
        (r"\d{1,3}%", "88%", True),
        ("(?i:system)", "SYSTEM", True),
        ("保本(?=基金)", "本基金", True),
        ("买(?:您|你)?的", "买的", True),
    ],
)
def test_what_a_match_can_hold(source: str, word: str, holds: bool) -> None:
    assert can_hold(compile_pattern(source), word) is holds
