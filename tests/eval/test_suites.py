"""Every suite on small outside files: the JSON object, the predictions, and what is said of wrong input."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from eval.case import EvalError
from eval.result import Result, table, write, write_predictions
from eval.suites import asr, calls, compliance, funds, intent, public, rag
from intent.settings import SpeechSettings
from intent.speech.transcribe import ScriptedTranscriber
from serve.wiring import House

Lines = Callable[..., Path]
KEYS = {"suite", "version", "data", "model", "parameters", "metrics", "by", "unscored", "seconds"}


FILES = {
    "投诉处理办法": "接到客户投诉后2小时内登记编号。",
    "定投常见问题": "单次定投最低10元，扣款失败三次自动终止。",
    "赎回到账说明": "货币基金普通赎回次日到账。",
    "风险测评规则": "风险测评结果自完成之日起有效，到期须重新测评。",
    "报价回购指引": "提前终止按活期年利率计息。",
}


def quiet(*_: object) -> None:
    """Progress that nobody watches."""


def shaped(result: Result, tmp_path: Path) -> dict[str, Any]:
    """The object as a program reads it back, checked for shape."""
    write(result, str(tmp_path / "result.json"))
    read: dict[str, Any] = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert set(read) == KEYS
    assert read["version"] == 2
    assert {"path", "sha256", "n"} <= set(read["data"])
    for value in read["metrics"].values():
        if isinstance(value, dict) and "low" in value:
            assert value["low"] <= value["value"] <= value["high"]
    assert result.suite in table(result)
    return read


def predictions(result: Result, tmp_path: Path) -> list[dict[str, Any]]:
    write_predictions(result, tmp_path / "predictions.jsonl")
    return [json.loads(line) for line in (tmp_path / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]


def test_intent(house: House, lines: Lines, tmp_path: Path) -> None:
    data = lines(
        {"id": "a", "role": "client", "text": "我想申购基金", "context": [], "tags": ["t"],
         "intents": [{"id": "fund.buy", "polarity": "interest"}]},
        {"id": "b", "role": "client", "text": "嗯嗯", "intents": [{"id": "none", "polarity": "interest"}]},
        {"id": "c", "role": "advisor", "text": "您要不要申购基金", "intents": []},
    )  # fmt: skip
    result = intent.run(house, data)
    read = shaped(result, tmp_path)
    assert read["unscored"] == 1
    assert {"micro_f1", "macro_f1", "lead_precision", "false_lead_rate", "ece", "utterances_per_s"} <= set(
        read["metrics"]
    )
    assert read["metrics"]["false_lead_rate"]["value"] == 0.0
    assert set(read["by"]) == {"intent", "tag"}
    said = predictions(result, tmp_path)
    assert [line["id"] for line in said] == ["a", "b"]
    assert said[0]["intents"][0].keys() == {"id", "polarity", "confidence"}


@pytest.mark.parametrize(
    "intents", [[{"id": "fund.bye", "polarity": "interest"}], [{"id": "fund.buy", "polarity": "maybe"}], "x"]
)
def test_a_label_that_nobody_knows_is_refused(house: House, lines: Lines, intents: object) -> None:
    with pytest.raises(EvalError, match="item a"):
        intent.run(house, lines({"id": "a", "text": "好", "intents": intents}))


def test_one_split_of_a_file_is_read(house: House, lines: Lines) -> None:
    wish = {"text": "我想申购基金", "intents": [{"id": "fund.buy", "polarity": "interest"}]}
    data = lines({"id": "a", **wish, "split": "dev"}, {"id": "b", **wish, "split": "test"}, {"id": "c", **wish})
    assert intent.run(house, data).data["n"] == 3
    assert [line["id"] for line in intent.run(house, data, "dev").predictions] == ["a"]
    with pytest.raises(EvalError, match=r"no item of the split train: name one that it has \(dev, test\)"):
        intent.run(house, data, "train")


@pytest.mark.parametrize("suite", [intent, calls])
def test_the_projects_own_data_is_read_by_split(suite: Any) -> None:
    assert {item["split"] for item in suite.cases_of(None, "test").items} == {"test"}


def test_the_older_small_sets_have_names_of_their_own() -> None:
    assert intent.cases_of(None, intent.CASES).path.endswith("intent.jsonl")
    assert len(calls.cases_of(None, calls.SAMPLE).items) == 12


def test_without_data_the_test_split_is_read(house: House, monkeypatch: pytest.MonkeyPatch, lines: Lines) -> None:
    wish = {"text": "我想申购基金", "intents": [{"id": "fund.buy", "polarity": "interest"}]}
    path = lines({"id": "a", **wish, "split": "dev"}, {"id": "b", **wish, "split": "test"})
    monkeypatch.setattr(intent, "shipped", lambda name: path)
    result = intent.run(house, None)
    assert [line["id"] for line in result.predictions] == ["b"]
    assert result.parameters == {"split": "test"}


def test_calls_speak_of_turns_by_their_i(house: House, lines: Lines, tmp_path: Path) -> None:
    turns = [
        {"i": 10, "role": "advisor", "text": "您最近想了解基金吗？"},
        {"i": 11, "role": "client", "text": "我想申购基金，买两万块钱的"},
        {"i": 12, "role": "advisor", "text": "这只稳赚不赔，您放心买。"},
    ]
    gold = {
        "leads": [{"intent": "fund.buy", "evidence": [11], "product": None, "amount": 20000, "urgency": "normal"}],
        "advisor_violations": [{"turn": 12, "rule": "promise.return"}],
    }
    result = calls.run(house, lines({"id": "k1", "turns": turns, "gold": gold}))
    read = shaped(result, tmp_path)
    for name in ("lead_recall", "evidence_hit", "amount_exact", "violation_recall"):
        assert read["metrics"][name]["value"] == 1.0, name
    assert read["metrics"]["case_recall"] is None
    said = predictions(result, tmp_path)[0]
    assert said["leads"][0]["evidence"] == [11]
    assert {"turn": 12, "rule": "promise.return"} in said["violations"]
    assert {"cases", "tickets", "consents", "note"} <= set(said)


def test_compliance(house: House, lines: Lines, tmp_path: Path) -> None:
    sentences = lines(
        {"id": "s1", "target": "advisor_message", "text": "您放心，稳赚不赔。", "verdict": "block",
         "findings": [{"rule": "promise.return", "quote": "稳赚不赔"}], "tags": []},
        {"id": "s2", "target": "answer", "text": "赎回款T+1日到账。", "verdict": "pass", "findings": [],
         "tags": ["compliant"]},
        name="sentences.jsonl",
    )  # fmt: skip
    documents = lines(
        {"id": "d1", "target": "answer", "text": "管理费率为1.50%。", "verdict": "return", "tags": [],
         "findings": [{"rule": "number.unverified", "quote": "1.50%"}],
         "meta": {"today": "2026-11-20", "channel": "sidebar", "sources": [],
                  "facts": [{"name": "管理费率", "value": "1.20", "unit": "%", "period": None}]}},
        name="documents.jsonl",
    )  # fmt: skip
    result = compliance.run(house, sentences, documents)
    read = shaped(result, tmp_path)
    assert read["data"]["n"] == 3
    assert read["metrics"]["block_recall"]["value"] == 1.0
    assert read["metrics"]["false_block_rate"]["value"] == 0.0
    assert read["metrics"]["altered_number_recall"]["value"] == 1.0
    assert read["metrics"]["us_per_char"] > 0
    assert set(read["metrics"]["latency_ms"]) == {"p50", "p95"}
    assert read["by"]["rule"]["promise.return"]["f1"] == 1.0
    assert predictions(result, tmp_path)[0].keys() == {"id", "findings", "verdict", "ms"}
    only = compliance.run(house, None, documents)
    assert "block_recall" not in only.metrics
    with pytest.raises(EvalError, match="nothing to judge"):
        compliance.run(house, None, None)


def test_an_unknown_target_is_refused(house: House, lines: Lines) -> None:
    with pytest.raises(EvalError, match="no target email"):
        compliance.run(house, lines({"id": "s1", "target": "email", "text": "好", "verdict": "pass"}), None)


def test_rag_syncs_the_corpus_into_a_home_of_its_own(house: House, lines: Lines, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for title, text in FILES.items():
        (corpus / f"{title}.md").write_text(f"# {title}\n\n{text}\n", encoding="utf-8")
    data = lines(
        {"id": "q1", "question": "接到客户投诉后几小时内登记编号", "type": "prose", "history": [],
         "docs": ["投诉处理办法.md"], "evidence": ["接到客户投诉后2小时内登记编号"],
         "numbers": [{"value": 2, "unit": "小时"}], "keywords": []},
        {"id": "q2", "question": "月球背面的平均温度", "type": "unanswerable", "docs": []},
    )  # fmt: skip
    result = rag.run(house, corpus, data, progress=quiet)
    read = shaped(result, tmp_path)
    assert read["parameters"]["documents"] == len(FILES)
    assert read["metrics"]["recall@10"]["value"] == 1.0
    assert read["metrics"]["number_accuracy"]["value"] == 1.0
    assert read["metrics"]["abstention_recall"]["value"] == 1.0
    assert read["metrics"]["unsupported_numbers"] == 0
    assert set(read["by"]["type"]) == {"prose", "unanswerable"}
    said = predictions(result, tmp_path)[0]
    assert said["passages"][0]["doc"] == "投诉处理办法.md"
    assert said["citations"][0]["text"]
    assert not (house.settings.home / "index").exists()
    with pytest.raises(EvalError, match="corpus folder"):
        rag.run(house, tmp_path / "nowhere", data, progress=quiet)


def record(path: Path, seconds: float = 1.0) -> None:
    """A stereo wave file whose channels differ."""
    t = np.arange(int(16_000 * seconds)) / 16_000
    both = np.stack([np.sin(2 * np.pi * 300 * t), np.sin(2 * np.pi * 470 * t)], axis=1)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes((both * 12_000).astype("<i2").tobytes())


def test_asr_without_a_local_engine_has_no_bare_figure(house: House, lines: Lines, tmp_path: Path) -> None:
    record(tmp_path / "k.wav")
    settings = house.settings.model_copy(update={"speech": SpeechSettings(engine="remote")})
    other = House(settings)
    other.transcriber = ScriptedTranscriber(["您好", "喂你好"] * 2)  # once to load, once measured
    turns = [
        {"role": "advisor", "text": "您好。", "start": 0.0, "end": 0.5},
        {"role": "client", "text": "喂，您好", "start": 0.5, "end": 1.0},
    ]
    data = lines({"id": "k", "audio": "k.wav", "turns": turns, "channels": {"left": "advisor", "right": "client"}})
    result = asr.run(other, data, progress=quiet)
    read = shaped(result, tmp_path)
    assert read["metrics"]["bare_cer"] is None
    assert read["metrics"]["cer"]["value"] == pytest.approx(1 / 5)
    assert read["metrics"]["cer_by_role"] == {"advisor": 0.0, "client": pytest.approx(1 / 3, abs=1e-4)}
    assert read["metrics"]["dropped"] == 0
    assert read["by"]["item"]["k"].keys() == {"cer", "role_accuracy", "der"}
    assert read["by"]["item"]["k"]["role_accuracy"] == read["metrics"]["role_accuracy"]
    assert predictions(result, tmp_path)[0].keys() == {"id", "text", "turns"}
    other.close()


def test_asr_tells_why_a_broken_recording_is_not_scored_and_what_was_heard_in_silence(
    house: House, lines: Lines, tmp_path: Path
) -> None:
    from eval.result import table
    from tests.intent.sound import silence, write_wav

    (tmp_path / "broken.wav").write_text("this is no sound " * 99)
    write_wav(tmp_path / "quiet.wav", silence(3.0))
    data = lines({"id": "b", "audio": "broken.wav", "text": "好"}, {"id": "q", "audio": "quiet.wav", "text": ""})
    other = House(house.settings.model_copy(update={"speech": SpeechSettings(engine="remote")}))
    other.transcriber = ScriptedTranscriber(["", ""])
    result = asr.run(other, data, progress=quiet)
    assert (result.unscored, result.metrics["invented_chars"]) == (1, 0)
    assert "cannot be decoded as sound" in result.by["broken"]["b"]["reason"]
    assert "b: broken.wav" in table(result)


def test_asr_names_the_recording_that_is_missing(house: House, lines: Lines) -> None:
    with pytest.raises(EvalError, match=r"gone\.wav does not exist"):
        asr.run(house, lines({"id": "k", "audio": "gone.wav", "text": "好"}), progress=quiet)


def test_funds_agree_with_empyrical_on_the_sample(tmp_path: Path) -> None:
    from serve.sample import sample_folder

    folder = sample_folder() / "funds" / "nav"
    nav = tmp_path / "nav"
    nav.mkdir()
    for code in ("990002", "990012"):
        (nav / f"{code}.csv").write_bytes((folder / f"{code}.csv").read_bytes())
    (nav / "broken.csv").write_text("净值日期,单位净值,日增长率\n", encoding="utf-8")
    result = funds.run(nav, folder / "benchmark.csv", progress=quiet)
    read = shaped(result, tmp_path)
    assert read["metrics"]["max_abs_diff"] < 1e-9
    assert read["metrics"]["nan_agreement"] == 1.0
    assert read["unscored"] == 1
    assert "beta" in read["by"]["metric"]
    with pytest.raises(EvalError, match="holds no CSV"):
        funds.run(tmp_path, folder / "benchmark.csv", progress=quiet)


def test_a_public_set_that_nobody_knows_and_a_missing_file_are_named(house: House, tmp_path: Path) -> None:
    with pytest.raises(EvalError, match="no public set mnist"):
        public.run(house, "mnist", tmp_path, progress=quiet)
    with pytest.raises(EvalError, match=r"data_full\.json does not exist"):
        public.run(house, "clinc150", tmp_path, progress=quiet)


def test_public_answers_quote_the_items_own_passages(house: House, tmp_path: Path) -> None:
    filler = [[f"{text[:6]}是什么？{text}", text[-5:-1]] for text in FILES.values()]
    items = [
        ["公司中标金额是多少？公司今日公告，中标金额为91.89亿元。天气晴朗。", "91.89亿元"],
        ["企业破产事件对应的主体有哪些？今天天气晴朗，适合出门散步。", "无相应参数"],
        *filler,
    ]
    (tmp_path / "eval_list.json").write_text(json.dumps(items, ensure_ascii=False), encoding="utf-8")
    result = public.run(house, "fincuge", tmp_path, progress=quiet)
    read = shaped(result, tmp_path)
    assert read["metrics"]["rejection_rate"]["value"] == 1.0
    assert 0 < read["metrics"]["quoted_share"] <= 1
    assert predictions(result, tmp_path)[0]["answer"] == "公司今日公告，中标金额为91.89亿元。"
    assert predictions(result, tmp_path)[1] == {"id": "1", "answer": "", "abstained": True}


def test_rgb_has_noise_rejection_and_integration(house: House, tmp_path: Path) -> None:
    row = {"id": 0, "query": "公司中标金额是多少", "answer": [["91亿元", "91.0亿元"]], "negative": ["天气晴朗。"] * 5}
    refine = {**row, "positive": ["公司中标金额为91亿元。"]}
    whole = {**row, "positive": [["公司中标金额为91亿元。"], []]}
    (tmp_path / "zh_refine.json").write_text(json.dumps(refine, ensure_ascii=False) + "\n", encoding="utf-8")
    (tmp_path / "zh_int.json").write_text(
        json.dumps(whole, ensure_ascii=False) + "\n" + json.dumps({**whole, "id": 1}), encoding="utf-8"
    )
    with pytest.raises(EvalError, match="zh_refine"):
        public.run(house, "rgb", tmp_path / "..", progress=quiet)
    read = shaped(public.run(house, "rgb", tmp_path, progress=quiet), tmp_path)
    assert read["metrics"]["accuracy"]["value"] == 1.0
    assert read["metrics"]["rejection_rate"]["value"] == 1.0
    assert read["metrics"]["integration_accuracy"]["value"] == 1.0
