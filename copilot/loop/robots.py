"""Who only looks at an address: programs that preview links, and browsers that fetch ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml


@dataclass(frozen=True, kw_only=True)
class _Signs:
    agents: tuple[str, ...]
    ahead: Mapping[str, str]


def is_robot(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a request is no reader's: HEAD, a fetch ahead, a known program, or no agent at all.

    headers: names in lower case. A program that hides passes here and stands before the code, like everybody.
    """
    signs, agent = _signs(), headers.get("user-agent", "").lower()
    ahead = any(sign in headers.get(name, "").lower() for name, sign in signs.ahead.items())
    return method == "HEAD" or ahead or not agent or any(name in agent for name in signs.agents)


@cache
def _signs() -> _Signs:
    held = yaml.safe_load((resources.files("copilot.loop") / "robots.yaml").read_text("utf-8"))
    return _Signs(agents=tuple(name.lower() for name in held["agents"]), ahead=held["ahead"])
