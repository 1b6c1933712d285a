from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from intent.errors import TranscriptionError
from intent.speech.audio import Samples, decode
from intent.speech.transcribe import (
    LocalWhisper,
    Segment,
    Transcription,
    Word,
    better,
    chars_per_s,
    clean,
    invented,
    plausible,
)

BOUNDS = (1.2, 12.0)


def transcription(text: str, speech_s: float = 10.0) -> Transcription:
    words = (Word(text=text, start_s=0.0, end_s=speech_s, probability=0.9),)
    return Transcription(segments=(Segment(text=text, start_s=0.0, end_s=speech_s, words=words),), speech_s=speech_s)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "，。",
        "字幕由志愿者提供",
        "请不吝点赞 订阅 转发 打赏支持明镜与点点栏目",
        "谢谢大家收看",
        "基金净值基金净值基金净值基金净值基金净值基金净值基金净值",
    ],
)
def test_inventions_and_loops_are_known(text: str) -> None:
    assert invented(text)


@pytest.mark.parametrize(
    "text", ["谢谢您", "好好好好好好好", "对对对对", "谢谢谢谢谢谢", "字幕怎么调大一点", "我订阅了你们的投顾服务", "嗯"]
)
def test_ordinary_talk_is_kept(text: str) -> None:
    assert not invented(text)


def test_clean_simplifies_words_and_counts_what_it_removes() -> None:
    segments = (
        Segment(text="我想申購基金", start_s=0, end_s=2, words=(Word(text="申購", start_s=0, end_s=1),)),
        Segment(text="字幕由志愿者提供", start_s=2, end_s=3),
    )
    cleaned = clean(Transcription(segments=segments, speech_s=3))
    assert cleaned.text == "我想申购基金"
    assert cleaned.segments[0].words[0].text == "申购"
    assert cleaned.warnings == ("1 segments that speech models are known to invent were removed.",)


def test_coverage_counts_characters_per_second_of_speech() -> None:
    assert chars_per_s(transcription("我想买，基金。", 2.0)) == pytest.approx(2.5)
    assert plausible(transcription("我想买基金好不好", 2.0), BOUNDS)
    assert not plausible(transcription("嗯", 20.0), BOUNDS)
    assert not plausible(transcription("基金" * 100, 5.0), BOUNDS)
    assert plausible(transcription("嗯", 0.4), BOUNDS)


def test_the_plausible_decoding_wins_and_doubt_is_said() -> None:
    lost, whole = transcription("嗯", 20.0), transcription("我想买一点基金" * 10, 20.0)
    assert better(lost, whole, BOUNDS).text == whole.text
    doubtful = better(lost, lost, BOUNDS)
    assert doubtful.text == "嗯"
    assert "listen to it" in doubtful.warnings[0]


def test_weights_that_do_not_load_end_in_one_sentence(tmp_path: Path) -> None:
    class Broken:
        def path(self, name: str) -> Path:
            return tmp_path

    with pytest.raises(TranscriptionError, match="do not load"):
        LocalWhisper(store=Broken(), threads=1).transcribe(decode_tone())


def decode_tone() -> Samples:
    from tests.intent.sound import tone

    return tone(200, 1.0)


@pytest.mark.weights
@pytest.mark.data
@pytest.mark.slow
def test_a_real_clip_is_transcribed_in_simplified_characters(real_data: Path, tmp_path: Path) -> None:
    from models.registry import ModelStore

    cache = Path(os.environ.get("TOUGU_TEST_CACHE", tmp_path))
    whisper = LocalWhisper(store=ModelStore(cache), threads=1)
    recording = decode(real_data / "speech" / "aishell-BAC009S0724W0121.wav")

    heard = whisper.transcribe(recording.channel(0))

    wanted = "广州市房地产中介协会分析"
    assert sum(char in heard.text for char in wanted) >= len(wanted) - 3
    assert heard.segments[0].words
    assert heard.segments[0].confidence is not None
    assert 0 < heard.segments[0].start_s < heard.segments[-1].end_s <= recording.duration_s


def test_words_of_other_languages_count_by_syllables() -> None:
    english = "I would like to buy some shares of the fund, could you tell me about the subscription fee please "
    assert plausible(transcription(english, 5.5), BOUNDS), "twenty words in five seconds are ordinary talk"
    assert not plausible(transcription(english * 4, 5.5), BOUNDS)


class Asked(LocalWhisper):
    """Whisper without weights: keeps what its two ways of decoding are asked with."""

    def __init__(self, language: str) -> None:
        super().__init__(store=None, language=language, batch_size=4)  # type: ignore[arg-type]
        self.options: list[dict[str, object]] = []

    def _engine(self) -> Asked:
        return self

    def transcribe(self, samples: Samples, **options: object) -> object:  # type: ignore[override]
        self.options.append(options)
        return (), SimpleNamespace(duration_after_vad=0.0, language="zh")


@pytest.mark.parametrize(("language", "told"), [("zh", "zh"), ("auto", None)])
def test_no_prompt_is_given_and_words_have_times(
    language: str, told: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    faster_whisper = pytest.importorskip("faster_whisper", reason="expected: the local engine is not installed")
    monkeypatch.setattr(faster_whisper, "BatchedInferencePipeline", lambda model: model)
    engine = Asked(language)
    engine._batched(decode_tone(), ("云岭货币", "听松短债"))
    engine._sequential(decode_tone(), ())
    batched, sequential = engine.options
    for options in engine.options:
        assert not {"initial_prompt", "prefix", "prompt"} & options.keys()
        assert (options["language"], options["word_timestamps"], options["vad_filter"]) == (told, True, True)
    assert (batched["batch_size"], batched["hotwords"]) == (4, "云岭货币 听松短债")
    assert sequential["hotwords"] is None
    assert sequential["condition_on_previous_text"] is False, "what was heard is no prompt of the next window either"


class TwoWays(LocalWhisper):
    """Whisper without weights: what each of its two decodings gives is told beforehand."""

    def __init__(self, batched: Transcription, sequential: Transcription) -> None:
        super().__init__(store=None)  # type: ignore[arg-type]
        self.first, self.second, self.asked = batched, sequential, [""]

    def _batched(self, samples: Samples, hotwords: Sequence[str]) -> Transcription:
        self.asked.append("batched")
        return self.first

    def _sequential(self, samples: Samples, hotwords: Sequence[str]) -> Transcription:
        self.asked.append("sequential")
        return self.second


def test_a_plausible_text_is_decoded_once_and_an_implausible_one_twice() -> None:
    lost, whole = transcription("嗯", 20.0), transcription("我想买一点基金你看看" * 5, 20.0)
    once = TwoWays(whole, lost)
    assert once.transcribe(decode_tone()).text == whole.text
    assert once.asked[1:] == ["batched"]
    twice = TwoWays(lost, whole)
    heard = twice.transcribe(decode_tone())
    assert (heard.text, heard.implausible, twice.asked[1:]) == (whole.text, False, ["batched", "sequential"])
    assert TwoWays(lost, lost).transcribe(decode_tone()).implausible, "a person must listen"


@pytest.mark.parametrize(
    ("threads", "device", "at_once"), [(4, "cpu", 2), (2, "cpu", 2), (1, "cpu", 1), (4, "cuda", 1)]
)
def test_the_channels_of_a_call_share_the_processors(threads: int, device: str, at_once: int) -> None:
    engine = LocalWhisper(store=_NoStore(), threads=threads, device=device)
    assert engine.at_once == at_once


class _NoStore:
    def path(self, name: str) -> Path:
        raise AssertionError(f"nobody asked for {name}")
