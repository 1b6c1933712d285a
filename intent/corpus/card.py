"""The data card: what the corpus holds, how varied it is, how two readers agree, which quotas hold."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any

from intent.classifier.figures import method_figures
from intent.classifier.model import RulesClassifier
from intent.classifier.rules import load_rules
from intent.classifier.taxonomy import NONE, Taxonomy
from intent.corpus.calls import LabelledCall, load_calls
from intent.corpus.lines import shipped
from intent.corpus.quotas import Quota, quotas
from intent.corpus.readings import Agreement, agreement, load_readings
from intent.corpus.utterances import SPLITS, Labelled, LabelledSet, load_labelled
from intent.corpus.variety import NearDuplicates, Variety, beside_templates, near_duplicates

PROVENANCE = "provenance.json"
SHORT_ANSWER = "short_answer"


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Lines or calls of one author."""

    name: str
    split: str
    lines: int
    voices: str  # who speaks, in a few words of the author


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What lines hold."""

    lines: int
    splits: Mapping[str, int]
    batches: tuple[Batch, ...]
    intents: Mapping[str, Mapping[str, int]]  # intent -> polarity -> lines
    tags: Mapping[str, int]
    characters: Mapping[str, int]  # length of a line: quantile -> characters
    several_intents: int
    with_context: int
    short_answers: int


@dataclass(frozen=True, kw_only=True)
class CallCounts:
    """What whole calls hold."""

    calls: int
    splits: Mapping[str, int]
    turns: int
    leads: int
    cases: int
    tickets: int
    consents: int
    violations: int
    without_lead: int
    lead_intents: int  # different ones


@dataclass(frozen=True, kw_only=True)
class DataCard:
    """Every figure of the corpus."""

    digest: str
    counts: Counts
    calls: CallCounts
    variety: Variety
    templates: Variety  # as many lines made from templates, for comparison
    agreement: Agreement
    near: NearDuplicates  # left in the set
    removed: Mapping[str, int]  # by the build
    baseline: Mapping[str, Mapping[str, float | int]]  # keyword rules: split -> figures
    quotas: tuple[Quota, ...]


def data_card(taxonomy: Taxonomy) -> DataCard:
    """The figures of the shipped corpus; takes seconds. Raises TrainingDataError."""
    labelled, calls = load_labelled(taxonomy), load_calls(taxonomy)
    readings = load_readings(taxonomy)
    own, made = beside_templates([item.utterance.text for item in labelled.items])
    baseline = keyword_baseline(labelled, taxonomy)
    settled = {item.id: item.gold for item in labelled.items}
    agreed = agreement(readings, settled, taxonomy.ids)
    return DataCard(
        digest=labelled.digest,
        counts=counts_of(labelled.items, voices()),
        calls=call_counts(calls.items),
        variety=own,
        templates=made,
        agreement=agreed,
        near=near_duplicates(labelled.items),
        removed=provenance()["removed"],
        baseline=baseline,
        quotas=quotas(
            labelled.items,
            taxonomy,
            calls=len(calls.items),
            read_twice=agreed.lines,
            keyword_f1=baseline["test"]["lead_f1"],
        ),
    )


def keyword_baseline(labelled: LabelledSet, taxonomy: Taxonomy) -> dict[str, dict[str, float | int]]:
    """Figures of the keyword rules on each split that has lines."""
    rules = RulesClassifier(load_rules(taxonomy))
    read = {split: rules.read_many([i.utterance for i in labelled.of(split)]) for split in SPLITS if labelled.of(split)}
    return {split: method_figures(labelled.of(split), found, taxonomy) for split, found in read.items()}


def counts_of(items: Sequence[Labelled], voices: Mapping[str, str]) -> Counts:
    """Counts of the lines; at least two of them."""
    batches = Counter((item.split, item.batch) for item in items)
    lengths = [len(item.utterance.text) for item in items]
    return Counts(
        lines=len(items),
        splits=_by_split(item.split for item in items),
        batches=tuple(
            Batch(name=name, split=split, lines=n, voices=voices.get(name, ""))
            for (split, name), n in sorted(batches.items(), key=lambda entry: (SPLITS.index(entry[0][0]), entry[0][1]))
        ),
        intents=_by_intent(items),
        tags=dict(sorted(Counter(tag for item in items for tag in item.tags).items())),
        characters=_quantiles(lengths),
        several_intents=sum(len(item.gold) > 1 for item in items),
        with_context=sum(bool(item.utterance.context) for item in items),
        short_answers=sum(SHORT_ANSWER in item.tags for item in items),
    )


def call_counts(calls: Sequence[LabelledCall]) -> CallCounts:
    """Counts of the calls."""
    gold = [call.gold for call in calls]
    return CallCounts(
        calls=len(calls),
        splits=_by_split(call.split for call in calls),
        turns=sum(len(call.turns) for call in calls),
        leads=sum(len(g.leads) for g in gold),
        cases=sum(len(g.cases) for g in gold),
        tickets=sum(len(g.tickets) for g in gold),
        consents=sum(len(g.consents) for g in gold),
        violations=sum(len(g.violations) for g in gold),
        without_lead=sum(not g.leads for g in gold),
        lead_intents=len({wish.intent for g in gold for wish in g.leads}),
    )


def provenance() -> dict[str, Any]:
    """What the build wrote down: `removed` near-duplicates by kind, and the `voices` of each batch."""
    raw: dict[str, Any] = json.loads(shipped(PROVENANCE).read_text("utf-8"))
    return raw


def voices() -> dict[str, str]:
    """Who speaks in each batch, in the author's words."""
    found: dict[str, str] = provenance()["voices"]
    return found


def _by_split(splits: Any) -> dict[str, int]:
    counts = Counter(splits)
    return {split: counts[split] for split in SPLITS if counts[split]}


def _by_intent(items: Sequence[Labelled]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for item in items:
        for intent, polarity in item.gold or ((NONE, NONE),):
            counts.setdefault(intent, Counter())[str(polarity)] += 1
    return {intent: dict(counts[intent]) for intent in sorted(counts)}


def _quantiles(lengths: Sequence[int]) -> dict[str, int]:
    known = [*lengths, *lengths] if len(lengths) == 1 else lengths
    cuts = quantiles(known, n=20, method="inclusive")
    marks = {"5 %": cuts[0], "25 %": cuts[4], "50 %": cuts[9], "75 %": cuts[14], "95 %": cuts[18]}
    return {
        "shortest": min(lengths),
        **{name: round(cut) for name, cut in marks.items()},
        "longest": max(lengths),
    }
