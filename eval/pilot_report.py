"""The report of a pilot as Markdown, and its calls as CSV."""

from __future__ import annotations

import csv
import io
import math
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.interval import Interval
from eval.pilot_predict import KINDS, PREDICTIONS, Record, Seal
from eval.pilot_score import IntentFigures, Judged, Labels, by_intent, heard_instead
from eval.result import Figure, figures
from eval.suites.calls import METRICS

DAY = 2000  # calls for which the estimate is made
OF_TURNS = frozenset({"evidence_hit", "violation_precision", "violation_recall"})  # people label calls, not our turns
COLUMNS = ("id", "state", "audio_s", "seconds", "cpu_s", *(
    f"{kind}s_{what}" for kind in KINDS for what in ("labelled", "raised", "right")
), "unsure")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Pilot:
    """Everything that the report tells of."""

    records: Sequence[Record]
    labels: Labels
    seal: Seal
    earlier: Sequence[Seal]  # of other predictions
    versions: str

    @property
    def judged(self) -> list[Judged]:
        """Calls that were read and are labelled."""
        return [
            Judged(record=record, gold=self.labels.gold[record.id])
            for record in self.records
            if record.id in self.labels.gold and not record.failed
        ]


def report(pilot: Pilot) -> str:
    """The whole page."""
    judged = pilot.judged
    scored = [call.scored() for call in judged]
    metrics = figures(scored, {name: metric for name, metric in METRICS.items() if name not in OF_TURNS})
    unlabelled = [r.id for r in pilot.records if r.id not in pilot.labels.gold]
    lines = [
        "# Pilot report", "", f"{len(judged)} labelled calls were read and scored. {pilot.versions}.", "",
        *_blind(pilot), "",
        "| figure | value | 95 % interval |", "|---|---|---|", *map(_metric, metrics, metrics.values()),
        "", "Figures of whole calls: bootstrap over calls. Figures by intent: Wilson's interval.", "",
        "| kind | intent | labelled | raised | right | precision | recall |", "|---|---|---|---|---|---|---|",
        *map(_intent, by_intent(judged)),
    ]  # fmt: skip
    sections: tuple[tuple[str, Iterator[str]], ...] = (
        ("Missed complaints and fraud reports", _missed_cases(judged)),
        ("False leads: listen, and judge", _false_leads(judged)),
        ("Missed leads", (f"{c.record.id}: {g['intent']}" for c in judged for g in c.missed("lead"))),
        ("Unsure", _unsure(pilot.records)),
        ("Read in part: what was left out counts as not there", _left_out(pilot.records)),
        ("Not readable, and not scored", (f"{r.id}: {r.failed}" for r in pilot.records if r.failed)),
        ("Without a label, and not scored", iter(unlabelled)),
        ("Cost", _cost(pilot.records)),
    )
    for title, rows in sections:
        lines += ["", f"## {title}", "", *([f"- {_one_line(row)}" for row in rows] or ["None."])]
    return "\n".join(lines) + "\n"


def calls_csv(pilot: Pilot) -> str:
    """A line a call: state (scored, unlabelled, failed), cost, and counts by kind."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    judged = {call.record.id: call for call in pilot.judged}
    for record in pilot.records:
        row: dict[str, object] = {
            "id": record.id,
            "state": "failed" if record.failed else "scored" if record.id in judged else "unlabelled",
            "audio_s": record.cost.audio_s,
            "seconds": record.cost.seconds,
            "cpu_s": record.cost.cpu_s,
            "unsure": len(record.prediction.get("unsure", ())),
        }
        if call := judged.get(record.id):
            for kind in KINDS:
                gold, seen = call.labelled(kind), call.raised(kind)
                row |= {
                    f"{kind}s_labelled": len(gold),
                    f"{kind}s_raised": len(seen),
                    f"{kind}s_right": len(gold & seen),
                }
        writer.writerow(row)
    return text.getvalue()


def _blind(pilot: Pilot) -> Iterator[str]:
    yield (
        f"Blind: the predictions of {pilot.seal.calls} calls were written to {PREDICTIONS} at {pilot.seal.at} "
        f"(SHA-256 {pilot.seal.sha256}); labels.jsonl (SHA-256 {pilot.labels.sha256}) was opened after that."
    )
    if pilot.earlier:
        yield ""
        yield "Earlier runs sealed other predictions; if labels were known by then, this run is not blind:"
        yield ""
        yield from (f"- {seal.at}, {seal.calls} calls, SHA-256 {seal.sha256}" for seal in pilot.earlier)


def _metric(name: str, value: Figure) -> str:
    if isinstance(value, dict) and "low" in value:
        return f"| {name} | {value['value']:.3f} | {value['low']:.3f} - {value['high']:.3f} |"
    return f"| {name} | nothing to score | |"


def _intent(row: IntentFigures) -> str:
    return (
        f"| {row.kind} | {row.intent} | {row.labelled} | {row.raised} | {row.right} "
        f"| {_share(row.precision)} | {_share(row.recall)} |"
    )


def _share(value: Interval | None) -> str:
    return f"{value['value']:.2f} [{value['low']:.2f}, {value['high']:.2f}]" if value else "-"


def _missed_cases(judged: Sequence[Judged]) -> Iterator[str]:
    for call in judged:
        for gold in call.missed("case"):
            heard = "; ".join(map(_said, heard_instead(gold, call.record.heard)))
            told = f"heard there: {heard}" if heard else "nothing like it was heard"
            if not {"second", "quote"} & gold.keys():
                told = "the label names no place: add second or quote to see what was heard there"
            yield f"{call.record.id}: {gold['intent']}; {told}"


def _false_leads(judged: Sequence[Judged]) -> Iterator[str]:
    return (f"{call.record.id}: {_raised(entry)}" for call in judged for entry in call.false("lead"))


def _unsure(records: Sequence[Record]) -> Iterator[str]:
    for record in records:
        for entry in record.prediction.get("unsure", ()):
            yield f"{record.id}: {_raised(entry)}, {'raised' if entry['raised'] else 'not raised'}"


def _left_out(records: Sequence[Record]) -> Iterator[str]:
    return (f"{record.id}: {what}" for record in records for what in record.prediction.get("left_out", ()))


def _raised(entry: Mapping[str, Any]) -> str:
    amount = f" {entry['amount']}元" if entry["amount"] else ""
    product = f" 《{entry['product']}》" if entry["product"] else ""
    said = "; ".join(_said({**e, "text": e["quote"]}) for e in entry["evidence"])
    return f"{entry['intent']}{product}{amount} ({entry['confidence']:.2f}): {said}"


def _said(turn: Mapping[str, Any]) -> str:
    return f"turn {turn['turn']}, {turn['second']:.1f} s 「{turn['text']}」"


def _cost(records: Sequence[Record]) -> Iterator[str]:
    """Machine time of the calls that were read, kept ones with what they took then."""
    read = [record.cost for record in records if not record.failed]
    if not read:
        return
    seconds, cpu = sum(c.seconds for c in read), sum(c.cpu_s for c in read)
    audio = [cost for cost in read if cost.audio_s]
    if audio:
        hours, machine = (sum(getattr(c, name) for c in audio) / 3600 for name in ("audio_s", "seconds"))
        yield f"{hours:.2f} hours of audio in {machine:.2f} machine hours: {hours / max(machine, 1e-9):.1f} an hour"
    if len(audio) < len(read):
        yield f"{len(read) - len(audio)} calls came as transcripts: what speech costs is not in their figures"
    yield f"{seconds / len(read):.2f} s and {cpu / len(read):.2f} processor seconds a call, loading of models included"
    yield f"peak memory {peak_bytes() / 2**30:.2f} GiB in this run"
    hours = seconds / len(read) * DAY / 3600
    yield (
        f"{DAY:,} calls like these a day: {hours:.1f} hours on one machine like this, one call after the other "
        f"({max(1, math.ceil(hours / 24))} of them working round the clock)"
    )


def peak_bytes() -> int:
    """The most memory that this process held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # Linux counts in KiB


def _one_line(text: str) -> str:
    return " ".join(text.split())
