"""Layer 1: what the advisor did well or badly as a talker, by measures and words; every loss at its place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from intent.call import Speaker, Turn
from intent.inspection.measures import has_times, place_of
from intent.inspection.result import Ability, Loss, Place, TalkMeasures
from intent.inspection.scoring_data import AbilityRule, Penalty, Scoring
from intent.inspection.wording import Wording

GREETED_WITHIN = 3  # turns of the advisor
ANSWERED_WITHIN = 3  # turns after a question, before it counts as passed over


class AbilityScorer:
    """Scores the abilities of one call."""

    def __init__(self, turns: Sequence[Turn], measured: TalkMeasures, scoring: Scoring, wording: Wording) -> None:
        self._turns = tuple(turn for turn in turns if turn.text.strip())
        self._measured, self._scoring, self._wording = measured, scoring, wording
        self._timed = has_times(turns)
        self._advisor = [turn for turn in self._turns if turn.speaker is Speaker.ADVISOR]
        self._client = [turn for turn in self._turns if turn.speaker is Speaker.CLIENT]

    def score(self) -> tuple[tuple[Ability, ...], tuple[Loss, ...]]:
        """Abilities with what is left of their points, and the losses; needs a turn of the advisor."""
        abilities, losses = [], []
        for rule in self._scoring.abilities:
            judged = self._can_judge(rule.id)
            lost = self._capped(rule) if judged else []
            left = rule.points - sum(loss.points for loss in lost) if judged else None
            abilities.append(Ability(id=rule.id, zh=rule.zh, points=left, of_points=rule.points))
            losses += lost
        return tuple(abilities), tuple(losses)

    def _can_judge(self, ability: str) -> bool:
        """Shares and pace need times, listening and answering need a client."""
        needs_client = ability in {"listened", "answered"}
        needs_times = ability in {"listened", "pace"}
        return (bool(self._client) or not needs_client) and (self._timed or not needs_times)

    def _capped(self, rule: AbilityRule) -> list[Loss]:
        """Losses in order of the call's rules, cut where the ability has no points left."""
        left, kept = rule.points, []
        for name, penalty in rule.penalties.items():
            for why, place in self._found(name, penalty):
                points = round(min(penalty.lose, left), 2)
                if points > 0:
                    kept.append(Loss(layer=1, of=rule.id, points=points, why=why, place=place))
                    left -= points
        return kept

    def _found(self, name: str, penalty: Penalty) -> list[tuple[str, Place]]:
        find: Callable[[Penalty], list[tuple[str, Place]]] = getattr(self, f"_find_{name}")
        return find(penalty)

    def _find_talk_share(self, penalty: Penalty) -> list[tuple[str, Place]]:
        share, place = self._measured.advisor_share, self._measured.monologue_at
        judged = share is not None and len(self._client) >= self._scoring.least_turns
        return _above(share if judged else None, penalty, place, "顾问说话占比{:.0%}，给客户说话的时间太少")

    def _find_monologue_s(self, penalty: Penalty) -> list[tuple[str, Place]]:
        measured = self._measured
        return _above(measured.monologue_s, penalty, measured.monologue_at, "顾问连续说了{:.0f}秒")

    def _find_interruption(self, _: Penalty) -> list[tuple[str, Place]]:
        return [("顾问打断客户", place) for place in self._measured.advisor_interruptions]

    def _find_chars_per_s(self, penalty: Penalty) -> list[tuple[str, Place]]:
        measured = self._measured
        return _above(measured.advisor_chars_per_s, penalty, measured.monologue_at, "顾问语速每秒{:.1f}字，太快")

    def _find_longest_silence_s(self, penalty: Penalty) -> list[tuple[str, Place]]:
        measured = self._measured
        return _above(measured.longest_silence_s, penalty, measured.longest_silence_at, "静默{:.0f}秒")

    def _find_silence_share(self, penalty: Penalty) -> list[tuple[str, Place]]:
        measured = self._measured
        return _above(measured.silence_share, penalty, measured.longest_silence_at, "静默占比{:.0%}")

    def _find_unanswered(self, _: Penalty) -> list[tuple[str, Place]]:
        return [
            ("客户的问题没有得到回应", self._place(turn))
            for n, turn in enumerate(self._turns)
            if turn.speaker is Speaker.CLIENT and self._says(turn, "question") and self._is_passed_over(n)
        ]

    def _is_passed_over(self, asked: int) -> bool:
        """Whether none of the next turns, of which there are some, is an advisor's with more than backchannels."""
        after = self._turns[asked + 1 : asked + 1 + ANSWERED_WITHIN]
        return len(after) == ANSWERED_WITHIN and not any(
            turn.speaker is Speaker.ADVISOR and not self._wording.is_backchannel(turn.text) for turn in after
        )

    def _find_no_risk_word(self, _: Penalty) -> list[tuple[str, Place]]:
        first = next((turn for turn in self._advisor if self._says(turn, "product")), None)
        if first is None or any(self._mentions(turn, "risk") for turn in self._advisor):
            return []
        return [("介绍产品，全程没有说到风险", self._place(first))]

    def _find_no_greeting(self, _: Penalty) -> list[tuple[str, Place]]:
        greeted = any(self._says(turn, "greeting") for turn in self._advisor[:GREETED_WITHIN])
        return [] if greeted else [("开场没有问候", self._place(self._advisor[0]))]

    def _find_rude(self, _: Penalty) -> list[tuple[str, Place]]:
        return [("用语不礼貌", self._place(turn)) for turn in self._advisor if self._says(turn, "rude")]

    def _says(self, turn: Turn, words: str) -> bool:
        return self._wording.find(turn.text, self._scoring.words[words]) is not None

    def _mentions(self, turn: Turn, words: str) -> bool:
        """Denied or not: 不是没有风险 speaks of risk too, and what is said wrongly is a violation, not a silence."""
        return any(pattern.search(turn.text) for pattern in self._scoring.words[words])

    def _place(self, turn: Turn) -> Place:
        return place_of(turn, timed=self._timed)


def _above(value: float | None, penalty: Penalty, place: Place | None, why: str) -> list[tuple[str, Place]]:
    if value is None or place is None or value <= penalty.above:
        return []
    return [(why.format(value), place)]
