"""`tougu bench asr`: sample calls through the whole speech way, beside the bare engine."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from eval.bare import BareEngine
from eval.bench.measure import Progress, bench_result, quotient, rss_mb
from eval.case import EvalError
from eval.result import Result
from intent.recordings import RecordingFile, load_call_metadata
from intent.speech.audio import Samples, decode
from intent.speech.transcribe import Transcriber, Transcription
from serve.sample import sample_folder
from serve.wiring import House

FIXTURE = "serve/sample/calls"


def sample_recordings(kind: str, limit: int) -> list[RecordingFile]:
    """`limit` sample calls of a kind (stereo or mono), each anew under another id once all were taken."""
    rows = load_call_metadata(sample_folder() / "calls" / "calls.csv")
    found = [row for row in rows if (decode(row.path).channels > 1) == (kind == "stereo")]
    rounds = -(-limit // len(found))
    return [replace(row, call_id=f"{row.call_id}-{n}" if n else row.call_id) for n in range(rounds) for row in found][
        :limit
    ]


@dataclass(frozen=True, kw_only=True)
class Ran:
    """Seconds of audio, of the whole way, of the engine inside it, and of the bare engine on the same channels."""

    audio_s: float
    way_s: float
    engine_s: float
    bare_s: float


class Timed:
    """The product's own engine, and how long it worked."""

    def __init__(self, engine: Transcriber) -> None:
        self._engine, self.name, self.seconds = engine, engine.name, 0.0

    def transcribe(self, samples: Samples, *, hotwords: Sequence[str] = ()) -> Transcription:
        began = time.perf_counter()
        heard = self._engine.transcribe(samples, hotwords=hotwords)
        self.seconds += time.perf_counter() - began
        return heard


def bench_asr(house: House, *, stereo: int, mono: int, progress: Progress) -> Result:
    """The whole way (decode, channels, engine, roles, turns) against the bare engine with voice activity
    and word times on the same channels. `overhead_*`: time of the way over time of the bare engine. `steps_*`: time of
    the way over the time that the product's own engine took in it: what the other steps cost."""
    if house.settings.speech.engine != "local":
        raise EvalError("The bare engine is local: set speech.engine = local to compare with it.")
    began = time.perf_counter()
    bare = BareEngine(house)
    groups = {"stereo": sample_recordings("stereo", stereo), "mono": sample_recordings("mono", mono)}
    every = [row for rows in groups.values() for row in rows]
    warm = every[0]
    house.transcribe(warm.path, advisor_channel=warm.advisor_channel)  # weights load outside the measured time
    house.transcriber = timed = Timed(house.transcriber)
    ran: dict[str, Ran] = {}
    for kind, rows in groups.items():
        ran[kind] = _sum([_one(house, timed, bare, row) for row in rows])
        progress(len(ran), len(groups), kind)
    total = _sum(list(ran.values()))
    return bench_result(
        "asr",
        fixture=FIXTURE,
        n=len(every),
        model={"engine": house.transcriber.name},
        parameters={"stereo": stereo, "mono": mono, "threads": house.settings.speech.threads},
        metrics={
            "audio_s_per_s": quotient(total.audio_s, total.way_s),
            "baseline_audio_s_per_s": quotient(total.audio_s, total.bare_s),
            "overhead_stereo": quotient(ran["stereo"].way_s, ran["stereo"].bare_s),
            "overhead_mono": quotient(ran["mono"].way_s, ran["mono"].bare_s),
            "steps_stereo": quotient(ran["stereo"].way_s, ran["stereo"].engine_s),
            "steps_mono": quotient(ran["mono"].way_s, ran["mono"].engine_s),
            "rss_mb": rss_mb(),
        },
        began=began,
    )


def _one(house: House, timed: Timed, bare: BareEngine, row: RecordingFile) -> Ran:
    engine_s, began = timed.seconds, time.perf_counter()
    call = house.transcribe(row.path, advisor_channel=row.advisor_channel)
    between = time.perf_counter()
    bare.text(decode(row.path))
    return Ran(
        audio_s=call.transcript.duration_s,
        way_s=between - began,
        engine_s=timed.seconds - engine_s,
        bare_s=time.perf_counter() - between,
    )


def _sum(ran: Sequence[Ran]) -> Ran:
    return Ran(
        audio_s=sum(r.audio_s for r in ran),
        way_s=sum(r.way_s for r in ran),
        engine_s=sum(r.engine_s for r in ran),
        bare_s=sum(r.bare_s for r in ran),
    )
