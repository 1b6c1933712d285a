"""Mangled recordings through the decoder: an answer or one sentence, never a crash, a hang or a flood of memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROUNDS = 40  # mangled files a container
LIMIT_S = 240  # for all of them on a busy machine; a few seconds on an idle one
LIMIT_MB = 700  # resident memory of the process, libraries included

PROGRAM = """
import random, re, sys
from pathlib import Path
from intent.errors import AudioError
from intent.speech.audio import decode

folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
chance = random.Random(20261122)

def mangled(raw):
    out = bytearray(raw)
    for _ in range(chance.randint(1, 4)):
        kind, at = chance.randrange(5), chance.randrange(len(out) or 1)
        if kind == 0:
            del out[at:]
        elif kind == 1:
            for _ in range(chance.randint(1, 60)):
                if out:
                    out[chance.randrange(len(out))] = chance.randrange(256)
        elif kind == 2:
            for i in range(min(len(out), 64)):  # the header
                if chance.random() < 0.15:
                    out[i] = chance.choice((0, 1, 255, chance.randrange(256)))
        elif kind == 3:
            out[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 3000)))
        else:
            out[at:at + chance.randint(1, 3000)] = b""
    return bytes(out)

heard = refused = 0
for source in sorted(folder.glob("good.*")):
    raw = source.read_bytes()
    for n in range(rounds):
        path = folder / f"bad{n}{source.suffix}"
        path.write_bytes(mangled(raw))
        try:
            recording = decode(path, max_duration_s=600)
            assert recording.pcm.ndim == 2 and 0 < recording.channels <= 2
            heard += 1
        except AudioError as error:
            assert str(error) and "\\n" not in str(error), repr(str(error))
            refused += 1
        path.unlink()
# Not ru_maxrss: that begins with what the parent held when it started this process.
peak_kb = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
print(heard, refused, peak_kb // 1024)
"""


@pytest.mark.slow
def test_mangled_files_neither_crash_nor_hang_nor_fill_the_memory(tmp_path: Path) -> None:
    from tests.intent.sound import tone, write_wav
    from tests.intent.test_audio import encode

    sound = tone(180, 3.0)
    write_wav(tmp_path / "good.wav", sound)
    for name, codec, rate in (("mp3", "libmp3lame", 44_100), ("m4a", "aac", 48_000), ("opus", "libopus", 48_000),
                              ("flac", "flac", 44_100), ("wma", "wmav2", 44_100), ("law.wav", "pcm_alaw", 8_000),
                              ("ima.wav", "adpcm_ima_wav", 8_000)):  # fmt: skip
        encode(tmp_path / f"good.{name}", codec, tone(180, 3.0, rate=rate)[None], rate)
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), str(ROUNDS)],
        capture_output=True, text=True, timeout=LIMIT_S, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    heard, refused, peak_mb = map(int, ran.stdout.split())
    assert heard + refused == 8 * ROUNDS
    assert heard > 0
    assert refused > 0
    assert peak_mb < LIMIT_MB
