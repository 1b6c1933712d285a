"""The reviewer's plan: which segments of many calls to listen to within a budget, and which calls pass by machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from intent.inspection.result import Inspection, Segment

HOUR_S = 3600.0


@dataclass(frozen=True, kw_only=True)
class Listen:
    """One segment of one call, in the order of listening."""

    call_id: str
    segment: Segment


@dataclass(frozen=True, kw_only=True)
class ReviewPlan:
    """What a reviewer does with a batch of calls."""

    calls: int
    audio_s: float
    budget_s: float
    listen: tuple[Listen, ...]
    listen_s: float
    passed: tuple[str, ...]  # call ids: nobody has to listen
    read: tuple[str, ...]  # held back without a segment to hear (no times, nobody to judge): the text is to be read
    left: tuple[str, ...]  # held back, and none of their segments fits into the budget


def review_plan(inspections: Sequence[Inspection], *, budget_s_per_hour: float) -> ReviewPlan:
    """Plan the listening for a batch.

    First the worst segment of every call that did not pass, by risk, since one that is confirmed settles the call;
    then further ones by risk. Segments are taken while they fit into the budget, which grows with the audio; the
    first is always taken, so that a single short call can be reviewed.
    """
    audio_s = sum(each.duration_s for each in inspections)
    budget_s = audio_s / HOUR_S * budget_s_per_hour
    held = [each for each in inspections if not each.passed]
    wanted = [Listen(call_id=each.call_id, segment=segment) for each in held for segment in each.segments]
    chosen: list[Listen] = []
    spent = 0.0
    for item in sorted(wanted, key=lambda each: (each.segment.rank > 1, -each.segment.risk)):
        length = item.segment.end_s - item.segment.start_s
        if not chosen or spent + length <= budget_s:
            chosen.append(item)
            spent += length
    heard = {item.call_id for item in chosen}
    return ReviewPlan(
        calls=len(inspections),
        audio_s=round(audio_s, 1),
        budget_s=round(budget_s, 1),
        listen=tuple(chosen),
        listen_s=round(spent, 1),
        passed=tuple(each.call_id for each in inspections if each.passed),
        read=tuple(each.call_id for each in held if not each.segments),
        left=tuple(each.call_id for each in held if each.segments and each.call_id not in heard),
    )
