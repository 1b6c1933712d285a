"""BANKING77, CLINC150, SMP2017 and SMP2019-ECDT: the product's recipe trained on the published training split.

The recipe is the one of `intent.classifier`: vectors of the frozen encoder and hashed characters, one
logistic head a label. These sets have one label a line and no context, so the most probable head answers.
"""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from eval.case import Cases, EvalError
from eval.interval import with_interval
from eval.metrics.counts import Part, hits
from eval.metrics.summed import ratio
from eval.result import Figure, Result, data_of
from eval.suites.public_files import digests, published_file, read_published
from intent.classifier.features import BUCKETS, hashed_grams
from intent.classifier.train import DENSE_SCALE, HASH_SCALE, INTENT_C
from serve.wiring import House

Floats = NDArray[np.float32]
Progress = Callable[[int, int], None]
OUT_OF_SCOPE = "oos"
HELD_OUT = 5  # every fifth line, by hash, where only a training split was published
ENCODE_BATCH = 256


@dataclass(frozen=True, kw_only=True)
class Line:
    """One text of a published set with its label."""

    text: str
    label: str


@dataclass(frozen=True, kw_only=True)
class Answered:
    """Gold and prediction of one test line."""

    gold: str
    predicted: str

    @property
    def right(self) -> bool:
        return self.gold == self.predicted


@ratio
def accuracy(answered: Answered) -> Part:
    """Share of lines whose most probable label is the gold one."""
    return hits([answered.right])


def banking77(house: House, folder: Path, *, limit: int | None, progress: Progress) -> Result:
    """BANKING77 (Casanueva et al. 2020): `train.csv`, `test.csv` with text,category; accuracy.

    Published: RoBERTa-base fine-tuned on the whole training split 93.5.
    """
    files = [published_file(folder, name) for name in ("train.csv", "test.csv")]
    train, test = (list(_csv(path)) for path in files)
    published = {"RoBERTa-base fine-tuned, full training split": 0.935}
    return _measured(house, "banking77", files, train, test[:limit], published, limit, progress)


def clinc150(house: House, folder: Path, *, limit: int | None, progress: Progress) -> Result:
    """CLINC150 (Larson et al. 2019): `data_full.json`; in-scope accuracy and out-of-scope recall.

    Out of scope is a label of its own, trained on the 100 published lines. Published by Larson et al. for
    BERT: 96.9 in scope, 40.3 (oos-train) to 52.3 (oos-threshold) out-of-scope recall.
    """
    path = published_file(folder, "data_full.json")
    raw = read_published(path)
    parts = {name: [Line(text=text, label=label) for text, label in rows] for name, rows in raw.items()}
    test = [*parts["test"][:limit], *parts["oos_test"][:limit]]
    published = {
        "BERT, in scope": 0.969,
        "BERT, oos recall (oos-train)": 0.403,
        "BERT, oos recall (oos-threshold)": 0.523,
    }
    train = [*parts["train"], *parts["oos_train"]]
    return _measured(house, "clinc150", [path], train, test, published, limit, progress)


def smp2017(house: House, folder: Path, *, limit: int | None, progress: Progress) -> Result:
    """SMP2017-ECDT, 31 classes: `train.json`, `test.json` of {id: {query, label}}; accuracy."""
    files = [published_file(folder, name) for name in ("train.json", "test.json")]
    train, test = (
        [Line(text=row["query"], label=row["label"]) for row in read_published(path).values()] for path in files
    )
    return _measured(house, "smp2017", files, train, test[:limit], {}, limit, progress)


def smp2019(house: House, folder: Path, *, limit: int | None, progress: Progress) -> Result:
    """SMP2019-ECDT task 1: `train.json` of {text, domain, intent}; accuracy of the pair domain + intent.

    Only the training split was published, so every fifth line by hash is held out; no published figure is
    on the same lines, and none is shown.
    """
    path = published_file(folder, "train.json")
    lines = [Line(text=row["text"], label=f"{row['domain']}.{row['intent']}") for row in read_published(path)]
    train = [line for line in lines if not _held_out(line)]
    test = [line for line in lines if _held_out(line)][:limit]
    return _measured(house, "smp2019", [path], train, test, {}, limit, progress)


def _held_out(line: Line) -> bool:
    return crc32(line.text.encode("utf-8")) % HELD_OUT == 0


def _csv(path: Path) -> Iterator[Line]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            yield Line(text=row["text"], label=row["category"])


def _measured(
    house: House,
    name: str,
    files: Sequence[Path],
    train: Sequence[Line],
    test: Sequence[Line],
    published: dict[str, float],
    limit: int | None,
    progress: Progress,
) -> Result:
    if not train or not test:
        raise EvalError(f"{files[0].parent} holds no training or no test lines of {name}: restore its files.")
    started = time.perf_counter()
    vectors = _features(house, [line.text for line in (*train, *test)], progress)
    labels = sorted({line.label for line in train})
    predicted = _predict(vectors[: len(train)], [line.label for line in train], vectors[len(train) :], labels)
    answered = [Answered(gold=line.label, predicted=found) for line, found in zip(test, predicted, strict=True)]
    items = tuple({"id": str(n), "text": line.text, "label": line.label} for n, line in enumerate(test))
    return Result(
        suite=f"public {name}",
        data=data_of(Cases(path=str(files[0].parent), sha256=digests(files), items=items)),
        model={"encoder": house.encoder.name, "recipe": "frozen encoder + hashed characters, logistic heads"},
        parameters={"published": published, "limit": limit, "train_lines": len(train), "labels": len(labels)},
        metrics=_metrics(answered),
        by={"label": _by_label(answered)},
        seconds=time.perf_counter() - started,
        predictions=tuple({"id": item["id"], "label": a.predicted} for item, a in zip(items, answered, strict=True)),
    )


def _features(house: House, texts: Sequence[str], progress: Progress) -> Floats:
    """Centred, scaled features of shape (n, dimension + buckets), as the product's training scales them."""
    dense = []
    for at in range(0, len(texts), ENCODE_BATCH):
        dense.append(house.encoder.encode_queries(texts[at : at + ENCODE_BATCH]))
        progress(min(at + ENCODE_BATCH, len(texts)), len(texts))
    x = np.concatenate(dense)
    x = (x - x.mean(axis=0)) * (DENSE_SCALE / max(float(np.sqrt(np.var(x, axis=0).sum())), 1e-6))
    hashed = np.stack([hashed_grams(text, (1, 2, 3), BUCKETS) for text in texts]) * HASH_SCALE
    joined: Floats = np.concatenate([x, hashed], axis=1).astype(np.float32)
    return joined


def _predict(train: Floats, gold: Sequence[str], test: Floats, labels: Sequence[str]) -> list[str]:
    """The most probable label of each test row. Raises EvalError without scikit-learn."""
    try:
        from sklearn.linear_model import LogisticRegression
    except ImportError as error:
        raise EvalError("Training needs scikit-learn: pip install 'tougu[local]' to run this set.") from error
    place = {label: i for i, label in enumerate(labels)}
    fitted: Any = LogisticRegression(C=INTENT_C * len(labels) / 10, max_iter=200, tol=1e-3)
    fitted.fit(train, np.array([place[label] for label in gold]))
    return [labels[i] for i in fitted.predict(test)]


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
