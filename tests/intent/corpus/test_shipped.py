"""The shipped corpus keeps its own rules, and its card tells what the files hold."""

from __future__ import annotations

from collections import defaultdict
from functools import cache

import pytest

from compliance_filters.rules.shelf import builtin_pack
from intent.classifier.taxonomy import NONE, load_taxonomy
from intent.corpus.calls import CallSet, load_calls
from intent.corpus.card import call_counts, counts_of, provenance, voices
from intent.corpus.card_text import CARD, calls_markdown, counts_markdown, doubles_markdown
from intent.corpus.lines import shipped
from intent.corpus.readings import load_readings
from intent.corpus.utterances import LabelledSet, load_labelled
from intent.corpus.variety import near_duplicates

TAXONOMY = load_taxonomy()


@cache
def labelled() -> LabelledSet:
    return load_labelled(TAXONOMY)


@cache
def calls() -> CallSet:
    return load_calls(TAXONOMY, rules=builtin_pack().rules)


def test_lines_stand_in_all_splits_and_cover_the_taxonomy() -> None:
    assert {item.split for item in labelled().items} == {"train", "calibration", "dev", "test"}
    named = {intent for item in labelled().of("train") for intent, _ in item.gold}
    assert named == set(TAXONOMY.ids)
    assert any(not item.gold for item in labelled().items)


def test_a_batch_has_one_split_and_its_voices_are_named() -> None:
    splits = defaultdict(set)
    for item in labelled().items:
        splits[item.batch].add(item.split)
    assert all(len(found) == 1 for found in splits.values())
    assert set(splits) == set(voices())


def test_tags_that_a_line_shows_are_true() -> None:
    for item in labelled().items:
        context, tags = bool(item.utterance.context), set(item.tags)
        assert context == ("context" in tags), item.id
        assert (context and len(item.utterance.text) <= 10) == ("short_answer" in tags), item.id
        assert (len(item.gold) > 1) == ("multi" in tags), item.id


@pytest.mark.slow
def test_nothing_is_said_twice() -> None:
    found = near_duplicates(labelled().items)
    assert (found.within, found.across) == (0, 0)


def test_calls_are_whole_and_evidence_is_theirs() -> None:
    assert calls().items
    assert all(wish.intent != NONE for call in calls().items for wish in call.gold.wishes)


def test_readings_are_of_lines_that_are_there() -> None:
    assert {reading.id for reading in load_readings(TAXONOMY)} <= {item.id for item in labelled().items}


@pytest.mark.slow
def test_the_committed_card_counts_right() -> None:
    card = shipped(CARD).read_text("utf-8")
    assert labelled().digest[:16] in card
    assert counts_markdown(counts_of(labelled().items, voices())) in card
    assert calls_markdown(call_counts(calls().items)) in card
    assert doubles_markdown(near_duplicates(labelled().items), provenance()["removed"]) in card
