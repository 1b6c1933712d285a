"""Numbers beside the words as spoken, and masks: what moves with them and what is kept behind them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intent.call import Repair, Speaker, Transcript, Turn
from intent.speech.annotate import Mask, masked, masked_words, with_numbers
from intent.speech.formats import from_json, to_json
from intent.speech.transcribe import Word


class Letters:
    """Masks every run of Latin letters."""

    def masks(self, text: str) -> Sequence[Mask]:
        return [Mask(start=m.start(), end=m.end(), shown="*") for m in re.finditer("[a-z]+", text)]

    def masks_of(self, said: Sequence[tuple[str, str]]) -> Sequence[Sequence[Mask]]:
        return [self.masks(text) for _, text in said]


def turn(text: str, **more: object) -> Turn:
    return Turn(index=0, speaker=Speaker.CLIENT, text=text, start_s=0.0, end_s=5.0, **more)  # type: ignore[arg-type]


def transcript(*turns: Turn) -> Transcript:
    return Transcript(turns=turns, duration_s=5.0)


def test_numbers_stand_beside_the_words_as_spoken() -> None:
    (said,) = with_numbers([turn("我想转二十万过来，费率百分之零点五，大概十几万块钱")])
    assert said.text == "我想转二十万过来，费率百分之零点五，大概十几万块钱"
    found = {said.text[n.start : n.end]: (n.value, n.unit, n.kind, n.approximate) for n in said.numbers}
    assert found["二十万"][0] == "200000"
    assert found["百分之零点五"][:3] == ("0.5", "%", "percent")
    assert any(approximate for *_, approximate in found.values())
    assert from_json(to_json(transcript(said))).turns == (said,)


def test_masks_cover_and_what_lies_behind_them_keeps_to_its_words() -> None:
    text = "号码是abcdefg，申购二十万"
    repair = Repair(start=text.index("申购"), end=text.index("申购") + 2, heard="身购", score=0.9)
    hidden = Repair(start=4, end=6, heard="xy", score=0.9)
    (said,) = with_numbers([turn(text, repairs=(hidden, repair))])
    shown, originals = masked(transcript(said), Letters())
    (after,) = shown.turns
    assert after.text == "号码是*，申购二十万"
    assert originals == {0: text}
    assert [after.text[r.start : r.end] for r in after.repairs] == ["申购"]
    assert [after.text[n.start : n.end] for n in after.numbers] == ["二十万"]
    assert after.heard == "号码是*，身购二十万"


def words(*texts: str) -> list[Word]:
    return [Word(text=text, start_s=float(n), end_s=n + 1.0) for n, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (["我", "的", "号"], ["我", "的", "号"]),
        (["是", "ab", "c", "d，", "好"], ["是", "*，", "好"]),
        (["是a", "", "b和c", "d的"], ["是*和*的"]),
        (["ab", "", "我", "cd"], ["*", "", "我", "*"]),
        ([], []),
    ],
)
def test_words_under_a_mask_become_one(said: list[str], shown: list[str]) -> None:
    found = masked_words(words(*said), Letters())
    assert [word.text for word in found] == shown
    assert all(a.end_s <= b.start_s for a, b in itertools.pairwise(found))
    assert not said or (found[0].start_s, found[-1].end_s) == (0.0, len(said))


def test_what_identifies_nobody_is_left_alone() -> None:
    plain = transcript(turn("我想买基金"))
    assert masked(plain, Letters()) == (plain, {})


@settings(max_examples=50, deadline=None)
@given(st.text(alphabet="abc二十万百分之三点五元我买，", max_size=25))
def test_numbers_outside_masks_keep_their_words(text: str) -> None:
    (said,) = with_numbers([turn(text)])
    (after,) = masked(transcript(said), Letters())[0].turns
    assert after.text == re.sub("[a-z]+", "*", text)
    quotes = [said.text[n.start : n.end] for n in said.numbers]
    kept = [after.text[n.start : n.end] for n in after.numbers]
    assert kept == [quote for quote in quotes if not re.search("[a-z]", quote)]
