"""How varied a set of lines is, beside what templates would give; and which lines say the same thing twice."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from random import Random
from typing import Any

import yaml

from intent.corpus.lines import shipped
from intent.corpus.utterances import Labelled, whole_text
from mandarin.likeness import alike_pairs, nearest

NEAR = 0.6  # Jaccard similarity of trigrams above which two lines are near-duplicates
COMPARED = 2000  # lines of each set that is compared
SAMPLE = 500  # of these, lines whose nearest neighbour is looked for
SEED = 7
CONTRAST = "contrast"
_SLOT = re.compile(r"\{(\w+)\}")
_NO_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, kw_only=True)
class Variety:
    """Shares 0..1 over equally many lines; they fall as a set grows, so only sets of one size compare."""

    lines: int
    distinct_1: float  # different characters among all, and so on for pairs and triples
    distinct_2: float
    distinct_3: float
    type_token: float  # different words among all words
    self_similarity: float  # mean trigram Jaccard of a line to the nearest other one


@dataclass(frozen=True, kw_only=True)
class NearDuplicates:
    """Pairs of lines alike in what is said, with and without what was said before."""

    within: int  # pairs in one split
    across: int  # pairs over two splits
    twins: int  # contrast pairs of one author, alike on purpose, labelled otherwise; not counted above


def variety(texts: Sequence[str], *, seed: int = SEED) -> Variety:
    """The figures of all the texts, two or more; the same seed looks at the same sample."""
    plain = [_NO_WORD.sub("", text) for text in texts]
    words = [word for text in texts for word in _words(text)]
    chosen = sorted(Random(seed).sample(range(len(texts)), min(SAMPLE, len(texts))))
    close = nearest(texts, chosen)
    return Variety(
        lines=len(texts),
        distinct_1=_distinct(plain, 1),
        distinct_2=_distinct(plain, 2),
        distinct_3=_distinct(plain, 3),
        type_token=_share(len(set(words)), len(words)),
        self_similarity=_share(sum(close), len(close)),
    )


def beside_templates(texts: Sequence[str], *, seed: int = SEED) -> tuple[Variety, Variety]:
    """Figures of 2,000 of the texts, drawn at random, and of as many template lines; of all where there are fewer."""
    made = template_lines(min(len(texts), COMPARED))
    chosen = Random(seed).sample(list(texts), len(made))
    return variety(chosen, seed=seed), variety(made, seed=seed)


def template_lines(n: int, raw: Mapping[str, Any] | None = None) -> tuple[str, ...]:
    """Up to `n` different lines from templates and slots, the shipped ones by default; always the same ones."""
    raw = raw or yaml.safe_load(shipped("templates.yaml").read_text("utf-8"))
    rng, slots, templates = Random(raw["seed"]), raw["slots"], raw["templates"]
    made: dict[str, None] = {}
    for tried in range(20 * n):
        if len(made) >= n:
            break
        made[_SLOT.sub(lambda slot: rng.choice(slots[slot[1]]), templates[tried % len(templates)])] = None
    return tuple(made)


def near_pairs(items: Sequence[Labelled], *, above: float = NEAR) -> Iterator[tuple[int, int]]:
    """Pairs (earlier, later) that are alike both in the line and together with what was said before.

    The same short answer to two questions is no pair, nor are two answers to the same question.
    """
    in_line = set(alike_pairs([item.utterance.text for item in items], above=above))
    together = alike_pairs([whole_text(item.utterance) for item in items], above=above)
    return (pair for pair in together if pair in in_line)


def are_twins(a: Labelled, b: Labelled) -> bool:
    """Whether two lines are a contrast pair: one author wrote the same words on purpose with another stance."""
    return a.batch == b.batch and CONTRAST in a.tags and CONTRAST in b.tags and set(a.gold) != set(b.gold)


def near_duplicates(items: Sequence[Labelled], *, above: float = NEAR) -> NearDuplicates:
    """How many pairs of a set say the same thing twice."""
    pairs = [(items[a], items[b]) for a, b in near_pairs(items, above=above)]
    others = [(a, b) for a, b in pairs if not are_twins(a, b)]
    within = sum(a.split == b.split for a, b in others)
    return NearDuplicates(within=within, across=len(others) - within, twins=len(pairs) - len(others))


def _distinct(texts: Sequence[str], n: int) -> float:
    grams = list(chain.from_iterable((text[i : i + n] for i in range(len(text) - n + 1)) for text in texts))
    return _share(len(set(grams)), len(grams))


def _words(text: str) -> Iterator[str]:
    import jieba

    jieba.setLogLevel("WARNING")
    return (word for word in jieba.cut(text) if not _NO_WORD.fullmatch(word))


def _share(part: float, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0
