"""The two-layer score of a call: abilities, business rules, and a cap where something critical went wrong."""

from __future__ import annotations

from collections.abc import Sequence

from intent.call import Speaker, SpeechFinding, Turn
from intent.inspection.abilities import AbilityScorer
from intent.inspection.measures import has_times, place_of
from intent.inspection.result import Ability, ItemResult, Loss, Place, Score, TalkMeasures
from intent.inspection.scoring_data import Scoring
from intent.inspection.wording import Wording

FULL = 100.0
NO_SCORE = Score(total=None, ability=None, business=None)


def score_call(
    turns: Sequence[Turn],
    measured: TalkMeasures,
    findings: Sequence[SpeechFinding],
    checklist: Sequence[ItemResult],
    *,
    scoring: Scoring,
    wording: Wording,
) -> Score:
    """Score a call; without a turn of the advisor there is nobody to judge, and no score.

    Each layer starts at 100. Layer 1 leaves out abilities that cannot be judged and scales up the rest; layer 2
    loses the points of every violation and item. The total is their weighted mean, and at most `cap` where a
    critical rule was broken or a critical item is missing, refused or unclear.
    """
    if not any(turn.speaker is Speaker.ADVISOR and turn.text.strip() for turn in turns):
        return NO_SCORE
    abilities, talk_losses = AbilityScorer(turns, measured, scoring, wording).score()
    rule_losses = (*_violation_losses(turns, findings, scoring), *_item_losses(checklist, scoring))
    ability, business = _ability_points(abilities), max(0.0, FULL - sum(loss.points for loss in rule_losses))
    layers = scoring.layers
    mean = business if ability is None else layers["ability"] * ability + layers["business"] * business
    critical = any(loss.critical for loss in rule_losses)
    return Score(
        total=round(min(mean, scoring.cap) if critical else mean, 1),
        ability=ability,
        business=round(business, 1),
        capped=critical and mean > scoring.cap,
        abilities=abilities,
        losses=(*rule_losses, *talk_losses),
    )


def _ability_points(abilities: Sequence[Ability]) -> float | None:
    judged = [each for each in abilities if each.points is not None]
    whole = sum(each.of_points for each in judged)
    return round(FULL * sum(each.points or 0.0 for each in judged) / whole, 1) if whole else None


def _violation_losses(turns: Sequence[Turn], findings: Sequence[SpeechFinding], scoring: Scoring) -> list[Loss]:
    timed, by_index = has_times(turns), {turn.index: turn for turn in turns}
    return [
        Loss(
            layer=2,
            of=finding.rule,
            points=scoring.violations.points(finding),
            why=f"违规：{finding.rule}",
            place=place_of(by_index[finding.turn], finding.quote, timed=timed),
            critical=scoring.violations.is_critical(finding),
        )
        for finding in findings
    ]


def _item_losses(checklist: Sequence[ItemResult], scoring: Scoring) -> list[Loss]:
    found = ((item, scoring.items.get(item.state, 0.0) * item.weight, _heard_at(item)) for item in checklist)
    return [
        Loss(
            layer=2,
            of=item.item,
            points=round(points, 2),
            why=f"{item.zh}：{item.why}",
            place=place,
            critical=item.critical and item.state != "late",
        )
        for item, points, place in found
        if points > 0 and place is not None
    ]


def _heard_at(item: ItemResult) -> Place | None:
    """The answer where one was given, else the words, else where they had to come."""
    return item.answered_at or item.said_at or item.expected_by
