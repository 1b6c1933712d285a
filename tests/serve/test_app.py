"""The HTTP application: every endpoint, and what it answers when something is wrong."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from compliance_filters.settings import ComplianceSettings
from intent.call import Call, Speaker, Transcript, Turn
from serve.app import create_app
from serve.database import DatabaseError
from serve.settings import Settings
from serve.users import OPERATOR
from serve.wiring import House
from tests.intent.sound import tone, write_wav
from tests.serve.conftest import FEE, client_of


def said(*lines: str) -> tuple[Turn, ...]:
    roles = {"a": Speaker.ADVISOR, "c": Speaker.CLIENT}
    return tuple(
        Turn(index=i, speaker=roles[line[0]], text=line[2:], start_s=5.0 * i, end_s=5.0 * i + 4)
        for i, line in enumerate(lines)
    )


@pytest.fixture
def recorded(house: House) -> House:
    """A house in which one call was read: a wish and a complaint."""
    turns = said("a:您好。", "c:我想开通港股通，怎么办？", "c:另外我要投诉你们的客户经理，太不负责任了。")
    call = Call(
        id="k1",
        transcript=Transcript(turns=turns, duration_s=20.0),
        client_id="C0003",
        advisor_id="A001",
        started_at=datetime.now(UTC),
    )
    house.leads.record(house.pipeline.read(call), call, principal=OPERATOR)
    return house


class TestHealth:
    def test_livez_needs_nothing(self, tmp_path: Path) -> None:
        nothing = House(Settings(home=tmp_path / "never made"))
        assert client_of(nothing).get("/livez").json() == {"status": "ok"}
        assert not (tmp_path / "never made").exists()

    def test_readyz_loads_no_weights(self, tmp_path: Path) -> None:
        fresh = House(Settings(home=tmp_path / "home"))
        answer = client_of(fresh).get("/readyz")
        fresh.close()
        assert answer.json() == {
            "ready": True, "checks": {"database": "ok", "rules": "ok", "filters": "ok", "index": "ok"},
        }  # fmt: skip

    def test_readyz_names_what_is_broken(self, settings: Settings, tmp_path: Path) -> None:
        broken = tmp_path / "pack.yaml"
        broken.write_text("rules: [", encoding="utf-8")
        house = House(settings.model_copy(update={"compliance": ComplianceSettings(rule_packs=(str(broken),))}))
        answer = client_of(house).get("/readyz")
        house.close()
        assert answer.status_code == 503
        assert answer.json()["ready"] is False
        assert "pack.yaml" in answer.json()["checks"]["rules"]
        assert answer.json()["checks"]["database"] == "ok"

    def test_metrics_name_routes_and_nobody(self, client: TestClient) -> None:
        client.get("/v1/calls/C0003-secret-call")
        client.get("/nowhere/C0003")
        client.post("/v1/questions", json={"question": FEE})
        text = client.get("/metrics").text
        assert 'tougu_requests_total{method="GET",route="/v1/calls/{call_id}",status="404"} 1.0' in text
        assert 'route="/v1/questions"' in text
        assert "C0003" not in text
        assert "管理费" not in text


class TestErrors:
    """Every refusal is a problem document, whoever raised it."""

    @pytest.mark.parametrize(
        ("method", "path", "status"),
        [
            ("GET", "/nowhere", 404),
            ("PUT", "/v1/questions", 405),
            ("GET", "/v1/jobs/none", 404),
            ("GET", "/v1/calls/none", 404),
            ("GET", "/v1/diagnoses/none/report", 404),
            ("GET", "/documents/none", 404),
            ("GET", "/static/none.js", 404),
        ],
    )
    def test_unknown_things(self, client: TestClient, method: str, path: str, status: int) -> None:
        answer = client.request(method, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) == {"type", "title", "status", "detail"}

    @pytest.mark.parametrize(
        ("path", "body", "place"),
        [
            ("/v1/questions", {"question": ""}, "请求内容里的 question "),
            ("/v1/questions", {"question": "费率", "surprise": 1}, "请求内容里的 surprise "),
            ("/v1/diagnoses", {}, "请求内容：fund_code 和 client_id "),
            ("/v1/diagnoses", {"fund_code": "990002", "client_id": "C0003"}, "请求内容：fund_code 和 client_id "),
            ("/v1/diagnoses", {"fund_code": "../../etc/passwd"}, "请求内容里的 fund_code "),
            ("/v1/compliance/check", {"text": "好", "target": "song"}, "请求内容里的 target "),
            ("/v1/leads/claim", {"limit": 0}, "请求内容里的 limit "),
            ("/v1/leads/x/disposition", {"disposition": "maybe"}, "请求内容里的 disposition "),
        ],
    )
    def test_a_bad_body_names_the_field(
        self, client: TestClient, path: str, body: dict[str, object], place: str
    ) -> None:
        answer = client.post(path, json=body)
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith(place)

    def test_broken_json_is_told_without_its_words(self, client: TestClient) -> None:
        answer = client.post("/v1/questions", content=b'{"question": "C0003', headers={"content-type": "text/json"})
        assert answer.status_code == 422
        assert "C0003" not in answer.text

    def test_a_client_who_may_not_be_seen_is_not_there(self, client: TestClient) -> None:
        answer = client.post("/v1/questions", json={"question": FEE, "client_id": "C9999"})
        assert answer.status_code == 404
        assert "no client C9999" in answer.json()["detail"]

    def test_a_missing_right_is_403(self, recorded: House) -> None:
        crm = recorded.users
        recorded.users = _AlwaysAdvisor()
        answer = client_of(recorded).get("/v1/cases")
        recorded.users = crm
        assert answer.status_code == 403
        assert "read cases" in answer.json()["detail"]

    def test_an_error_of_the_house_says_what_to_do_and_another_says_nothing(self, house: House) -> None:
        def full(*_: object, **__: object) -> None:
            raise DatabaseError("The disk of the database is full: free some space, then start again.")

        def secret(*_: object, **__: object) -> None:
            raise RuntimeError("C0003 said something")

        house.session = _Asks(full)
        answer = client_of(house).post("/v1/questions", json={"question": FEE})
        assert (answer.status_code, answer.json()["detail"][:12]) == (503, "The disk of ")
        house.session = _Asks(secret)
        answer = client_of(house).post("/v1/questions", json={"question": FEE})
        assert answer.status_code == 500
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "C0003" not in answer.text

    def test_unexpected_errors_are_counted(self, house: House) -> None:
        house.session = _Asks(lambda *_, **__: 1 / 0)
        client = client_of(house)
        client.post("/v1/questions", json={"question": FEE})
        assert 'route="/v1/questions",status="500"} 1.0' in client.get("/metrics").text


class _AlwaysAdvisor:
    def principal(self, _user_id: str | None) -> object:
        from knowledge_base.access import Principal, Role

        return Principal(user_id="A001", roles=frozenset({Role.ADVISOR}))


class _Asks:
    def __init__(self, ask: object) -> None:
        self.ask = ask


class TestOpenApi:
    def test_every_v1_route_is_documented(self, client: TestClient) -> None:
        paths = client.get("/openapi.json").json()["paths"]
        documented = {(path, method) for path, methods in paths.items() for method in methods}
        assert documented >= {
            ("/v1/questions", "post"),
            ("/v1/examples", "get"),
            ("/v1/calls", "post"),
            ("/v1/calls/{call_id}", "get"),
            ("/v1/jobs/{job_id}", "get"),
            ("/v1/diagnoses", "post"),
            ("/v1/diagnoses/{job_id}/report", "get"),
            ("/v1/compliance/check", "post"),
            ("/v1/leads", "get"),
            ("/v1/leads/claim", "post"),
            ("/v1/leads/{lead_id}/disposition", "post"),
            ("/v1/cases", "get"),
        }
        for path, method in documented:
            operation = paths[path][method]
            assert operation.get("description"), (path, method)
            assert operation["responses"], (path, method)

    def test_no_v1_route_is_hidden(self, house: House) -> None:
        app = create_app(house)
        shown = set(app.openapi()["paths"])
        assert all(path.startswith("/v1/") or path in {"/livez", "/readyz", "/metrics"} for path in shown)


class TestQuestions:
    def test_a_cited_answer_opens_at_its_place(self, client: TestClient, house: House) -> None:
        reply = client.post("/v1/questions", json={"question": FEE}).json()
        assert reply["cleared"] is True
        assert "0.60%" in reply["text"]
        assert reply["verdict"]["outcome"] in {"pass", "revise"}
        cited = reply["citations"][0]
        text = house.open_document(cited["version_id"], principal=OPERATOR).text
        assert text[cited["start"] : cited["end"]] == cited["quote"]
        assert reply["sentences"][0]["citations"][0] == 1

    def test_a_follow_up_takes_the_product_from_before(self, client: TestClient) -> None:
        body = {"question": "那托管费呢", "history": [FEE]}
        assert "0.15%" in client.post("/v1/questions", json=body).json()["text"]

    def test_nothing_found_is_said(self, client: TestClient) -> None:
        reply = client.post("/v1/questions", json={"question": "云岭稳健增利的基金经理毕业于哪所中学"}).json()
        assert reply["cleared"] is True
        assert reply["abstained"] or reply["citations"]

    def test_an_earlier_day_answers_from_what_was_in_force(self, client: TestClient) -> None:
        question = "货币基金普通赎回多久到账"
        now = client.post("/v1/questions", json={"question": question}).json()
        then = client.post("/v1/questions", json={"question": question, "as_of": "2025-06-01"}).json()
        assert {c["title"] for c in now["citations"]}.isdisjoint({c["title"] for c in then["citations"]})

    def test_examples_speak_of_documents_at_hand(self, client: TestClient) -> None:
        examples = client.get("/v1/examples").json()
        assert examples[0].startswith("云岭稳健增利")
        assert 1 <= len(examples) <= 3


class TestCompliance:
    def test_a_promise_is_held_and_a_plain_text_passes(self, client: TestClient) -> None:
        held = client.post("/v1/compliance/check", json={"text": "这只产品稳赚不赔，亏了我给您补上。"}).json()
        assert (held["cleared"], held["text"]) == (False, None)
        assert held["verdict"]["outcome"] == "block"
        assert held["verdict"]["findings"][0]["quote"] in "这只产品稳赚不赔，亏了我给您补上。"
        plain = client.post("/v1/compliance/check", json={"text": "您好，明天上午方便通话吗？"}).json()
        assert plain["cleared"] is True
        assert plain["verdict"]["audit_id"]

    def test_the_client_and_the_products_count(self, client: TestClient) -> None:
        body = {
            "text": "向您推荐澄湖科技创新。",
            "client_id": "C0002",
            "product_codes": ["990005"],
            "channel": "client",
        }
        answer = client.post("/v1/compliance/check", json=body).json()
        rules = {finding["rule"] for finding in answer["verdict"]["findings"]}
        assert any(rule.startswith("suitability") for rule in rules), answer

    @pytest.mark.parametrize("client_id", [None, "C0002"])
    def test_a_fund_on_no_list_is_a_doubt(self, client: TestClient, client_id: str | None) -> None:
        body = {"text": "建议您买入恒渡消费混合A，市场有风险。", "client_id": client_id, "target": "advisor_message"}
        answer = client.post("/v1/compliance/check", json=body).json()
        assert (answer["cleared"], answer["verdict"]["outcome"]) == (False, "review"), answer
        body["text"] = "您问的恒渡消费混合A我们还没有资料。"
        assert client.post("/v1/compliance/check", json=body).json()["cleared"] is True

    @pytest.mark.parametrize("text", ["   \n", "\u3000\t", "\u200b\ufeff"])
    def test_a_text_that_shows_nothing_is_refused(self, client: TestClient, text: str) -> None:
        answer = client.post("/v1/compliance/check", json={"text": text})
        assert (answer.status_code, "内容为空" in answer.json()["detail"]) == (422, True)

    def test_an_unknown_product_is_named(self, client: TestClient) -> None:
        answer = client.post("/v1/compliance/check", json={"text": "您好。", "product_codes": ["990001", "999999"]})
        assert (answer.status_code, "999999" in answer.json()["detail"]) == (404, True)


class TestCalls:
    def test_a_recording_is_one_job_however_often_it_comes(self, client: TestClient, tmp_path: Path) -> None:
        sound = write_wav(tmp_path / "a.wav", tone(180, 1.0)).read_bytes()
        first, again = (
            client.post("/v1/calls", files={"recording": ("通话.wav", sound)}, data={"client_id": "C0003"})
            for _ in range(2)
        )
        assert (first.status_code, first.json()["state"]) == (202, "ready")
        assert first.json()["id"] == again.json()["id"]
        assert client.get(f"/v1/jobs/{first.json()['id']}").json()["state"] == "ready"

    def test_what_is_no_recording_is_refused_and_not_kept(self, client: TestClient, home: Path) -> None:
        answer = client.post("/v1/calls", files={"recording": ("notes.txt", b"hello")})
        assert answer.status_code == 415
        assert ".wav" in answer.json()["detail"]
        assert not (home / "recordings").exists()

    def test_a_start_without_a_zone_is_refused(self, client: TestClient) -> None:
        answer = client.post(
            "/v1/calls", files={"recording": ("a.wav", b"RIFF")}, data={"started_at": "2026-11-03T10:00:00"}
        )
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith("请求内容里的 started_at ")

    def test_a_full_disk_leaves_no_half_upload(
        self, client: TestClient, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device", "/srv/secret/recordings/a.wav")

        client.get("/v1/leads")  # the first request makes keys, which are written to the disk as well
        monkeypatch.setattr("serve.routes.calls.os.fsync", full)
        answer = client.post("/v1/calls", files={"recording": ("a.wav", b"RIFF")})
        assert answer.status_code == 503
        assert "free some space" in answer.json()["detail"]
        assert "/srv" not in answer.text
        assert list((home / "recordings").iterdir()) == []

    def test_a_call_that_was_read(self, recorded: House) -> None:
        call = client_of(recorded).get("/v1/calls/k1").json()
        assert call["client_id"] == "C0003"
        assert call["note"]


class TestLeads:
    def test_list_claim_and_outcome(self, recorded: House) -> None:
        client = client_of(recorded)
        page = client.get("/v1/leads").json()
        assert [lead["intent"] for lead in page["leads"]] == ["permission.hk"]
        assert client.get("/v1/leads", params={"cursor": page["cursor"]}).json() == {"leads": [], "cursor": None}
        (taken,) = client.post("/v1/leads/claim", json={"limit": 5}).json()["leads"]
        assert client.post("/v1/leads/claim", json={"limit": 5}).json()["leads"] == []
        done = client.post(f"/v1/leads/{taken['id']}/disposition", json={"disposition": "won"})
        assert done.json()["state"] == "won"

    def test_an_outcome_that_the_state_forbids_is_a_conflict(self, recorded: House) -> None:
        client = client_of(recorded)
        lead = client.get("/v1/leads").json()["leads"][0]["id"]
        assert client.post(f"/v1/leads/{lead}/disposition", json={"disposition": "won"}).status_code == 409
        assert client.post("/v1/leads/none/disposition", json={"disposition": "won"}).status_code == 404

    def test_cases(self, recorded: House) -> None:
        (case,) = client_of(recorded).get("/v1/cases").json()["cases"]
        assert case["call_id"] == "k1"
        assert case["intent"].startswith("complaint")


class TestDiagnoses:
    def test_an_order_waits_for_the_worker(self, client: TestClient) -> None:
        order = client.post("/v1/diagnoses", json={"fund_code": "990002"})
        assert order.status_code == 202
        answer = client.get(f"/v1/diagnoses/{order.json()['id']}/report")
        assert answer.status_code == 409
        assert "not ready" in answer.json()["detail"]

    def test_a_job_of_another_kind_is_no_diagnosis(self, client: TestClient, house: House) -> None:
        other = house.jobs.enqueue("calls", "k", {"path": "x.wav", "call_id": "x"})
        assert client.get(f"/v1/diagnoses/{other}/report").status_code == 404


def test_logs_hold_routes_and_never_what_was_asked(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="tougu.http")
    client.post("/v1/questions", json={"question": "谷雨生想知道云岭稳健增利的管理费率"})
    client.get("/v1/calls/C0003")
    lines = [json.dumps(vars(record), ensure_ascii=False, default=str) for record in caplog.records]
    assert any("/v1/calls/{call_id}" in line for line in lines if "tougu.http" in line)
    assert not any("谷雨生" in line for line in lines if '"name": "tougu' in line)
    assert not any("C0003" in line for line in lines if '"name": "tougu' in line)
