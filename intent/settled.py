"""What the other one's answer does to a sum: taken over, noted, refused, or left as it is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from intent.call import Speaker, Turn
from intent.spoken_sums import SpokenSum

Said = Mapping[int, Sequence[SpokenSum]]  # the sums of each turn


class Answers:
    """Reads answers by words as data (`replies` and `weights` of sums.yaml); pure."""

    def __init__(self, replies: Mapping[str, str], weights: Mapping[str, float]) -> None:
        self._replies = {name: re.compile(pattern) for name, pattern in replies.items()}
        self._weights = weights

    def weight(self, each: SpokenSum, at: int, said: Said, turns: Sequence[Turn]) -> float:
        """What speaks for a sum by who said it in the turn `at`, and by the answer to it."""
        if turns[at].speaker is Speaker.ADVISOR:
            return self._offered(each, at, said, turns)
        return self._weights["client"] + self._weights["noted"] * self._noted(each, at, said, turns)

    def _offered(self, each: SpokenSum, at: int, said: Said, turns: Sequence[Turn]) -> float:
        """The advisor's sum is the client's after a yes, nobody's after a no or another sum."""
        if not self._answered_by(at, turns, Speaker.CLIENT):
            return 0.0
        answered, answer = self._meant(at + 1, said), turns[at + 1].text
        if each.amount_cny in answered or (not answered and self._replies["agrees"].search(answer)):
            concluded = self._replies["concludes"].search(turns[at].text) is not None
            return self._weights["client"] + self._weights["concluded"] * concluded
        if any(part.part_of == each.amount_cny for part in said.get(at + 1, ())):
            return 0.0
        return self._weights["refused"] if answered or self._replies["refuses"].search(answer) else 0.0

    def _noted(self, each: SpokenSum, at: int, said: Said, turns: Sequence[Turn]) -> bool:
        """The advisor says the client's sum again, and the client does not take that back."""
        if not self._answered_by(at, turns, Speaker.ADVISOR) or each.amount_cny not in self._meant(at + 1, said):
            return False
        return self._offered(each, at + 1, said, turns) >= 0

    def _answered_by(self, at: int, turns: Sequence[Turn], speaker: Speaker) -> bool:
        advisor = speaker is Speaker.ADVISOR
        return at + 1 < len(turns) and (turns[at + 1].speaker is Speaker.ADVISOR) == advisor

    def _meant(self, at: int, said: Said) -> set[Decimal]:
        never = self._weights["never"]
        return {each.amount_cny for each in said.get(at, ()) if each.weight > never and not each.refused}
