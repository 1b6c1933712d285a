"""Utterances to numbers: encoder vectors, hashed characters, and what the rules saw."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from intent.call import Polarity
from intent.classifier.rules import Rules
from intent.classifier.utterance import LONGEST_TEXT, Utterance
from models.encoder import Encoder

Floats = NDArray[np.float32]
BUCKETS = 4096  # for character 1- to 3-grams of the utterance
PROPOSAL_BUCKETS = 1024  # for 2-grams of what was proposed before it
FLAGS = (Polarity.INTEREST, Polarity.DECLINE, Polarity.EXISTING)  # and a fourth flag: proposed


@dataclass(frozen=True, kw_only=True)
class Features:
    """`common` (n, width) for the intent heads; `flags` (n, labels, 4) by intent, zero where no rule fired."""

    common: Floats
    flags: Floats

    def __len__(self) -> int:
        return int(self.common.shape[0])

    def matrix(self, *, with_rules: bool) -> Floats:
        """What the heads see, shape (n, d)."""
        if not with_rules:
            return self.common
        return np.concatenate([self.common, self.flags.reshape(len(self), -1)], axis=1)


class FeatureMaker:
    """Makes features; the same at training and at reading."""

    def __init__(self, encoder: Encoder, rules: Rules, labels: Sequence[str]) -> None:
        self._encoder, self._rules = encoder, rules
        self._column = {label: i for i, label in enumerate(labels)}

    def features(self, utterances: Sequence[Utterance]) -> Features:
        """Encode all utterances at once: two encoder passes over n texts each."""
        alone = self._encoder.encode_queries([u.text[:LONGEST_TEXT] for u in utterances])
        context = self._encoder.encode_queries([u.in_context for u in utterances])
        hashed = _stack([hashed_grams(u.text, (1, 2, 3), BUCKETS) for u in utterances], BUCKETS)
        proposed = _stack([hashed_grams(u.proposal, (2,), PROPOSAL_BUCKETS) for u in utterances], PROPOSAL_BUCKETS)
        replies = np.array(
            [(self._rules.is_yes(u.text), self._rules.is_no(u.text)) for u in utterances], np.float32
        ).reshape(-1, 2)
        return Features(
            common=np.concatenate([alone, context, hashed, proposed, replies], axis=1).astype(np.float32),
            flags=_stack3([self._flags(u) for u in utterances], len(self._column)),
        )

    def _flags(self, utterance: Utterance) -> Floats:
        flags = np.zeros((len(self._column), len(FLAGS) + 1), np.float32)
        for hit in self._rules.hits(utterance.text):
            if hit.intent in self._column:
                flags[self._column[hit.intent], FLAGS.index(hit.polarity)] = 1.0
        for intent in self._rules.proposals(utterance.proposal):
            if intent in self._column:
                flags[self._column[intent], len(FLAGS)] = 1.0
        return flags


def hashed_grams(text: str, lengths: Sequence[int], buckets: int) -> Floats:
    """Signed counts of character n-grams in hash buckets, scaled to length one; zero for an empty text."""
    vector = np.zeros(buckets, np.float32)
    for gram in _grams(text[:LONGEST_TEXT], lengths):
        hashed = crc32(gram.encode("utf-8", "replace"))
        vector[(hashed >> 1) % buckets] += 1.0 if hashed & 1 else -1.0
    length = float(np.linalg.norm(vector))
    return vector / np.float32(length) if length else vector


def _grams(text: str, lengths: Sequence[int]) -> Iterator[str]:
    folded = f"^{unicodedata.normalize('NFKC', text).casefold().strip()}$" if text else ""
    for length in lengths:
        for start in range(len(folded) - length + 1):
            yield folded[start : start + length]


def _stack(rows: Sequence[Floats], width: int) -> Floats:
    return np.stack(rows) if rows else np.zeros((0, width), np.float32)


def _stack3(rows: Sequence[Floats], labels: int) -> Floats:
    return np.stack(rows) if rows else np.zeros((0, labels, len(FLAGS) + 1), np.float32)
