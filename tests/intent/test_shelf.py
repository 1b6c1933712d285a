from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from intent.classifier.folder import CARD, shipped_folder
from intent.classifier.shelf import SHIPPED, Figures, ModelShelf, worse
from intent.errors import ModelGateError, OtherTaxonomyError

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
GOOD: Figures = {"lead_f05": 0.8, "case_recall": 0.9, "polarity_accuracy": 0.9, "false_lead_rate": 0.03}


@pytest.fixture
def shelf(tmp_path: Path) -> ModelShelf:
    return ModelShelf(tmp_path / "models")


def model(tmp_path: Path, version: str) -> Path:
    """A folder with the card of a model."""
    card = json.loads((shipped_folder() / CARD).read_text("utf-8"))
    folder = tmp_path / f"trained-{version}"
    folder.mkdir()
    (folder / CARD).write_text(json.dumps({**card, "version": version}), "utf-8")
    return folder


def activate(shelf: ModelShelf, version: str, figures: Figures = GOOD, active: Figures = GOOD) -> None:
    def measure(folder: Path) -> Figures:
        return figures if folder == shelf.place(version) else active

    shelf.activate(version, measure, by="anna", at=NOW, why="more lines")


def test_the_shipped_model_reads_until_somebody_chooses(shelf: ModelShelf) -> None:
    assert shelf.versions() == (SHIPPED,)
    assert shelf.active() == shipped_folder()
    assert shelf.history() == ()


def test_a_model_is_copied_once_and_reads_when_it_is_as_good(shelf: ModelShelf, tmp_path: Path) -> None:
    folder = model(tmp_path, "intent-a")
    assert shelf.add(folder) == shelf.add(folder) == "intent-a"
    assert shelf.active() == shipped_folder()
    activate(shelf, "intent-a")
    assert shelf.active() == shelf.place("intent-a")
    (step,) = shelf.history()
    assert (step.by, step.why, step.at, step.figures) == ("anna", "more lines", NOW.isoformat(), GOOD)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"lead_f05": 0.79}, "lead_f05 0.790, active 0.800"),
        ({"case_recall": 0.8}, "case_recall"),
        ({"polarity_accuracy": 0.85}, "polarity_accuracy"),
        ({"false_lead_rate": 0.04}, "false_lead_rate"),
    ],
)
def test_a_worse_model_is_refused_and_nothing_changes(
    shelf: ModelShelf, tmp_path: Path, change: Figures, named: str
) -> None:
    shelf.add(model(tmp_path, "intent-b"))
    with pytest.raises(ModelGateError, match=named):
        activate(shelf, "intent-b", {**GOOD, **change})
    assert shelf.active() == shipped_folder()


def test_a_difference_within_the_noise_is_not_worse() -> None:
    assert worse({**GOOD, "lead_f05": 0.796, "false_lead_rate": 0.034}, GOOD) == []


def test_where_the_active_model_knows_another_taxonomy_there_is_nothing_to_compare_with(
    shelf: ModelShelf, tmp_path: Path
) -> None:
    shelf.add(model(tmp_path, "intent-a"))

    def measure(folder: Path) -> Figures:
        if folder == shipped_folder():
            raise OtherTaxonomyError("other")
        return GOOD

    step = shelf.activate("intent-a", measure, by="anna", at=NOW, why="our own intents")
    assert (shelf.active(), step.compared) == (shelf.place("intent-a"), False)


def test_a_model_of_another_taxonomy_is_not_let_in(shelf: ModelShelf, tmp_path: Path) -> None:
    shelf.add(model(tmp_path, "intent-a"))

    def measure(folder: Path) -> Figures:
        raise OtherTaxonomyError("other")

    with pytest.raises(OtherTaxonomyError):
        shelf.activate("intent-a", measure, by="anna", at=NOW, why="x")
    assert shelf.active() == shipped_folder()


def test_rollback_goes_to_the_model_before_and_is_recorded(shelf: ModelShelf, tmp_path: Path) -> None:
    with pytest.raises(ModelGateError, match="nothing to go back to"):
        shelf.rollback(by="ben", at=NOW, why="x")
    for version in ("intent-a", "intent-b"):
        shelf.add(model(tmp_path, version))
        activate(shelf, version)
    shelf.rollback(by="ben", at=NOW, why="calls got worse")
    assert shelf.active() == shelf.place("intent-a")
    assert [step.version for step in shelf.history()] == ["intent-a", "intent-b", "intent-a"]


def test_the_first_model_rolls_back_to_the_shipped_one(shelf: ModelShelf, tmp_path: Path) -> None:
    shelf.add(model(tmp_path, "intent-a"))
    activate(shelf, "intent-a")
    shelf.rollback(by="ben", at=NOW, why="x")
    assert shelf.active() == shipped_folder()


def test_unknown_models_and_a_broken_list_are_one_sentence(shelf: ModelShelf, tmp_path: Path) -> None:
    with pytest.raises(ModelGateError, match="no intent model intent-x here: use one of shipped"):
        activate(shelf, "intent-x")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "active.json").write_text("{", "utf-8")
    with pytest.raises(ModelGateError, match="remove it to go back to the shipped model"):
        shelf.active()
