"""`tougu eval calls`: whole calls as text."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from eval.case import Cases, load_cases, only_split
from eval.metrics import calls as m
from eval.metrics.summed import Metric
from eval.result import Result, data_of, figures
from intent.call import Call, CallReading, Speaker, Transcript, Turn, Wish
from intent.corpus.calls import CALLS
from intent.corpus.lines import shipped
from serve.sample import sample_folder
from serve.wiring import House

METRICS: dict[str, Metric[m.ScoredCall]] = {
    "lead_precision": m.lead_precision,
    "lead_recall": m.lead_recall,
    "lead_f1": m.lead_f1,
    "evidence_hit": m.evidence_hit,
    "amount_exact": m.amount_exact,
    "case_recall": m.case_recall,
    "ticket_recall": m.ticket_recall,
    "violation_precision": m.violation_precision,
    "violation_recall": m.violation_recall,
    "calls_without_lead_clean": m.calls_without_lead_clean,
}


SAMPLE = "sample"  # names the scripts of the sample calls in place of a split


def run(house: House, data: Path | None, split: str | None = None) -> Result:
    """Read every call; without `data`, the test split of the project's own calls, or the split that is named."""
    split = split or (None if data else "test")
    cases = cases_of(data, split)
    started = time.perf_counter()
    readings = [house.pipeline.read(call_of(item)) for item in cases.items]
    seconds = time.perf_counter() - started
    pairs = list(zip(cases.items, readings, strict=True))
    scored = [scored_call(item["gold"], reading, places_of(item)) for item, reading in pairs]
    return Result(
        suite="calls",
        data=data_of(cases),
        model={"classifier": house.classifier.version, "rules": house.rule_pack.label},
        parameters={"split": split},
        metrics=figures(scored, METRICS),
        seconds=seconds,
        predictions=tuple(_prediction(item, reading) for item, reading in pairs),
    )


def cases_of(data: Path | None, split: str | None) -> Cases:
    """The calls of a file or of the project, of one split where one is named. Raises EvalError."""
    if data is None and split == SAMPLE:
        return sample_calls()
    cases = load_cases(data or Path(str(shipped(CALLS))), required=("turns", "gold"))
    return only_split(cases, split) if split else cases


def sample_calls() -> Cases:
    """The scripts of the project's own sample calls, as one set."""
    folder = sample_folder() / "calls" / "scripts"
    texts = [path.read_bytes() for path in sorted(folder.glob("*.json"))]
    digest = hashlib.sha256(b"".join(texts)).hexdigest()
    return Cases(path=str(folder), sha256=digest, items=tuple(json.loads(text) for text in texts))


def call_of(item: dict[str, Any]) -> Call:
    """The call of an evaluation item; missing times count one second a turn."""
    turns = tuple(
        Turn(
            index=n,
            speaker=Speaker(turn["role"]),
            text=turn["text"],
            start_s=float(turn.get("start", n)),
            end_s=float(turn.get("end", n + 1)),
        )
        for n, turn in enumerate(item["turns"])
    )
    started_at = item.get("started_at")
    return Call(
        id=item["id"],
        transcript=Transcript(turns=turns, duration_s=turns[-1].end_s if turns else 0.0),
        started_at=datetime.fromisoformat(started_at) if started_at else None,
        client_id=item.get("client_id"),
        advisor_id=item.get("advisor_id"),
    )


def places_of(item: dict[str, Any]) -> list[int]:
    """The `i` of each turn in order; gold and predictions speak of `i`, the product of positions."""
    return [turn.get("i", n) for n, turn in enumerate(item["turns"])]


def scored_call(gold: dict[str, Any], reading: CallReading, places: Sequence[int] | None = None) -> m.ScoredCall:
    """Gold and reading side by side; `places` turns positions into the `i` that gold speaks of."""

    def place(position: int) -> int:
        return position if places is None else places[position]

    return m.ScoredCall(
        gold=tuple(_gold_lead(lead) for lead in gold.get("leads", ())),
        predicted=tuple(
            m.LeadSeen(intent=w.intent, evidence=frozenset(place(e.turn) for e in w.evidence), amount=w.amount_cny)
            for w in reading.of("lead")
        ),
        neutral=frozenset(gold.get("neutral", ())),
        gold_cases=frozenset(c["intent"] for c in gold.get("cases", ())),
        cases=frozenset(w.intent for w in reading.of("case")),
        gold_tickets=frozenset(t["intent"] for t in gold.get("tickets", ())),
        tickets=frozenset(w.intent for w in reading.of("ticket")),
        gold_violations=frozenset((v["turn"], v["rule"]) for v in gold.get("advisor_violations", ())),
        violations=frozenset((place(f.turn), f.rule) for f in reading.findings if not f.suspected),
    )


def _gold_lead(lead: dict[str, Any]) -> m.LeadSeen:
    amount = None if lead.get("amount") is None else Decimal(str(lead["amount"]))
    return m.LeadSeen(intent=lead["intent"], evidence=frozenset(lead.get("evidence", ())), amount=amount)


def _wish(wish: Wish, places: list[int]) -> dict[str, Any]:
    return {
        "intent": wish.intent,
        "evidence": [places[e.turn] for e in wish.evidence],
        "product": wish.product,
        "amount": None if wish.amount_cny is None else float(wish.amount_cny),
        "urgency": wish.urgency,
        "confidence": round(wish.confidence, 4),
    }


def _prediction(item: dict[str, Any], reading: CallReading) -> dict[str, Any]:
    places = places_of(item)
    kinds = ("lead", "case", "ticket", "consent")
    wishes = {f"{kind}s": [_wish(w, places) for w in reading.of(kind)] for kind in kinds}
    violations = [{"turn": places[f.turn], "rule": f.rule} for f in reading.findings if not f.suspected]
    note = reading.note.text if reading.note else ""
    return {"id": reading.call_id, **wishes, "violations": violations, "note": note}
