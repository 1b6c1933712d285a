"""Two things that one question asks for: 股票投资收益和股利收益各多少."""

from __future__ import annotations

import re

_BOTH = re.compile(
    r"^(?P<first>[^，。？,?和与跟及、]{2,24})(?:以及|[和与跟及、])(?P<second>[^，。？,?和与跟及、]{2,30}?)"
    r"(?P<rest>(?:各自?|分别|哪[个只家一]).*)$"
)


def asked_apart(question: str) -> tuple[str, ...]:
    """The question once for each of the two things it names; none where it does not name two.

    What stands behind 的 of the second is meant of both: 一号楼和二号楼的出租率哪个高.
    """
    found = _BOTH.match(question.strip())
    if found is None:
        return ()
    first, second, rest = found["first"], found["second"], found["rest"]
    shared = second[second.rindex("的") :] if "的" in second and "的" not in first else ""
    return f"{first}{shared}{rest}", f"{second}{rest}"
