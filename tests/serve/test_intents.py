"""Single utterances over HTTP and on the command line, and the models that may read them."""

from __future__ import annotations

import json
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from rich.console import Console
from rich.progress import Progress, TextColumn

from intent.classifier.utterance import LONGEST_TEXT
from serve.commands.intents import _passes_shown
from tests.serve.conftest import Tougu

WISH = {"text": "行，那就办吧", "context": [{"role": "advisor", "text": "要不要给您开通港股通？"}]}


def test_a_batch_is_read_in_order_with_context(client: TestClient) -> None:
    answer = client.post("/v1/intents", json={"utterances": [{"id": "a", **WISH}, {"id": "b", "text": "……"}]})
    assert answer.status_code == 200
    first, second = answer.json()["results"]
    assert (first["id"], second["id"]) == ("a", "b")
    assert set(first) == {"id", "intents", "unsure", "abstained", "unread_chars"}
    assert (second["intents"], second["abstained"]) == ([], False)


def test_a_megabyte_in_one_turn_is_read_to_its_limit_and_told(client: TestClient) -> None:
    answer = client.post("/v1/intents", json={"utterances": [{"text": "我想开户" * 250_000}]})
    assert answer.json()["results"][0]["unread_chars"] == 1_000_000 - LONGEST_TEXT


@pytest.mark.parametrize(
    "body",
    [
        {"utterances": []},
        {"utterances": [{"text": "x"}] * 257},
        {"utterances": [{"text": "x", "context": [{"role": "dog", "text": "汪"}]}]},
        {"utterances": [{"words": "x"}]},
    ],
)
def test_bad_batches_are_refused(client: TestClient, body: dict[str, object]) -> None:
    assert client.post("/v1/intents", json=body).status_code == 422


def test_lines_and_objects_are_read_from_a_file(tougu: Tougu, tmp_path: Path) -> None:
    path = tmp_path / "lines.txt"
    path.write_text("我想开通港股通\n" + json.dumps(WISH, ensure_ascii=False) + "\n", "utf-8")
    rows = json.loads(tougu("intent", "predict", path, "--json").out)
    assert [row["text"] for row in rows] == ["我想开通港股通", "行，那就办吧"]
    path.write_text('{"words": 1}\n', "utf-8")
    ran = tougu("intent", "predict", path)
    assert (ran.code, "line 1 cannot be read" in ran.err) == (1, True)


def test_bytes_of_another_encoding_are_named_by_their_line(tougu: Tougu, tmp_path: Path) -> None:
    path = tmp_path / "mixed.txt"
    path.write_bytes("我想买基金\n".encode() + "我要开户\n".encode("gbk"))
    ran = tougu("intent", "predict", path)
    assert (ran.code, "is not UTF-8 from line 2 on" in ran.err) == (1, True)


def test_standard_input_is_read(tougu: Tougu, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO("我想开通港股通\n".encode())))
    assert tougu("intent", "predict", "-").out.startswith("我想开通港股通\tpermission.hk+")


def test_the_models_are_listed_and_unknown_ones_refused(tougu: Tougu) -> None:
    assert tougu("intent", "models").out.splitlines() == ["* shipped"]
    assert json.loads(tougu("intent", "models", "--json").out)["active"] == "shipped"
    ran = tougu("intent", "activate", "intent-x", "--why", "x")
    assert (ran.code, "no intent model intent-x here" in ran.err) == (1, True)
    ran = tougu("intent", "rollback", "--why", "x")
    assert (ran.code, "nothing to go back to" in ran.err) == (1, True)


def test_in_a_log_each_pass_of_a_training_is_a_line() -> None:
    told = StringIO()
    with Progress(TextColumn("{task.fields[note]}"), console=Console(file=told), disable=True) as bar:
        show = _passes_shown(bar)
        show(0, 2, "epoch 1, batch 1 of 9")
        show(1, 2, "epoch 1: loss 4.1, development 0.86")
        show(1, 2, "epoch 2, batch 1 of 9")
    assert told.getvalue() == "epoch 1: loss 4.1, development 0.86\n"
