"""BANKING77, CLINC150, SMP2017 and SMP2019-ECDT: the product's recipe trained on the published training split.

These sets have one label a line and no context, so one softmax stands over the labels and the most probable
one answers (`public_training`); CLINC150 has lines out of scope beside them (`public_scope`).
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from eval.case import Cases, EvalError
from eval.interval import with_interval
from eval.metrics.counts import Part, hits
from eval.metrics.summed import ratio
from eval.result import Figure, Result, data_of
from eval.suites.public_files import digests, published_file, read_published
from eval.suites.public_scope import OBJECTIVE, OUT_OF_SCOPE, choose_scope, classes_of, inside_labels, measures
from eval.suites.public_training import RECIPE, Line, Progress, Split, Trained, some, split_off, train_on
from serve.wiring import House

HELD_OUT = 5  # every fifth line, by hash, where only a training split was published
SMALL, LARGE = 10, 5  # epochs for sets of some 2,000 and of 10,000 lines or more


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Gold and prediction of one test line."""

    gold: str
    predicted: str

    @property
    def right(self) -> bool:
        return self.gold == self.predicted


@dataclass(frozen=True, kw_only=True)
class Answers:
    """A label a test line, what was chosen on the development lines to get there, and figures of the set's own."""

    labels: list[str]
    chosen: dict[str, Any]
    metrics: dict[str, Figure]


Answering = Callable[[Trained, Split], Answers]


@ratio
def accuracy(answered: Answered) -> Part:
    """Share of lines whose label is the gold one."""
    return hits([answered.right])


def banking77(house: House, folder: Path, *, limit: int | None, progress: Progress) -> Result:
    """BANKING77 (Casanueva et al. 2020): `train.csv`, `test.csv` with text,category; accuracy.

    Published: RoBERTa-base fine-tuned on the whole training split 93.5.
    """
    files = [published_file(folder, name) for name in ("train.csv", "test.csv")]
    train, test = (some(list(_csv(path)), limit) for path in files)
    run = _Run(name="banking77", files=files, limit=limit, epochs=LARGE)
    return run.measured(
        house, split_off(train, test), {"RoBERTa-base fine-tuned, full training split": 0.935}, progress
    )


def clinc150(house: House, folder: Path, *, limit: int | None, progress: Progress) -> Result:
    """CLINC150 (Larson et al. 2019): `data_full.json`; in-scope accuracy and out-of-scope recall at one threshold.

    Out of scope is a label of its own, trained on the 100 published lines, and a threshold beside it; epoch,
    blend and threshold are chosen on `val` and `oos_val`. A line in scope that is turned away counts as wrong.
    Published by Larson et al. for BERT: 96.9 in scope, 40.3 (oos-train) to 52.3 (oos-threshold) recall.
    """
    path = published_file(folder, "data_full.json")
    raw = read_published(path)
    parts = {name: some([Line(text=text, label=label) for text, label in rows], limit) for name, rows in raw.items()}
    published = {
        "BERT, in scope": 0.969,
        "BERT, oos recall (oos-train)": 0.403,
        "BERT, oos recall (oos-threshold)": 0.523,
    }
    split = Split(
        train=(*parts["train"], *parts["oos_train"]),
        development=(*parts["val"], *parts["oos_val"]),
        test=(*parts["test"], *parts["oos_test"]),
    )
    run = _Run(name="clinc150", files=[path], limit=limit, epochs=LARGE, answer=_in_or_out)
    return run.measured(house, split, published, progress)


def smp2017(house: House, folder: Path, *, limit: int | None, progress: Progress) -> Result:
    """SMP2017-ECDT, 31 classes: `train.json`, `test.json` of {id: {query, label}}; accuracy."""
    files = [published_file(folder, name) for name in ("train.json", "test.json")]
    train, test = (
        some([Line(text=row["query"], label=row["label"]) for row in read_published(path).values()], limit)
        for path in files
    )
    return _Run(name="smp2017", files=files, limit=limit, epochs=SMALL).measured(
        house, split_off(train, test), {}, progress
    )


def smp2019(house: House, folder: Path, *, limit: int | None, progress: Progress) -> Result:
    """SMP2019-ECDT task 1: `train.json` of {text, domain, intent}; accuracy of the pair domain + intent.

    Only the training split was published, so every fifth line by hash is held out; no published figure is
    on the same lines, and none is shown.
    """
    path = published_file(folder, "train.json")
    lines = [Line(text=row["text"], label=f"{row['domain']}.{row['intent']}") for row in read_published(path)]
    train = some([line for line in lines if not _held_out(line)], limit)
    test = some([line for line in lines if _held_out(line)], limit)
    return _Run(name="smp2019", files=[path], limit=limit, epochs=SMALL).measured(
        house, split_off(train, test), {}, progress
    )


def _held_out(line: Line) -> bool:
    return crc32(line.text.encode("utf-8")) % HELD_OUT == 0


def _csv(path: Path) -> Iterator[Line]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Line(text=row["text"], label=row["category"])


def _most_probable(trained: Trained, split: Split) -> Answers:
    best = trained.read(split.test).blended.argmax(1)
    return Answers(labels=[trained.labels[n] for n in best], chosen={}, metrics={})


def _in_or_out(trained: Trained, split: Split) -> Answers:
    """The most probable label in scope, or OUT_OF_SCOPE above the threshold chosen on the development lines."""
    outside = np.array([line.label == OUT_OF_SCOPE for line in split.development])
    if outside.all() or not outside.any():
        raise EvalError("There are no lines in scope or none out of scope in val and oos_val: restore the set's file.")
    classes = classes_of(trained, split.train)
    known, unseen = trained.read(split.development), trained.read(split.test)
    named = inside_labels(known, trained.labels)
    right = np.array([label == line.label for label, line in zip(named, split.development, strict=True)])
    scope = choose_scope(measures(known, trained.labels, classes), right, outside)
    away = scope.outside(measures(unseen, trained.labels, classes))
    always = inside_labels(unseen, trained.labels)
    answered = _answered(split.test, always)
    return Answers(
        labels=[OUT_OF_SCOPE if gone else label for label, gone in zip(always, away, strict=True)],
        chosen={
            "threshold": {"objective": OBJECTIVE, "value": scope.threshold, "measures": list(scope.scales)},
            "validation": {
                "accuracy": scope.accuracy, "oos_recall": scope.recall, "accuracy_without_threshold": scope.always,
            },
        },
        metrics={
            "accuracy_without_threshold": with_interval([a for a in answered if a.gold != OUT_OF_SCOPE], accuracy)
        },
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One set: where it came from and how it is trained and answered."""

    name: str
    files: Sequence[Path]
    limit: int | None
    epochs: int
    answer: Answering = _most_probable

    def measured(self, house: House, split: Split, published: dict[str, float], progress: Progress) -> Result:
        """Train, answer the test lines, count. Raises EvalError when there is nothing to train or measure on."""
        if not split.train or not split.test:
            raise EvalError(
                f"{self.files[0].parent} holds no training or no test lines of {self.name}: restore its files."
            )
        started = time.perf_counter()
        settings = replace(RECIPE, epochs=self.epochs)
        trained = train_on(house.encoder, split, settings=settings, progress=progress)
        answers = self.answer(trained, split)
        answered = _answered(split.test, answers.labels)
        items = tuple({"id": str(n), "text": line.text, "label": line.label} for n, line in enumerate(split.test))
        return Result(
            suite=f"public {self.name}",
            data=data_of(Cases(path=str(self.files[0].parent), sha256=digests(self.files), items=items)),
            model={"encoder": house.encoder.name, "recipe": "encoder tuned + hashed n-grams, one softmax each"},
            parameters={
                "published": published,
                "limit": self.limit,
                "train_lines": len(split.train),
                "development_lines": len(split.development),
                "labels": len(trained.labels),
                "seed": settings.seed,
                "tuning": asdict(settings),
                "encoder_weight": trained.weight,
                "development_accuracy": round(trained.accuracy, 4),
                **answers.chosen,
            },
            metrics={**_metrics(answered), **answers.metrics},
            by={"label": _by_label(answered)},
            seconds=time.perf_counter() - started,
            predictions=tuple({"id": i["id"], "label": a.predicted} for i, a in zip(items, answered, strict=True)),
        )


def _answered(lines: Sequence[Line], labels: Sequence[str]) -> list[Answered]:
    return [Answered(gold=line.label, predicted=label) for line, label in zip(lines, labels, strict=True)]


def _metrics(answered: Sequence[Answered]) -> dict[str, Figure]:
    """`accuracy` over lines in scope; `oos_recall` and `oos_precision` where the set has lines out of scope."""
    inside = [a for a in answered if a.gold != OUT_OF_SCOPE]
    found: dict[str, Figure] = {"accuracy": with_interval(inside, accuracy)}
    outside = [a for a in answered if a.gold == OUT_OF_SCOPE]
    if outside:
        claimed = [a for a in answered if a.predicted == OUT_OF_SCOPE]
        found["oos_recall"] = with_interval(outside, accuracy)
        found["oos_precision"] = with_interval(claimed, accuracy) if claimed else None
    return found


def _by_label(answered: Sequence[Answered]) -> dict[str, Any]:
    labels = sorted({a.gold for a in answered})
    return {
        label: {"n": len(some), "accuracy": accuracy(some)}
        for label in labels
        if (some := [a for a in answered if a.gold == label])
    }
