"""Case files: what is read, and what is said of a mistake."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from eval.case import EvalError, load_cases


def test_items_come_with_the_hash_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id":"1","text":"好"}\n\n{"id":"2","text":"行"}\n', encoding="utf-8")
    cases = load_cases(path, required=("text",))
    assert [item["id"] for item in cases.items] == ["1", "2"]
    assert cases.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b'{"id":"1","text":"a"}\n{"id":"2"}\n', "line 2: the field text is missing"),
        (b'{"id":"1","text":"a"}\n{oops\n', "line 2: not JSON"),
        (b'{"id":"1","text":"a"}\n{"id":"1","text":"b"}\n', "the id 1 stands in items 1 and 2"),
        (b"[1, 2]\n", "line 1: the field id is missing"),
        (b"\n\n", "holds no item"),
        ('{"id":"1","text":"贵"}'.encode("gb18030"), "is not UTF-8"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(EvalError, match=says):
        load_cases(path, required=("text",))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EvalError, match=r"cannot be read .*--data"):
        load_cases(tmp_path / "none.jsonl", required=())


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "bom.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"id":"1"}\n')
    assert load_cases(path, required=()).items[0]["id"] == "1"
