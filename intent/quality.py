"""Speech inspection: how the talk was shared, and which rules the advisor broke."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from intent.call import Speaker, SpeechFinding, Transcript, Turn

REGISTER, CALL_BACK, TRAIN = "register", "call_back", "train"
# What a lead must wait for: the client was won by words that no advisor may say.
HOLDING = (
    "promise.",
    "prediction.",
    "certainty.",
    "inducement.",
    "insider.",
    "conduct.",
)
_CALL_BACK = ("promise.", "prediction.", "certainty.", "suitability.")
_REGISTER = ("insider.", "conduct.", "solicit.", "inducement.gift", "product.")


@dataclass(frozen=True, kw_only=True)
class SpeechIssue:
    """A rule broken in one spoken text; `disposition` None leaves it to `disposition_of`."""

    rule: str
    quote: str
    disposition: str | None = None
    severity: str = "medium"  # low | medium | high
    confidential: bool = False  # for compliance alone


class SpeechChecker(Protocol):
    """Judges what an advisor said; the compliance rules are behind it. Raises when it cannot judge."""

    def judge(self, text: str) -> Sequence[SpeechIssue]: ...


@dataclass(frozen=True, kw_only=True)
class TalkMeasures:
    """Seconds and shares of one call; overlaps count for both speakers."""

    advisor_s: float
    client_s: float
    advisor_share: float | None  # of all speech with a known speaker; None where there is none
    longest_monologue_s: float
    interruptions: int  # turns that start before the other speaker's ends
    estimated: bool  # roles or times are guesses: mono, or roles not known


def inspect(turns: Sequence[Turn], checker: SpeechChecker) -> tuple[SpeechFinding, ...]:
    """Findings in the advisor's turns, in order; a turn of unknown role accuses nobody."""
    return tuple(
        SpeechFinding(
            turn=turn.index,
            rule=issue.rule,
            quote=issue.quote,
            disposition=issue.disposition or disposition_of(issue.rule),
            severity=issue.severity,
            start_s=turn.start_s,
            confidential=issue.confidential,
        )
        for turn in turns
        if turn.speaker is Speaker.ADVISOR
        for issue in checker.judge(turn.text)
    )


def disposition_of(rule: str) -> str:
    """What follows a spoken violation: it is registered, set right by a call-back, or trained on."""
    if rule.startswith(_REGISTER):
        return REGISTER
    return CALL_BACK if rule.startswith(_CALL_BACK) else TRAIN


def measures(transcript: Transcript) -> TalkMeasures:
    """Talk measures of a transcript."""
    spoken = {s: sum(_length(t) for t in transcript.turns if t.speaker is s) for s in Speaker}
    known = spoken[Speaker.ADVISOR] + spoken[Speaker.CLIENT]
    return TalkMeasures(
        advisor_s=round(spoken[Speaker.ADVISOR], 2),
        client_s=round(spoken[Speaker.CLIENT], 2),
        advisor_share=round(spoken[Speaker.ADVISOR] / known, 3) if known else None,
        longest_monologue_s=round(max(map(_length, transcript.turns), default=0.0), 2),
        interruptions=_interruptions(transcript.turns),
        estimated=transcript.roles_from in {"words", "unknown"},
    )


def _interruptions(turns: Sequence[Turn]) -> int:
    """A turn that begins while the other speaks; backchannels (three characters or fewer) do not count."""
    pairs = pairwise(turns)
    return sum(a.speaker is not b.speaker and b.start_s < a.end_s - 0.2 and len(b.text) > 3 for a, b in pairs)


def _length(turn: Turn) -> float:
    return max(0.0, turn.end_s - turn.start_s)
