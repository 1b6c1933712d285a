"""The maintainers' scripts: from the files of authors and readers to the data, from misheard calls to rates."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from intent.classifier.taxonomy import load_taxonomy
from intent.corpus.utterances import load_labelled

ROOT = Path(__file__).resolve().parents[3]
TEST = """# test 一位急性子的老师傅
行，那就给我办了吧|hk+|e|A:港股通给您开一下？
这破软件又卡死了，委托都点不动|ou+,co+||
"""
TRAIN = """# train 爱唠嗑的大姐
我家老头子想弄那个港股通|hk+|k,x|
我家老头子想弄那个港股通才怪|hk-|x,s|
行那就给我办了吧|hk+||A:港股通给您开一下
这只基金我拿着呢|fb=||
哦哦|no||A:基金是分批买的
"""


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "b1.txt").write_text(TEST, "utf-8")
    (tmp_path / "b2.txt").write_text(TRAIN, "utf-8")
    (tmp_path / "out").mkdir()
    return tmp_path


def build(monkeypatch: pytest.MonkeyPatch, files: Path, *arguments: str) -> None:
    lines = [str(files / "b1.txt"), str(files / "b2.txt")]
    command = ["build", "--out", str(files / "out"), "--lines", *lines, *arguments]
    monkeypatch.setattr(sys, "argv", command)
    script("build_corpus").main()


def rows(files: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (files / "out" / name).read_text("utf-8").splitlines()]


def test_lines_become_data_without_near_duplicates(
    monkeypatch: pytest.MonkeyPatch, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(monkeypatch, files)
    items = {item.id: item for item in load_labelled(load_taxonomy(), files / "out" / "utterances.jsonl").items}
    assert sorted(items) == ["b1-0001", "b1-0002", "b2-0001", "b2-0002", "b2-0004", "b2-0005"]  # test keeps its line
    assert items["b1-0001"].tags == ("context", "ellipsis", "short_answer")
    assert items["b1-0002"].tags == ("multi",)
    assert items["b2-0002"].tags == ("contrast", "decline", "sarcasm")
    assert items["b2-0004"].tags == ("existing",)
    assert items["b2-0005"].gold == ()
    provenance = json.loads((files / "out" / "provenance.json").read_text("utf-8"))
    assert provenance["removed"] == {"within": 0, "across": 1, "other_cases": 0, "undecided": 0}
    assert provenance["voices"]["b2"] == "爱唠嗑的大姐"
    assert "6 lines" in capsys.readouterr().out


def test_readings_and_settled_labels_find_their_line(monkeypatch: pytest.MonkeyPatch, files: Path) -> None:
    known = {"777": "这只基金我拿着呢|fb=||", "778": "改掉的一行|fb+||"}
    (files / "b2.map.json").write_text(json.dumps(known), "utf-8")
    (files / "b1.map.json").write_text(json.dumps({"777": "另一位的一行|fb+||"}), "utf-8")  # ids of another sheet
    (files / "b2.read.tsv").write_text("777\tfd+\t?\n778\tno\nb2-0001\thk+\n", "utf-8")
    (files / "b2.settled.tsv").write_text("777\tfd+,fb=\nb2-0005\tdrop\n", "utf-8")
    options = {"maps": ("b1.map.json", "b2.map.json"), "readings": ("b2.read.tsv",), "settled": ("b2.settled.tsv",)}
    arguments = [[f"--{name}", *(str(files / file) for file in chosen)] for name, chosen in options.items()]
    build(monkeypatch, files, *(part for parts in arguments for part in parts))
    readings = {row["id"]: row for row in rows(files, "readings.jsonl")}
    assert "b2-0005" not in {row["id"] for row in rows(files, "utterances.jsonl")}
    assert json.loads((files / "out" / "provenance.json").read_text("utf-8"))["removed"]["undecided"] == 1
    assert set(readings) == {"b2-0004", "b2-0001"}
    assert readings["b2-0004"]["author"] == [{"id": "fund.buy", "polarity": "existing"}]
    assert readings["b2-0004"]["doubt"] is True
    settled = next(row for row in rows(files, "utterances.jsonl") if row["id"] == "b2-0004")
    assert [i["id"] for i in settled["intents"]] == ["fund.diagnose", "fund.buy"]
    assert settled["tags"] == ["existing", "multi"]


def test_lines_of_other_cases_are_left_out_and_earlier_batches_stay(
    monkeypatch: pytest.MonkeyPatch, files: Path
) -> None:
    build(monkeypatch, files)
    base = files / "base.jsonl"
    base.write_bytes((files / "out" / "utterances.jsonl").read_bytes())
    (files / "b2.txt").write_text("# train 另一位\n今儿个天儿不错|no||\n", "utf-8")
    cases = files / "cases.jsonl"
    cases.write_text(json.dumps({"id": "x", "text": "这破软件又卡死了，委托都点不动！"}), "utf-8")
    build(monkeypatch, files, "--base", str(base), "--against", str(cases))
    assert [row["id"] for row in rows(files, "utterances.jsonl")] == ["b1-0001", "b2-0001"]


def test_a_batch_is_added_and_the_readings_of_the_others_stay(monkeypatch: pytest.MonkeyPatch, files: Path) -> None:
    for batch in ("b1", "b2"):
        (files / f"{batch}.read.tsv").write_text(f"{batch}-0001\thk+\n", "utf-8")
    build(monkeypatch, files, "--readings", str(files / "b1.read.tsv"), str(files / "b2.read.tsv"))
    corpus = str(files / "out" / "utterances.jsonl")
    (files / "b1.txt").rename(files / "b3.txt")
    (files / "b1.txt").write_text("# train 改写的一位\n今儿个天儿不错|no||\n", "utf-8")
    lines = [str(files / "b1.txt"), str(files / "b3.txt")]
    monkeypatch.setattr(sys, "argv", ["build", "--out", str(files / "out"), "--base", corpus, "--lines", *lines])
    script("build_corpus").main()
    assert {row["batch"] for row in rows(files, "utterances.jsonl")} == {"b1", "b2", "b3"}
    assert [row["id"] for row in rows(files, "readings.jsonl")] == ["b2-0001"]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("好|fb+|", "3 fields"),
        ("好|xx+||", "no label xx"),
        ("好|fb||", "no label fb"),
        ("好|no+||", "no label no"),
        ("好|no,fb+||", "none stands beside fund.buy"),
        ("好|fb+|z|", "no tag z"),
        ("好|fb+||您好", "names no speaker"),
        ("啊" * 121 + "|no||", "121 characters"),
    ],
)
def test_mistakes_of_authors_stop_the_build(
    monkeypatch: pytest.MonkeyPatch, files: Path, capsys: pytest.CaptureFixture[str], row: str, says: str
) -> None:
    (files / "b2.txt").write_text(f"# train 某人\n嗯|no||\n{row}\n", "utf-8")
    with pytest.raises(SystemExit, match="nothing was written"):
        build(monkeypatch, files)
    assert "b2.txt, line 3: " in (told := capsys.readouterr().err)
    assert says in told
    assert list((files / "out").iterdir()) == []
    build(monkeypatch, files, "--skip-bad")
    assert len(rows(files, "utterances.jsonl")) == 3


def test_a_reading_without_labels_is_named(
    monkeypatch: pytest.MonkeyPatch, files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (files / "b2.read.tsv").write_text("b2-0001\n", "utf-8")
    with pytest.raises(SystemExit, match="1 mistakes"):
        build(monkeypatch, files, "--readings", str(files / "b2.read.tsv"))
    assert "b2.read.tsv, line 1: there is no label" in capsys.readouterr().err


def test_noise_is_measured_by_sound() -> None:
    measure = script("measure_noise").measure
    found = measure([("我想买收益凭证张三", "我想买手艺凭证咱三"), ("港股通", "港股通啊")], "a trial")
    assert (found["characters"], found["source"]) == (12, "a trial")
    assert found["same_sound"] == round(2 / 12, 4)
    assert found["near_sound"] == found["inserted"] == round(1 / 12, 4)
    assert found["other_sound"] == found["deleted"] == 0
    assert found["confusions"]["收"] == {"手": 1}
