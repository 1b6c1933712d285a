"""`tougu calls inspect`, and inspections as the API gives them; the rules alone, no weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from compliance_filters.errors import ComplianceError
from intent.inspection.speech import SpeechIssue
from intent.speech.transcribe import ScriptedTranscriber
from serve.ports import SpeechCheck
from serve.wiring import House
from tests.intent.inspection.talk import CALL_BACK
from tests.serve.conftest import Tougu, client_of
from tests.serve.test_worker import sound, upload, work

__all__ = ["sound"]  # a fixture


def line(name: str, said: tuple[str, ...], *, violations: tuple[int, ...] | None = (), split: str = "dev") -> str:
    roles = {"a": "advisor", "c": "client"}
    turns = [
        {"i": n, "role": roles[text[0]], "text": text[2:], "start": 5.0 * n, "end": 5.0 * n + 4}
        for n, text in enumerate(said)
    ]
    gold = {} if violations is None else {"gold": {"advisor_violations": [{"turn": n} for n in violations]}}
    return json.dumps({"id": name, "split": split, "turns": turns, **gold}, ensure_ascii=False)


PROMISED = ("a:您好，这只基金稳赚不赔，亏了我给您补上。", "c:真的？", "a:放心吧。")


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    path = tmp_path / "calls.jsonl"
    path.write_text(
        "\n".join(
            [line("good", CALL_BACK), line("bad", PROMISED, violations=(0,)), line("shut", PROMISED, split="test")]
        ),
        encoding="utf-8",
    )
    return path


def test_a_reviewer_sees_the_worst_call_and_what_passes(tougu: Tougu, calls: Path) -> None:
    ran = tougu("calls", "inspect", calls)
    assert ran.code == 0
    assert "bad  14 s" in ran.out
    assert "promise.return" in ran.out
    assert "1 pass by machine" in ran.out
    assert "1 of 2 calls pass (50%); of 1 reviewed passes 0 wrong" in ran.out
    assert "1 of 1 broken calls held back" in ran.out
    assert "shut" not in ran.out
    assert "1 calls of the split test were left out" in ran.err


def test_json_is_one_document_without_what_is_for_compliance_alone(tougu: Tougu, calls: Path) -> None:
    ran = tougu("calls", "inspect", calls, "--json")
    answer = json.loads(ran.out)
    assert [each["passed"] for each in answer["calls"]] == [True, False]
    assert answer["plan"]["passed"] == ["good"]
    assert answer["calls"][1]["segments"][0]["turns"][0] == 0
    assert "promise.loss_share" not in ran.out  # known to compliance, told to nobody else


def test_without_gold_no_figure_is_stated_and_full_shows_every_call(tougu: Tougu, tmp_path: Path) -> None:
    path = tmp_path / "k.jsonl"
    path.write_text(line("good", CALL_BACK, violations=None), encoding="utf-8")
    ran = tougu("calls", "inspect", path, "--full")
    assert "wrong" not in ran.out
    assert "[已说] 确认出于本人意愿*  第8轮 00:35" in ran.out


def test_a_call_that_cannot_be_judged_is_named_and_the_others_are_done(
    tougu: Tougu, calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = SpeechCheck.judge

    def fails_on_a_promise(self: SpeechCheck, texts: Sequence[str]) -> list[list[SpeechIssue]]:
        if any("稳赚" in text for text in texts):
            raise ComplianceError("the speech could not be judged.")
        return judge(self, texts)

    monkeypatch.setattr(SpeechCheck, "judge", fails_on_a_promise)
    ran = tougu("calls", "inspect", calls)
    assert ran.code == 0
    assert "bad: the speech could not be judged." in ran.err
    assert "合规规则未能判断" in ran.out
    assert "1 pass by machine" in ran.out


def test_an_unknown_type_and_a_wrong_file_are_one_sentence(tougu: Tougu, calls: Path, tmp_path: Path) -> None:
    assert "There is no checklist for the call type margin" in tougu("calls", "inspect", calls, "--type", "margin").err
    assert "is no transcript" in tougu("calls", "inspect", tmp_path / "call.wav").err


def test_a_call_is_stored_with_its_inspection(house: House, sound: Path) -> None:
    house.transcriber = ScriptedTranscriber(["您好，给您推荐一只基金，稳赚不赔。", "你好，我想开通港股通，怎么办？"])
    client = client_of(house)
    job = upload(client, sound, call_id="k7", client_id="C0003", advisor_channel="left", call_type="sale")
    work(house)
    result = client.get(f"/v1/jobs/{job}").json()["result"]["inspection"]
    assert (result["call_type"], result["passed"]) == ("sale", False)
    found = client.get("/v1/calls/k7").json()["inspection"]
    assert (found["call_type"], found["call_type_from"]) == ("sale", "metadata")
    assert found["score"]["capped"] or found["score"]["total"] < 60
    assert found["segments"][0]["end_s"] <= found["duration_s"]


def test_an_unknown_call_type_is_refused_before_any_work(house: House, sound: Path) -> None:
    files = {"recording": (sound.name, sound.read_bytes())}
    answer = client_of(house).post("/v1/calls", files=files, data={"call_type": "margin"})
    assert answer.status_code == 422
    assert "dual_recording, call_back, sale" in answer.text
