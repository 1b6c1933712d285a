"""`tougu eval compliance`: sentences and documents through the gate, without a trace in the audit log."""

from __future__ import annotations

import time
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from compliance_filters.context import case_context
from compliance_filters.filters import standard_filters
from compliance_filters.finding import (
    Draft,
    ReviewContext,
    Target,
    Verdict,
)
from eval.case import EvalError, load_cases
from eval.fresh import fresh_house
from eval.metrics import compliance as m
from eval.metrics.counts import total
from eval.metrics.summed import Metric
from eval.result import Figure, Result, data_of, figures, grouped
from serve.users import OPERATOR
from serve.wiring import House

SENTENCES: dict[str, Metric[m.Judged]] = {
    "block_recall": m.block_recall,
    "false_block_rate": m.false_block_rate,
    "needless_review_rate": m.needless_review_rate,
    "rule_f1": m.rule_f1,
    "rule_macro_f1": m.rule_macro_f1,
    "evasion_recall": m.found_with_tag("evasion"),
    "paraphrase_recall": m.found_with_tag("paraphrase"),
    "negation_accuracy": m.negation_accuracy,
    "pii_f1": m.f1_of("pii."),
    "injection_f1": m.f1_of("input.injection"),
}
DOCUMENTS: dict[str, Metric[m.Judged]] = {
    "document_verdict_accuracy": m.verdict_accuracy,
    "altered_number_recall": m.altered_number_recall,
    "compliant_not_passed_rate": m.compliant_not_passed_rate,
}
BY_TAG: dict[str, Metric[m.Judged]] = {
    "verdict_accuracy": m.verdict_accuracy,
    "rule_f1": m.rule_f1,
    "block_recall": m.block_recall,
    "false_block_rate": m.false_block_rate,
}
Judgement = tuple[dict[str, Any], Verdict, float]  # item, verdict, ms

WRITER = {"adviser_name": "评测顾问", "adviser_licence": "S0000000000000"}


def run(house: House, sentences: Path | None, documents: Path | None) -> Result:
    """Judge every text by the gate; either file may be left out.

    The audit log that the gate writes lies in a folder that is thrown away. `latency_ms` is the whole
    gate, the log included; `us_per_char` is the rule filters alone.
    """
    files = [(path, kind) for path, kind in ((sentences, SENTENCES), (documents, DOCUMENTS)) if path]
    if not files:
        raise EvalError("There is nothing to judge: give --sentences, --documents or both.")
    wanted = [(load_cases(path, required=("target", "text", "verdict")), kind) for path, kind in files]
    started = time.perf_counter()
    with fresh_house(house) as fresh:
        judged = [[_judge(fresh, item) for item in cases.items] for cases, _ in wanted]
    scored = [[_scored(item, verdict) for item, verdict, _ in group] for group in judged]
    every = [each for group in judged for each in group]
    metrics: dict[str, Figure] = {}
    for group, (_, kind) in zip(scored, wanted, strict=True):
        metrics |= figures(group, kind)
    flat = [item for group in scored for item in group]
    return Result(
        suite="compliance",
        data=data_of(*(cases for cases, _ in wanted)),
        model={"rules": house.rule_pack.label},
        parameters={"latency_ms": "gate with audit log", "us_per_char": "rule filters alone"},
        metrics={**metrics, "us_per_char": _us_per_char(house, every), "latency_ms": _latency(every)},
        by={"rule": _by_rule(flat), "tag": grouped(_by_tag(flat), BY_TAG)},
        seconds=time.perf_counter() - started,
        predictions=tuple(_prediction(item, verdict, ms) for item, verdict, ms in every),
    )


def _judge(house: House, item: dict[str, Any]) -> Judgement:
    draft, context = draft_of(item), context_of(item, house.today())
    began = time.perf_counter()
    verdict = house.gate.review(draft, context, principal=OPERATOR)
    return item, verdict, (time.perf_counter() - began) * 1e3


def draft_of(item: dict[str, Any]) -> Draft:
    """The text as a draft. Raises EvalError for a target that does not exist."""
    try:
        target = Target(item["target"])
    except ValueError as error:
        known = ", ".join(Target)
        raise EvalError(f"{item['id']}: there is no target {item['target']}: use one of {known}.") from error
    written = target in (Target.ADVISOR_MESSAGE, Target.ADVISOR_SPEECH, Target.CLIENT_INPUT)
    return Draft(text=item["text"], target=target, generated=not written)


def context_of(item: dict[str, Any], today: date) -> ReviewContext:
    """The context of a document's `meta`; a plain sentence has none and is judged by its words alone.

    In service the gate always knows who writes, so that a missing name can be added; here it is a made-up one.

    Raises EvalError when the meta cannot be read.
    """
    try:
        return case_context({"today": today, **WRITER, **(item.get("meta") or {})})
    except (KeyError, ValueError, TypeError) as error:
        raise EvalError(f"{item['id']}: its meta cannot be read ({error}): correct it.") from error


def _span(text: str, quote: str | None) -> tuple[int, int] | None:
    start = text.find(quote) if quote else -1
    return (start, start + len(quote)) if quote and start >= 0 else None


def _scored(item: dict[str, Any], verdict: Verdict) -> m.Judged:
    tags = frozenset(item.get("tags", ()))
    return m.Judged(
        gold=tuple(m.Mark(rule=f["rule"], span=_span(item["text"], f.get("quote"))) for f in item.get("findings", ())),
        predicted=tuple(
            m.Mark(rule=f.rule, span=(f.start, f.end) if f.end > f.start else None) for f in verdict.findings
        ),
        gold_verdict=item["verdict"],
        verdict=verdict.outcome.word,
        tags=tags,
        alternatives=frozenset(tag.removeprefix("alt:") for tag in tags if tag.startswith("alt:")),
    )


def _us_per_char(house: House, judged: list[Judgement]) -> float:
    """Microseconds a character of one pass of all rule filters over all texts."""
    filters = standard_filters(house.rule_pack, house.settings.compliance)
    prepared = [(draft_of(item), context_of(item, house.today())) for item, _, _ in judged]
    began = time.perf_counter()
    for draft, context in prepared:
        for each in filters:
            each.find(draft, context)
    return round((time.perf_counter() - began) * 1e6 / sum(len(d.text) for d, _ in prepared), 2)


def _latency(judged: list[Judgement]) -> dict[str, float | None]:
    ms = [spent for _, _, spent in judged]
    return {"p50": round(float(np.percentile(ms, 50)), 2), "p95": round(float(np.percentile(ms, 95)), 2)}


def _by_tag(scored: list[m.Judged]) -> dict[str, list[m.Judged]]:
    groups: dict[str, list[m.Judged]] = defaultdict(list)
    for item in scored:
        for tag in item.tags:
            groups[tag].append(item)
    return groups


def _by_rule(scored: list[m.Judged]) -> dict[str, Any]:
    rules = sorted({mark.rule for item in scored for mark in (*item.gold, *item.predicted)})
    found = {}
    for rule in rules:
        counts = total(m.counts(item, rule.__eq__) for item in scored)
        found[rule] = {"tp": counts.tp, "fp": counts.fp, "fn": counts.fn, "f1": counts.f1}
    return found


def _prediction(item: dict[str, Any], verdict: Verdict, ms: float) -> dict[str, Any]:
    findings = [{"rule": f.rule, "start": f.start, "end": f.end, "by": f.by} for f in verdict.findings]
    return {"id": item["id"], "findings": findings, "verdict": verdict.outcome.word, "ms": round(ms, 2)}
