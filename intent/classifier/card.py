"""The card that people read beside a trained model: data, table of methods, figures by intent, two pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from intent.call import LineReading, Polarity
from intent.classifier.calibration import Calibration
from intent.classifier.figures import interval
from intent.classifier.folder import ModelCard
from intent.classifier.network import Beliefs, polar_targets, targets
from intent.classifier.pictures import calibration_svg, confusion_svg
from intent.classifier.taxonomy import Taxonomy
from intent.corpus.utterances import Labelled

CARD, CALIBRATION, CONFUSION = "CARD.md", "calibration.svg", "confusion.svg"
_SHOWN = (
    "lead_precision", "lead_recall", "lead_f1", "lead_f05", "false_lead_rate", "micro_f1", "intent_micro_f1",
    "polarity_accuracy", "case_recall", "coverage", "wish_average_precision",
)  # fmt: skip


def write_card(
    folder: Path,
    card: ModelCard,
    taxonomy: Taxonomy,
    items: Sequence[Labelled],
    read: Sequence[LineReading],
    beliefs: Beliefs,
    calibration: Calibration,
) -> None:
    """Write the card and its pictures; `items` are of the development split, `read` what the best method read."""
    truth = polar_targets(targets([item.gold for item in items], taxonomy.ids), len(taxonomy.ids))[:, :, 0]
    (folder / CALIBRATION).write_text(calibration_svg(calibration.wish(beliefs.wish), truth), "utf-8")
    (folder / CONFUSION).write_text(confusion_svg(confusions(items, read, taxonomy.ids), taxonomy.ids), "utf-8")
    splits = ", ".join(f"{split} {card.trained_on[split]}" for split in ("train", "calibration", "dev"))
    lines = [
        f"# Intent model {card.version}", "",
        f"Taxonomy {card.taxonomy}, {len(card.intents)} intents.",
        f"Best on the development split, and in use: **{card.best}** (the encoder's share in a blend: {card.weight}).",
        "",
        "## Data", "",
        f"Lines by split: {splits}. The split `test` was not read.",
        f"sha256 of the data: `{card.trained_on['sha256']}`.",
        *([f"Training went on from the model {card.trained_on['start']}."] if "start" in card.trained_on else []),
        *([empty] if (empty := without_lines(card)) else []), "",
        "## Methods", "",
        f"On the development split, n = {len(items)}, with 95 % intervals (Wilson) where they apply.",
        f"Thresholds come from the calibration split, for a lead precision of {card.calibrations['blend'].precision}.",
        "",
        *methods_table(card), "",
        "## By intent", "", *_by_intent(items, read, taxonomy), "",
        "## Pictures", "",
        f"![how far probabilities can be believed]({CALIBRATION})", f"![what is confused]({CONFUSION})", "",
    ]  # fmt: skip
    (folder / CARD).write_text("\n".join(lines), "utf-8")


def without_lines(card: ModelCard) -> str:
    """A sentence with the intents that no training line wishes; empty where each has one."""
    empty = card.trained_on.get("without_lines", ())
    if not empty:
        return ""
    return f"No training line wishes these, so that the networks will not raise them: {', '.join(empty)}."


def methods_table(card: ModelCard) -> list[str]:
    """One row a figure, one column a method."""
    methods = list(card.figures)
    rows = [f"| | {' | '.join(methods)} |", "|---|" + "---|" * len(methods)]
    for name in _SHOWN:
        if any(name in card.figures[method] for method in methods):
            rows.append(f"| {name} | {' | '.join(_cell(card.figures[method], name) for method in methods)} |")
    return rows


def confusions(items: Sequence[Labelled], read: Sequence[LineReading], intents: Sequence[str]) -> NDArray[np.int64]:
    """`[gold, found]` over lines; what is missed stands under none, what is invented in the row none."""
    place = {intent: n for n, intent in enumerate(intents)}
    counts = np.zeros((len(intents) + 1, len(intents) + 1), np.int64)
    for item, reading in zip(items, read, strict=True):
        gold, found = {i for i, _ in item.gold}, {i.intent for i in reading.intents}
        missed, invented = gold - found, found - gold
        for intent in gold & found:
            counts[place[intent], place[intent]] += 1
        for intent in missed:
            for column in [place[other] for other in invented] or [-1]:
                counts[place[intent], column] += 1
        if not missed:
            for intent in invented:
                counts[-1, place[intent]] += 1
    return counts


def _cell(figures: dict[str, float], name: str) -> str:
    if name not in figures:
        return ""
    n = {"lead_precision": "raised", "lead_recall": "leads"}.get(name)
    if n is None:
        return f"{figures[name]:.3f}"
    low, high = interval(figures[name], int(figures[n]))
    return f"{figures[name]:.3f} ({low:.2f}-{high:.2f})"


def _by_intent(items: Sequence[Labelled], read: Sequence[LineReading], taxonomy: Taxonomy) -> list[str]:
    rows = ["| intent | wished | raised | precision | recall |", "|---|---|---|---|---|"]
    wish = Polarity.INTEREST
    for intent in taxonomy.ids:
        gold = [(intent, wish) in item.gold for item in items]
        found = [any(i.intent == intent and i.polarity is wish for i in reading.intents) for reading in read]
        hit, wished, raised = sum(g and f for g, f in zip(gold, found, strict=True)), sum(gold), sum(found)
        rows.append(f"| {intent} | {wished} | {raised} | {_share(hit, raised)} | {_share(hit, wished)} |")
    return rows


def _share(part: int, whole: int) -> str:
    if not whole:
        return "-"
    low, high = interval(part / whole, whole)
    return f"{part / whole:.2f} ({low:.2f}-{high:.2f})"
