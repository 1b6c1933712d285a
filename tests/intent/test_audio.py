from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pytest

from intent.errors import AudioError
from intent.speech import converters
from intent.speech.audio import SAMPLE_RATE, decode
from intent.speech.decoder import RawFormat
from tests.intent.sound import claim_data_bytes, silence, tone, write_wav

BIT_RATES = {"wmav2": 64_000, "libopencore_amrnb": 12_200}  # codecs that have no rate of their own


def encode(path: Path, codec: str, samples: np.ndarray, rate: int, layout: str = "mono") -> Path:
    """Write samples of shape (channels, n) by PyAV."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        if codec in BIT_RATES:
            stream.codec_context.bit_rate = BIT_RATES[codec]
        interleaved = (np.clip(samples, -1, 1) * 32767).astype("<i2").T.reshape(1, -1).copy()
        frame = av.AudioFrame.from_ndarray(interleaved, format="s16", layout=layout)
        frame.sample_rate = rate
        resampler = av.AudioResampler(
            format=stream.codec_context.format, layout=layout, rate=rate, frame_size=stream.frame_size or None
        )
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.wav", "pcm_s16le", 8000),
        ("a.wav", "pcm_alaw", 8000),
        ("a.wav", "pcm_mulaw", 8000),
        ("a.flac", "flac", 44_100),
        ("a.mp3", "libmp3lame", 44_100),
        ("a.m4a", "aac", 48_000),
        ("a.opus", "libopus", 48_000),
        ("a.ogg", "libopus", 48_000),
        ("a.aac", "aac", 44_100),
        ("a.wma", "wmav2", 44_100),
        ("a.wav", "adpcm_ima_wav", 8000),
    ],
)
def test_containers_decode_to_16_khz_with_both_channels(tmp_path: Path, name: str, codec: str, rate: int) -> None:
    sound = np.stack([tone(150, 2.0, rate=rate), tone(320, 2.0, level=0.1, rate=rate)])
    path = encode(tmp_path / name, codec, sound, rate, "stereo")

    recording = decode(path)

    assert recording.channels == 2
    assert recording.source_rate == rate
    assert recording.duration_s == pytest.approx(2.0, abs=0.15)
    left, right = recording.channel(0), recording.channel(1)
    assert left.dtype == np.float32
    assert np.abs(left).max() <= 1.0
    assert np.std(left) > 2 * np.std(right)
    assert recording.warnings == ()


@pytest.mark.parametrize(("codec", "name"), [("alaw", "a.alaw"), ("mulaw", "a.ul")])
def test_headerless_telephony_is_read_only_when_its_format_is_told(tmp_path: Path, codec: str, name: str) -> None:
    sound = tone(200, 2.0, rate=8000)
    whole = encode(tmp_path / f"{codec}.wav", f"pcm_{codec}", sound[None], 8000)
    path = tmp_path / name
    path.write_bytes(whole.read_bytes()[-sound.size :])
    with pytest.raises(AudioError, match="no header"):
        decode(path)
    recording = decode(path, raw=RawFormat.named(f"{codec}:8000"))
    assert recording.duration_s == pytest.approx(2.0, abs=0.05)
    difference = recording.pcm[:, :30_000] - decode(whole).pcm[:, :30_000].astype(int)
    assert np.abs(difference).max() <= 1
    assert decode(whole, raw=RawFormat.named("mulaw:44100")).duration_s == pytest.approx(2.0, abs=0.05), (
        "a header counts more than what is told of files without one"
    )


def test_headerless_stereo_is_told_with_its_channels(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(np.random.default_rng(0).integers(0, 256, 16_000, np.uint8).tobytes())
    assert decode(path, raw=RawFormat.named("alaw:8000:2")).duration_s == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("text", ["pcm:8000", "alaw", "alaw:x", "alaw:8000:6", "alaw:1"])
def test_a_raw_format_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(AudioError, match="no raw format"):
        RawFormat.named(text)
    assert RawFormat.named("") is None


def gsm_wav(path: Path, blocks: int = 100) -> Path:
    """GSM 06.10 in WAV: blocks of 65 bytes hold 320 samples; any bits are sound, and no library here writes it."""
    data = np.random.default_rng(1).integers(0, 256, blocks * 65, np.uint8).tobytes()
    fmt = struct.pack("<HHIIHHHH", 0x31, 1, 8000, 1625, 65, 0, 2, 320)
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def test_gsm_in_wav_is_decoded(tmp_path: Path) -> None:
    recording = decode(gsm_wav(tmp_path / "a.wav"))
    assert (recording.channels, recording.source_rate) == (1, 8000)
    assert recording.codec.startswith("gsm")
    assert recording.duration_s == pytest.approx(4.0, abs=0.1)


def test_amr_is_decoded(tmp_path: Path) -> None:
    narrow = decode(encode(tmp_path / "a.amr", "libopencore_amrnb", tone(200, 2.0, rate=8000)[None], 8000))
    assert narrow.duration_s == pytest.approx(2.0, abs=0.1)
    assert np.abs(narrow.channel(0)).max() > 0.05
    wide = tmp_path / "a.awb"
    wide.write_bytes(b"#!AMR-WB\n" + (b"\x04" + bytes(range(17))) * 100)  # a hundred frames of 20 ms at 6.6 kbit/s
    assert decode(wide).duration_s == pytest.approx(2.0, abs=0.1)


def test_amr_without_a_decoder_goes_through_sox_or_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.amr"
    path.write_bytes(b"#!AMR\n" + bytes(320))
    monkeypatch.setattr(converters, "decodes", lambda codec: False)
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(AudioError, match="install ffmpeg or sox"):
        decode(path)
    made = write_wav(tmp_path / "made.wav", tone(200, 1.0))
    for program, does, seen in (("sox", f'/bin/cp {made} "$2"', ""), ("ffmpeg", "echo torn >&2; exit 1", "torn")):
        script = programs / program
        script.write_text(f"#!/bin/sh\n{does}\n")
        script.chmod(0o755)
        if seen:
            with pytest.raises(AudioError, match=f"refused by {program} .{seen}"):
                decode(path)
        else:
            assert decode(path).duration_s == pytest.approx(1.0)


def test_pcm_comes_back_sample_for_sample(tmp_path: Path) -> None:
    sound = tone(200, 1.0)
    recording = decode(write_wav(tmp_path / "a.wav", sound))
    assert np.abs(recording.channel(0) - sound).max() < 1e-3


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.wav", b"", "empty file"),
        ("text.wav", b"This is a letter, not a recording.\n" * 50, "cannot be decoded"),
        ("page.mp3", b"<html><body>login</body></html>", "decoded as sound"),
        ("raw.alaw", b"\xd5" * 8000, "no header"),
        ("header.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "cannot be decoded"),
    ],
)
def test_what_is_no_recording_is_refused_in_one_sentence(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(AudioError, match=says):
        decode(path)


def test_a_header_without_channels_is_refused(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(200, 1.0))
    raw = bytearray(path.read_bytes())
    raw[22:24] = b"\0\0"
    path.write_bytes(raw)
    with pytest.raises(AudioError):
        decode(path)


def test_a_missing_file_and_an_empty_container_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="cannot be read"):
        decode(tmp_path / "nowhere.wav")
    with pytest.raises(AudioError):
        decode(write_wav(tmp_path / "a.wav", silence(0)))


def test_a_truncated_recording_gives_what_is_left_and_says_so(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(200, 10.0))
    path.write_bytes(path.read_bytes()[: 4 * SAMPLE_RATE * 2])
    recording = decode(path)
    assert recording.duration_s == pytest.approx(4.0, abs=0.1)
    assert "10.0 s but 4.0 s" in recording.warnings[0]


def test_a_header_that_claims_ten_times_the_length_is_reported(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(200, 3.0))
    claim_data_bytes(path, 10 * 3 * SAMPLE_RATE * 2)
    assert "claims 30.0 s" in decode(path).warnings[0]


def test_a_header_that_claims_less_than_there_is_loses_nothing(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(200, 20.0))
    claim_data_bytes(path, 2 * SAMPLE_RATE * 2)
    recording = decode(path)
    assert recording.duration_s == pytest.approx(20.0, abs=0.1)
    assert "claims 2.0 s but 20.0 s" in recording.warnings[0]
    assert recording.salvaged


def test_what_follows_the_sound_as_the_format_has_it_is_no_sound(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(200, 3.0))
    notes = b"note" * 40_000
    path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", len(notes)) + notes)
    recording = decode(path)
    assert (recording.duration_s, recording.warnings) == (pytest.approx(3.0, abs=0.05), ())
    assert not recording.salvaged


def m4a(path: Path, **options: str) -> Path:
    """Twenty seconds of AAC; its index stands at the end unless options of the muxer say otherwise."""
    with av.open(str(path), "w", format="mp4", options=options) as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        frame = av.AudioFrame.from_ndarray((tone(200, 20.0) * 32767).astype("<i2")[None], format="s16", layout="mono")
        frame.sample_rate = 16_000
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=16_000, frame_size=1024)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    return path


def test_half_of_an_m4a_is_a_salvage_where_its_index_is_left(tmp_path: Path) -> None:
    path = m4a(tmp_path / "a.m4a", movflags="faststart")
    whole = decode(path)
    assert (whole.salvaged, whole.warnings) == (False, ())
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    half = decode(path)
    assert 5 < half.duration_s < 15
    assert half.salvaged
    assert half.warnings


@pytest.mark.parametrize("name", ["a.wma", "fragmented.m4a"])
def test_what_breaks_off_within_a_packet_is_a_salvage(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name == "a.wma":
        encode(path, "wmav2", tone(200, 20.0, rate=16_000)[None], 16_000)
    else:
        m4a(path, movflags="frag_keyframe+empty_moov", frag_duration="1000000")
    assert not decode(path).salvaged
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    half = decode(path)
    assert 5 < half.duration_s < 15
    assert half.salvaged


def test_a_header_without_a_rate_that_claims_ten_times_the_bytes_is_reported(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.wav", "adpcm_ima_wav", tone(200, 20.0, rate=8000)[None], 8000)
    assert not decode(path).salvaged
    claim_data_bytes(path, 10 * path.stat().st_size)
    assert "claims more sound than the file holds" in decode(path).warnings[0]


def test_an_ogg_file_that_breaks_off_is_a_salvage(tmp_path: Path) -> None:
    path = encode(tmp_path / "a.opus", "libopus", tone(200, 20.0, rate=48_000)[None], 48_000)
    assert not decode(path).salvaged
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    half = decode(path)
    assert 5 < half.duration_s < 15
    assert (half.salvaged, "breaks off" in half.warnings[0]) == (True, True)


def test_half_of_an_m4a_without_its_index_is_refused(tmp_path: Path) -> None:
    path = m4a(tmp_path / "a.m4a")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(AudioError, match="cannot be decoded as sound"):
        decode(path)


@pytest.mark.parametrize("seconds", [0.5, 2.0])
@pytest.mark.parametrize(
    ("channels", "kept", "says"),
    [
        ("aab", 2, ["Channel 2 is a copy"]),
        ("aa-", 1, ["Channel 3 is dead", "Channel 2 is a copy"]),
        ("a-bb", 2, ["Channel 2 is dead", "Channel 4 is a copy"]),
        ("aaaa", 1, ["All channels are identical"]),
        ("abc", 2, ["has 3 channels; only the first two"]),
    ],
)
def test_of_many_channels_those_of_their_own_are_read(
    tmp_path: Path, channels: str, kept: int, says: list[str], seconds: float
) -> None:
    sounds = {"a": tone(150, seconds), "b": tone(320, seconds), "c": tone(430, seconds), "-": silence(seconds)}
    recording = decode(write_wav(tmp_path / "a.wav", *(sounds[each] for each in channels)))
    assert recording.channels == kept
    assert [warning for warning, said in zip(recording.warnings, says, strict=True) if said in warning] == [
        *recording.warnings
    ]
    if "b" in channels:
        assert np.abs(recording.channel(1) - sounds["b"]).max() < 1e-3, "the other voice, not a copy of the first"


def test_a_recorder_that_never_wrote_the_size_is_no_fault(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(200, 3.0))
    claim_data_bytes(path, 0xFFFFFFFF)
    recording = decode(path)
    assert recording.duration_s == pytest.approx(3.0, abs=0.1)
    assert recording.warnings == ()


@pytest.mark.parametrize(
    ("left", "right", "channels", "says"),
    [
        (tone(200, 2.0), silence(2.0), 1, "Channel 2 is dead"),
        (silence(2.0), tone(200, 2.0), 1, "Channel 1 is dead"),
        (tone(200, 2.0), tone(200, 2.0), 1, "identical"),
        (silence(2.0), silence(2.0), 1, "silent"),
    ],
)
def test_channels_that_carry_nothing_are_dropped_and_named(
    tmp_path: Path, left: np.ndarray, right: np.ndarray, channels: int, says: str
) -> None:
    recording = decode(write_wav(tmp_path / "a.wav", left, right))
    assert recording.channels == channels
    assert any(says in warning for warning in recording.warnings)


def test_length_bounds_the_memory(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", tone(200, 3.0))
    with pytest.raises(AudioError, match=r"speech\.max_duration_s"):
        decode(path, max_duration_s=2.0)
