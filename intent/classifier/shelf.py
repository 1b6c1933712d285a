"""The models of an installation: which there are, which reads, and the gate before another may."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from intent.classifier.folder import read_model_card, shipped_folder
from intent.errors import ModelGateError, OtherTaxonomyError

SHIPPED = "shipped"
_ACTIVE = "active.json"
SLACK = 0.005  # a figure may be lower by this, about one line in two hundred
Figures = dict[str, float | int]


@dataclass(frozen=True, kw_only=True)
class Activation:
    """One change of the model that reads."""

    version: str  # of the model, or SHIPPED
    at: str  # ISO 8601
    by: str
    why: str
    figures: Figures  # on the frozen set of that day
    compared: bool = True  # with the model before; not where that one knew another taxonomy


class ModelShelf:
    """Models in folders named by their version, and the list of activations, the last of which counts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def add(self, model: Path) -> str:
        """Copy a trained model here; returns its version. One that is here already stays as it is."""
        version = read_model_card(model).version
        place = self._folder / version
        if not place.exists():
            beside = self._folder / f".{version}.new"
            shutil.rmtree(beside, ignore_errors=True)
            shutil.copytree(model, beside)
            beside.rename(place)
        return version

    def versions(self) -> tuple[str, ...]:
        """Every model, the shipped one first."""
        if not self._folder.is_dir():
            return (SHIPPED,)
        return (SHIPPED, *sorted(p.name for p in self._folder.iterdir() if p.is_dir() and not p.name.startswith(".")))

    def place(self, version: str) -> Path:
        """The folder of a model. Raises ModelGateError for one that is not here."""
        if version not in self.versions():
            raise ModelGateError(
                f"There is no intent model {version} here: use one of {', '.join(self.versions())}, "
                "or add one with `tougu intent train`."
            )
        return shipped_folder() if version == SHIPPED else self._folder / version

    def active(self) -> Path:
        """The folder of the model that reads; the shipped one where nobody chose. Raises ModelGateError."""
        history = self.history()
        return self.place(history[-1].version if history else SHIPPED)

    def history(self) -> tuple[Activation, ...]:
        """Every activation, the oldest first. Raises ModelGateError when the list cannot be read."""
        path = self._folder / _ACTIVE
        if not path.exists():
            return ()
        try:
            return tuple(Activation(**entry) for entry in json.loads(path.read_text("utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise ModelGateError(
                f"The list of intent models {path} cannot be read ({type(error).__name__}): restore it from a "
                "backup, or remove it to go back to the shipped model."
            ) from error

    def activate(
        self, version: str, measure: Callable[[Path], Figures], *, by: str, at: datetime, why: str
    ) -> Activation:
        """Let another model read when it is not worse than the active one on the same frozen set.

        `measure` gives a model's figures on that set. An active model of another taxonomy reads nothing any more, and
        is no measure. Raises ModelGateError naming what is worse, OtherTaxonomyError for a new model that does not fit.
        """
        figures = measure(self.place(version))
        active = self._of_active(measure)
        if problems := worse(figures, active or figures):
            raise ModelGateError(
                f"The intent model {version} is worse than the active one on the frozen set "
                f"({'; '.join(problems)}): train on more lines, or compare both cards."
            )
        return self._append(
            Activation(version=version, at=at.isoformat(), by=by, why=why, figures=figures, compared=active is not None)
        )

    def rollback(self, *, by: str, at: datetime, why: str) -> Activation:
        """Go back to the model that read before the active one. Raises ModelGateError when there was none."""
        history = self.history()
        if not history:
            raise ModelGateError("The shipped intent model reads already: there is nothing to go back to.")
        active = history[-1].version
        before = [step for step in history[:-1] if step.version != active]
        version, figures = (before[-1].version, before[-1].figures) if before else (SHIPPED, {})
        self.place(version)
        return self._append(Activation(version=version, at=at.isoformat(), by=by, why=why, figures=figures))

    def _of_active(self, measure: Callable[[Path], Figures]) -> Figures | None:
        try:
            return measure(self.active())
        except OtherTaxonomyError:
            return None

    def _append(self, step: Activation) -> Activation:
        self._folder.mkdir(parents=True, exist_ok=True)
        beside = self._folder / f".{_ACTIVE}.new"
        steps: Sequence[Activation] = (*self.history(), step)
        beside.write_text(json.dumps([asdict(s) for s in steps], ensure_ascii=False, indent=1) + "\n", "utf-8")
        beside.replace(self._folder / _ACTIVE)
        return step


def worse(new: Figures, old: Figures) -> list[str]:
    """What speaks against the new one: leads by F0.5, false leads, cases, polarity; each with both figures."""
    known = new.keys() & old.keys()
    falls = [
        name
        for name in ("lead_f05", "case_recall", "polarity_accuracy")
        if name in known and new[name] < old[name] - SLACK
    ]
    rises = [name for name in ("false_lead_rate",) if new[name] > old[name] + SLACK]
    return [f"{name} {new[name]:.3f}, active {old[name]:.3f}" for name in (*falls, *rises)]
