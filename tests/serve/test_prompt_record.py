"""Which prompts are in use stands in the audit log, once for each change; so does the prompt behind a text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from compliance_filters.audit.read import entries_of
from prompts.library import PromptLibrary
from prompts.settings import ChatSettings
from serve.prompt_record import ACTIVE, REFUSED, record_prompts
from serve.settings import Settings
from serve.wiring import House
from tests.prompts.chat_server import ChatServer
from tests.serve.conftest import FEE, Tougu, client_of


def events(house: House, event: str) -> list[dict[str, object]]:
    return [dict(entry.data) for entry in entries_of(house.audit, None, events=(event,))]


def test_a_change_is_recorded_once(house: House, tmp_path: Path) -> None:
    shipped = PromptLibrary()
    assert record_prompts(house.audit, shipped) == len(shipped.list())
    assert record_prompts(house.audit, shipped) == 0
    (tmp_path / "own").mkdir()
    own = shipped.get("answer").text.replace("不超过六句", "不超过三句")
    (tmp_path / "own" / "answer.md").write_text(own, "utf-8")
    (tmp_path / "own" / "call_note.md").write_text("broken", "utf-8")
    changed = PromptLibrary(tmp_path / "own")
    assert record_prompts(house.audit, changed) == 2
    last = events(house, ACTIVE)[-1]
    assert (last["name"], last["sha256"], last["own"]) == ("answer", changed.get("answer").sha256, True)
    assert events(house, REFUSED)[-1]["name"] == "call_note"
    assert record_prompts(house.audit, shipped) == 1  # back again is a change too


@pytest.fixture
def drafting(settings: Settings) -> Iterator[House]:
    with ChatServer() as server:
        server.reply = "云岭稳健增利债券A的管理费率为每年0.60%[1]。"
        chat = ChatSettings(base_url=server.base_url, model="tiny", max_retries=0)
        house = House(settings.model_copy(update={"chat": chat}))
        yield house
        house.close()


def test_a_verdict_on_a_models_text_names_its_prompt(drafting: House) -> None:
    client_of(drafting).post("/v1/questions", json={"question": FEE})
    written = [each for each in events(drafting, "compliance.verdict") if each["target"] == "answer"]
    assert written[-1]["by"] == "tiny"
    assert written[-1]["prompt"] == drafting.prompts.get("answer").sha256


def test_the_commands_tell_own_and_refused_ones(tougu: Tougu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "own"
    own.mkdir()
    text = PromptLibrary().get("answer").text
    (own / "answer.md").write_text(text.replace("不超过六句", "不超过三句"), "utf-8")
    (own / "call_note.md").write_text("broken", "utf-8")
    tried = tougu("prompts", "test", "--folder", own)
    assert (tried.code, "call_note has no front matter" in tried.err) == (1, True)
    assert tougu("prompts", "test", "answer", "--folder", own).code == 0
    assert "不超过三句" in tougu("prompts", "diff", "answer", "--folder", own).out
    monkeypatch.setenv("TOUGU_PROMPTS__FOLDER", str(own))
    listed = tougu("prompts", "list")
    assert "\town\t" in next(line for line in listed.out.splitlines() if line.startswith("answer\t"))
    assert "call_note: not in use" in listed.err
    assert "No chat model is set" in tougu("prompts", "test", "answer", "--model").err
