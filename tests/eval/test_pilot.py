"""The pilot: predictions first, labels after; figures by intent, quotes, cost; it goes on where it was killed."""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from eval.case import EvalError
from eval.pilot import run_pilot
from eval.pilot_predict import prediction_of
from eval.pilot_score import heard_instead, load_labels
from intent.call import Call, CallReading, Evidence, Polarity, Speaker, Transcript, Turn, Wish
from intent.classifier.taxonomy import load_taxonomy
from intent.speech.formats import to_json
from serve.sample import sample_folder
from serve.wiring import House

COMPLAINT = "我对你们很失望要个说法"
CALLS = {
    "k1": ["您好", "我想申购基金"],
    "k2": ["您好", "我想开通港股通"],
    "k3": ["您好", "我要投诉你们，什么服务"],
    "k4": ["您好", "今天没什么事", COMPLAINT],
}
GOLD: dict[str, dict[str, Any]] = {
    "k1": {"leads": [{"intent": "fund.buy"}]},
    "k2": {"leads": []},
    "k3": {"cases": [{"intent": "complaint"}]},
    "k4": {"cases": [{"intent": "complaint", "second": 20.0}]},
}


def quiet(*_: object) -> None:
    """Progress that nobody watches."""


def transcript(path: Path, said: Sequence[str]) -> None:
    turns = tuple(
        Turn(index=n, speaker=Speaker.CLIENT if n else Speaker.ADVISOR, text=text, start_s=10.0 * n, end_s=10.0 * n + 5)
        for n, text in enumerate(said)
    )
    path.write_text(to_json(Transcript(turns=turns, duration_s=10.0 * len(said))), "utf-8")


def write_labels(folder: Path, gold: Mapping[str, Any] = GOLD) -> None:
    lines = [json.dumps({"id": id_, "gold": each}) for id_, each in gold.items()]
    (folder / "labels.jsonl").write_text("\n".join(lines), "utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "firm"
    made.mkdir()
    for call_id, said in CALLS.items():
        transcript(made / f"{call_id}.json", said)
    (made / "calls.csv").write_text("id,path\n" + "".join(f"{c},{c}.json\n" for c in CALLS), "utf-8")
    write_labels(made)
    return made


def section(text: str, title: str) -> str:
    return text.partition(f"## {title}")[2].partition("\n## ")[0]


def test_the_report_tells_what_a_firm_must_judge(house: House, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.md"
    text = run_pilot(house, folder, out, progress=quiet)
    assert out.read_text("utf-8") == text
    assert "| lead | fund.buy | 1 | 1 | 1 | 1.00 [0.21, 1.00] | 1.00 [0.21, 1.00] |" in text
    assert "| case | complaint | 2 | 1 | 1 | 1.00 [0.21, 1.00] | 0.50 [0.09, 0.91] |" in text
    missed = section(text, "Missed complaints")
    assert f"k4: complaint; heard there: turn 1, 10.0 s 「今天没什么事」; turn 2, 20.0 s 「{COMPLAINT}」" in missed
    assert "k3" not in missed
    false = section(text, "False leads")
    assert "k2: permission.hk" in false
    assert "turn 1, 10.0 s 「我想开通港股通」" in false
    cost = section(text, "Cost")
    for part in ("processor seconds a call", "peak memory", "2,000 calls like these a day", "came as transcripts"):
        assert part in cost


def test_predictions_are_sealed_before_labels_are_there(house: House, folder: Path, tmp_path: Path) -> None:
    (folder / "labels.jsonl").unlink()
    with pytest.raises(EvalError, match="predictions of 4 calls are sealed"):
        run_pilot(house, folder, tmp_path / "report.md", progress=quiet)
    sealed = (tmp_path / "report.files" / "predictions.jsonl").read_bytes()
    write_labels(folder)
    text = run_pilot(house, folder, tmp_path / "report.md", progress=quiet)
    assert hashlib.sha256(sealed).hexdigest() in text
    assert hashlib.sha256((folder / "labels.jsonl").read_bytes()).hexdigest() in text
    assert "Earlier runs" not in text
    assert (tmp_path / "report.files" / "predictions.jsonl").read_bytes() == sealed


def test_labels_are_opened_after_the_last_call(house: House, folder: Path, tmp_path: Path) -> None:
    (folder / "labels.jsonl").write_text("no labels yet", "utf-8")

    def label_at_the_end(done: int, of: int, _: str) -> None:
        if done == of:
            write_labels(folder)

    assert "fund.buy" in run_pilot(house, folder, tmp_path / "report.md", progress=label_at_the_end)


def test_a_later_run_with_other_predictions_says_so(house: House, folder: Path, tmp_path: Path) -> None:
    run_pilot(house, folder, tmp_path / "report.md", limit=2, progress=quiet)
    text = run_pilot(house, folder, tmp_path / "report.md", progress=quiet)
    assert "Earlier runs sealed other predictions" in text
    assert ", 2 calls, SHA-256" in text


def test_a_killed_run_goes_on_and_a_changed_call_is_read_again(
    house: House, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, read = tmp_path / "report.md", []
    pipeline = house.pipeline.read

    def counted(call: Any) -> CallReading:
        if len(read) == 2:
            raise KeyboardInterrupt
        read.append(call.id)
        return pipeline(call)

    monkeypatch.setattr(house.pipeline, "read", counted)
    with pytest.raises(KeyboardInterrupt):
        run_pilot(house, folder, out, progress=quiet)
    assert read == ["k1", "k2"]
    read.clear()
    run_pilot(house, folder, out, progress=quiet)
    assert read == ["k3", "k4"]
    read.clear()
    run_pilot(house, folder, out, progress=quiet)
    assert read == []
    transcript(folder / "k1.json", ["您好", "今天没什么事"])
    run_pilot(house, folder, out, progress=quiet)
    assert read == ["k1"]


def test_calls_that_cannot_be_read_are_named_and_counted(house: House, folder: Path, tmp_path: Path) -> None:
    (folder / "k2.json").write_text("{}", "utf-8")
    (folder / "k4.json").unlink()
    write_labels(folder, {id_: GOLD[id_] for id_ in ("k1", "k2", "k4")})
    text = run_pilot(house, folder, tmp_path / "report.md", progress=quiet)
    failed = section(text, "Not readable")
    assert "k2: This is not a transcript" in failed
    assert "k4:" in failed
    assert "correct calls.csv" in failed
    assert "- k3" in section(text, "Without a label")
    rows = list(csv.DictReader((tmp_path / "report.files" / "calls.csv").open(encoding="utf-8")))
    assert [row["state"] for row in rows] == ["scored", "failed", "unlabelled", "failed"]
    assert (rows[0]["leads_labelled"], rows[0]["leads_raised"], rows[0]["leads_right"]) == ("1", "1", "1")


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ({"k9": {}}, "k9, which calls.csv does not list"),
        ({"k1": {"leads": [{"intent": "fund.bye"}]}}, "fund.bye, which the taxonomy lacks"),
        ({"k1": {"leads": ["fund.buy"]}}, "not in the format"),
        ({"k1": {"cases": [{"intent": "complaint", "second": "late"}]}}, "not in the format"),
    ],
)
def test_wrong_labels_are_refused_in_one_sentence(
    house: House, folder: Path, tmp_path: Path, labels: dict[str, Any], says: str
) -> None:
    write_labels(folder, labels)
    with pytest.raises(EvalError, match=says) as refused:
        run_pilot(house, folder, tmp_path / "report.md", progress=quiet)
    assert "\n" not in str(refused.value)


def test_what_nobody_read_of_a_call_is_told(house: House, folder: Path, tmp_path: Path) -> None:
    transcript(folder / "k1.json", ["您好", "我想申购基金，" + "今天没什么事" * 100_000])
    text = run_pilot(house, folder, tmp_path / "report.md", progress=quiet)
    assert "k1: 第2轮有600007字，意图只读了前4000字" in section(text, "Read in part")
    transcript(folder / "k2.json", ["您好，" * 70_000, "我想开通港股通"])
    other = run_pilot(house, folder, tmp_path / "report.md", progress=quiet)
    assert "k2: the speech could not be judged" in section(other, "Not readable")
    poor = prediction_of(CallReading(call_id="k", wishes=()), poor="识别可信度低")
    assert poor["left_out"] == ["识别可信度低"]


def test_a_list_of_calls_without_calls_or_with_one_twice_is_refused(house: House, folder: Path, tmp_path: Path) -> None:
    for content, says in (
        ("id,path\n", "lists no call"),
        ("id,path\na,k1.json\na,k2.json\n", "has the id a of line 2"),
    ):
        (folder / "calls.csv").write_text(content, "utf-8")
        with pytest.raises(EvalError, match=says):
            run_pilot(house, folder, tmp_path / "report.md", progress=quiet)


def test_what_is_in_doubt_is_told_with_its_words() -> None:
    def wish(intent: str, confidence: float) -> Wish:
        evidence = (Evidence(turn=1, quote="再看看", start_s=3.0, end_s=4.0),)
        return Wish(intent=intent, goes_to="lead", polarity=Polarity.INTEREST, evidence=evidence, confidence=confidence)

    reading = CallReading(
        call_id="k", wishes=(wish("fund.buy", 0.6), wish("fund.sip", 0.9)), unsure=(wish("margin.open", 0.4),)
    )
    doubts = [(each["intent"], each["raised"]) for each in prediction_of(reading)["unsure"]]
    assert doubts == [("fund.buy", True), ("margin.open", False)]


def test_what_was_heard_is_found_by_second_or_by_words() -> None:
    heard = [{"turn": n, "second": 10.0 * n, "text": text} for n, text in enumerate(("你好", "我很不满意啊", "再见"))]
    assert [turn["turn"] for turn in heard_instead({"second": 11}, heard)] == [0, 1, 2]
    assert [turn["turn"] for turn in heard_instead({"second": 99}, heard)] == []
    assert [turn["turn"] for turn in heard_instead({"quote": "我很不满意"}, heard)] == [1]
    assert heard_instead({"quote": "完全不同的话"}, heard) == []
    assert heard_instead({}, heard) == []


@pytest.fixture
def pilot_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    from eval.pilot_command import pilot

    for name, value in {
        "TOUGU_HOME": str(tmp_path / "home"),
        "TOUGU_MODELS__ENCODER_KIND": "hash",
        "TOUGU_COMPLIANCE__PROFILE": "rules",
        "TOUGU_INTENT__METHOD": "rules",
    }.items():
        monkeypatch.setenv(name, value)
    app = typer.Typer()
    app.command()(pilot)
    return app


def test_the_command_writes_report_and_files(pilot_app: typer.Typer, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.md"
    result = CliRunner().invoke(pilot_app, [str(folder), "--out", str(out), "--limit", "1"])
    assert result.exit_code == 0, result.output
    assert "1 labelled calls were read" in out.read_text("utf-8")
    assert len((tmp_path / "r.files" / "predictions.jsonl").read_text("utf-8").splitlines()) == 1


def test_the_sample_calls_are_labelled_as_their_scripts_are() -> None:
    calls = sample_folder() / "calls"
    scripts = [json.loads(path.read_text("utf-8")) for path in (calls / "scripts").iterdir()]
    labels = load_labels(calls / "labels.jsonl", load_taxonomy(), {script["id"] for script in scripts})
    assert labels.gold.keys() == {script["id"] for script in scripts}
    for script in scripts:
        gold, written = labels.gold[script["id"]], script["gold"]
        assert gold["neutral"] == written["neutral"]
        for kind in ("leads", "cases", "tickets", "consents"):
            assert [_label(entry) for entry in gold[kind]] == [_label(entry) for entry in written[kind]]


def _label(entry: Mapping[str, Any]) -> tuple[str, object]:
    return entry["intent"], entry.get("amount")


def test_a_newcomer_runs_it_on_the_sample_calls(
    pilot_app: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turns = (Turn(index=0, speaker=Speaker.CLIENT, text="我想把银行到期的钱转进来", start_s=0, end_s=4),)
    heard = Transcript(turns=turns, duration_s=60.0)
    monkeypatch.setattr(House, "transcribe", lambda self, path, call_id, **_: Call(id=call_id, transcript=heard))
    out = tmp_path / "r.md"
    result = CliRunner().invoke(pilot_app, ["--sample", "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "12 labelled calls were read" in out.read_text("utf-8")


@pytest.mark.parametrize("given", [[], ["{folder}", "--sample"]])
def test_a_folder_or_the_sample_is_named(pilot_app: typer.Typer, folder: Path, given: list[str]) -> None:
    result = CliRunner().invoke(pilot_app, [word.format(folder=folder) for word in given])
    assert result.exit_code == 2
    assert "one of the two" in " ".join(result.output.split())
