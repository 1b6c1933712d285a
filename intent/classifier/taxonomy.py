"""The taxonomy of intents: which there are, what each means, and where it goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from intent.errors import TaxonomyError

KINDS = frozenset({"opportunity", "retention", "service", "case", "info", "none"})
PLACES = frozenset({"lead", "case", "ticket", "consent", "nothing"})
NONE = "none"  # the intent of a line without any; stands alone
FIELDS = frozenset({"id", "zh", "kind", "goes_to", "also", "line", "sla_hours", "meaning", "money"})
OPTIONAL = frozenset({"also", "money"})


@dataclass(frozen=True, kw_only=True)
class Intent:
    """One thing a client may want."""

    id: str
    zh: str
    kind: str
    goes_to: str
    line: str
    sla_hours: int
    meaning: str
    also: tuple[str, ...] = ()
    money: bool = False  # a sum of money belongs to this wish

    @property
    def places(self) -> tuple[str, ...]:
        """Every destination, `nothing` left out."""
        return tuple(place for place in (self.goes_to, *self.also) if place != "nothing")

    @property
    def is_lead(self) -> bool:
        return self.goes_to == "lead"


class Taxonomy:
    """The intents by id, in the file's order; `version` tells trained weights which taxonomy they know."""

    def __init__(self, intents: Mapping[str, Intent], version: str) -> None:
        self._intents = dict(intents)
        self.version = version

    def __getitem__(self, intent_id: str) -> Intent:
        """Raises TaxonomyError for an unknown id."""
        try:
            return self._intents[intent_id]
        except KeyError:
            raise TaxonomyError(
                f"There is no intent {intent_id} in the taxonomy: correct the id or load its taxonomy."
            ) from None

    def __contains__(self, intent_id: object) -> bool:
        return intent_id in self._intents

    def __iter__(self) -> Iterator[Intent]:
        return iter(self._intents.values())

    def __len__(self) -> int:
        return len(self._intents)

    @property
    def ids(self) -> tuple[str, ...]:
        """All ids but `none`, in order: the labels that a classifier gives."""
        return tuple(i for i in self._intents if i != NONE)


def load_taxonomy(path: Path | None = None) -> Taxonomy:
    """Read and validate a taxonomy, the shipped one by default. Raises TaxonomyError naming the entry."""
    text = _text(path)
    try:
        raw = yaml.safe_load(text)
        entries = raw["intents"]
    except (yaml.YAMLError, KeyError, TypeError) as error:
        raise TaxonomyError(f"{path} is no taxonomy ({error}): it needs a list `intents`.") from error
    intents: dict[str, Intent] = {}
    for entry in entries:
        intent = _intent(entry)
        if intent.id in intents:
            raise TaxonomyError(f"The intent {intent.id} stands twice in the taxonomy: remove one.")
        intents[intent.id] = intent
    if NONE not in intents:
        raise TaxonomyError("The taxonomy lacks the intent `none` for lines without any: add it.")
    digest = sha256("\n".join(sorted(intents)).encode()).hexdigest()[:12]
    return Taxonomy(intents, f"{raw.get('version', 1)}-{digest}")


def _text(path: Path | None) -> str:
    if path is None:
        return resources.files("intent.classifier").joinpath("data", "taxonomy.yaml").read_text("utf-8")
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TaxonomyError(f"The taxonomy {path} cannot be read ({error}): correct intent.taxonomy.") from error


def _intent(entry: Any) -> Intent:
    if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
        raise TaxonomyError(f"An entry of the taxonomy has no id ({entry!r:.60}): give it one.")
    unknown = set(entry) - FIELDS
    missing = FIELDS - OPTIONAL - set(entry)
    if unknown or missing:
        wrong = ", ".join(sorted(unknown | missing))
        raise TaxonomyError(
            f"The intent {entry['id']} has unknown or missing fields ({wrong}): it needs {', '.join(sorted(FIELDS))}."
        )
    intent = Intent(**{**entry, "also": tuple(entry.get("also", ()))})
    if intent.kind not in KINDS or not {intent.goes_to, *intent.also} <= PLACES:
        raise TaxonomyError(
            f"The intent {intent.id} has kind {intent.kind} and goes_to {intent.goes_to}: "
            f"use one of {', '.join(sorted(KINDS))} and of {', '.join(sorted(PLACES))}."
        )
    return intent
