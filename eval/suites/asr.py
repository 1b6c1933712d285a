"""`tougu eval asr`: the whole speech way beside the bare engine, same files and normalisation."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from eval.bare import BareEngine, bare_engine
from eval.case import Cases, EvalError, load_cases
from eval.interval import with_interval
from eval.metrics import asr as m
from eval.result import Figure, Result, data_of
from eval.suites.calls import sample_calls
from intent.call import Call
from intent.errors import AudioError
from intent.recordings import load_call_metadata
from intent.speech.audio import Samples, decode
from intent.speech.remote import wav_bytes
from serve.sample import sample_folder
from serve.wiring import House

ROLES = ("advisor", "client")
Pairs = list[tuple[str, str]]  # gold, heard


@dataclass(frozen=True, kw_only=True)
class Heard:
    """One recording as the product and the bare engine heard it."""

    item: dict[str, Any]
    call: Call
    bare: str | None  # None without a bare engine
    product_s: float  # time the product took


def run(
    house: House,
    data: Path | None,
    *,
    limit: int | None = None,
    mono: bool = False,
    progress: Callable[[int, int], None],
) -> Result:
    """Transcribe every recording (the first `limit`); without `data`, the sample calls.

    `mono`: the channels of each recording are added up first, as a recorder with one channel would have done. A
    recording that cannot be decoded is not scored, and its reason stands in `by`.
    """
    cases, folder = (load_cases(data, required=("audio",)), data.parent) if data else _sample()
    chosen = replace(cases, items=cases.items[:limit])
    missing = [item["audio"] for item in chosen.items if not (folder / item["audio"]).is_file()]
    if missing:
        raise EvalError(f"{folder / missing[0]} does not exist: paths in the manifest are relative to it.")
    started = time.perf_counter()
    with _mixed(chosen.items, folder) if mono else nullcontext((chosen.items, folder)) as (items, place):
        broken: dict[str, str] = {}
        heard = list(_listen(house, items, place, progress, broken))
    return Result(
        suite="asr",
        data=data_of(chosen),
        model={"engine": house.transcriber.name},
        parameters={"limit": limit, "mono": mono},
        metrics=_metrics(heard),
        by={
            "item": {h.item["id"]: _of_item(h) for h in heard},
            "broken": {item: {"reason": reason} for item, reason in broken.items()},
        },
        unscored=len(broken),
        seconds=time.perf_counter() - started,
        predictions=tuple(_prediction(h) for h in heard),
    )


@contextmanager
def _mixed(items: Sequence[dict[str, Any]], folder: Path) -> Iterator[tuple[list[dict[str, Any]], Path]]:
    """The recordings with their channels added up, as WAV files that are removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="tougu-mono-") as made:
        mixes = []
        for n, item in enumerate(items):
            recording = decode(folder / item["audio"])
            channels = np.stack([recording.channel(i) for i in range(recording.channels)])
            both: Samples = channels.mean(axis=0, dtype=np.float32)
            name = f"{n:04d}.wav"
            Path(made, name).write_bytes(wav_bytes(both))
            mixes.append({**item, "audio": name, "channels": "mono"})
        yield mixes, Path(made)


def _sample() -> tuple[Cases, Path]:
    folder = sample_folder() / "calls"
    scripts = sample_calls()
    by_id = {item["id"]: item for item in scripts.items}
    rows = load_call_metadata(folder / "calls.csv")
    items = tuple(
        {
            **by_id[row.call_id],
            "audio": str(row.path.relative_to(folder)),
            "channels": {row.advisor_channel: "advisor"} if row.advisor_channel else "mono",
        }
        for row in rows
    )
    return replace(scripts, items=items), folder


def _listen(
    house: House,
    items: Sequence[dict[str, Any]],
    folder: Path,
    progress: Callable[[int, int], None],
    broken: dict[str, str],
) -> Iterator[Heard]:
    """What was heard in each; `broken` is told why a recording could not be."""
    bare, warm = bare_engine(house), False
    for n, item in enumerate(items, 1):
        path = folder / item["audio"]
        try:
            if not warm:
                house.transcribe(path, advisor_channel=_channel(item))  # weights load outside the measured time
                warm = True
            began = time.perf_counter()
            call = house.transcribe(path, advisor_channel=_channel(item))
        except AudioError as error:
            broken[item["id"]] = str(error)
            continue
        spent = time.perf_counter() - began
        yield Heard(item=item, call=call, bare=_bare_text(bare, path), product_s=spent)
        progress(n, len(items))


def _bare_text(bare: BareEngine | None, path: Path) -> str | None:
    return bare.text(decode(path)) if bare else None


def _channel(item: dict[str, Any]) -> str | None:
    channels = item.get("channels")
    if not isinstance(channels, dict):
        return None
    return next((side for side, role in channels.items() if role == "advisor"), None)


def _gold_turns(item: dict[str, Any]) -> list[tuple[str, str]]:
    return [(turn["role"], turn["text"]) for turn in item.get("turns", ())]


def _heard_turns(call: Call) -> list[tuple[str, str]]:
    return [(turn.speaker.value, turn.text) for turn in call.transcript.turns]


def _said(turns: Sequence[tuple[str, str]], roles: Sequence[str] | None = None) -> str:
    """All words in order of time, or those of one role after another."""
    if roles is None:
        return "".join(text for _, text in turns)
    return "".join(text for role in roles for spoken_by, text in turns if spoken_by == role)


def _gold_text(item: dict[str, Any]) -> str:
    text: str = item["text"] if "text" in item else _said(_gold_turns(item))
    return text


def _pair(h: Heard) -> tuple[str, str]:
    """Gold and heard words, laid in order of time or role by role (see `fitting`)."""
    heard = _heard_turns(h.call)
    options = [(_gold_text(h.item), _said(heard))]
    if "text" not in h.item:
        options.append((_said(_gold_turns(h.item), ROLES), _said(heard, (*ROLES, "unknown"))))
    return m.fitting(options)


def _bare_pair(h: Heard, bare: str) -> tuple[str, str]:
    """The bare engine names no roles and gives channel after channel: gold is laid as fits it best."""
    turns = _gold_turns(h.item)
    orders = [] if "text" in h.item else [_said(turns, ROLES), _said(turns, ROLES[::-1])]
    return m.fitting([(gold, bare) for gold in (_gold_text(h.item), *orders)])


def _metrics(heard: list[Heard]) -> dict[str, Figure]:
    pairs = [_pair(h) for h in heard]
    bare = [_bare_pair(h, h.bare) for h in heard if h.bare is not None]
    spans = [(_gold_spans(h.item), _heard_spans(h.call)) for h in heard if _is_timed(h.item)]
    audio_s = sum(h.call.transcript.duration_s for h in heard)
    return {
        "cer": with_interval(pairs, m.cer),
        "cer_strict": with_interval(pairs, m.cer_strict),
        "bare_cer": with_interval(bare, m.cer) if bare else None,
        "cer_by_role": {role: _rounded(m.cer(_role_pairs(heard, role))) for role in ROLES},
        "role_accuracy": _mean([m.role_accuracy(gold, found) for gold, found in spans]),
        "der": _mean([m.der(gold, found) for gold, found in spans]),
        "rtf": _rounded(sum(h.product_s for h in heard) / audio_s if audio_s else None),
        "dropped": sum(m.dropped(*pair) for pair in pairs),
        "invented_chars": _invented(pairs),
    }


def _of_item(h: Heard) -> dict[str, Figure]:
    """The figures of one recording, by which the worst is found; roles only where gold has times."""
    figures: dict[str, Figure] = {"cer": _rounded(m.cer([_pair(h)]))}
    if _is_timed(h.item):
        gold, heard = _gold_spans(h.item), _heard_spans(h.call)
        figures["role_accuracy"] = _rounded(m.role_accuracy(gold, heard))
        figures["der"] = _rounded(m.der(gold, heard))
    return figures


def _is_timed(item: dict[str, Any]) -> bool:
    return bool(item.get("turns")) and all("start" in turn for turn in item["turns"])


def _invented(pairs: Pairs) -> int | None:
    """Characters heard where nothing was said (silence, ring tone, noise); None without such a recording."""
    nothing = [heard for gold, heard in pairs if not gold.strip()]
    return sum(len(heard.strip()) for heard in nothing) if nothing else None


def _role_pairs(heard: list[Heard], role: str) -> Pairs:
    turned = [h for h in heard if "turns" in h.item]
    return [(_said(_gold_turns(h.item), (role,)), _said(_heard_turns(h.call), (role,))) for h in turned]


def _gold_spans(item: dict[str, Any]) -> list[m.Span]:
    return [m.Span(role=t["role"], start_s=float(t["start"]), end_s=float(t["end"])) for t in item["turns"]]


def _heard_spans(call: Call) -> list[m.Span]:
    return [m.Span(role=t.speaker.value, start_s=t.start_s, end_s=t.end_s) for t in call.transcript.turns]


def _mean(values: Sequence[float | None]) -> float | None:
    """Mean over recordings; those without a value stay out."""
    known = [value for value in values if value is not None]
    return _rounded(sum(known) / len(known)) if known else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _prediction(h: Heard) -> dict[str, Any]:
    turns = [
        {"role": t.speaker.value, "text": t.text, "start": round(t.start_s, 2), "end": round(t.end_s, 2)}
        for t in h.call.transcript.turns
    ]
    return {"id": h.item["id"], "text": _said(_heard_turns(h.call)), "turns": turns}
