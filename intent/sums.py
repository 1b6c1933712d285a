"""Which sum in a call belongs to a wish: every candidate near the evidence is weighed, the best one is taken."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cache
from importlib import resources
from math import inf

import yaml

from intent.call import Turn
from intent.clue import CLAUSE_CHARS, CLAUSE_END, Near
from intent.settled import Answers
from intent.spoken_sums import MONEY_COMING, OTHERWISE, Around, SpokenSum, SumReader

REACH = 6  # turns around the evidence in which any sum counts; farther ones only where their own words want them
NEXT_REACH = 2  # turns in which the other one says in full what was said shortly
PART_REACH = 4  # turns before a part in which its whole may have been said

Named = Callable[[str], Collection[str]]  # the intents that a text names


@dataclass(frozen=True, kw_only=True)
class MeantSum:
    """The sum that a wish is about, in yuan."""

    amount_cny: Decimal
    about: bool  # where it was last said, only roughly: 二十来万


@dataclass(frozen=True, kw_only=True)
class _Mention:
    """A sum where it was said, with what its turn and its clause speak for it."""

    sum: SpokenSum
    turn: int
    near: bool  # to a turn that speaks for the wish: it counts without words of its own that want it
    place: float
    topic: float


@dataclass(frozen=True, kw_only=True)
class _Wish:
    """What is asked for, and where in the call."""

    intent: str
    proofs: Sequence[int]  # positions of the turns that prove it
    turns: Sequence[Turn]
    alone: bool  # no other wish of the call is about money

    @classmethod
    def of(cls, intent: str, evidence: Collection[int], turns: Sequence[Turn], *, alone: bool) -> _Wish:
        """A wish proven by the turns of some indexes."""
        proofs = [at for at, turn in enumerate(turns) if turn.index in evidence]
        return cls(intent=intent, proofs=proofs, turns=turns, alone=alone)

    def far(self, at: int) -> int:
        """Turns from the nearest proof."""
        return min(abs(at - proof) for proof in self.proofs)


@dataclass(frozen=True, kw_only=True)
class _Weighed:
    """A sum with all that speaks for it."""

    amount: Decimal
    about: bool
    weight: float


class Sums:
    """Weighs sums by clues as data; pure."""

    def __init__(self) -> None:
        raw = yaml.safe_load(resources.files("intent").joinpath("sums.yaml").read_text(encoding="utf-8"))
        self._reader = SumReader(raw)
        self._answers = Answers(raw["replies"], raw["weights"])
        self._weights: dict[str, float] = raw["weights"]
        self._floor: dict[str, float] = raw["floor"]
        self._asked, self._sources = frozenset(raw["asked"]), frozenset(raw["sources"])
        self._rival: float = raw["rival"]

    def of_wishes(
        self, evidence: Mapping[str, Collection[int]], turns: Sequence[Turn], *, named: Named = lambda text: ()
    ) -> dict[str, MeantSum]:
        """The sums of all wishes of a call that are about money; a wish of which none was said is not among them.

        `evidence`: the turns (their indexes) that prove each wish, by intent. `named` tells which intents a text names.
        """
        wishes = [_Wish.of(intent, proofs, turns, alone=len(evidence) == 1) for intent, proofs in evidence.items()]
        weighed = {wish.intent: self._weighed(wish, named) for wish in wishes}
        best = {intent: found for intent, sums in weighed.items() if (found := max(sums, default=None, key=_heavier))}
        chosen = {intent: self._not_a_rivals(intent, weighed, best) for intent in best}
        return {intent: MeantSum(amount_cny=each.amount, about=each.about) for intent, each in chosen.items()}

    def _not_a_rivals(
        self, intent: str, weighed: Mapping[str, Sequence[_Weighed]], best: Mapping[str, _Weighed]
    ) -> _Weighed:
        """The heaviest sum of a wish; the next one where another wish has less to take in the place of the same."""
        mine, nothing = best[intent], replace(best[intent], weight=0.0)
        if intent in self._sources:
            return mine
        rivals = [other for other in best if other != intent and other not in self._sources]
        wanted = {best[other].amount for other in rivals}

        def in_place(of: str) -> _Weighed:
            taken = {mine.amount} if of != intent else wanted
            return max((each for each in weighed[of] if each.amount not in taken), default=nothing, key=_heavier)

        loss = mine.weight - in_place(intent).weight
        same = [other for other in rivals if best[other].amount == mine.amount]
        needed = any(best[other].weight - in_place(other).weight > loss for other in same)
        return in_place(intent) if needed and loss <= self._rival else mine

    def _weighed(self, wish: _Wish, named: Named) -> list[_Weighed]:
        """The sums of the call that may be meant, each with all that speaks for it."""
        mentions: dict[Decimal, list[_Mention]] = {}
        said = self._said(wish)
        for at, sums in said.items():
            for each in sums:
                mention = _Mention(
                    sum=each,
                    turn=at,
                    near=wish.far(at) <= REACH and wish.intent not in self._asked,
                    place=self._place(each, at, said, wish),
                    topic=self._topic(wish.intent, wish.turns[at].text, each.start, named),
                )
                mentions.setdefault(each.amount_cny, []).append(mention)
        floor = self._floor.get(wish.intent, self._floor[OTHERWISE])
        found = (
            _Weighed(amount=amount, about=same[-1].sum.about, weight=self._weight(same))
            for amount, same in mentions.items()
        )
        return [each for each in found if each.weight > floor]

    def _weight(self, same: Sequence[_Mention]) -> float:
        """The most that speaks for one mention of a sum, with what the other mentions add or take."""
        weights, most = self._weights, self._weights["known_topic"]
        topic = max(-most, min(most, sum(each.topic for each in same)))
        shared = weights["repeated"] * (len({each.turn for each in same}) - 1)
        shared += weights["echo"] * any(each.sum.weight <= weights["echo"] for each in same)
        given_up = max((each.turn for each in same if each.sum.refused), default=-1)
        meant = (each for each in same if each.near or each.sum.weight > weights["money"])
        return max(
            (
                each.sum.weight
                + each.place
                + (each.topic or topic)
                + shared
                + weights["given_up"] * (each.turn < given_up)
                for each in meant
            ),
            default=-inf,
        )

    def _said(self, wish: _Wish) -> dict[int, tuple[SpokenSum, ...]]:
        """What each turn says, in order; parts are read against the turns before."""
        plain = [self._reader.in_full(turn.text) for turn in wish.turns] if wish.proofs else []
        said: dict[int, tuple[SpokenSum, ...]] = {}
        for at in range(len(plain)):
            around = Around(
                shortly=self._meant(said, range(at - PART_REACH, at)),
                ever=self._meant(said, range(at)),
                divided=wish.intent == MONEY_COMING and not wish.alone,
                next=[amount for sums in plain[at + 1 : at + 1 + NEXT_REACH] for amount in sums],
            )
            said[at] = self._reader.said_in(wish.turns[at].text, wish.intent, around=around)
        return said

    def _meant(self, said: Mapping[int, Sequence[SpokenSum]], turns: Iterable[int]) -> list[SpokenSum]:
        """Sums of some turns without losses, fees and the like."""
        return [each for at in turns for each in said.get(at, ()) if each.weight > self._weights["never"]]

    def _place(self, each: SpokenSum, at: int, said: Mapping[int, Sequence[SpokenSum]], wish: _Wish) -> float:
        """What a sum weighs by the turn in which it was said, and by what was answered."""
        weights, far = self._weights, min(REACH, wish.far(at))
        distance = weights["distance_alone" if wish.alone and each.weight > 0 else "distance"] * far
        near = distance + weights["evidence"] * (not far)
        return self._answers.weight(each, at, said, wish.turns) + near + weights["late"] * at / len(wish.turns)

    def _topic(self, intent: str, text: str, start: int, named: Named) -> float:
        """For the wish where the sum's clause or turn names it, against it where the clause names others alone."""
        if intent == MONEY_COMING:
            return 0.0
        near = Near.of(text, start, start)
        clause = near.clause + CLAUSE_END.split(text[start : start + CLAUSE_CHARS])[0]
        topics = set(named(clause)) - {MONEY_COMING}
        if topics:
            return self._weights["topic"] if intent in topics else -self._weights["topic"]
        return self._weights["known_topic"] if intent in named(text) else 0.0


def _heavier(each: _Weighed) -> float:
    return each.weight


@cache
def load_sums() -> Sums:
    """The clues of the package."""
    return Sums()
