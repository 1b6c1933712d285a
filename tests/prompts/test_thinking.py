from __future__ import annotations

import pytest

from prompts.thinking import split_thinking, without_thinking

CASES = [
    ("没有思考", "没有思考"),
    ("<think>想</think>答", "答"),
    ("<think>想</think>\n\n答<think>再想</think>完", "答完"),
    ("<think>没想完", ""),
    ("a < b，<thin 不是标签", "a < b，<thin 不是标签"),
    ("答<", "答<"),
    ("", ""),
]


@pytest.mark.parametrize(("reply", "spoken"), CASES)
def test_whole_replies(reply: str, spoken: str) -> None:
    assert split_thinking(reply)[1] == spoken


@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize(("reply", "spoken"), CASES)
def test_replies_in_pieces(reply: str, spoken: str, size: int) -> None:
    pieces = [reply[at : at + size] for at in range(0, len(reply), size)]
    assert "".join(without_thinking(pieces)) == spoken


def test_a_swallowed_opening_tag() -> None:
    assert split_thinking("想了很久</think>\n答") == ("想了很久", "答")


@pytest.mark.parametrize("size", [1, 2, 7])
def test_a_stream_whose_opening_tag_was_in_the_prompt(size: int) -> None:
    reply, thought = "想了很久，0.85%[1]。</think>\n答", list[str]()
    pieces = [reply[at : at + size] for at in range(0, len(reply), size)]
    assert "".join(without_thinking(pieces, thought=thought.append, begun=True)) == "答"
    assert "".join(thought) == "想了很久，0.85%[1]。"
    assert "".join(without_thinking(["只有想"], begun=True)) == ""
