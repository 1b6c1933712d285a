"""What the corpus wants to hold, and whether it does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from intent.call import Polarity
from intent.classifier.taxonomy import Intent, Taxonomy
from intent.corpus.lines import shipped
from intent.corpus.utterances import Labelled
from intent.corpus.variety import CONTRAST

TEMPTING = "tempting"
QUIET = frozenset({"service", "info", "none"})  # kinds of intents that are no wish for the sales queue


@dataclass(frozen=True, kw_only=True)
class Quota:
    """One thing that is wanted, with how much of it was found; `None` where it was not measured."""

    what: str
    wanted: float
    found: float | None
    at_most: bool = False

    @property
    def holds(self) -> bool:
        if self.found is None:
            return False
        return self.found < self.wanted if self.at_most else self.found >= self.wanted


def quotas(
    items: Sequence[Labelled], taxonomy: Taxonomy, *, calls: int, read_twice: int, keyword_f1: float | None
) -> tuple[Quota, ...]:
    """All quotas; `read_twice` counts lines, `keyword_f1` is the lead F1 of the keyword rules on the test split."""
    raw = yaml.safe_load(shipped("quotas.yaml").read_text("utf-8"))
    return (
        Quota(what="lines", wanted=raw["lines"], found=len(items)),
        *_interest(items, taxonomy, raw["interest"]),
        Quota(
            what="lines with several intents",
            wanted=raw["several_intents"],
            found=sum(len(item.gold) > 1 for item in items),
        ),
        Quota(
            what="lines that decline or speak of what exists",
            wanted=raw["not_interest"],
            found=sum(any(p is not Polarity.INTEREST for _, p in item.gold) for item in items),
        ),
        Quota(
            what="tempting lines without a wish",
            wanted=raw["tempting"],
            found=sum(is_tempting(item, taxonomy) for item in items),
        ),
        Quota(
            what="contrast pairs of the lead intent that has fewest",
            wanted=raw["contrast"],
            found=min(contrast_pairs(items, taxonomy).values()),
        ),
        Quota(
            what="lines with the turns before",
            wanted=raw["needs_context"],
            found=sum(bool(item.utterance.context) for item in items),
        ),
        Quota(what="whole calls", wanted=raw["calls"], found=calls),
        Quota(
            what="share of lines read twice", wanted=raw["read_twice"], found=round(read_twice / max(1, len(items)), 4)
        ),
        Quota(
            what="lead F1 of the keyword rules, test",
            wanted=raw["keyword_lead_f1_below"],
            found=keyword_f1,
            at_most=True,
        ),
    )


def is_tempting(item: Labelled, taxonomy: Taxonomy) -> bool:
    """Whether a line has the words of a wish and none in it."""
    return TEMPTING in item.tags and all(taxonomy[intent].kind in QUIET for intent, _ in item.gold)


def contrast_pairs(items: Sequence[Labelled], taxonomy: Taxonomy) -> dict[str, int]:
    """For each lead intent, how many lines of contrast want it that another one does not want."""
    counts = Counter(
        (intent, polarity is Polarity.INTEREST)
        for item in items
        if CONTRAST in item.tags
        for intent, polarity in item.gold
    )
    return {i.id: min(counts[i.id, True], counts[i.id, False]) for i in taxonomy if i.is_lead}


def _interest(items: Sequence[Labelled], taxonomy: Taxonomy, wanted: dict[str, Any]) -> Iterator[Quota]:
    """One quota for each destination, of its intent that has fewest lines."""
    counts = Counter(intent for item in items for intent, polarity in item.gold if polarity is Polarity.INTEREST)
    for place, least in wanted.items():
        fewest: Intent = min((i for i in taxonomy if i.goes_to == place), key=lambda i: counts[i.id])
        yield Quota(
            what=f"lines that want {fewest.id}, the fewest of those that go to {place}",
            wanted=least,
            found=counts[fewest.id],
        )
