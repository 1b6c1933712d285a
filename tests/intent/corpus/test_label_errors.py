"""Planted label errors are found among lines that templates made; what cannot be judged is left alone."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import numpy as np
import pytest

from intent.call import Polarity
from intent.classifier.utterance import Utterance
from intent.corpus.label_errors import FOLDS, contradictions, folds_of, label_errors, turned
from intent.corpus.utterances import Labelled, Labels
from intent.errors import TrainingDataError
from tests.intent.labelled_lines import NOTHING, PRODUCTS, REFUSALS, WISHES

OPENINGS = ("", "嗯，", "那个，", "你好，", "我问一下，", "哎，", "对了，", "我说，")
INTENTS = (*(intent for intent, _ in PRODUCTS), "complaint")


def made() -> list[Labelled]:
    """272 different lines without a wrong label."""
    pairs: list[tuple[str, Labels]] = []
    for opening in OPENINGS:
        for intent, name in PRODUCTS:
            pairs += [(opening + t.format(name), ((intent, Polarity.INTEREST),)) for t in WISHES]
            pairs += [(opening + t.format(name), ((intent, Polarity.DECLINE),)) for t in REFUSALS]
        pairs += [(opening + text, ()) for text in NOTHING[1:]]
    return [Labelled(id=f"t{n}", utterance=Utterance(text=text), gold=gold) for n, (text, gold) in enumerate(pairs)]


def with_errors(items: list[Labelled], share: float = 0.05) -> tuple[list[Labelled], dict[str, Labels]]:
    """The same with other lines' labels on some; the right ones by id."""
    rng = Random(7)
    chosen = rng.sample(range(len(items)), round(share * len(items)))
    right = {items[n].id: items[n].gold for n in chosen}
    wrong = list(items)
    for n in chosen:
        others = [item.gold for item in items if set(item.gold) != set(items[n].gold)]
        wrong[n] = replace(items[n], gold=rng.choice(others))
    return wrong, right


def test_planted_errors_are_found_with_the_labels_that_were_right() -> None:
    items, right = with_errors(made())
    found = label_errors(items, INTENTS).suspects
    first = found[: len(right)]
    hits = [each for each in first if each.item.id in right]
    assert len(hits) >= 0.7 * len(first)  # chance: 0.05
    assert len({each.item.id for each in found} & right.keys()) >= 0.8 * len(right)
    assert sum(set(each.says) == set(right[each.item.id]) for each in hits) >= 0.7 * len(hits)
    assert [each.sure for each in found] == sorted((each.sure for each in found), reverse=True)


def test_clean_lines_are_hardly_suspected_and_the_answer_repeats() -> None:
    items = made()
    steps: list[tuple[int, int]] = []
    found = label_errors(items, INTENTS, progress=lambda done, of, _: steps.append((done, of)))
    assert len(found.suspects) <= 0.05 * len(items)
    assert found == label_errors(items, INTENTS)
    assert (found.lines, found.by_batch, steps[-1]) == (len(items), False, (FOLDS, FOLDS))


def test_the_lines_of_an_author_are_read_by_models_of_the_others() -> None:
    items = [replace(item, batch=f"a{n % 7}") for n, item in enumerate(made())]
    folds, by_batch = folds_of(items)
    assert by_batch
    assert len(set(folds.tolist())) == FOLDS
    for batch in {item.batch for item in items}:
        assert len({int(fold) for fold, item in zip(folds, items, strict=True) if item.batch == batch}) == 1
    assert not folds_of([*items, replace(items[0], batch="")])[1]


def test_the_same_words_are_never_on_both_sides() -> None:
    twice = made() * 2
    folds, by_batch = folds_of(twice)
    assert not by_batch
    assert folds[: len(twice) // 2].tolist() == folds[len(twice) // 2 :].tolist()


def test_a_rare_label_judges_nobody() -> None:
    rare = Labelled(id="r", utterance=Utterance(text="我要投诉你们"), gold=(("complaint", Polarity.INTEREST),))
    assert "r" not in {each.item.id for each in label_errors([*made(), rare], INTENTS).suspects}


def test_too_few_lines_are_refused() -> None:
    with pytest.raises(TrainingDataError, match="3 lines are too few"):
        label_errors(made()[:3], INTENTS)


def test_thresholds_are_mean_confidences() -> None:
    likely = np.array([[0.9]] * 5 + [[0.01]] + [[0.02]] * 4 + [[0.8]], np.float32)
    given = np.array([[True]] * 6 + [[False]] * 5)
    judged = np.ones_like(given)
    wrong, missing = contradictions(likely, given, judged)
    assert np.flatnonzero(wrong).tolist() == [5]
    assert np.flatnonzero(missing).tolist() == [10]
    nothing = contradictions(likely, given, ~judged)
    assert not np.any(nothing)


def test_a_polarity_is_turned_by_another_one_that_is_confident() -> None:
    polarity = np.array([[[0.9, 0.1, 0.0]], [[0.2, 0.8, 0.0]], [[0.95, 0.05, 0.0]], [[0.6, 0.4, 0.0]]], np.float32)
    given = np.zeros_like(polarity, np.bool_)
    for row, place in enumerate((0, 1, 1, 1)):
        given[row, 0, place] = True
    assert turned(polarity, given).ravel().tolist() == [-1, -1, 0, -1]
    assert turned(polarity, np.zeros_like(given)).ravel().tolist() == [-1, -1, -1, -1]
