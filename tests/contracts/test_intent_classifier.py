"""What every intent classifier keeps: the double, the rules, and heads trained on a few lines."""

from __future__ import annotations

from pathlib import Path

import pytest

from intent.call import LineReading, Polarity, Speaker, Turn
from intent.classifier.choose import load_classifier
from intent.classifier.model import IntentClassifier, RulesClassifier, ScriptedClassifier
from intent.classifier.rules import load_rules
from intent.classifier.taxonomy import load_taxonomy
from intent.classifier.train import train
from intent.classifier.utterance import Utterance, utterance_at
from intent.settings import IntentSettings
from tests.intent.labelled_lines import write_lines
from tests.intent.tiny_encoder import SETTINGS, tiny_encoder

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
        found = classifier.read(TURNS, 1).intents
        assert (found[0].intent, found[0].polarity) == ("permission.hk", Polarity.INTEREST)
        assert found[0].by == classifier.version

    def test_confidence_is_a_probability_and_orders(self, classifier: IntentClassifier) -> None:
        confidences = [i.confidence for i in classifier.read(TURNS, 1).intents]
        assert confidences == sorted(confidences, reverse=True)
        assert all(0 < c <= 1 for c in confidences)

    def test_an_intent_stands_once_and_none_never(self, classifier: IntentClassifier) -> None:
        intents = [i.intent for i in classifier.read(TURNS, 1).intents]
        assert len(intents) == len(set(intents))
        assert "none" not in intents

    def test_backchannel_is_nothing(self, classifier: IntentClassifier) -> None:
        assert classifier.read((TURNS[2],), 0).intents == ()

    def test_many_are_read_as_one_by_one(self, classifier: IntentClassifier) -> None:
        one_by_one = [classifier.read(TURNS, i) for i in range(3)]
        together = classifier.read_many([utterance_at(TURNS, i) for i in range(3)])
        assert [[x.intent for x in r.intents] for r in together] == [[x.intent for x in r.intents] for r in one_by_one]
        assert classifier.read_many([]) == []

    def test_a_turn_outside_the_call_is_an_error(self, classifier: IntentClassifier) -> None:
        with pytest.raises(IndexError):
            classifier.read(TURNS, 3)

    @pytest.mark.parametrize("text", ["", " ", "\0", "啊" * 300_000, "\ud800", "🙂"])
    def test_odd_text_is_read(self, classifier: IntentClassifier, text: str) -> None:
        assert isinstance(classifier.read_many([Utterance(text=text)])[0], LineReading)


class TestScripted(Contract):
    @pytest.fixture
    def classifier(self) -> IntentClassifier:
        return ScriptedClassifier({WISH: [("permission.hk", Polarity.INTEREST, 0.9)]})


class TestRules(Contract):
    @pytest.fixture
    def classifier(self) -> IntentClassifier:
        return RulesClassifier(load_rules(load_taxonomy()))


class TestTrained(Contract):
    @pytest.fixture(scope="class")
    def folder(self, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder: Path = tmp_path_factory.mktemp("trained")
        train(write_lines(folder / "lines.jsonl"), tiny_encoder(), folder / "model", settings=SETTINGS)
        return folder / "model"

    @pytest.fixture(params=["ngrams", "tuned", "blend"])
    def classifier(self, folder: Path, request: pytest.FixtureRequest) -> IntentClassifier:
        taxonomy = load_taxonomy()
        return load_classifier(
            IntentSettings(method=request.param),
            folder,
            taxonomy=taxonomy,
            rules=load_rules(taxonomy),
            encoder=tiny_encoder,
        )
