"""The client's level against the product's, as measures and labels for the rules; the gate decides apart."""

from __future__ import annotations

import re
from decimal import Decimal

from copilot.diagnosis.findings import Measure

LEVEL_RULE = "above_risk_level"
LEVEL_TITLE = "超出风险等级"  # the title of the rule
_LEVEL = re.compile("[CR]([1-5])")


def level_measure(client: str | None, product: str | None, entity: str) -> dict[str, Measure]:
    """How many levels the product lies above what the client may hold (C1 -> R1 .. C5 -> R5).

    Empty where a level is missing or unknown: that cannot be judged, and is not the same as fitting.
    """
    mine, its = level_number(client), level_number(product)
    if mine is None or its is None:
        return {}
    name = "levels_above"
    return {name: Measure(name=name, label="超出等级数", value=Decimal(its - mine), unit="级", entity=entity)}


def level_labels(client: str | None, product: str | None) -> dict[str, str]:
    """Levels as they are printed."""
    mine = level_number(client)
    allowed = f"R{mine}" if mine else "未知"
    return {"client_level": client or "未知", "product_level": product or "未知", "allowed_level": allowed}


def level_number(level: str | None) -> int | None:
    """1 to 5 of C1..C5 or R1..R5; None where there is no such level."""
    found = _LEVEL.fullmatch(level or "")
    return int(found[1]) if found else None
