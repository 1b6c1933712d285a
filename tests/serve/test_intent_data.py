"""`tougu intent data`: what is shown, what stays closed, what is said of a file with mistakes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.serve.conftest import Tougu

WISH = {"id": "fund.buy", "polarity": "interest"}
LINES: list[dict[str, Any]] = [
    {"id": "a", "text": "我想买基金", "intents": [WISH], "tags": ["x"], "split": "train"},
    {"id": "b", "text": "嗯", "context": [{"role": "advisor", "text": "定投您听过吧"}],
     "intents": [{"id": "none", "polarity": "interest"}], "split": "dev"},
    {"id": "c", "text": "秘密的一行", "intents": [WISH], "split": "test"},
]  # fmt: skip
CALL: dict[str, Any] = {
    "id": "k1",
    "split": "dev",
    "turns": [
        {"role": "advisor", "text": "这只保证赚", "start": 0.0, "end": 2.0},
        {"role": "client", "text": "那我买二十万", "start": 2.5, "end": 4.0},
    ],
    "gold": {
        "leads": [{"intent": "fund.buy", "evidence": [1], "amount": 200000}],
        "not_leads": [{"intent": "fund.sip", "why": "refused"}],
        "advisor_violations": [{"turn": 0, "rule": "promise.return"}],
        "summary_points": ["要买二十万"],
        "next_action": "发资料",
    },
}


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return written(tmp_path / "lines.jsonl", LINES)


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    return written(tmp_path / "calls.jsonl", [CALL])


def ids(out: str) -> list[str]:
    return [row["id"] for row in json.loads(out)]


def test_without_options_the_shipped_data_is_counted(tougu: Tougu) -> None:
    counts = json.loads(tougu("intent", "data", "--json").out)
    assert counts["lines"] == sum(counts["splits"].values())
    assert "| a01 | train |" in tougu("intent", "data").out
    assert json.loads(tougu("intent", "data", "--calls", "--json").out)["turns"]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("--search", "基金"), ["a"]),
        (("--search", "定投"), ["b"]),
        (("--intent", "fund.buy"), ["a"]),
        (("--intent", "none"), ["b"]),
        (("--tag", "x"), ["a"]),
        (("--split", "dev"), ["b"]),
        (("--split", "test", "--open-test"), ["c"]),
        (("--intent", "fund.buy", "--open-test"), ["a", "c"]),
        (("--search", "没有的话"), []),
    ],
)
def test_lines_are_chosen(tougu: Tougu, data: Path, options: tuple[str, ...], wanted: list[str]) -> None:
    assert ids(tougu("intent", "data", "--data", data, *options, "--json").out) == wanted


def test_a_sample_repeats_by_its_seed_and_leaves_the_test_split_closed(tougu: Tougu, data: Path) -> None:
    first = tougu("intent", "data", "--data", data, "--sample", 50, "--seed", 3)
    assert first.out == tougu("intent", "data", "--data", data, "--sample", 50, "--seed", 3).out
    assert "我想买基金" in first.out
    assert "定投您听过吧" in first.out
    assert "fund.buy+" in first.out
    assert "秘密" not in first.out


def test_the_test_split_is_opened_with_a_warning_only(tougu: Tougu, data: Path) -> None:
    closed = tougu("intent", "data", "--data", data, "--split", "test")
    assert closed.code == 2
    assert "--open-test" in closed.err
    opened = tougu("intent", "data", "--data", data, "--split", "test", "--open-test")
    assert "秘密的一行" in opened.out
    assert "spent" in opened.err
    assert tougu("intent", "data", "--data", data, "--split", "exam").code == 2


def test_chosen_lines_are_exported_in_the_format_they_are_read_in(tougu: Tougu, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert tougu("intent", "data", "--data", data, "--split", "dev", "--export", out).code == 0
    assert tougu("intent", "data", "--check", out).code == 0
    assert "秘密" not in out.read_text("utf-8")
    (row,) = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert row["context"] == LINES[1]["context"]
    again = tougu("intent", "data", "--data", data, "--split", "train", "--export", out)
    assert (again.code, "exists already" in again.err) == (2, True)
    assert [json.loads(line) for line in out.read_text("utf-8").splitlines()] == [row]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--intent", "fund.bye"), "no intent fund.bye"),
        (("--tag", "nothing"), "No line has the tag nothing"),
        (("--check", "x.jsonl", "--split", "dev"), "leave the options that choose out"),
        (("--card", "--sample", "3"), "leave the options that choose out"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(
    tougu: Tougu, data: Path, options: tuple[str, ...], says: str
) -> None:
    source = () if "--card" in options else ("--data", data)
    ran = tougu("intent", "data", *source, *options)
    assert ran.code == 2
    assert says in " ".join(ran.err.replace("│", " ").split())


def test_mistakes_are_named_and_the_exit_code_says_so(tougu: Tougu, tmp_path: Path) -> None:
    bad = written(tmp_path / "bad.jsonl", [LINES[0], {**LINES[0], "text": ""}, {"id": "d"}])
    ran = tougu("intent", "data", "--check", bad)
    assert ran.code == 2
    assert "line 2: the text is empty: write what was said" in ran.out
    assert "line 3: the field" in ran.out
    assert [m["line"] for m in json.loads(tougu("intent", "data", "--check", bad, "--json").out)["mistakes"]] == [2, 3]
    assert tougu("intent", "data", "--check", tmp_path / "nowhere").code == 1
    empty = written(tmp_path / "empty.jsonl", [])
    ran = tougu("intent", "data", "--check", empty)
    assert (ran.code, "holds no line" in ran.out) == (2, True)


def test_calls_are_shown_as_transcripts_with_gold(tougu: Tougu, calls: Path, tmp_path: Path) -> None:
    shown = tougu("intent", "data", "--calls", "--data", calls, "--split", "dev").out
    for part in (
        "那我买二十万",
        "fund.buy  200,000 yuan",
        "no lead   fund.sip  refused",
        "promise.return  turn 0",
        "发资料",
    ):
        assert part in shown
    out = tmp_path / "out.jsonl"
    tougu("intent", "data", "--calls", "--data", calls, "--intent", "fund.buy", "--export", out)
    assert json.loads(out.read_text("utf-8")) == CALL


def test_calls_are_checked_with_the_rules_of_the_pack(tougu: Tougu, calls: Path, tmp_path: Path) -> None:
    assert tougu("intent", "data", "--calls", "--check", calls).code == 0
    gold = {**CALL["gold"], "advisor_violations": [{"turn": 0, "rule": "promise.nothing"}]}
    bad = written(tmp_path / "bad.jsonl", [{**CALL, "gold": gold}])
    ran = tougu("intent", "data", "--calls", "--check", bad)
    assert ran.code == 2
    assert "there is no rule promise.nothing" in ran.out


def test_the_baseline_is_told_by_split(tougu: Tougu, data: Path) -> None:
    figures = json.loads(tougu("intent", "data", "--data", data, "--baseline", "--json").out)
    assert set(figures) == {"train", "dev", "test"}
    assert figures["train"]["lead_f1"] == 1.0
    assert "lead_precision 1.000" in tougu("intent", "data", "--data", data, "--baseline").out


@pytest.mark.slow
def test_the_card_is_the_committed_one(tougu: Tougu) -> None:
    from intent.corpus.card_text import CARD
    from intent.corpus.lines import shipped

    ran = tougu("intent", "data", "--card")
    assert ran.out.partition("## Variety")[0] == shipped(CARD).read_text("utf-8").partition("## Variety")[0]
    assert "## Wanted and found" in ran.out
    assert tougu("intent", "data", "--card", "--data", "other.jsonl").code == 2
