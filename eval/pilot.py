"""A firm's own calls, labelled blind by its people: read here, scored, and written into one report."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eval.case import EvalError, load_cases
from eval.metrics import calls as m
from eval.result import Figure, figures, write_beside
from eval.suites.calls import METRICS, scored_call
from intent.call import CallReading
from intent.errors import AudioError
from intent.recordings import load_call_metadata
from serve.wiring import House

UNSURE_BELOW = 0.7


def run_pilot(house: House, folder: Path, out: Path, *, progress: Callable[[int, int, str], None]) -> str:
    """Read every labelled recording, score it against `labels.jsonl`, write the report; returns its text.

    `calls.csv` is the call metadata of `tougu transcribe`; `labels.jsonl` holds `{"id","gold":{...}}` in the
    form of `tougu eval calls` (turn numbers are not compared: people label calls, not our turns). Nothing
    is stored in the database and nothing leaves the machine. Raises EvalError.
    """
    recordings = {r.call_id: r for r in load_call_metadata(folder / "calls.csv")}
    labels = load_cases(folder / "labels.jsonl", required=("gold",))
    unknown = [item["id"] for item in labels.items if item["id"] not in recordings]
    if unknown:
        raise EvalError(f"labels.jsonl speaks of the call {unknown[0]}, which calls.csv does not list: correct one.")
    started = time.perf_counter()
    scored: list[m.ScoredCall] = []
    unsure: list[tuple[str, str, float]] = []
    failed: list[tuple[str, str]] = []
    missed: list[str] = []
    audio_s = 0.0
    for n, item in enumerate(labels.items, 1):
        recording = recordings[item["id"]]
        progress(n - 1, len(labels.items), recording.path.name)
        try:
            call = house.transcribe(
                recording.path, advisor_channel=recording.advisor_channel, call_id=recording.call_id
            )
        except AudioError as error:
            failed.append((item["id"], str(error)))
            continue
        audio_s += call.transcript.duration_s
        reading = house.pipeline.read(call)
        result = scored_call(item["gold"], reading)
        scored.append(result)
        missed += [f"{item['id']}: {intent}" for intent in sorted(result.gold_cases - result.cases)]
        unsure += _unsure(reading)
    progress(len(labels.items), len(labels.items), "")
    text = _report(
        metrics=figures(scored, {k: v for k, v in METRICS.items() if k not in _TURN_METRICS}),
        by_intent=_by_intent(scored),
        n=len(scored),
        missed=missed,
        unsure=unsure,
        failed=failed,
        audio_s=audio_s,
        seconds=time.perf_counter() - started,
        versions=f"{house.transcriber.name}; {house.classifier.version}; {house.rule_pack.label}",
    )
    write_beside(out, text)
    return text


_TURN_METRICS = frozenset({"evidence_hit", "violation_precision", "violation_recall"})


def _unsure(reading: CallReading) -> list[tuple[str, str, float]]:
    return [(reading.call_id, w.intent, w.confidence) for w in reading.wishes if w.confidence < UNSURE_BELOW]


def _by_intent(scored: list[m.ScoredCall]) -> dict[str, Any]:
    intents = sorted({lead.intent for call in scored for lead in (*call.gold, *call.predicted)})
    found = {}
    for intent in intents:
        gold = [any(g.intent == intent for g in call.gold) for call in scored]
        seen = [any(p.intent == intent for p in call.predicted) for call in scored]
        hits = sum(g and s for g, s in zip(gold, seen, strict=True))
        found[intent] = (sum(gold), sum(seen), hits)
    return found


def _report(
    *,
    metrics: dict[str, Figure],
    by_intent: dict[str, Any],
    n: int,
    missed: list[str],
    unsure: list[tuple[str, str, float]],
    failed: list[tuple[str, str]],
    audio_s: float,
    seconds: float,
    versions: str,
) -> str:
    scope = f"{n} labelled calls, {audio_s / 3600:.2f} hours of audio, {seconds / 60:.1f} minutes on this machine."
    lines = ["# Pilot report", "", f"{scope} {versions}.", "", "| figure | value | 95 % interval |", "|---|---|---|"]
    lines += [_row(name, value) for name, value in metrics.items()]
    lines += ["", "| intent | labelled | raised | right |", "|---|---|---|---|"]
    lines += [f"| {intent} | {gold} | {seen} | {hits} |" for intent, (gold, seen, hits) in by_intent.items()]
    for title, rows in (
        ("Missed complaints and fraud reports", missed),
        ("Unsure", [f"{call}: {intent} ({confidence:.2f})" for call, intent, confidence in unsure]),
        ("Not readable", [f"{call}: {reason}" for call, reason in failed]),
    ):
        lines += ["", f"## {title}", "", *([f"- {row}" for row in rows] or ["None."])]
    return "\n".join(lines) + "\n"


def _row(name: str, value: Figure) -> str:
    if isinstance(value, dict) and "low" in value:
        return f"| {name} | {value['value']:.3f} | {value['low']:.3f} - {value['high']:.3f} |"
    return f"| {name} | nothing to score | |"
