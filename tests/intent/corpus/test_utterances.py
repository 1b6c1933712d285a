from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from intent.call import Polarity
from intent.classifier.taxonomy import load_taxonomy
from intent.corpus.utterances import as_json, check_labelled, labelled_of, load_labelled
from intent.errors import TrainingDataError

TAXONOMY = load_taxonomy()
LINE: dict[str, Any] = {
    "id": "a1",
    "role": "client",
    "text": "行，那就办吧",
    "context": [{"role": "advisor", "text": "给您开通港股通？"}],
    "intents": [{"id": "permission.hk", "polarity": "interest"}],
    "tags": ["context"],
    "split": "dev",
    "batch": "a",
}


def written(tmp_path: Path, *lines: dict[str, Any]) -> Path:
    path = tmp_path / "lines.jsonl"
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), "utf-8")
    return path


def intents(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"intents": [{"id": id_, "polarity": polarity} for id_, polarity in pairs]}


def test_a_line_is_read_and_written_back(tmp_path: Path) -> None:
    (item,) = load_labelled(TAXONOMY, written(tmp_path, LINE)).items
    assert item.gold == (("permission.hk", Polarity.INTEREST),)
    assert (item.split, item.batch, item.utterance.proposal) == ("dev", "a", "给您开通港股通？")
    assert as_json(item) == LINE


def test_a_line_without_an_intent_carries_none() -> None:
    item = labelled_of({**LINE, **intents(("none", "interest"))}, TAXONOMY)
    assert item.gold == ()
    assert as_json(item)["intents"] == [{"id": "none", "polarity": "interest"}]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (intents(("fund.bye", "interest")), "no intent fund.bye: correct the id"),
        (intents(("fund.buy", "maybe")), "no polarity maybe: use one of interest, decline, existing"),
        (intents(("fund.buy", "interest"), ("fund.buy", "decline")), "fund.buy stands twice"),
        (intents(("none", "interest"), ("fund.buy", "decline")), "none stands beside fund.buy"),
        (intents(), "intents is empty"),
        ({"intents": "fund.buy"}, "intents is no list of objects: write"),
        ({"intents": ["none"]}, "intents is no list of objects: write"),
        ({"context": "行"}, "context is no list of objects: write"),
        ({"splitt": "dev"}, "no field splitt: write split"),
        ({"split": "exam"}, "no split exam: use one of train"),
        ({"text": None}, "text is not a string"),
        ({"text": " "}, "the text is empty"),
        ({"text": "啊" * 401}, "401 characters: 400 are read at most"),
        ({"role": "advisor"}, "of the role advisor"),
        ({"context": [{"role": "dog", "text": "汪"}]}, "no role dog: use one of advisor, client"),
        ({"id": ""}, "the id is empty"),
    ],
)
def test_a_bad_line_is_named_with_file_line_and_remedy(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    path = written(tmp_path, LINE, {**LINE, "id": "a2", "text": "嗯", **change})
    with pytest.raises(TrainingDataError, match=f"lines.jsonl, line 2: .*{says}"):
        load_labelled(TAXONOMY, path)


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingDataError, match="line 1: the field intents is missing"):
        load_labelled(TAXONOMY, written(tmp_path, {"id": "a", "text": "好"}))


def test_doubled_ids_point_at_the_first(tmp_path: Path) -> None:
    path = written(tmp_path, LINE, {**LINE, "id": "a2", "text": "嗯"}, {**LINE, "text": "哦"})
    with pytest.raises(TrainingDataError, match="line 3: the id a1 stands already in line 1"):
        load_labelled(TAXONOMY, path)


def test_the_same_words_are_labelled_in_one_way(tmp_path: Path) -> None:
    again = {**LINE, "id": "a2"}
    assert len(load_labelled(TAXONOMY, written(tmp_path, LINE, again)).items) == 2
    other = {**again, "context": []}
    assert len(load_labelled(TAXONOMY, written(tmp_path, LINE, {**other, **intents(("none", "interest"))})).items) == 2
    contradiction = {**again, **intents(("permission.hk", "decline"))}
    with pytest.raises(TrainingDataError, match="line 2: the same words are labelled otherwise in line 1"):
        load_labelled(TAXONOMY, written(tmp_path, LINE, contradiction))


@pytest.mark.parametrize(("text", "same"), [("行 那就办吧。", True), ("行，那就办", False), ("……", False)])
def test_spaces_and_marks_make_no_other_words(tmp_path: Path, text: str, same: bool) -> None:
    other = {**LINE, "id": "a2", "text": text, **intents(("permission.hk", "decline"))}
    assert bool(check_labelled(TAXONOMY, written(tmp_path, LINE, other)).mistakes) is same


def test_a_field_of_the_owner_is_left_alone(tmp_path: Path) -> None:
    assert load_labelled(TAXONOMY, written(tmp_path, {**LINE, "heard_by": "x", "weight": 2})).items


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (json.dumps(LINE).encode() + b"\n" + '{"id": "定投"}'.encode("gb18030"), "line 2: byte 9 is not UTF-8"),
        (b"[1]\n", r"line 1: \[1\] is no JSON object"),
        (b"{\n", "line 1: no JSON"),
        (b"\n", "holds no line"),
    ],
)
def test_what_is_no_json_lines_is_named(tmp_path: Path, data: bytes, says: str) -> None:
    (tmp_path / "x.jsonl").write_bytes(data)
    with pytest.raises(TrainingDataError, match=says):
        load_labelled(TAXONOMY, tmp_path / "x.jsonl")
    with pytest.raises(TrainingDataError, match="cannot be read"):
        load_labelled(TAXONOMY, tmp_path / "nowhere.jsonl")


def test_a_byte_order_mark_and_odd_separators_do_no_harm(tmp_path: Path) -> None:
    line = json.dumps({**LINE, "text": "行\u2028那就办"}, ensure_ascii=False)
    (tmp_path / "x.jsonl").write_bytes(b"\xef\xbb\xbf" + line.encode() + b"\r\n")
    assert load_labelled(TAXONOMY, tmp_path / "x.jsonl").items[0].utterance.text == "行\u2028那就办"


def test_every_mistake_is_found_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, {**LINE, "text": ""}, LINE, {**LINE, "split": "x"}, LINE)
    parsed = check_labelled(TAXONOMY, path)
    assert [mistake.line for mistake in parsed.mistakes] == [1, 3, 4]
    with pytest.raises(TrainingDataError, match="2 more: tougu intent data --check"):
        parsed.required()
