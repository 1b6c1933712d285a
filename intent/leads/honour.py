"""Who must not be offered as a lead, by rules as data: asked when a lead is made, and again when it is taken."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml

from intent.classifier.taxonomy import Intent
from intent.errors import LeadRulesError
from intent.leads.lead import ClientStanding


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Purposes that a client refused, and the kinds of wish that give no lead then."""

    purposes: frozenset[str]
    blocks: frozenset[str]
    why: str


@dataclass(frozen=True, kw_only=True)
class Honour:
    """The rules."""

    adult_at: int  # years
    account_states: tuple[tuple[str, str], ...]  # state, reason
    refused: tuple[Refusal, ...]
    once: frozenset[str]  # intents answered by one contact a window

    def why_not(self, standing: ClientStanding, intent: Intent | None, on: date, required: tuple[str, ...] = ()) -> str:
        """Why this wish of this client is not offered, in a few words; empty when it may be.

        intent: None where the taxonomy no longer has it, which blocks as an opportunity does.
        required: purposes that must have been agreed to.
        """
        if not standing.may_contact:
            return standing.why_not
        closed = dict(self.account_states).get(standing.account_state)
        if closed:
            return closed
        if standing.born_on is not None and _years(standing.born_on, on) < self.adult_at:
            return f"younger than {self.adult_at}"
        kind = intent.kind if intent else "opportunity"
        refused = {purpose for purpose, agreed in standing.consents.items() if not agreed}
        for rule in self.refused:
            if kind in rule.blocks and not rule.purposes.isdisjoint(refused):
                return rule.why
        missing = sorted(purpose for purpose in required if not standing.consents.get(purpose))
        return f"no consent to {', '.join(missing)}" if missing else ""


@cache
def load_honour(path: Path | None = None) -> Honour:
    """The rules of a file, the shipped ones by default. Raises LeadRulesError naming it."""
    raw = read_rules(path, "honour.yaml")
    try:
        return Honour(
            adult_at=int(raw["adult_at"]),
            account_states=tuple(raw["account_states"].items()),
            refused=tuple(
                Refusal(purposes=frozenset(r["purposes"]), blocks=frozenset(r["blocks"]), why=str(r["why"]))
                for r in raw["refused"]
            ),
            once=frozenset(raw["once"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise LeadRulesError(
            f"The rules of who is offered ({path or 'honour.yaml'}) are broken at {error}: correct them."
        ) from error


def read_rules(path: Path | None, shipped: str) -> dict[str, Any]:
    """A YAML file of this room. Raises LeadRulesError."""
    try:
        source = files("intent.leads").joinpath("data", shipped) if path is None else path
        raw = yaml.safe_load(source.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LeadRulesError(
            f"The rules {path or shipped} cannot be read ({type(error).__name__}): correct the file."
        ) from error
    if not isinstance(raw, dict):
        raise LeadRulesError(f"The rules {path or shipped} are no mapping: write them like the shipped {shipped}.")
    return raw


def _years(born_on: date, on: date) -> int:
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))
