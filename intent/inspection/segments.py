"""Where to listen: about ten seconds around each thing that went wrong or may have, the worst first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from intent.call import Speaker, SpeechFinding, Turn
from intent.inspection.measures import has_times, place_of
from intent.inspection.result import ItemResult, Loss, Place, Score, Segment, TurnEmotion
from intent.inspection.scoring_data import Scoring, SegmentRules
from intent.inspection.wording import Wording

MOST = 100.0  # points of risk a segment can have
RULE_LAYER = 2


@dataclass(frozen=True, kw_only=True)
class _Piece:
    start_s: float
    end_s: float
    risk: float
    turn: int
    why: str


def suspicions(turns: Sequence[Turn], findings: Sequence[SpeechFinding]) -> tuple[Place, ...]:
    """What a model suspects and is not sure of."""
    timed, by_index = has_times(turns), {turn.index: turn for turn in turns}
    return tuple(place_of(by_index[each.turn], each.quote, timed=timed) for each in findings if each.suspected)


def doubts(turns: Sequence[Turn], scoring: Scoring, wording: Wording) -> tuple[Place, ...]:
    """The advisor's turns with a word that often stands near a violation. They accuse nobody."""
    timed = has_times(turns)
    found = (
        (turn, wording.find(turn.text, scoring.segments.doubts)) for turn in turns if turn.speaker is Speaker.ADVISOR
    )
    return tuple(place_of(turn, match[0], timed=timed) for turn, match in found if match)


def segments(
    turns: Sequence[Turn],
    duration_s: float,
    score: Score,
    checklist: Sequence[ItemResult],
    in_doubt: Sequence[Place],
    emotions: Sequence[TurnEmotion],
    scoring: Scoring,
) -> tuple[Segment, ...]:
    """Ranked segments of a call; none without times. Lost points, doubts and emotions each give their points."""
    rules, by_index = scoring.segments, {turn.index: turn for turn in turns}
    missing = {item.item for item in checklist if item.state == "missing"}
    judged = {loss.place.turn for loss in score.losses if loss.layer == RULE_LAYER and loss.of not in missing}
    wanted = (
        *((loss.place, _risk(loss, missing, rules), loss.why) for loss in score.losses),
        *((place, rules.doubt, f"待听：{place.quote}") for place in in_doubt if place.turn not in judged),
        *((each.place, rules.emotions.get(each.emotion, 0.0), f"客户情绪：{each.cue}") for each in emotions),
    )
    pieces = [
        _piece(place, by_index[place.turn], risk, why, rules.length_s, duration_s)
        for place, risk, why in wanted
        if risk > 0 and place.start_s is not None
    ]
    return _ranked(_merged(pieces, rules.merge_s))


def _risk(loss: Loss, missing: Iterable[str], rules: SegmentRules) -> float:
    return loss.points * (rules.missing if loss.of in missing else 1.0)


def _piece(place: Place, turn: Turn, risk: float, why: str, length_s: float, duration_s: float) -> _Piece:
    """Around the quote, whose second is told from its place in the text of the turn."""
    start_s, end_s = place.start_s or 0.0, place.end_s or 0.0
    at = max(turn.text.find(place.quote), 0) + len(place.quote) / 2 if place.quote in turn.text else 0.0
    middle = start_s + (end_s - start_s) * at / max(len(turn.text), 1) if at else min(start_s + length_s / 2, end_s)
    start = max(0.0, min(middle - length_s / 2, duration_s - length_s))
    return _Piece(start_s=start, end_s=min(start + length_s, duration_s), risk=risk, turn=place.turn, why=why)


def _merged(pieces: Iterable[_Piece], merge_s: float) -> list[list[_Piece]]:
    """Pieces that overlap, together as long as they stay within `merge_s`."""
    groups: list[list[_Piece]] = []
    for piece in sorted(pieces, key=lambda each: each.start_s):
        last = groups[-1] if groups else []
        overlaps = last and piece.start_s < max(each.end_s for each in last)
        if overlaps and piece.end_s - last[0].start_s <= merge_s:
            last.append(piece)
        else:
            groups.append([piece])
    return groups


def _ranked(groups: Iterable[Sequence[_Piece]]) -> tuple[Segment, ...]:
    ordered = sorted(groups, key=lambda group: (-_sum(group), group[0].start_s))
    return tuple(
        Segment(
            rank=rank,
            start_s=round(group[0].start_s, 2),
            end_s=round(max(each.end_s for each in group), 2),
            risk=_sum(group),
            turns=tuple(sorted({each.turn for each in group})),
            why=tuple(dict.fromkeys(each.why for each in sorted(group, key=lambda each: -each.risk))),
        )
        for rank, group in enumerate(ordered, start=1)
    )


def _sum(group: Sequence[_Piece]) -> float:
    return round(min(MOST, sum(each.risk for each in group)), 2)
