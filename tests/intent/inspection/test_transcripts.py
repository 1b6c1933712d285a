from __future__ import annotations

import json
from pathlib import Path

import pytest

from intent.call import Speaker
from intent.errors import CallFileError
from intent.inspection.transcripts import read_transcripts
from intent.speech.formats import to_json
from tests.intent.inspection.talk import talk

LINE = {"id": "k9", "split": "dev", "turns": [{"i": 3, "role": "advisor", "text": "您好", "start": 1, "end": 2.5}]}


def test_what_transcribe_writes_is_read_back(tmp_path: Path) -> None:
    transcript = talk("a:您好。", "c:你好。", roles_from="words")
    (tmp_path / "k7.json").write_text(to_json(transcript), encoding="utf-8")
    (tmp_path / "manifest.jsonl").write_text('{"id": "k7"}\n', encoding="utf-8")
    (read,) = read_transcripts([tmp_path])
    assert (read.id, read.transcript.turns, read.transcript.roles_from) == ("k7", transcript.turns, "words")
    assert read.broken is None


@pytest.mark.parametrize(("violations", "broken"), [([], False), ([{"turn": 3, "rule": "promise.return"}], True)])
def test_labelled_calls_say_whether_a_person_found_something(
    tmp_path: Path, violations: list[object], broken: bool
) -> None:
    path = tmp_path / "calls.jsonl"
    line = {**LINE, "gold": {"advisor_violations": violations}, "call_type": "sale"}
    path.write_text(f"{json.dumps(line)}\n\n", encoding="utf-8")
    (read,) = read_transcripts([path])
    assert (read.id, read.split, read.call_type, read.broken) == ("k9", "dev", "sale", broken)
    (turn,) = read.transcript.turns
    assert (turn.index, turn.speaker, turn.start_s, turn.end_s) == (3, Speaker.ADVISOR, 1.0, 2.5)


def test_times_may_be_missing(tmp_path: Path) -> None:
    path = tmp_path / "k.json"
    path.write_text('{"turns": [{"role": "client", "text": "喂"}]}', encoding="utf-8")
    (read,) = read_transcripts([path])
    assert (read.id, read.transcript.duration_s) == ("k", 0.0)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]x",
        '{"turns": 5}',
        '{"turns": [{"role": "boss", "text": "喂"}]}',
        '{"turns": [{"role": "client"}]}',
        '{"turns": [{"role": "client", "text": "喂", "start": NaN}]}',
        '{"turns": [{"role": "client", "text": "喂", "start": -1}]}',
        '{"turns": [{"i": 1, "role": "client", "text": "喂"}, {"i": 1, "role": "client", "text": "喂"}]}',
    ],
)
def test_a_broken_file_is_named_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "k.jsonl"
    path.write_text(f"{json.dumps(LINE)}\n{text}\n", encoding="utf-8")
    with pytest.raises(CallFileError, match=r"Line 2 of .*k\.jsonl is no transcript"):
        read_transcripts([path])


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CallFileError, match="No transcripts were found"):
        read_transcripts([tmp_path])
    with pytest.raises(CallFileError, match="run tougu transcribe first"):
        read_transcripts([tmp_path / "call.wav"])
    with pytest.raises(CallFileError, match="cannot be read"):
        read_transcripts([tmp_path / "none.json"])
