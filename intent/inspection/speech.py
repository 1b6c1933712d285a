"""Which rules the advisor broke in speech, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from intent.call import Speaker, SpeechFinding, Turn

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
    suspected: bool = False  # by a model that is not sure


class SpeechChecker(Protocol):
    """Judges what an advisor said; the compliance rules are behind it. Raises when it cannot judge."""

    def judge(self, texts: Sequence[str]) -> Sequence[Sequence[SpeechIssue]]:
        """The issues of each text."""
        ...


def spoken_violations(turns: Sequence[Turn], checker: SpeechChecker) -> tuple[SpeechFinding, ...]:
    """Findings in the advisor's turns, in order; a turn of unknown role accuses nobody."""
    spoken = [turn for turn in turns if turn.speaker is Speaker.ADVISOR]
    return tuple(
        SpeechFinding(
            turn=turn.index,
            rule=issue.rule,
            quote=issue.quote,
            disposition=issue.disposition or disposition_of(issue.rule),
            severity=issue.severity,
            start_s=turn.start_s,
            confidential=issue.confidential,
            suspected=issue.suspected,
        )
        for turn, issues in zip(spoken, checker.judge([turn.text for turn in spoken]), strict=True)
        for issue in issues
    )


def disposition_of(rule: str) -> str:
    """What follows a spoken violation: it is registered, set right by a call-back, or trained on."""
    if rule.startswith(_REGISTER):
        return REGISTER
    return CALL_BACK if rule.startswith(_CALL_BACK) else TRAIN
