"""Products, a client and what was found, for tests of what is judged from metadata."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from compliance_filters.finding import Finding

LOW = {"code": "990005", "name": "云岭稳健债券", "risk_level": "R2", "on_shelf": True}


HIGH = {"code": "990003", "name": "澄湖成长股票", "risk_level": "R4", "on_shelf": True}


CLIENT = {"client_level": "C3", "client_level_expires": "2027-01-01"}


Judge = Callable[..., list[Finding]]


def rules(judge: Judge, text: str, *prefixes: str, target: str = "answer", **meta: Any) -> list[str]:
    return [f.rule for f in judge(text, target, **meta) if f.rule.startswith(prefixes)]
