from __future__ import annotations

import pytest

from intent.inspection.answers import judge_answer, load_answers
from intent.inspection.wording import load_wording


@pytest.mark.parametrize(
    ("expects", "reply", "state"),
    [
        ("affirm", "是的。", "clear"),
        ("affirm", "嗯，清楚。", "clear"),
        ("affirm", "看过了，没问题。", "clear"),
        ("affirm", "嗯。", "unclear"),
        ("affirm", "好的好的", "unclear"),  # hearing, not knowing
        ("affirm", "差不多吧。", "unclear"),
        ("affirm", "你说了算。", "unclear"),
        ("affirm", "应该清楚吧。", "unclear"),
        ("affirm", "什么意思？", "unclear"),
        ("affirm", "", "unclear"),
        ("affirm", "不太清楚。", "refused"),
        ("affirm", "没看过。", "refused"),
        ("affirm", "是小王帮我签的。", "refused"),
        ("affirm", "是的，不过合同没看。", "unclear"),  # both
        ("consent", "好的。", "clear"),
        ("consent", "可以，你录吧。", "clear"),
        ("consent", "不同意，别录。", "refused"),
        ("consent", "随便你。", "unclear"),
        ("deny", "没有。", "clear"),
        ("deny", "没人跟我承诺过。", "clear"),
        ("deny", "有啊，小王说保本的。", "refused"),
        ("deny", "好像没有吧。", "unclear"),
        ("deny", "嗯。", "unclear"),
    ],
)
def test_replies_are_clear_unclear_or_the_contrary(expects: str, reply: str, state: str) -> None:
    assert judge_answer(reply, expects, load_answers(), load_wording()).state == state
