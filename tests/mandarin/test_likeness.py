"""Near-duplicates: punctuation and script do not hide them, other words do not make them."""

import pytest

from mandarin.likeness import alike_pairs, near_duplicates, nearest, trigrams


def test_punctuation_width_and_script_do_not_matter() -> None:
    assert trigrams("保本，保息！") == trigrams("保本保息")
    assert near_duplicates(["這隻產品不保本，請您注意", "这只产品不保本请您注意。"], above=0.9) == {1: 0}


def test_the_later_one_points_at_the_earliest() -> None:
    texts = ["这只产品不保本请您注意", "完全不同的一句话", "这只产品不保本请您注意哦", "这只产品不保本请您注意呢"]
    assert near_duplicates(texts, above=0.6) == {2: 0, 3: 0}


def test_short_and_empty_texts_are_compared_whole() -> None:
    assert near_duplicates(["行", "行", "好", ""], above=0.5) == {1: 0}


def test_every_pair_is_found_in_order() -> None:
    texts = ["这只产品不保本请您注意", "完全不同的一句话", "这只产品不保本请您注意哦", "这只产品不保本请您注意呢"]
    assert list(alike_pairs(texts, above=0.6)) == [(0, 2), (0, 3), (2, 3)]


def test_the_nearest_other_text_counts() -> None:
    texts = ["甲乙丙丁", "甲乙丙戊", "子丑寅卯", "甲乙丙丁"]
    assert nearest(texts, [0, 1, 2]) == pytest.approx([1.0, 1 / 3, 0.0])
