"""Every file of many rows: above a size another person approves it, and each row tells where it came from."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from knowledge_base.access import Role
from serve.rights.exports import ExportError
from serve.rights.settings import LimitSettings
from serve.settings import Settings
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import FEE, Tougu
from tests.serve.rights.conftest import EAST, add, log_in, told, with_auth

PEOPLE = {"anna": Role.COMPLIANCE, "ben": Role.COMPLIANCE, "boss": Role.SUPERVISOR, "A002": Role.ADVISOR}
TEXT = "${client}，您好。${adviser}提醒您，您关注的季度策略会将于本周举行，欢迎到营业部参加。"


@pytest.fixture
def tight(settings: Settings) -> Iterator[House]:
    made = House(with_auth(settings).model_copy(update={"limits": LimitSettings(export_rows=1)}))
    for user_id, role in PEOPLE.items():
        add(made, user_id, role, branches=(EAST,))
    yield made
    made.close()


def approve(asker: TestClient, other: TestClient, what: str, **more: str) -> str:
    asked = asker.post("/v1/exports", json={"what": what, "rows": 100, "reason": "月度复盘", **more}).json()
    path, decision = f"/v1/exports/{asked['id']}/decision", {"approve": True, "reason": "可以"}
    assert asker.post(path, json=decision).status_code == 403
    assert other.post(path, json=decision).json()["state"] == "approved"
    return str(asked["id"])


def marks(rows: list[dict[str, Any]]) -> set[str]:
    """Number and person that the rows tell."""
    return {" ".join(row["export"].split(" ")[:2]) for row in rows}


def test_mistakes(tight: House) -> None:
    anna, ben = log_in(tight, "anna"), log_in(tight, "ben")
    for words in ("您就当放进自家柜子。", "这钱跟锁进保险箱一样。"):
        meant = {"kind": "missed", "rule": "promise.return", "text": words}
        made = anna.post("/v1/compliance/mistakes", json=meant)
        assert made.status_code == 201, made.text
        ben.post(f"/v1/compliance/mistakes/{made.json()['id']}", json={"approve": True})
    path = "/v1/compliance/mistakes/export"
    refused = anna.get(path)
    assert (refused.status_code, refused.json()["needs"]) == (403, "approval")
    number = approve(anna, log_in(tight, "boss"), "mistakes")
    file = anna.get(path).json()
    assert (len(file["cases"]), marks(file["cases"] + file["lines"])) == (2, {f"{number} anna"})
    assert ben.get(path).status_code == 403, "what one may fetch is no other person's"
    assert told(tight, "export.made")[0]["what"] == "mistakes"


def test_texts_of_an_outreach(tight: House) -> None:
    tight.tags.refresh(tight.today(), principal=OPERATOR)
    advisor = log_in(tight, "A002")
    body = {"all_of": ["assets_500k"], "zh": "大客户", "expires_on": str(tight.today() + timedelta(days=30))}
    assert advisor.put("/v1/segments/rich", json=body).status_code == 200
    wanted = {"segment": "rich", "channel": "wecom", "why": "策略会邀请", "template": TEXT}
    path = f"/v1/outreach/{advisor.post('/v1/outreach', json=wanted).json()['id']}/file"
    assert advisor.get(path).status_code == 403
    assert told(tight, "access.export") == [], "nothing left, so nothing is said to have left"
    number = approve(advisor, log_in(tight, "boss"), "outreach")
    rows = [json.loads(line) for line in advisor.get(path).text.splitlines()]
    assert len(rows) > 1
    assert marks(rows) == {f"{number} A002"}


def test_a_clients_log_entries(
    tougu: Tougu, hash_environment: Path, furnished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(furnished, hash_environment)
    monkeypatch.setenv("TOUGU_LIMITS__EXPORT_ROWS", "1")
    for user_id in ("anna", "ben"):
        tougu("users", "add", user_id, "--role", "compliance")
    tougu("ask", FEE, "--client", "C0003")
    out = hash_environment.parent / "c.jsonl"
    export = ("audit", "export", "C0003", "--out", out)
    assert "another person approve it" in tougu("--as", "anna", *export).err
    assert not out.exists()
    assert tougu(*export).code == 0, "the machine's operator needs nobody's yes"
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert {row["export"].split(" ")[1] for row in rows} == {"operator"}


def test_log_entries_of_one_client_are_approved_for_no_other(tight: House) -> None:
    anna = log_in(tight, "anna")
    number = approve(anna, log_in(tight, "boss"), "audit", about="C0003")
    officer = tight.users.principal("anna")
    assert tight.exports.allow("audit", rows=50, principal=officer, about="C0003").startswith(f"{number} anna")
    with pytest.raises(ExportError, match="another person approve"):
        tight.exports.allow("audit", rows=50, principal=officer, about="C0004")


@pytest.mark.parametrize("body", [{"what": "audit"}, {"what": "leads", "about": "C0003"}])
def test_only_log_entries_name_a_client_and_always(tight: House, body: dict[str, str]) -> None:
    answer = log_in(tight, "anna").post("/v1/exports", json={"rows": 10, "reason": "检查", **body})
    assert answer.status_code == 422
    assert "哪位客户" in answer.text
