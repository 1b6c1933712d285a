"""Options of `tougu intent data` for labellers: suspects, doubtful lines, outcomes of leads; and their import."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from intent.call import Call, CallReading, Evidence, Polarity, Transcript, Wish
from intent.corpus.utterances import load_labelled
from intent.errors import TrainingDataError
from intent.leads.lead import Lead
from prompts.scripted_chat import ScriptedChat
from serve.users import OPERATOR
from serve.wiring import House
from tests.intent.corpus.test_label_errors import made, with_errors
from tests.serve.conftest import Tougu, settings_of

QUOTE = "我想开通港股通，电话13912345678"


@pytest.fixture
def firm(hash_environment: Path, furnished: Path) -> Iterator[House]:
    """The furnished house where the command line looks for it."""
    shutil.copytree(furnished, hash_environment)
    opened = House(settings_of(hash_environment))
    yield opened
    opened.close()


def lead_of(house: House, *, quote: str = QUOTE, intent: str = "permission.hk", call_id: str = "k1") -> Lead:
    call = Call(
        id=call_id,
        transcript=Transcript(turns=(), duration_s=60.0),
        started_at=datetime.now(UTC) - timedelta(minutes=5),
        client_id="C0001",
    )
    wish = Wish(
        intent=intent, goes_to="lead", polarity=Polarity.INTEREST, confidence=0.9,
        evidence=(Evidence(turn=0, quote=quote, start_s=0.0, end_s=1.0),),
    )  # fmt: skip
    reading = CallReading(call_id=call_id, wishes=(wish,))
    return house.leads.record(reading, call, principal=OPERATOR).leads[0]


def rows_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


@pytest.fixture
def flawed(tmp_path: Path) -> tuple[Path, set[str]]:
    """A labelled file with planted errors, and the ids of those."""
    from intent.corpus.utterances import as_json

    items, right = with_errors(made())
    path = tmp_path / "flawed.jsonl"
    path.write_text("".join(json.dumps(as_json(item), ensure_ascii=False) + "\n" for item in items), "utf-8")
    return path, set(right)


def test_label_errors_are_shown_counted_and_exported(
    tougu: Tougu, flawed: tuple[Path, set[str]], tmp_path: Path
) -> None:
    path, planted = flawed
    told = json.loads(tougu("intent", "data", "--errors", "--data", path, "--json").out)
    assert (told["lines"], told["by_batch"]) == (272, False)
    found = [row["id"] for row in told["suspects"]]
    assert len(planted & set(found[: len(planted)])) >= 0.6 * len(planted)
    shown = tougu("intent", "data", "--errors", "--data", path, "--top", 1)
    assert shown.out.startswith(found[0])
    assert "->" in shown.out
    assert f"{len(found)} of 272 lines" in shown.err
    out = tmp_path / "suspects.jsonl"
    tougu("intent", "data", "--errors", "--data", path, "--export", out)
    assert [row["id"] for row in rows_of(out)] == found
    assert tougu("intent", "data", "--check", out).code == 0


def test_label_errors_of_the_test_split_stay_closed(tougu: Tougu, flawed: tuple[Path, set[str]]) -> None:
    assert tougu("intent", "data", "--errors", "--data", flawed[0], "--split", "test").code == 2
    assert "no line of the split dev" in tougu("intent", "data", "--errors", "--data", flawed[0], "--split", "dev").err


def test_a_chat_model_labels_lines_to_train_on(tougu: Tougu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said, out = tmp_path / "said.txt", tmp_path / "taught.jsonl"
    said.write_text("那我开一个\n今天天气不错\n", "utf-8")
    asked = ("intent", "data", "--ask", said)
    assert "set chat.base_url" in tougu(*asked, "--export", out).err
    reply = '{"intents": [{"id": "permission.hk", "polarity": "interest"}], "sure": 0.8}'
    monkeypatch.setattr(House, "chat", lambda house, task: ScriptedChat([reply, "不知道"]))
    assert "--export" in tougu(*asked).err
    assert "1 of 2 lines labelled by scripted" in tougu(*asked, "--export", out).err
    assert [(row["text"], row["believed"], row["tags"]) for row in rows_of(out)] == [("那我开一个", 0.8, ["taught"])]
    assert tougu("intent", "data", "--check", out).code == 0


def test_doubtful_lines_are_chosen_and_exported_unlabelled(tougu: Tougu, tmp_path: Path) -> None:
    said = tmp_path / "said.txt"
    said.write_text("我想申购基金\n我想申购基金。\n今天天气不错\n港股通怎么开\n", "utf-8")
    shown = tougu("intent", "data", "--uncertain", said)
    assert "fund.buy+" in shown.out
    assert "天气" not in shown.out
    assert "2 of 4 lines to label next" in shown.err
    out = tmp_path / "todo.jsonl"
    assert tougu("intent", "data", "--uncertain", said, "--top", 1, "--export", out).code == 0
    (row,) = rows_of(out)
    assert (row["intents"], bool(row["guess"])) == ([], True)
    checked = tougu("intent", "data", "--check", out)
    assert (checked.code, "intents is empty" in checked.out) == (2, True)
    assert "exists already" in tougu("intent", "data", "--uncertain", said, "--export", out).err


def test_outcomes_come_in_by_csv_and_go_out_as_lines(tougu: Tougu, firm: House, tmp_path: Path) -> None:
    won = lead_of(firm)
    wrong = lead_of(firm, quote="那个融资融券是什么东西", intent="margin.open", call_id="k2")
    out = tmp_path / "lines.jsonl"
    assert "No lead has an outcome yet" in tougu("intent", "data", "--dispositions", out).err
    bad = tmp_path / "bad.csv"
    bad.write_text(f"lead_id,disposition\n{won.id},won\n{wrong.id},sold\n", "utf-8")
    refused = tougu("import", "dispositions", bad)
    assert (refused.code, "line 3, disposition" in refused.err) == (1, True)
    good = tmp_path / "good.csv"
    good.write_text(f"lead_id,disposition,reason\n{won.id},won,\n{wrong.id},wrong,只是问问\n", "utf-8")
    assert tougu("import", "dispositions", good).out.startswith("dispositions: 2 added, 0 replaced")
    assert tougu("import", "dispositions", good).out.startswith("dispositions: 0 added, 0 replaced")
    written = tougu("intent", "data", "--dispositions", out)
    assert written.out.startswith("1 labelled lines and 1 that a person must read")
    labelled, waiting = rows_of(out)
    assert labelled["intents"] == [{"id": "permission.hk", "polarity": "interest"}]
    assert "13912345678" not in out.read_text("utf-8")
    assert (waiting["review"], waiting["why"]) == (True, "staff found margin.open wrong")
    checked = tougu("intent", "data", "--check", out)
    assert "line 2: the line waits for a person" in checked.out
    with pytest.raises(TrainingDataError, match="waits for a person"):
        load_labelled(firm.taxonomy, out)  # by which training reads its lines
    keys = {"review", "raised", "why", "reasons"}
    read = {**{key: value for key, value in waiting.items() if key not in keys}, "intents": []}
    reviewed = tmp_path / "reviewed.jsonl"
    meant = [{**read, "intents": [{"id": "margin.open", "polarity": "decline"}]}, labelled]
    reviewed.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in meant), "utf-8")
    again = tougu("intent", "data", "--check", reviewed)
    assert (again.code, "can be read: 2, mistakes: 0" in again.out) == (0, True), again.out
    exported = tougu("intent", "data", "--data", reviewed, "--tag", "wrong", "--json")
    assert [row["intents"] for row in json.loads(exported.out)] == [meant[0]["intents"]]


@pytest.mark.parametrize(
    "options", [("--errors", "--card"), ("--errors", "--search", "x"), ("--uncertain", "x", "--dispositions", "y")]
)
def test_options_that_cannot_be_meant_together_are_refused(tougu: Tougu, options: tuple[str, ...]) -> None:
    assert tougu("intent", "data", *options).code == 2
