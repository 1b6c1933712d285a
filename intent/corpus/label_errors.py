"""Which labels are probably wrong: lines that models trained on everybody else's lines confidently read otherwise.

Confident learning (Northcutt, Jiang, Chuang: Confident Learning, JAIR 2021), on labels of which a line may have
several: whether an intent is there is a yes-or-no question of its own, and its polarity a choice of three. A reading
counts as confident from the mean confidence of the lines that are labelled so. Needs scikit-learn and scipy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from intent.classifier.calibration import fitted
from intent.classifier.network import (
    POLARITIES,
    Beliefs,
    NgramNetwork,
    model_text,
    ngram_labels,
    ngram_targets,
    polar_targets,
    targets,
)
from intent.corpus.utterances import Labelled, Labels
from intent.errors import TrainingDataError
from models.ngrams import NgramScorer, fit_ngrams

FOLDS = 5
LEAST = 5  # lines of an intent that the other folds must hold before they may judge it
LEAST_LINES = 50
STRENGTH = 3.0  # weaker than of a model that serves: the lines are read by models that never saw them
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, kw_only=True)
class Suspect:
    """A line whose labels contradict what lines like it are labelled."""

    item: Labelled
    says: Labels  # what the data around it says
    sure: float  # 0..1, of its surest contradictions; see _sureness


@dataclass(frozen=True, kw_only=True)
class Suspicions:
    """The suspects, the surest first, of `lines` lines."""

    lines: int
    folds: int
    by_batch: bool  # each author's lines were read by models of the others' lines
    suspects: tuple[Suspect, ...]


@dataclass(frozen=True)
class Contradictions:
    """Shape (lines, intents): given but confidently not there, there but not given; and the polarity by its place
    in POLARITIES that is confidently another one, -1 where none is."""

    wrong: Mask
    missing: Mask
    instead: NDArray[np.int64]

    @property
    def rows(self) -> list[int]:
        """The lines that are contradicted."""
        rows: list[int] = np.flatnonzero((self.wrong | self.missing | (self.instead >= 0)).any(axis=1)).tolist()
        return rows

    def says(self, row: int, gold: Labels, polarity: Floats, intents: Sequence[str]) -> Labels:
        """The labels of a line as the data has them; `polarity` (intents, 3) decides for intents that were missing."""
        column = {intent: n for n, intent in enumerate(intents)}
        kept = {intent: p for intent, p in gold if not self.wrong[row, column[intent]]}
        for intent in kept:
            if (place := int(self.instead[row, column[intent]])) >= 0:
                kept[intent] = POLARITIES[place]
        for n in np.flatnonzero(self.missing[row]).tolist():
            kept[intents[n]] = POLARITIES[int(polarity[n].argmax())]
        return tuple(kept.items())


def label_errors(
    items: Sequence[Labelled], intents: Sequence[str], *, progress: Progress = lambda done, of, note: None
) -> Suspicions:
    """The suspects among the lines; the same lines give the same answer. Raises TrainingDataError for too few."""
    if len(items) < LEAST_LINES:
        raise TrainingDataError(
            f"{len(items)} lines are too few to judge one by the others: give {LEAST_LINES} or more labelled lines."
        )
    folds, by_batch = folds_of(items)
    wanted = targets([item.gold for item in items], intents)
    beliefs, judged = _out_of_fold(items, intents, wanted, folds, progress)
    polar = polar_targets(wanted, len(intents)) > 0
    given: Mask = np.any(polar, axis=2)
    likely = fitted(beliefs.intent[judged], given[judged].astype(np.float32))(beliefs.intent)
    found = Contradictions(
        *contradictions(likely, given, judged), instead=turned(beliefs.polarity, polar & judged[:, :, None])
    )
    sure = _sureness(likely, given, judged, beliefs.polarity, polar)
    ranked = sorted(found.rows, key=lambda row: (-sure[row], items[row].id))
    suspects = tuple(
        Suspect(
            item=items[row],
            says=found.says(row, items[row].gold, beliefs.polarity[row], intents),
            sure=round(float(sure[row]), 4),
        )
        for row in ranked
    )
    return Suspicions(lines=len(items), folds=int(folds.max()) + 1, by_batch=by_batch, suspects=suspects)


def folds_of(items: Sequence[Labelled]) -> tuple[NDArray[np.int64], bool]:
    """The fold of each line, and whether whole batches stay together; by the hash of what is said otherwise.

    A batch is of one author: that author's habits must not vouch for themselves.
    """
    sizes = Counter(item.batch for item in items)
    if "" in sizes or len(sizes) < FOLDS:
        return np.array([crc32(item.utterance.text.encode("utf-8", "surrogatepass")) % FOLDS for item in items]), False
    load, place = [0] * FOLDS, {}
    for batch, size in sorted(sizes.items(), key=lambda each: (-each[1], each[0])):
        place[batch] = load.index(min(load))
        load[place[batch]] += size
    return np.array([place[item.batch] for item in items]), True


def contradictions(likely: Floats, given: Mask, judged: Mask) -> tuple[Mask, Mask]:
    """Intents confidently not there although given, and there although not given; all of shape (lines, intents).

    `likely`: probability that the intent is there; `judged`: where that may be asked. Confident is what reaches the
    mean probability of the lines that are labelled so; of two answers that both do, the likelier.
    """
    there, absent = given & judged, ~given & judged
    is_there, is_absent = likely >= _mean(likely, there), 1 - likely >= _mean(1 - likely, absent)
    enough = there.sum(0) >= LEAST
    missing = absent & enough & is_there & (~is_absent | (likely > 0.5))
    wrong = there & enough & is_absent & (~is_there | (likely < 0.5))
    return wrong, missing


def turned(polarity: Floats, given: Mask) -> NDArray[np.int64]:
    """The polarity that each intent which is there confidently has instead of the given one; -1 for none.

    Both arguments have the shape (lines, intents, 3), the result (lines, intents).
    """
    confident = polarity >= _own_confidence(polarity, given)
    best = np.where(confident, polarity, 0).argmax(axis=2)
    other = given.any(axis=2) & confident.any(axis=2) & (best != given.argmax(axis=2))
    return np.where(other, best, -1)


def _out_of_fold(
    items: Sequence[Labelled],
    intents: Sequence[str],
    wanted: Floats,
    folds: NDArray[np.int64],
    progress: Progress,
) -> tuple[Beliefs, Mask]:
    """What models of the other folds read in each line, and which intents they had seen often enough."""
    texts = [model_text(item.utterance) for item in items]
    shape = (len(items), len(intents))
    found = Beliefs(intent=np.zeros(shape, np.float32), polarity=np.zeros((*shape, len(POLARITIES)), np.float32))
    judged = np.zeros(shape, np.bool_)
    count = int(folds.max()) + 1
    for fold in range(count):
        progress(fold, count, "")
        held, known = np.flatnonzero(folds == fold).tolist(), np.flatnonzero(folds != fold).tolist()
        if len(held) and len(known):
            read = _read_by_others([texts[n] for n in known], wanted[known], [items[n] for n in held], intents)
            found.intent[held], found.polarity[held] = read.intent, read.polarity
            judged[held] = wanted[known, : len(intents)].sum(0) >= LEAST
    progress(count, count, "")
    return found, judged


def _read_by_others(texts: Sequence[str], wanted: Floats, items: Sequence[Labelled], intents: Sequence[str]) -> Beliefs:
    columns = ngram_targets(wanted, len(intents))
    with TemporaryDirectory(prefix="label-errors-") as name:
        fit_ngrams(Path(name), ngram_labels(intents), texts, columns, strength=STRENGTH)
        network = NgramNetwork(NgramScorer(Path(name)), intents)
    return network.read([item.utterance for item in items])


def _sureness(likely: Floats, given: Mask, judged: Mask, polarity: Floats, polar: Mask) -> Floats:
    """How sure the contradiction of each line is: the mean of its surest loss and gain; a polarity counts half.

    Of the polarity counts by how much less it is believed than others of its kind are: n-grams hardly hear refusals.
    """
    lost = np.where(given & judged, 1 - likely, 0).max(axis=1)
    gained = np.where(~given & judged, likely, 0).max(axis=1)
    known = polar & judged[:, :, None]
    less = np.where(known, _own_confidence(polarity, known) - polarity, 0).max(axis=(1, 2))
    return np.asarray(np.minimum(1, (lost + gained + less / 2) / 2), np.float32)


def _own_confidence(polarity: Floats, given: Mask) -> Floats:
    """Of each polarity the mean probability where it is given, shape (3,); 1 where it never is."""
    return _mean(polarity.reshape(-1, len(POLARITIES)), given.reshape(-1, len(POLARITIES)))


def _mean(values: Floats, where: Mask) -> Floats:
    """The mean of each column over the marked rows; 1 where none is marked, which nothing exceeds."""
    n = where.sum(0)
    return np.asarray(np.where(n > 0, (values * where).sum(0) / np.maximum(n, 1), 1), np.float32)
