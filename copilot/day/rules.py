"""What puts a client on the list of the day, as data: weights, windows and words."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["promise", "lead", "lead_today", "questionnaire", "maturity", "cash", "announcement"]


class ReasonRule(BaseModel):
    """One kind of reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    zh: str
    weight: int = Field(ge=0)  # points
    marketing: bool = False
    ahead_days: int = Field(0, ge=0)
    past_days: int = Field(0, ge=0)
    amount_cny: Decimal = Decimal(0)
    kinds: tuple[str, ...] = ()  # of events
    leave_out: tuple[str, ...] = ()  # types of documents


class DayRules(BaseModel):
    """All of `rules.yaml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clients: int = Field(ge=1)
    per_late_day: int = Field(ge=0)
    most_late_days: int = Field(ge=0)
    reasons: Mapping[Kind, ReasonRule]


@cache
def load_day_rules() -> DayRules:
    """The rules shipped."""
    text = files("copilot.day").joinpath("rules.yaml").read_text(encoding="utf-8")
    return DayRules.model_validate(yaml.safe_load(text))
