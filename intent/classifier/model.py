"""Turns to intents: the Protocol, the rules, the trained model, and the double."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from intent.call import Bar, LineReading, Polarity, Turn, TurnIntent
from intent.classifier.calibration import Calibration, readings
from intent.classifier.network import Network
from intent.classifier.rules import Rules
from intent.classifier.taxonomy import Taxonomy
from intent.classifier.utterance import CONTEXT_TURNS, Utterance, utterance_at


class IntentClassifier(Protocol):
    """Reads client turns."""

    version: str
    bar: Bar  # of what its confidences must come to in a whole call

    def read(self, turns: Sequence[Turn], index: int) -> LineReading:
        """Intents of `turns[index]`, most confident first, read with the turns before it."""
        ...

    def read_many(self, utterances: Sequence[Utterance]) -> list[LineReading]:
        """The same for many at once, in order."""
        ...


class RulesClassifier:
    """The baseline: keyword rules; a bare yes or no takes what the advisor proposed as its object."""

    bar = Bar()  # its confidences are no probabilities

    def __init__(self, rules: Rules, *, context_turns: int = CONTEXT_TURNS) -> None:
        self.version = rules.version
        self._rules = rules
        self._context_turns = context_turns

    def read(self, turns: Sequence[Turn], index: int) -> LineReading:
        """See IntentClassifier."""
        return self.read_many([utterance_at(turns, index, self._context_turns)])[0]

    def read_many(self, utterances: Sequence[Utterance]) -> list[LineReading]:
        """See IntentClassifier."""
        return [LineReading(intents=_ranked([*self._said(u), *self._answered(u)])) for u in utterances]

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


class TrainedClassifier:
    """A network, calibrated, with thresholds below which it keeps silent or says that it is unsure."""

    bar = Bar(lead=0.6, case=0.4, refusal=0.5)  # lead and case were chosen on training and development calls

    def __init__(
        self,
        network: Network,
        calibration: Calibration,
        taxonomy: Taxonomy,
        *,
        version: str,
        context_turns: int = CONTEXT_TURNS,
    ) -> None:
        self.version = version
        self._network, self._calibration, self._taxonomy = network, calibration, taxonomy
        self._context_turns = context_turns

    def read(self, turns: Sequence[Turn], index: int) -> LineReading:
        """See IntentClassifier."""
        return self.read_many([utterance_at(turns, index, self._context_turns)])[0]

    def read_many(self, utterances: Sequence[Utterance]) -> list[LineReading]:
        """See IntentClassifier. A line of marks alone says nothing, and is not asked about."""
        said = [n for n, utterance in enumerate(utterances) if any(map(str.isalnum, utterance.text))]
        found = [LineReading() for _ in utterances]
        if said:
            beliefs = self._network.read([utterances[n] for n in said])
            for n, reading in zip(
                said, readings(beliefs, self._calibration, self._taxonomy, by=self.version), strict=True
            ):
                found[n] = reading
        return found


class ScriptedClassifier:
    """The double: intents prepared by the text of a turn; nothing for any other text."""

    version = "scripted"
    bar = Bar()

    def __init__(self, by_text: Mapping[str, Sequence[tuple[str, Polarity, float]]]) -> None:
        self._by_text = {text: tuple(entries) for text, entries in by_text.items()}

    def read(self, turns: Sequence[Turn], index: int) -> LineReading:
        """See IntentClassifier."""
        return self.read_many([utterance_at(turns, index)])[0]

    def read_many(self, utterances: Sequence[Utterance]) -> list[LineReading]:
        """See IntentClassifier."""
        return [
            LineReading(
                intents=_ranked(
                    TurnIntent(intent=i, polarity=p, confidence=c, by=self.version)
                    for i, p, c in self._by_text.get(u.text, ())
                )
            )
            for u in utterances
        ]


def _ranked(intents: Iterable[TurnIntent]) -> tuple[TurnIntent, ...]:
    best: dict[str, TurnIntent] = {}
    for found in intents:
        if found.intent not in best or found.confidence > best[found.intent].confidence:
            best[found.intent] = found
    return tuple(sorted(best.values(), key=lambda t: -t.confidence))
