from __future__ import annotations

import pytest

from intent.call import Speaker, Transcript, Turn
from intent.errors import CallFileError
from intent.speech.formats import from_json, to_json, to_srt, to_txt, to_vtt

TRANSCRIPT = Transcript(
    turns=(
        Turn(index=0, speaker=Speaker.ADVISOR, text="您好。", start_s=0.5, end_s=1.25, confidence=0.9),
        Turn(index=1, speaker=Speaker.CLIENT, text="净值 <1 & 跌了", start_s=3661.0, end_s=3662.5),
    ),
    duration_s=3700.0,
    engine="scripted",
    warnings=("The recording is silent.",),
    roles_from="metadata",
)


def test_json_comes_back_as_it_was() -> None:
    assert from_json(to_json(TRANSCRIPT)) == TRANSCRIPT


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"turns": [{}], "duration_s": 1}'])
def test_other_json_is_refused(text: str) -> None:
    with pytest.raises(CallFileError, match="not a transcript"):
        from_json(text)


def test_srt() -> None:
    assert to_srt(TRANSCRIPT).startswith("1\n00:00:00,500 --> 00:00:01,250\n投顾：您好。\n\n2\n01:01:01,000")


def test_vtt_escapes_markup() -> None:
    vtt = to_vtt(TRANSCRIPT)
    assert vtt.startswith("WEBVTT\n\n00:00:00.500 --> 00:00:01.250\n<v 投顾>您好。")
    assert "净值 &lt;1 &amp; 跌了" in vtt


def test_txt() -> None:
    assert to_txt(TRANSCRIPT).splitlines() == ["[00:00] 投顾：您好。", "[61:01] 客户：净值 <1 & 跌了"]
