from __future__ import annotations

import json
from pathlib import Path

import pytest

from intent.call import Polarity
from intent.classifier.taxonomy import load_taxonomy
from intent.corpus.readings import Reading, agreement, load_readings
from intent.corpus.utterances import Labels
from intent.errors import TrainingDataError

TAXONOMY = load_taxonomy()
BUY: Labels = (("fund.buy", Polarity.INTEREST),)
NOT_BUY: Labels = (("fund.buy", Polarity.DECLINE),)
REPO: Labels = (("cash.repo", Polarity.INTEREST),)


def read(*pairs: tuple[Labels, Labels]) -> list[Reading]:
    return [Reading(id=str(n), author=a, reader=b) for n, (a, b) in enumerate(pairs)]


def test_agreement_is_counted_by_line_intent_and_polarity() -> None:
    readings = read((BUY, BUY), (BUY, NOT_BUY), (BUY, REPO), ((), ()))
    settled = {"0": BUY, "1": NOT_BUY, "2": BUY, "3": ()}
    found = agreement(readings, settled, ("fund.buy", "cash.repo"))
    assert (found.lines, found.same, found.disagreements) == (4, 2, 2)
    assert (found.polarity_n, found.polarity_same) == (2, 1)
    assert (found.for_author, found.for_reader, found.otherwise) == (1, 1, 0)
    by = {i.intent: (i.n, i.kappa) for i in found.intents}
    # by hand: both 2, author alone 1, neither 1; observed 3/4, expected (3*2 + 1*2) / 16
    assert by["fund.buy"] == (3, 0.5)
    assert by["cash.repo"] == (1, 0.0)


def test_full_agreement_is_one_and_chance_alone_is_undefined() -> None:
    found = agreement(read((BUY, BUY), ((), ())), {"0": BUY, "1": ()}, ("fund.buy", "cash.repo"))
    assert found.kappa == 1.0
    assert [i.kappa for i in found.intents] == [1.0, None]
    assert agreement([], {}, ("fund.buy",)).kappa is None


def test_lines_that_are_gone_are_left_out_and_third_ways_are_counted() -> None:
    found = agreement(read((BUY, NOT_BUY), (BUY, BUY)), {"0": ()}, ("fund.buy",))
    assert (found.lines, found.otherwise) == (1, 1)


def test_readings_are_a_file_with_checks(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    line = {
        "id": "u1",
        "author": [{"id": "fund.buy", "polarity": "interest"}],
        "reader": [{"id": "none", "polarity": "interest"}],
        "doubt": True,
    }
    path.write_text(json.dumps(line), "utf-8")
    assert load_readings(TAXONOMY, path) == (Reading(id="u1", author=BUY, reader=(), doubt=True),)
    path.write_text(json.dumps({**line, "doubt": "yes"}), "utf-8")
    with pytest.raises(TrainingDataError, match="line 1: doubt is 'yes'"):
        load_readings(TAXONOMY, path)
    path.write_text("", "utf-8")
    assert load_readings(TAXONOMY, path) == ()
