"""Turns to intents: the Protocol, the rules, the trained heads, and the double."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from intent.call import Polarity, Turn, TurnIntent
from intent.classifier.features import FeatureMaker
from intent.classifier.heads import Heads
from intent.classifier.rules import Rules
from intent.classifier.utterance import CONTEXT_TURNS, Utterance, utterance_at
from intent.errors import ClassifierError
from models.encoder import Encoder
from models.encoders import interchangeable


class IntentClassifier(Protocol):
    """Reads client turns. An empty result means that nothing was found in the turn."""

    version: str

    def read(self, turns: Sequence[Turn], index: int) -> tuple[TurnIntent, ...]:
        """Intents of `turns[index]`, most confident first, read with the turns before it."""
        ...

    def read_many(self, utterances: Sequence[Utterance]) -> list[tuple[TurnIntent, ...]]:
        """The same for many at once, in order."""
        ...


class RulesClassifier:
    """The baseline: keyword rules; a bare yes or no takes what the advisor proposed as its object."""

    def __init__(self, rules: Rules, *, context_turns: int = CONTEXT_TURNS) -> None:
        self.version = rules.version
        self._rules = rules
        self._context_turns = context_turns

    def read(self, turns: Sequence[Turn], index: int) -> tuple[TurnIntent, ...]:
        """See IntentClassifier."""
        return self.read_many([utterance_at(turns, index, self._context_turns)])[0]

    def read_many(self, utterances: Sequence[Utterance]) -> list[tuple[TurnIntent, ...]]:
        """See IntentClassifier."""
        return [_ranked([*self._said(u), *self._answered(u)]) for u in utterances]

    def _said(self, utterance: Utterance) -> list[TurnIntent]:
        if self._rules.is_no(utterance.text):
            return []
        weights = self._rules.confidence
        return [
            self._intent(hit.intent, hit.polarity, weights["cued" if hit.cued else "bare"])
            for hit in self._rules.hits(utterance.text)
        ]

    def _answered(self, utterance: Utterance) -> list[TurnIntent]:
        yes, no = self._rules.is_yes(utterance.text), self._rules.is_no(utterance.text)
        if not (yes or no):
            return []
        polarity = Polarity.INTEREST if yes else Polarity.DECLINE
        weight = self._rules.confidence["reply"]
        return [self._intent(i, polarity, weight) for i in self._rules.proposals(utterance.proposal)]

    def _intent(self, id_: str, polarity: Polarity, confidence: float) -> TurnIntent:
        return TurnIntent(intent=id_, polarity=polarity, confidence=confidence, by=self.version)


class HeadsClassifier:
    """Frozen encoder, a logistic head by intent, one for polarity; rules are features where trained so."""

    def __init__(self, heads: Heads, encoder: Encoder, rules: Rules, *, context_turns: int = CONTEXT_TURNS) -> None:
        """Raises ClassifierError when the heads were trained on vectors of another encoder."""
        if not interchangeable(heads.card.encoder, encoder.name):
            raise ClassifierError(
                f"The heads were trained on {heads.card.encoder} but the encoder is {encoder.name}: "
                "set the encoder back, or train again with `tougu intent train`."
            )
        self.version = heads.card.version
        self._heads = heads
        self._maker = FeatureMaker(encoder, rules, heads.card.labels)
        self._context_turns = context_turns

    def read(self, turns: Sequence[Turn], index: int) -> tuple[TurnIntent, ...]:
        """See IntentClassifier."""
        return self.read_many([utterance_at(turns, index, self._context_turns)])[0]

    def read_many(self, utterances: Sequence[Utterance]) -> list[tuple[TurnIntent, ...]]:
        """See IntentClassifier."""
        if not utterances:
            return []
        scored = self._heads.predict(self._maker.features(utterances))
        return [
            _ranked(
                TurnIntent(intent=s.intent, polarity=s.polarity, confidence=s.confidence, by=self.version) for s in row
            )
            for row in scored
        ]


class ScriptedClassifier:
    """The double: intents prepared by the text of a turn; nothing for any other text."""

    version = "scripted"

    def __init__(self, by_text: Mapping[str, Sequence[tuple[str, Polarity, float]]]) -> None:
        self._by_text = {text: tuple(entries) for text, entries in by_text.items()}

    def read(self, turns: Sequence[Turn], index: int) -> tuple[TurnIntent, ...]:
        """See IntentClassifier."""
        return self.read_many([utterance_at(turns, index)])[0]

    def read_many(self, utterances: Sequence[Utterance]) -> list[tuple[TurnIntent, ...]]:
        """See IntentClassifier."""
        return [
            _ranked(
                TurnIntent(intent=i, polarity=p, confidence=c, by=self.version)
                for i, p, c in self._by_text.get(u.text, ())
            )
            for u in utterances
        ]


def _ranked(intents: Iterable[TurnIntent]) -> tuple[TurnIntent, ...]:
    best: dict[str, TurnIntent] = {}
    for found in intents:
        if found.intent not in best or found.confidence > best[found.intent].confidence:
            best[found.intent] = found
    return tuple(sorted(best.values(), key=lambda t: -t.confidence))
