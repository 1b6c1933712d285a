"""From intents by turn to wishes of the call: what stood at the end, its words, sum, product and urgency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import prod

from intent.call import Bar, Evidence, Polarity, Speaker, SpeechFinding, Turn, TurnIntent, Wish
from intent.classifier.rules import Rules
from intent.classifier.taxonomy import Taxonomy
from intent.inspection.speech import HOLDING
from intent.named import code_named, day_named
from intent.spoken_sums import MONEY_COMING
from intent.sums import MeantSum, load_sums

PRODUCT_REACH = 2  # turns before the evidence in which the product may have been named
UNKNOWN_ROLE_FACTOR = 0.8  # the speaker may have been the advisor
PLACEMENTS = frozenset({"fund.buy", "wealth.fixed_income", "wealth.private", "cash.repo"})


@dataclass(frozen=True, kw_only=True)
class TurnReading:
    """One intent as read in one turn."""

    turn: Turn
    intent: TurnIntent


class WishMaker:
    """Settles what was read turn by turn; pure, one instance serves all calls."""

    def __init__(self, taxonomy: Taxonomy, rules: Rules, products: Sequence[str] = ()) -> None:
        """`products`: names and aliases as clients may say them."""
        self._taxonomy, self._rules = taxonomy, rules
        self._products = sorted({p for p in products if len(p) >= 2}, key=len, reverse=True)

    def wishes(
        self,
        readings: Sequence[TurnReading],
        turns: Sequence[Turn],
        *,
        bar: Bar | None = None,
        started_at: datetime | None = None,
    ) -> tuple[Wish, ...]:
        """One wish an intent and destination, in order of the first evidence.

        A lead stands when all its turns `together` come up to the bar; several turns in doubt can make one. Days are
        counted from `started_at` (aware); without it none is read.
        """
        bar = bar or Bar()
        by_intent: dict[str, list[TurnReading]] = {}
        for reading in readings:
            by_intent.setdefault(reading.intent.intent, []).append(reading)
        back = self._taken_back(readings, turns)
        standing = [still_wanted(each, bar.refusal, back.get(intent, -1)) for intent, each in by_intent.items()]
        sure = [kept for kept in standing if kept and self._stands(kept, bar)]
        sums = self._sums(sure, turns)
        made = [wish for kept in sure for wish in self._made(kept, turns, started_at, sums)]
        return tuple(sorted(_share_money(made), key=lambda w: (w.evidence[0].turn, w.intent)))

    def _stands(self, kept: Sequence[TurnReading], bar: Bar) -> bool:
        intent, confidences = self._taxonomy[kept[0].intent.intent], [_confidence(reading) for reading in kept]
        if intent.is_lead:
            return together(confidences) >= bar.lead
        return intent.goes_to != "case" or max(confidences) >= bar.case

    def _taken_back(self, readings: Sequence[TurnReading], turns: Sequence[Turn]) -> dict[str, int]:
        """The last turn that takes an intent back by a verb alone (那先不卖), or as what was wanted last (算了)."""
        wanted = [
            r for r in readings if r.intent.polarity is Polarity.INTEREST and self._taxonomy[r.intent.intent].is_lead
        ]
        refused = {r.turn.index for r in readings if r.intent.polarity is Polarity.DECLINE}
        back: dict[str, int] = {}
        for turn in turns:
            if turn.speaker is Speaker.ADVISOR:
                continue
            found = self._rules.withdrawal(turn.text)
            back |= dict.fromkeys(found.intents, turn.index)
            reach = range(turn.index - self._rules.withdrawal_reach, turn.index)
            if found.whatever and turn.index not in refused:
                last = max((r.turn.index for r in wanted if r.turn.index in reach), default=None)
                back |= {r.intent.intent: turn.index for r in wanted if r.turn.index == last}
        return back

    def _made(
        self,
        kept: Sequence[TurnReading],
        turns: Sequence[Turn],
        started_at: datetime | None,
        sums: Mapping[str, MeantSum],
    ) -> list[Wish]:
        intent = self._taxonomy[kept[0].intent.intent]
        said = list(dict.fromkeys(reading.turn for reading in kept))  # a long turn is read in pieces
        meant = sums.get(intent.id)
        wish = Wish(
            intent=intent.id,
            goes_to="",
            polarity=Polarity.INTEREST,
            evidence=tuple(_evidence(turn) for turn in said),
            confidence=max(_confidence(reading) for reading in kept),
            product=self._product(said, turns),
            amount_cny=meant.amount_cny if meant else None,
            amount_about=bool(meant and meant.about),
            day=day_named(said, started_at),
            urgency=self._rules.urgency(intent.id, [turn.text for turn in said]),
        )
        return [replace(wish, goes_to=place) for place in intent.places]

    def _sums(self, sure: Sequence[Sequence[TurnReading]], turns: Sequence[Turn]) -> dict[str, MeantSum]:
        """The sums that wishes are about, by intent; none where none was said or no money belongs to the wish."""
        about_money = [kept for kept in sure if self._taxonomy[kept[0].intent.intent].money]
        evidence = {kept[0].intent.intent: {reading.turn.index for reading in kept} for kept in about_money}
        return load_sums().of_wishes(evidence, turns, named=self._named)

    def _named(self, text: str) -> tuple[str, ...]:
        """Intents with money that the words of a text name."""
        return tuple(hit.intent for hit in self._rules.hits(text) if self._taxonomy[hit.intent].money)

    def _product(self, said: Sequence[Turn], turns: Sequence[Turn]) -> str | None:
        """The longest known name in the evidence, else a code there, else a name in the turns right before it."""
        before = (
            turns[at] for turn in said for at in range(turn.index - 1, max(-1, turn.index - PRODUCT_REACH - 1), -1)
        )
        return self._name_in(said) or code_named(said) or self._name_in(before)

    def _name_in(self, turns: Iterable[Turn]) -> str | None:
        return next((name for turn in turns for name in self._products if name in turn.text), None)


def together(confidences: Sequence[float]) -> float:
    """How far the turns that speak for a wish carry it: 1 - prod(1 - p^1.5) of their probabilities.

    The turns of a call are not independent; the exponent, chosen on training calls, lets a doubt count for less.
    """
    return 1.0 - float(prod(1 - p**1.5 for p in confidences))


def still_wanted(
    readings: Sequence[TurnReading], refusal: float = 0.0, taken_back: int = -1
) -> tuple[TurnReading, ...]:
    """The turns that speak for an intent after what was said last; empty when it was refused in the end.

    A refusal (as sure as `refusal`) withdraws what came before it, as does the turn `taken_back`; what the client
    already has neither asks nor withdraws.
    """
    kept: list[TurnReading] = []
    for reading in readings:
        if reading.intent.polarity is Polarity.DECLINE and reading.intent.confidence >= refusal:
            kept.clear()
        elif reading.intent.polarity is Polarity.INTEREST and reading.turn.index > taken_back:
            kept.append(reading)
    return tuple(kept)


def hold_won_by_promise(
    wishes: Sequence[Wish], findings: Sequence[SpeechFinding], taxonomy: Taxonomy
) -> tuple[Wish, ...]:
    """Opportunities whose evidence ends after an advisor's promise are held until that is disposed of.

    What a model merely suspects holds nothing: it is heard at the inspection.
    """
    return tuple(_held(wish, findings, taxonomy) for wish in wishes)


def _held(wish: Wish, findings: Sequence[SpeechFinding], taxonomy: Taxonomy) -> Wish:
    last = max(evidence.turn for evidence in wish.evidence)
    before = [f for f in findings if f.rule.startswith(HOLDING) and f.turn < last and not f.suspected]
    if not before or wish.goes_to != "lead" or taxonomy[wish.intent].kind != "opportunity":
        return wish
    if any(f.confidential for f in before):
        return replace(wish, held_because="合规部门处理中，暂缓跟进")
    first = before[0]
    return replace(wish, held_because=f"顾问在第{first.turn + 1}轮说了“{first.quote}”（{first.rule}），先处置再跟进")


def _share_money(wishes: Sequence[Wish]) -> list[Wish]:
    """Money on its way is the sum of a placement asked for in the same call without one of its own."""
    coming = next((w for w in wishes if w.intent == MONEY_COMING and w.amount_cny), None)
    if coming is None:
        return list(wishes)
    return [
        replace(w, amount_cny=coming.amount_cny, amount_about=coming.amount_about)
        if w.amount_cny is None and w.intent in PLACEMENTS
        else w
        for w in wishes
    ]


def _confidence(reading: TurnReading) -> float:
    factor = UNKNOWN_ROLE_FACTOR if reading.turn.speaker is Speaker.UNKNOWN else 1.0
    return round(reading.intent.confidence * factor, 4)


def _evidence(turn: Turn) -> Evidence:
    return Evidence(turn=turn.index, quote=turn.text, start_s=turn.start_s, end_s=turn.end_s)
