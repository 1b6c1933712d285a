"""Files of call-detail records: what is taken, and what is refused with its line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from intent.call_records.record import load_call_records, load_lines, record_of
from intent.errors import CallFileError


@pytest.mark.parametrize(
    ("told", "numbers"),
    [
        ({"numbers": "13800000001;8021", "direction": "inbound"}, [("client", "13800000001"), ("advisor", "8021")]),
        ({"numbers": "8021；13800000001", "direction": "outbound"}, [("advisor", "8021"), ("client", "13800000001")]),
        ({"numbers": "8021;13800000001"}, [("either", "8021"), ("either", "13800000001")]),
        (
            {"from_number": "13800000001", "to_number": "01088880000", "extension": "8021", "direction": "inbound"},
            [("client", "13800000001"), ("advisor", "8021")],
        ),
        ({"from_number": "8021", "to_number": "13800000001", "extension": "8021"},
         [("either", "13800000001"), ("advisor", "8021")]),
    ],
)  # fmt: skip
def test_whose_number_is_which(told: dict[str, str], numbers: list[tuple[str, str]]) -> None:
    assert record_of({"id": "k1", **told}).numbers() == numbers


def test_ids_by_either_name_and_times_with_a_zone() -> None:
    found = record_of({"id": "k1", "client": "C1", "advisor": "A1", "started_at": "2026-11-03T10:00:00+08:00"})
    assert (found.client_id, found.advisor_id, found.started_at) == ("C1", "A1", datetime(2026, 11, 3, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({}, "no id and no path"),
        ({"id": "k", "direction": "sideways"}, "inbound or outbound"),
        ({"id": "k", "started_at": "2026-11-03 10:00"}, "with a zone"),
        ({"id": "k", "started_at": "yesterday"}, "with a zone"),
        ({"id": "k", "numbers": "13800000001"}, "not two"),
        ({"id": "k", "from_number": "1380000x"}, "from_number"),
        ({"id": "k", "duration_s": "-3"}, "duration_s"),
        ({"id": "k" * 121}, "more than 120"),
        ({"id": "k", "colour": "red"}, "unknown field 'colour'"),
    ],
)
def test_what_is_wrong_is_said(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        record_of(raw)


def test_a_file_is_taken_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "records.csv"
    path.write_text("id,from_number,to_number\nk1,13800000001,8021\nk2,1380000x,8021\nk3,8021\n", "utf-8")
    with pytest.raises(CallFileError, match=r"line 3 has a from_number .*; line 4 has more or fewer") as refused:
        load_call_records(path)
    assert "1380000x" not in str(refused.value)
    path.write_text("id,from,to\nk1,1,2\n", "utf-8")
    with pytest.raises(CallFileError, match="the column 'from'"):
        load_call_records(path)


@pytest.mark.parametrize(("name", "path"), [("d1/a.json", "d1/a"), ("d1/a.wav.json", "d1/a.wav")])
def test_a_side_file_speaks_of_the_recording_beside_it(tmp_path: Path, name: str, path: str) -> None:
    side = tmp_path / Path(name).name
    side.write_text(json.dumps({"client_id": "C1"}), "utf-8")
    (found,) = load_call_records(side, name=name)
    assert (found.id, found.path, found.client_id) == ("d1:a", path, "C1")


@pytest.mark.parametrize("text", ["", "[1]", "{", '{"id": "k", "colour": 1}'])
def test_a_broken_side_file_is_refused(tmp_path: Path, text: str) -> None:
    side = tmp_path / "a.json"
    side.write_text(text, "utf-8")
    with pytest.raises(CallFileError, match=r"a\.json"):
        load_call_records(side)


def test_lines_are_of_a_client_or_of_an_advisor(tmp_path: Path) -> None:
    path = tmp_path / "phones.csv"
    path.write_text("number,client_id,advisor_id,until\n+86 13800000001,C1,,2026-06-30\n8021,,A1,\n", "utf-8")
    assert [(each["kind"], each["owner_id"]) for each in load_lines(path)] == [("client", "C1"), ("advisor", "A1")]
    path.write_text("number,client_id,advisor_id\n13800000001,C1,A1\n8021,,\n,C1,\n", "utf-8")
    with pytest.raises(CallFileError, match=r"line 2 names not exactly one.*line 4 has no number"):
        load_lines(path)
