"""`tougu eval asr`: the whole speech way beside the bare engine, same files and normalisation."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from eval.case import Cases, EvalError, load_cases
from eval.metrics import asr as m
from eval.result import Figure, Result, data_of, with_interval
from eval.suites.calls import sample_calls
from intent.call import Call
from intent.speech.audio import decode
from serve.wiring import House


def run(house: House, data: Path | None, *, progress: Callable[[int, int], None]) -> Result:
    """Transcribe every recording; without `data`, the sample calls."""
    cases, folder = (load_cases(data, required=("audio",)), data.parent) if data else _sample(house)
    started = time.perf_counter()
    heard, bare, audio_s = [], [], 0.0
    for n, item in enumerate(cases.items, 1):
        path = folder / item["audio"]
        if not path.is_file():
            raise EvalError(f"{path} does not exist: paths in the manifest are relative to it.")
        call = house.transcribe(path, advisor_channel=_channel(item))
        heard.append(call)
        bare.append(_bare_text(house, path))
        audio_s += call.transcript.duration_s
        progress(n, len(cases.items))
    seconds = time.perf_counter() - started
    return Result(
        suite="asr",
        data=data_of(cases),
        model={"engine": house.transcriber.name},
        metrics=_metrics(cases, heard, bare, seconds, audio_s),
        by={"role": _by_role(cases, heard)},
        seconds=seconds,
        predictions=tuple(
            _prediction(item["id"], call) for item, call in zip(cases.items, heard, strict=True)
        ),
    )


def _sample(house: House) -> tuple[Cases, Path]:
    scripts = {item["id"]: item for item in sample_calls().items}
    rows = house.sample_recordings()
    items = tuple({**scripts[row.id], "audio": row.path.name, "channels": "sample"} for row in rows)
    return Cases(path="sample calls", sha256="", items=items), rows[0].path.parent


def _channel(item: dict[str, Any]) -> str | None:
    channels = item.get("channels")
    if not isinstance(channels, dict):
        return None
    return next((side for side, role in channels.items() if role == "advisor"), None)


def _gold_text(item: dict[str, Any]) -> str:
    return item["text"] if "text" in item else "".join(turn["text"] for turn in item["turns"])


def _bare_text(house: House, path: Path) -> str:
    """What the engine says of each channel without any of our steps, channels in order."""
    recording = decode(path)
    return "".join(house.transcriber.transcribe(recording.channel(i)).text for i in range(recording.channels))


def _spans(turns: Any) -> list[m.Span]:
    return [m.Span(role=t["role"], start_s=float(t["start"]), end_s=float(t["end"])) for t in turns]


def _heard_spans(call: Call) -> list[m.Span]:
    return [m.Span(role=t.speaker.value, start_s=t.start_s, end_s=t.end_s) for t in call.transcript.turns]


def _by_channel(item: dict[str, Any], texts: list[tuple[str, str]]) -> str:
    """Turns of one role after the other, so that interleaving is no error of recognition."""
    return "".join(text for role in ("advisor", "client", "unknown") for r, text in texts if r == role)


def _pair(item: dict[str, Any], call: Call) -> tuple[str, str]:
    heard = [(t.speaker.value, t.text) for t in call.transcript.turns]
    if "text" in item:
        return item["text"], "".join(text for _, text in heard)
    return _by_channel(item, [(t["role"], t["text"]) for t in item["turns"]]), _by_channel(item, heard)


def _bare_pair(item: dict[str, Any], text: str, call: Call) -> tuple[str, str]:
    """The bare engine names no roles: gold is laid in the channel order that fits it better."""
    if "text" in item:
        return item["text"], text
    by_role = {r: "".join(t["text"] for t in item["turns"] if t["role"] == r) for r in ("advisor", "client")}
    orders = (
        by_role["advisor"] + by_role["client"],
        by_role["client"] + by_role["advisor"],
        _gold_text(item),
    )
    return min(orders, key=lambda gold: m.errors(m.normalise(gold), m.normalise(text))[0]), text


def _metrics(
    cases: Cases, heard: list[Call], bare: list[str], seconds: float, audio_s: float
) -> dict[str, Figure]:
    items = cases.items
    pairs = [_pair(item, call) for item, call in zip(items, heard, strict=True)]
    bare_pairs = [_bare_pair(item, text, call) for item, text, call in zip(items, bare, heard, strict=True)]
    timed = [
        (i, c) for i, c in zip(items, heard, strict=True) if all("start" in t for t in i.get("turns", [{}]))
    ]
    roles = [m.role_accuracy(_spans(i["turns"]), _heard_spans(c)) for i, c in timed]
    ders = [m.der(_spans(i["turns"]), _heard_spans(c)) for i, c in timed]
    return {
        "cer": with_interval(pairs, m.cer),
        "cer_strict": with_interval(pairs, lambda p: m.cer(p, digits=False)),
        "bare_cer": with_interval(bare_pairs, m.cer),
        "role_accuracy": _mean([r for r in roles if r is not None]),
        "der": _mean([d for d in ders if d is not None]),
        "rtf": round(seconds / audio_s, 4) if audio_s else None,
        "dropped": sum(_dropped(item, call) for item, call in zip(items, heard, strict=True)),
    }


def _dropped(item: dict[str, Any], call: Call) -> bool:
    """A recording with speech in it of which next to nothing was heard."""
    said = len(m.normalise(_gold_text(item)))
    got = sum(len(m.normalise(t.text)) for t in call.transcript.turns)
    return said > 0 and got < 0.3 * said


def _mean(values: list[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _by_role(cases: Cases, heard: list[Call]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for role in ("advisor", "client"):
        pairs = [
            (
                "".join(t["text"] for t in item["turns"] if t["role"] == role),
                "".join(t.text for t in call.transcript.turns if t.speaker.value == role),
            )
            for item, call in zip(cases.items, heard, strict=True)
            if "turns" in item
        ]
        found[role] = {"n": len(pairs), "cer": m.cer(pairs)}
    return found


def _prediction(id_: str, call: Call) -> dict[str, Any]:
    turns = [
        {"role": t.speaker.value, "text": t.text, "start": round(t.start_s, 2), "end": round(t.end_s, 2)}
        for t in call.transcript.turns
    ]
    return {"id": id_, "text": "".join(t["text"] for t in turns), "turns": turns}
