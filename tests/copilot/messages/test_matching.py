"""When a text is the one that was cleared: what may differ, and what may not."""

from __future__ import annotations

import pytest

from copilot.messages.matching import bare, exact_hash, near_hash

CLEARED = "云岭稳健增利债券A的管理费率为每年0.60%[1]。基金有风险，投资须谨慎。"


@pytest.mark.parametrize(
    "sent",
    [
        CLEARED,
        CLEARED.replace("[1]", ""),
        CLEARED + " \n",
        CLEARED.replace("。", "。\n\n"),
        CLEARED.replace("，", ","),
        "王先生您好，" + CLEARED,
        "您好！" + CLEARED + "[微笑]",
        "早上好～ " + CLEARED + "🙏🏻 谢谢您！",
        CLEARED + "祝您生活愉快！",
        CLEARED.replace("债券A", "债券Ａ"),
        "\u200b" + CLEARED + "\ufe0f",
    ],
)
def test_the_same_words_are_the_same_text(sent: str) -> None:
    assert near_hash(sent) == near_hash(CLEARED)


@pytest.mark.parametrize(
    "sent",
    [
        CLEARED.replace("0.60", "0.06"),
        CLEARED.replace("基金有风险，投资须谨慎。", ""),
        CLEARED + "这只稳赚不赔。",
        "您好，这只稳赚不赔。" + CLEARED,
        "您好稳赚不赔，" + CLEARED,
        CLEARED.replace("A", "C"),
        "不" + CLEARED,
        "",
        "您好！",
    ],
)
def test_other_words_are_another_text(sent: str) -> None:
    assert near_hash(sent) != near_hash(CLEARED)


def test_a_greeting_alone_is_itself() -> None:
    assert bare("您好！") == "您好"
    assert bare("谢谢") == "谢谢"


def test_the_exact_hash_is_that_of_cleared_texts() -> None:
    assert exact_hash("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
