"""Every rewriting keeps a valid, exact way back to the text handed in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mandarin.offsets import Edit, Mapped, Runs, mapped
from mandarin.script import fold_width, normalise, strip_inserted, strip_invisible, to_simplified

MESSY = st.text(alphabet="保本息證券瞭解乾隆萬五点三%，。 *·\u200bａ３％①ﬁ😀\n\t…ab1-_—\u0336", max_size=40)
STEPS = (to_simplified, fold_width, strip_invisible, strip_inserted, normalise)


@st.composite
def edited(draw: st.DrawFn) -> Mapped:
    text = draw(st.text(max_size=30))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    edits = [
        Edit(start=start, end=end, replacement=draw(st.text(max_size=4)))
        for start, end in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    return Mapped.from_edits(text, edits)


def assert_sound(result: Mapped) -> None:
    for start in range(len(result.text) + 1):
        for end in range(start, min(len(result.text), start + 5) + 1):
            first, last = result.original_span(start, end)
            assert 0 <= first <= last <= len(result.original)
            if start < end:
                assert result.original_text(start, end) == result.original[first:last]


@given(edited())
def test_edits_keep_valid_spans(result: Mapped) -> None:
    assert_sound(result)


@given(MESSY | st.text(max_size=40))
def test_each_step_keeps_valid_spans_back_to_the_first_text(text: str) -> None:
    for step in STEPS:
        result = step(text)
        assert result.original == text
        assert_sound(result)


@given(MESSY)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    once = normalise(text).text
    assert normalise(once).text == once


@given(edited(), st.data())
def test_composition_equals_two_steps_back(first: Mapped, data: st.DataObject) -> None:
    second = normalise(first.text)
    chained = first.compose(second)
    assert chained.text == second.text
    for index in range(len(chained.text)):
        middle = second.original_span(index, index + 1)
        assert chained.original_span(index, index + 1) == first.original_span(*middle)


def test_a_longer_replacement_maps_to_the_whole_replaced_span() -> None:
    result = Mapped.from_edits("甲乙丙", [Edit(start=1, end=2, replacement="XYZ")])
    assert result.text == "甲XYZ丙"
    assert result.original_span(2, 3) == (1, 2)
    assert result.original_span(4, 5) == (2, 3)


def test_an_unchanged_text_comes_back_as_the_same_object() -> None:
    source = Mapped.identity("不变")
    assert source.edit([]) is source
    assert mapped(source) is source


@pytest.mark.parametrize(
    ("text", "edits"),
    [
        ("abc", [Edit(start=1, end=2, replacement=""), Edit(start=0, end=1, replacement="")]),
        ("abc", [Edit(start=2, end=5, replacement="")]),
    ],
)
def test_overlapping_or_outlying_edits_are_refused(text: str, edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="overlaps"):
        Mapped.from_edits(text, edits)


def test_spans_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="as many spans"):
        Mapped(text="ab", original="ab", spans=((0, 1),))
    with pytest.raises(ValueError, match="backwards"):
        Mapped(text="ab", original="ab", spans=((1, 2), (0, 1)))


def test_steps_from_different_texts_do_not_chain() -> None:
    with pytest.raises(ValueError, match="do not chain"):
        Mapped.identity("甲").compose(Mapped.identity("乙"))


def test_a_slice_outside_the_text_is_refused() -> None:
    with pytest.raises(IndexError, match="leaves a text"):
        Mapped.identity("甲").original_span(0, 2)


def test_a_long_text_with_few_edits_is_mapped_by_few_runs() -> None:
    text = "本" * 100_000
    once = Mapped.from_edits(text, [Edit(start=10, end=12, replacement=""), Edit(start=50, end=51, replacement="XY")])
    twice = once.edit([Edit(start=5, end=30, replacement="Z")])
    assert len(list(Runs.of(twice.spans).between(0, len(twice.text)))) <= 5
    assert twice.original_span(5, 6) == (5, 32)
    assert twice.original_span(len(twice.text) - 1, len(twice.text)) == (99_999, 100_000)


@given(edited(), st.data())
def test_runs_say_what_the_single_spans_say(result: Mapped, data: st.DataObject) -> None:
    plain = tuple(result.spans)
    assert Runs.of(plain) == result.spans
    start = data.draw(st.integers(0, len(plain)))
    end = data.draw(st.integers(start, len(plain)))
    cut = Runs((run for _, run in Runs.of(result.spans).between(start, end)), end)
    assert tuple(cut[i] for i in range(start, end)) == plain[start:end]
