"""How alternatives are scored, read from `match.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from copilot.diagnosis.errors import RuleFileError

CRITERIA = ("findings", "goal", "horizon", "liquidity", "overlap", "cost", "interest")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """Weights, limits and tables; see the comments of match.yaml."""

    version: int
    weights: Mapping[str, float]
    deductions: Mapping[str, float]  # by severity
    least_gain: float  # points
    most_options: int
    most_suggestions: int
    least_goal_fit: float
    least_record_months: int
    interest_days: int
    usual_horizon_years: float
    dear: float  # per cent a year
    concentration_line: float  # per cent
    asks: tuple[str, ...]
    classes: Mapping[str, str]  # class by kind of fund
    class_names: Mapping[str, str]
    goal_names: Mapping[str, str]
    goals: Mapping[str, Mapping[str, float]]  # by goal and class
    horizon_months: Mapping[str, float]  # by class

    def class_of(self, kind: str) -> str:
        return self.classes.get(kind, "other")


@cache
def load_policy() -> Policy:
    """The policy shipped with the package. Raises RuleFileError when the file is not valid."""
    return parse_policy(resources.files("copilot.diagnosis.match").joinpath("match.yaml").read_text("utf-8"))


def parse_policy(source: str) -> Policy:
    """A policy from YAML text. Raises RuleFileError when it is not valid."""
    import yaml

    try:
        raw: dict[str, Any] = yaml.safe_load(source)
        classes = {kind: name for name, kinds in raw.pop("classes").items() for kind in kinds}
        policy = Policy(**{**raw, "asks": tuple(raw["asks"]), "classes": classes})
        if set(policy.weights) != set(CRITERIA) or min(policy.weights.values()) < 0 or not any(policy.weights.values()):
            raise ValueError(f"weights must name {', '.join(CRITERIA)}")
        if any(set(table) != set(policy.class_names) for table in (*policy.goals.values(), policy.horizon_months)):
            raise ValueError("a table leaves a class out")
    except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise RuleFileError(f"the rules of the match are not valid ({error}): mend match.yaml.") from error
    return policy
