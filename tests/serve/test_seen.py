"""Whatever shows client data leaves an entry in the audit log first; a route that does not is found here."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.dependencies.models import Dependant
from starlette.testclient import TestClient

from compliance_filters.audit.log import AuditLog
from compliance_filters.audit.read import entries_of
from compliance_filters.errors import AuditError
from intent.call import Call, Speaker, Transcript, Turn
from serve.routes.wire import the_access_log
from serve.seen import Seen
from serve.users import OPERATOR
from serve.wiring import House
from serve.worker import DIAGNOSES
from tests.serve.conftest import FEE, Tougu, api_routes, client_of, settings_of

# Routes that show nothing of a client: only what the caller sent, ids of jobs, or the firm's documents.
SHOW_NO_CLIENT = frozenset(
    {
        "POST /v1/calls", "GET /v1/jobs/{job_id}", "POST /v1/jobs/{job_id}/requeue",
        "POST /v1/diagnoses", "POST /v1/compliance/check",
        "GET /v1/examples", "GET /livez", "GET /readyz", "GET /metrics", "GET /", "GET /calls/{call_id}",
        "GET /calls", "POST /v1/call-records", "GET /v1/calls/lane",
        "GET /documents/{version_id}", "GET /board", "GET /desk", "GET /cases", "GET /tickets", "GET /incidents",
        "GET /consents", "GET /v1/staff", "GET /v1/board/team",
        "GET /diagnoses/{report_id}", "GET /v1/deliveries/effect",
        "GET /day", "GET /search", "GET /outreach", "GET /exports", "GET /admin/users", "GET /admin/security",
        "GET /admin/audit",
        "GET /evaluations", "GET /v1/evaluations", "GET /v1/products/card", "GET /v1/models",
        "GET /v1/models/{name}", "GET /v1/personal-data/statement",
        "GET /v1/calls/{call_id}/peaks",  # how loud a recording is; what is heard of it is a playback
        "GET /v1/calls/{call_id}/originals",  # logged by who keeps them (serve/transcripts.py)
        # A client's own report: who has identified reads it, and what they read is recorded only if they agree.
        "GET /r/{token}", "HEAD /r/{token}", "POST /r/{token}/code", "POST /r/{token}/enter",
        "GET /r/{token}/s/{number}", "GET /r/{token}/report", "GET /r/{token}/report.pdf",
        "POST /r/{token}/consent", "POST /r/{token}/question",
        "POST /r/{token}/rating", "POST /r/{token}/accept", "POST /r/{token}/leave",
        # The firm's documents and wordings, and the editors' own questions, masked.
        "GET /v1/knowledge/documents", "GET /v1/knowledge/documents/{version_id}",
        "PATCH /v1/knowledge/documents/{version_id}", "POST /v1/knowledge/preview", "POST /v1/knowledge/files",
        "GET /v1/knowledge/files/{job_id}", "GET /v1/knowledge/conflicts",
        "POST /v1/knowledge/conflicts/{conflict_id}/settle", "GET /v1/knowledge/wordings",
        "PUT /v1/knowledge/wordings/{wording_id}", "POST /v1/knowledge/wordings/{wording_id}/{version}/decision",
        "POST /v1/knowledge/wordings/{wording_id}/retire", "GET /v1/knowledge/unanswered",
        # Counts, decisions; texts of marked mistakes are masked, of messages left out.
        "POST /v1/compliance/reviews/{item_id}/approve",
        "POST /v1/compliance/reviews/{item_id}/edit", "POST /v1/compliance/reviews/{item_id}/reject",
        "POST /v1/compliance/reviews/{item_id}/close",
        "POST /v1/compliance/samples/{item_id}", "GET /v1/compliance/indicators", "GET /v1/compliance/mistakes",
        "POST /v1/compliance/mistakes/{mistake_id}", "GET /v1/reports/drift",
        "GET /v1/webhooks/dead", "POST /v1/webhooks/dead/{message_id}/replay", "POST /v1/webhooks/dead/replay",
        "POST /v1/webhooks/enable", "POST /v1/events", "POST /v1/intents",
        "GET /v1/tags", "POST /v1/segments/count", "GET /v1/segments", "PUT /v1/segments/{name}",
        "DELETE /v1/segments/{name}", "POST /v1/segments/{name}/lists", "POST /v1/segments/{name}/tasks",
        "GET /v1/lists",
        "POST /v1/lists/{list_id}/decision",
        # Logged by the desk that they ask (serve/segment_desk.py).
        "GET /v1/segments/{name}/members", "GET /v1/lists/{list_id}/file",
        # A talk's own owner asks; what it says of its client is logged where it is read.
        "POST /v1/sessions", "GET /v1/sessions/opinions", "POST /v1/sessions/{session_id}/texts",
        "POST /v1/sessions/{session_id}/sent", "POST /v1/sessions/{session_id}/turns/{turn_id}/stop",
        "POST /v1/sessions/{session_id}/turns/{turn_id}/opinion", "GET /v1/sidebar", "GET /v1/wecom",
        "GET /v1/wecom/signature", "GET /demo-host",
        # People, logins, keys, the log itself.
        "GET /v1/users", "PUT /v1/users/{user_id}", "DELETE /v1/users/{user_id}",
        "POST /v1/security/users/{user_id}/setup", "GET /v1/security/sessions",
        "DELETE /v1/security/sessions/{session_id}", "GET /v1/security/lockouts", "DELETE /v1/security/lockouts/{name}",
        "GET /v1/outreach", "GET /v1/outreach/choices",
        "GET /v1/security/groups", "GET /v1/security/logins", "GET /v1/security/users", "GET /v1/settings",
        "GET /v1/security/keys", "POST /v1/security/keys", "DELETE /v1/security/keys/{key_id}", "GET /v1/audit",
        "GET /v1/exports", "POST /v1/exports", "POST /v1/exports/{export_id}/decision", "GET /login",
        "GET /login/setup", "GET /v1/login", "POST /v1/login", "POST /v1/logout", "POST /v1/login/setup",
        "POST /v1/login/setup/done", "GET /login/{provider}", "GET /login/{provider}/callback", "GET /v1/me",
        "POST /v1/me/password", "GET /review", "GET /segments", "GET /knowledge", "GET /drift",
    }
)  # fmt: skip
TURNS = ("您好。", "我想开通港股通，怎么办？", "另外我要投诉你们的客户经理，太不负责任了。")


def recorded(house: House) -> None:
    speakers = (Speaker.ADVISOR, Speaker.CLIENT, Speaker.CLIENT)
    turns = tuple(
        Turn(index=i, speaker=who, text=said, start_s=5.0 * i, end_s=5.0 * i + 4)
        for i, (who, said) in enumerate(zip(speakers, TURNS, strict=True))
    )
    call = Call(id="k1", transcript=Transcript(turns=turns, duration_s=20.0), client_id="C0003", advisor_id="A001",
                started_at=datetime.now(UTC))  # fmt: skip
    house.leads.record(house.pipeline.read(call), call, principal=OPERATOR)


@pytest.fixture
def busy(house: House) -> House:
    """A house in which one call led to a lead and a case."""
    recorded(house)
    return house


def seen_of(house: House, client_id: str = "C0003") -> list[tuple[str, str, list[str]]]:
    found = (entry for entry in entries_of(house.audit, client_id) if entry.event.startswith("access."))
    return [(e.event.removeprefix("access."), e.data["what"], (e.payload or {})["ids"]) for e in found]


def asked_for(dependant: Dependant) -> Iterator[object]:
    """What a route depends on, at any depth."""
    for each in dependant.dependencies:
        yield each.call
        yield from asked_for(each)


def test_every_route_is_logged_or_known_to_show_no_client(client: TestClient) -> None:
    unknown, seen = [], 0
    for route in api_routes(client.app):  # type: ignore[arg-type]
        seen += 1
        logged = the_access_log in asked_for(route.dependant)
        unknown += [
            name for method in route.methods if not logged and (name := f"{method} {route.path}") not in SHOW_NO_CLIENT
        ]
    assert seen > 100
    assert unknown == [], "take SeenDep and log what is shown, or say in SHOW_NO_CLIENT why nothing is"


def test_calls_leads_and_cases(busy: House) -> None:
    client = client_of(busy)
    assert client.get("/v1/calls/k1").status_code == 200
    (lead,) = client.get("/v1/leads").json()["leads"]
    client.post("/v1/leads/claim", json={"limit": 5})
    client.post(f"/v1/leads/{lead['id']}/disposition", json={"disposition": "contacted"})
    (case,) = client.get("/v1/cases").json()["cases"]
    assert seen_of(busy) == [
        ("view", "call", ["k1"]), ("view", "lead", [lead["id"]]), ("view", "lead", [lead["id"]]),
        ("view", "lead", [lead["id"]]), ("view", "case", [case["id"]]),
    ]  # fmt: skip
    assert busy.audit.verify().ok


def test_a_question_for_a_client_is_a_search(house: House) -> None:
    client_of(house).post("/v1/questions", json={"question": FEE, "client_id": "C0003"})
    assert [(kind, what) for kind, what, _ids in seen_of(house)] == [("search", "question")]


def test_a_clients_report_is_an_export_and_a_funds_report_is_none(house: House) -> None:
    folder = house.settings.home / "reports"
    folder.mkdir()
    for subject, logged in (({"client_id": "C0003"}, 1), ({"fund_code": "990002"}, 0)):
        job_id = house.jobs.enqueue(DIAGNOSES, json.dumps(subject), {**subject, "format": "pdf"})
        (lease,) = house.jobs.claim(DIAGNOSES, owner="w", lease_s=60)
        (folder / f"{job_id}.pdf").write_bytes(b"%PDF-1.7")
        house.jobs.complete(lease, {"file": f"{job_id}.pdf"})
        before = len(seen_of(house))
        assert client_of(house).get(f"/v1/diagnoses/{job_id}/report").status_code == 200
        assert len(seen_of(house)) - before == logged


def test_what_cannot_be_logged_is_not_shown(busy: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object, **_options: object) -> list[str]:
        raise AuditError("the audit log could not be written (disk): check the database.")

    monkeypatch.setattr(AuditLog, "append_many", fail)
    answer = client_of(busy).get("/v1/calls/k1")
    assert answer.status_code == 503
    assert "港股通" not in answer.text


def test_nothing_shown_leaves_no_entry(house: House) -> None:
    Seen(house, OPERATOR).view("lead", [])
    assert house.audit.verify().entries == 0


def test_playback_is_a_kind_of_its_own(house: House) -> None:
    Seen(house, OPERATOR).playback("recording", [("C0003", "k1")])
    assert seen_of(house) == [("playback", "recording", ["k1"])]


def test_commands_log_too(
    tougu: Tougu, hash_environment: Path, furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOUGU_COMPLIANCE__PROFILE", "rules")
    shutil.copytree(furnished, hash_environment)
    house = House(settings_of(hash_environment))
    recorded(house)
    for arguments in (
        ("leads", "list"), ("leads", "cases"), ("leads", "claim"), ("leads", "export", tmp_path / "leads.csv"),
        ("ask", FEE, "--client", "C0003"),
    ):  # fmt: skip
        assert tougu(*arguments).code == 0, arguments
    assert [(kind, what) for kind, what, _ids in seen_of(house)] == [
        ("view", "lead"), ("view", "case"), ("view", "lead"), ("export", "lead"), ("search", "question"),
    ]  # fmt: skip
    house.close()


def test_a_house_of_its_own_leaves_the_firms_checkpoints_alone(house: House, tmp_path: Path) -> None:
    """A demo or an evaluation must never write over the proof of the firm's log."""
    kept = house.settings.compliance.model_copy(update={"audit_checkpoint": tmp_path})
    firm = House(house.settings.model_copy(update={"compliance": kept}))
    other = firm.at_home(tmp_path / "other")
    Seen(other, OPERATOR).view("call", [("C0003", "k1")])
    other.close()
    assert list(tmp_path.glob("checkpoint-*")) == []
    Seen(firm, OPERATOR).view("call", [("C0003", "k1")])
    firm.close()
    assert len(list(tmp_path.glob("checkpoint-*"))) == 1
