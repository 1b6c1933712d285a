"""Which sum in a call belongs to a wish: every candidate near the evidence is weighed, the best one is taken."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources
from math import inf

import yaml

from intent.call import Speaker, Turn
from intent.clue import CLAUSE_CHARS, CLAUSE_END, Near
from intent.spoken_sums import MONEY_COMING, SpokenSum, SumReader

REACH = 6  # turns around the evidence in which any sum counts; farther ones only where their own words want them
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
    near: bool  # to a turn that speaks for the wish
    place: float
    topic: float


class Sums:
    """Weighs sums by clues as data; pure."""

    def __init__(self) -> None:
        raw = yaml.safe_load(resources.files("intent").joinpath("sums.yaml").read_text(encoding="utf-8"))
        self._reader = SumReader(raw)
        self._replies = {name: re.compile(pattern) for name, pattern in raw["replies"].items()}
        self._weights: dict[str, float] = raw["weights"]
        self._floor: float = raw["floor"]

    def of_wish(
        self, intent: str, evidence: Collection[int], turns: Sequence[Turn], *, named: Named = lambda text: ()
    ) -> MeantSum | None:
        """The sum that a wish proven by the turns `evidence` (their indexes) is about; None where none was said.

        `named` tells which intents a text names.
        """
        proofs = [at for at, turn in enumerate(turns) if turn.index in evidence]
        said = self._said(intent, proofs, turns)
        mentions: dict[Decimal, list[_Mention]] = {}
        for at, sums in said.items():
            near, place = _far(at, proofs) <= REACH, self._place(at, said, proofs, turns)
            for each in sums:
                topic = self._topic(intent, turns[at].text, each.start, named)
                mention = _Mention(sum=each, turn=at, near=near, place=place, topic=topic)
                mentions.setdefault(each.amount_cny, []).append(mention)
        weighed = {amount: self._weight(same) for amount, same in mentions.items()}
        best = max(weighed, key=lambda amount: weighed[amount], default=None)
        if best is None or weighed[best] <= self._floor:
            return None
        return MeantSum(amount_cny=best, about=mentions[best][-1].sum.about)

    def _weight(self, same: Sequence[_Mention]) -> float:
        """The most that speaks for one mention of a sum, with what the other mentions add or take."""
        weights, most = self._weights, self._weights["known_topic"]
        topic = max(-most, min(most, sum(each.topic for each in same)))
        shared = weights["repeated"] * (len({each.turn for each in same}) - 1)
        shared += weights["echo"] * any(each.sum.weight <= weights["echo"] for each in same)
        meant = (each for each in same if each.near or each.sum.weight > weights["money"])
        return max((each.sum.weight + each.place + (each.topic or topic) + shared for each in meant), default=-inf)

    def _said(self, intent: str, proofs: Sequence[int], turns: Sequence[Turn]) -> dict[int, tuple[SpokenSum, ...]]:
        """What each turn says, in order; parts are read against the turns before."""
        said: dict[int, tuple[SpokenSum, ...]] = {}
        for at, turn in enumerate(turns if proofs else ()):
            shortly = (each for n in range(at - PART_REACH, at) for each in said.get(n, ()))
            before = [each.amount_cny for each in shortly if each.weight > self._weights["never"]]
            said[at] = self._reader.said_in(turn.text, intent, before=before)
        return said

    def _place(
        self, at: int, said: dict[int, tuple[SpokenSum, ...]], proofs: Sequence[int], turns: Sequence[Turn]
    ) -> float:
        """What a sum weighs by the turn in which it was said."""
        weights = self._weights
        spoken = weights["client"] if turns[at].speaker is not Speaker.ADVISOR else self._answered(at, said, turns)
        far = min(REACH, _far(at, proofs))
        near = weights["distance"] * far + weights["evidence"] * (not far)
        return spoken + near + weights["late"] * at / len(turns)

    def _answered(self, at: int, said: dict[int, tuple[SpokenSum, ...]], turns: Sequence[Turn]) -> float:
        """What the client's answer does to the advisor's sum: a yes takes it over, a no or another sum refuses it."""
        if at + 1 >= len(turns) or turns[at + 1].speaker is Speaker.ADVISOR:
            return 0.0
        never = self._weights["never"]
        proposed, answered = ({s.amount_cny for s in said.get(n, ()) if s.weight > never} for n in (at, at + 1))
        if proposed & answered or (not answered and self._replies["agrees"].search(turns[at + 1].text)):
            return self._weights["client"]
        return self._weights["refused"] if answered or self._replies["refuses"].search(turns[at + 1].text) else 0.0

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


def _far(at: int, proofs: Sequence[int]) -> int:
    return min(abs(at - proof) for proof in proofs)


@cache
def load_sums() -> Sums:
    """The clues of the package."""
    return Sums()
