"""The phases and crashes that reports speak of, read from `phases.yaml`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

from copilot.diagnosis.errors import RuleFileError
from copilot.diagnosis.metrics.phases import Phase


@dataclass(frozen=True, kw_only=True)
class Phases:
    """Regimes follow one another; scenarios are crashes that are asked about by name."""

    regimes: tuple[Phase, ...]
    scenarios: tuple[Phase, ...]


@cache
def load_phases() -> Phases:
    """The phases shipped with the package. Raises RuleFileError when the file is not valid."""
    return parse_phases(resources.files("copilot.diagnosis").joinpath("phases.yaml").read_text("utf-8"))


def parse_phases(source: str) -> Phases:
    """Phases from YAML text. Raises RuleFileError when one is not valid or ends before it begins."""
    import yaml

    try:
        raw = yaml.safe_load(source)
        found = Phases(
            regimes=tuple(Phase(**item) for item in raw["regimes"]),
            scenarios=tuple(Phase(**item) for item in raw["scenarios"]),
        )
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise RuleFileError(f"the phases are not valid ({error}): mend phases.yaml.") from error
    wrong = [phase.id for phase in (*found.regimes, *found.scenarios) if not phase.base < phase.end]
    if wrong:
        raise RuleFileError(f"the phases {', '.join(wrong)} end before they begin: mend phases.yaml.")
    return found
