"""Sound of one channel to words with times: the Protocol, the embedded Whisper, and the double."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from intent.errors import TranscriptionError
from intent.speech.audio import SAMPLE_RATE, Samples
from mandarin.script import to_simplified

_NOT_TEXT = re.compile(r"[\W_]+")
_LATIN = re.compile(r"[a-z]{3,}")
LETTERS_A_SYLLABLE = 3.0  # of words in Latin script; a Chinese character is a syllable


@dataclass(frozen=True, kw_only=True)
class Word:
    """A word as the engine cut it; times are seconds from the start of the sound."""

    text: str
    start_s: float
    end_s: float
    probability: float | None = None


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A stretch of text; `words` may be empty where an engine gives none."""

    text: str
    start_s: float
    end_s: float
    words: tuple[Word, ...] = ()
    confidence: float | None = None  # 0..1


@dataclass(frozen=True, kw_only=True)
class Transcription:
    """What was said on one channel, in order of time."""

    segments: tuple[Segment, ...]
    speech_s: float  # seconds with a voice, by voice activity detection or by the segments
    language: str = "zh"
    warnings: tuple[str, ...] = ()
    implausible: bool = False  # too little or too much text for its speech, in every decoding

    @property
    def text(self) -> str:
        return "".join(segment.text for segment in self.segments)


class Transcriber(Protocol):
    """A speech engine. `name` tells engine and configuration apart: part of the key of archived work."""

    name: str

    def transcribe(self, samples: Samples, *, hotwords: Sequence[str] = ()) -> Transcription:
        """Samples: float32, shape (n,), 16 kHz mono. Silence gives no segments.

        `hotwords`: names that may be spoken; an engine that cannot use them leaves them be, and text that is
        nothing but a list of them is no speech. The argument stays out of the call where there are none.
        Text comes in simplified characters. Raises TranscriptionError.
        """
        ...


@runtime_checkable
class TakesSeveral(Protocol):
    """An engine that may be asked for several sounds at once, from as many threads; others use the whole machine."""

    at_once: int


class WeightStore(Protocol):
    """Where weights are found: the part of the model registry that an engine needs."""

    def path(self, name: str) -> Path: ...


class LocalWhisper:
    """Whisper by faster-whisper on this machine: batched windows, voice activity, word times, no prompt.

    With two processor threads and more it takes two sounds at once, the channels of a call, each with half of them:
    half as fast again as one after the other with all (docs/benchmarks.md).
    """

    def __init__(
        self,
        *,
        store: WeightStore,
        model: str = "whisper-base",
        device: str = "cpu",
        compute_type: str = "int8",
        language: str = "zh",
        beam_size: int = 5,
        batch_size: int = 8,
        threads: int = 0,
        chars_per_s: tuple[float, float] = (1.2, 12.0),
    ) -> None:
        self.name = f"{model}-{compute_type}-beam{beam_size}-{language}"
        self._store, self._model, self._device, self._compute = store, model, device, compute_type
        self._language = None if language == "auto" else language
        self._beam_size, self._batch_size = beam_size, batch_size
        available = threads or _processors()
        self.at_once = 2 if device == "cpu" and available > 1 else 1
        self._threads = available // self.at_once if device == "cpu" else threads
        self._plausible = chars_per_s
        self._lock = threading.Lock()
        self._loaded: Any = None

    def transcribe(self, samples: Samples, *, hotwords: Sequence[str] = ()) -> Transcription:
        """See Transcriber. A second decoding runs when the text is implausibly short or long."""
        if samples.size < SAMPLE_RATE // 10:
            return Transcription(segments=(), speech_s=0.0)
        first = clean(self._batched(samples, hotwords), hotwords)
        if plausible(first, self._plausible):
            return first
        second = clean(self._sequential(samples, hotwords), hotwords)
        return better(first, second, self._plausible)

    def _engine(self) -> Any:
        """The loaded faster-whisper model; loading takes about a second and happens once."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded

    def _load(self) -> Any:
        folder = self._store.path(self._model)
        try:
            from faster_whisper import WhisperModel
        except ImportError as error:
            raise TranscriptionError(
                "The local speech engine is not installed: install tougu[local], or set speech.engine = remote."
            ) from error
        try:
            return WhisperModel(
                str(folder),
                device=self._device,
                compute_type=self._compute,
                cpu_threads=self._threads,
                num_workers=self.at_once,
                local_files_only=True,
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise TranscriptionError(
                f"The weights of {self._model} do not load ({_first_line(error)}): "
                "remove their folder and run `tougu models` to fetch them again."
            ) from error

    def _batched(self, samples: Samples, hotwords: Sequence[str]) -> Transcription:
        from faster_whisper import BatchedInferencePipeline

        pipeline = BatchedInferencePipeline(self._engine())
        return self._run(pipeline.transcribe, samples, hotwords, batch_size=self._batch_size, temperature=0.0)

    def _sequential(self, samples: Samples, hotwords: Sequence[str]) -> Transcription:
        """The other way: windows in sequence with temperature fallback and no carried-over text."""
        return self._run(self._engine().transcribe, samples, hotwords, condition_on_previous_text=False)

    def _run(self, transcribe: Any, samples: Samples, hotwords: Sequence[str], **options: Any) -> Transcription:
        try:
            segments, info = transcribe(
                samples,
                language=self._language,
                beam_size=self._beam_size,
                word_timestamps=True,
                vad_filter=True,
                hotwords=" ".join(hotwords) or None,
                **options,
            )
            found = tuple(_segment(each) for each in segments)
        except (RuntimeError, ValueError) as error:
            raise TranscriptionError(
                f"The speech engine failed ({_first_line(error)}): try speech.batch_size = 1, "
                "or transcribe the recording alone."
            ) from error
        return Transcription(segments=found, speech_s=float(info.duration_after_vad), language=info.language)


def _processors() -> int:
    """Processor threads that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class ScriptedTranscriber:
    """The double: gives prepared texts in turn, spread evenly over the sound's length."""

    def __init__(self, texts: Sequence[str], *, name: str = "scripted") -> None:
        self.name = name
        self._texts = list(texts)
        self.calls = 0

    def transcribe(self, samples: Samples, *, hotwords: Sequence[str] = ()) -> Transcription:
        """The next text; silence gives none and uses none up. Raises TranscriptionError past the last."""
        if samples.size == 0 or float(abs(samples).max()) < 1e-4:
            return Transcription(segments=(), speech_s=0.0)
        if self.calls >= len(self._texts):
            raise TranscriptionError(f"The script holds {len(self._texts)} texts; one more was asked for.")
        text = to_simplified(self._texts[self.calls]).text
        self.calls += 1
        return _spread(text, samples.size / SAMPLE_RATE)


def clean(transcription: Transcription, hotwords: Sequence[str] = ()) -> Transcription:
    """Simplified script; segments that are known inventions, loops or lists of hotwords removed, and counted."""
    heard = map(_simplified, transcription.segments)
    kept = [s for s in heard if not invented(s.text) and not is_list_of(hotwords, s.text)]
    removed = len(transcription.segments) - len(kept)
    note = (f"{removed} segments that speech models are known to invent were removed.",) if removed else ()
    return replace(transcription, segments=tuple(kept), warnings=(*transcription.warnings, *note))


def invented(text: str) -> bool:
    """True for nothing, for subtitle credits, and for one short phrase repeated over and over."""
    bare = _NOT_TEXT.sub("", text)
    if not bare:
        return True
    return any(pattern.fullmatch(bare) for pattern in _inventions()) or is_loop(bare)


def is_loop(bare: str) -> bool:
    """A phrase of 2-12 characters that fills the text at least six times over (谢谢谢谢 stays)."""
    return re.fullmatch(r"(.{2,12}?)\1{5,}.{0,12}", bare) is not None and len(set(bare)) > 1


def is_list_of(hotwords: Sequence[str], text: str) -> bool:
    """Two and more hotwords and nothing else: what an engine writes over noise when it was given a list."""
    bare, said = _NOT_TEXT.sub("", text), 0
    words = sorted((_NOT_TEXT.sub("", word) for word in hotwords), key=len, reverse=True)
    while bare:
        found = next((word for word in words if word and bare.startswith(word)), None)
        if found is None:
            return False
        bare, said = bare[len(found) :], said + 1
    return said > 1


def chars_per_s(transcription: Transcription) -> float:
    """Characters of text per second of speech, letters of other languages as syllables; 0 where there is no speech."""
    if transcription.speech_s <= 0:
        return 0.0
    bare = _NOT_TEXT.sub("", transcription.text)
    letters = sum(len(word) for word in _LATIN.findall(bare))
    return (len(bare) - letters + letters / LETTERS_A_SYLLABLE) / transcription.speech_s


def plausible(transcription: Transcription, bounds: tuple[float, float]) -> bool:
    """Coverage guard. Mandarin runs at 3-6 characters a second; less than a second of speech says nothing."""
    if transcription.speech_s < 1.0:
        return True
    return bounds[0] <= chars_per_s(transcription) <= bounds[1]


def better(first: Transcription, second: Transcription, bounds: tuple[float, float]) -> Transcription:
    """The plausible one of two decodings; else the first, with a warning that the text cannot be trusted."""
    if plausible(second, bounds):
        note = "The first decoding was implausible for the length of speech; a second one was used."
        return replace(second, warnings=(*second.warnings, note))
    rate = chars_per_s(first)
    note = f"The text has {rate:.1f} characters per second of speech, which is implausible; listen to it."
    return replace(first, warnings=(*first.warnings, note), implausible=True)


def _simplified(segment: Segment) -> Segment:
    words = tuple(replace(word, text=to_simplified(word.text).text) for word in segment.words)
    return replace(segment, text=to_simplified(segment.text).text.strip(), words=words)


def _segment(each: Any) -> Segment:
    words = tuple(
        Word(text=w.word, start_s=float(w.start), end_s=float(w.end), probability=float(w.probability))
        for w in each.words or ()
    )
    known = [w.probability for w in words if w.probability is not None]
    confidence = sum(known) / len(known) if known else None
    return Segment(text=each.text, start_s=float(each.start), end_s=float(each.end), words=words, confidence=confidence)


def _spread(text: str, duration_s: float) -> Transcription:
    step = duration_s / max(len(text), 1)
    words = tuple(
        Word(text=char, start_s=i * step, end_s=(i + 1) * step, probability=1.0) for i, char in enumerate(text)
    )
    segment = Segment(text=text, start_s=0.0, end_s=duration_s, words=words, confidence=1.0)
    return Transcription(segments=(segment,) if text else (), speech_s=duration_s)


@cache
def _inventions() -> tuple[re.Pattern[str], ...]:
    lines = resources.files("intent.speech").joinpath("data", "invented.txt").read_text("utf-8").splitlines()
    return tuple(re.compile(line) for line in lines if line and not line.startswith("#"))


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
