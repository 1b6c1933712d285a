"""What every intent classifier keeps: the double, the rules, and heads trained on a few lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from intent.call import Polarity, Speaker, Turn
from intent.classifier.heads import load_heads
from intent.classifier.model import HeadsClassifier, IntentClassifier, RulesClassifier, ScriptedClassifier
from intent.classifier.rules import load_rules
from intent.classifier.taxonomy import load_taxonomy
from intent.classifier.train import train
from intent.classifier.utterance import Utterance, utterance_at
from models.encoders import HashEncoder
from tests.intent.labelled_lines import write_lines

WISH = "我想开通港股通，怎么办理？"
TURNS = tuple(
    Turn(index=i, speaker=speaker, text=text, start_s=float(i), end_s=i + 0.9)
    for i, (speaker, text) in enumerate(
        [(Speaker.ADVISOR, "您好，请讲。"), (Speaker.CLIENT, WISH), (Speaker.CLIENT, "嗯。")]
    )
)


class Contract:
    @pytest.fixture
    def classifier(self) -> IntentClassifier:
        raise NotImplementedError

    def test_it_has_a_version(self, classifier: IntentClassifier) -> None:
        assert classifier.version

    def test_a_plain_wish_is_found(self, classifier: IntentClassifier) -> None:
        found = classifier.read(TURNS, 1)
        assert (found[0].intent, found[0].polarity) == ("permission.hk", Polarity.INTEREST)
        assert found[0].by == classifier.version

    def test_confidence_is_a_probability_and_orders(self, classifier: IntentClassifier) -> None:
        confidences = [i.confidence for i in classifier.read(TURNS, 1)]
        assert confidences == sorted(confidences, reverse=True)
        assert all(0 < c <= 1 for c in confidences)

    def test_an_intent_stands_once_and_none_never(self, classifier: IntentClassifier) -> None:
        intents = [i.intent for i in classifier.read(TURNS, 1)]
        assert len(intents) == len(set(intents))
        assert "none" not in intents

    def test_backchannel_is_nothing(self, classifier: IntentClassifier) -> None:
        assert classifier.read((TURNS[2],), 0) == ()

    def test_many_are_read_as_one_by_one(self, classifier: IntentClassifier) -> None:
        one_by_one = [classifier.read(TURNS, i) for i in range(3)]
        together = classifier.read_many([utterance_at(TURNS, i) for i in range(3)])
        assert [[x.intent for x in r] for r in together] == [[x.intent for x in r] for r in one_by_one]
        assert classifier.read_many([]) == []

    def test_a_turn_outside_the_call_is_an_error(self, classifier: IntentClassifier) -> None:
        with pytest.raises(IndexError):
            classifier.read(TURNS, 3)

    @pytest.mark.parametrize("text", ["", " ", "\0", "啊" * 300_000, "\ud800", "🙂"])
    def test_odd_text_is_read(self, classifier: IntentClassifier, text: str) -> None:
        assert isinstance(classifier.read_many([Utterance(text=text)])[0], tuple)


class TestScripted(Contract):
    @pytest.fixture
    def classifier(self) -> IntentClassifier:
        return ScriptedClassifier({WISH: [("permission.hk", Polarity.INTEREST, 0.9)]})


class TestRules(Contract):
    @pytest.fixture
    def classifier(self) -> IntentClassifier:
        return RulesClassifier(load_rules(load_taxonomy()))


class TestHeads(Contract):
    @pytest.fixture(scope="class")
    def folder(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder: Path = tmp_path_factory.mktemp("heads")
        train(write_lines(folder / "lines.jsonl"), HashEncoder(64), folder)
        return folder

    @pytest.fixture
    def classifier(self, folder: Path) -> IntentClassifier:
        taxonomy = load_taxonomy()
        return HeadsClassifier(load_heads(taxonomy, folder), HashEncoder(64), load_rules(taxonomy))
