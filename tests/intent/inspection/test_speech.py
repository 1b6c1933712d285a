from __future__ import annotations

from collections.abc import Sequence

import pytest

from intent.inspection.speech import SpeechIssue, disposition_of, spoken_violations
from tests.intent.inspection.talk import talk


class PromiseChecker:
    """Finds one phrase."""

    def judge(self, texts: Sequence[str]) -> list[list[SpeechIssue]]:
        issue = SpeechIssue(rule="promise.return", quote="保证赚钱")
        return [[issue] if issue.quote in text else [] for text in texts]


def test_only_the_advisor_is_accused() -> None:
    turns = talk("a:保证赚钱。", "c:你说保证赚钱？", "?:保证赚钱。").turns
    (finding,) = spoken_violations(turns, PromiseChecker())
    assert (finding.turn, finding.rule, finding.disposition) == (0, "promise.return", "call_back")


@pytest.mark.parametrize(
    ("rule", "disposition"),
    [("insider.information", "register"), ("promise.return", "call_back"), ("disparagement", "train")],
)
def test_every_violation_has_a_disposition(rule: str, disposition: str) -> None:
    assert disposition_of(rule) == disposition
