"""The review queue over HTTP and on the command line: roles, decisions, spoken words, indicators, mistakes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from compliance_filters.finding import Draft, Finding, Outcome, ReviewContext, Target, Verdict
from compliance_filters.gate import Gate
from knowledge_base.access import Principal, Role
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import FEE, Tougu, client_of, settings_of
from tests.serve.review_cases import INSIDER, MARKUP, ask, make_late, take_call, with_officers

BASE = "/v1/compliance"


class As:
    """The API as one user."""

    def __init__(self, client: TestClient, user: str) -> None:
        self._client, self._headers = client, {"tougu-as": user} if user else {}

    def get(self, path: str) -> Any:
        return self._client.get(f"{BASE}/{path}", headers=self._headers)

    def post(self, path: str, **body: Any) -> Any:
        return self._client.post(f"{BASE}/{path}", json=body, headers=self._headers)


@pytest.fixture
def house(house: House) -> House:
    with_officers(house)
    return house


@pytest.fixture
def anna(house: House) -> As:
    return As(client_of(house), "anna")


@pytest.fixture
def advisor(house: House) -> As:
    return As(client_of(house), "A001")


def waiting(officer: As) -> dict[str, Any]:
    item: dict[str, Any] = officer.get("reviews").json()["items"][0]
    return item


def test_the_writer_sees_what_became_of_it(house: House, anna: As, advisor: As) -> None:
    verdict = ask(house, MARKUP, client_id="C0003")
    assert verdict.cleared is None
    item = waiting(anna)
    assert "text" not in item
    opened = anna.get(f"reviews/{item['id']}").json()
    assert opened["text"] == MARKUP
    assert opened["findings"][0]["law"]
    assert opened["context"]["products"][0]["code"] == "990001"
    assert advisor.get("reviews/mine").json()[0]["text"] is None
    assert anna.post(f"reviews/{item['id']}/approve", reason="内容无误").json()["state"] == "approved"
    (mine,) = advisor.get("reviews/mine").json()
    assert (mine["state"], mine["text"], mine["reason"]) == ("approved", MARKUP, "内容无误")
    events = [entry.event for entry in entries(house, "C0003")]
    assert events.count("access.view") == 3, "the officer's list and look, and the writer's"
    assert "review.approved" in events
    assert house.audit.verify().ok


def entries(house: House, client_id: str) -> list[Any]:
    from compliance_filters.audit.read import entries_of

    return list(entries_of(house.audit, client_id))


@pytest.mark.parametrize("path", ["reviews", "samples", "spoken", "indicators", "mistakes",
                                  "reviews?view=confidential"])  # fmt: skip
def test_an_advisor_sees_none_of_it(advisor: As, path: str) -> None:
    assert advisor.get(path).status_code == 403


def test_answers_of_the_api_to_what_cannot_be(house: House, anna: As, advisor: As) -> None:
    ask(house, "这句有疑。")
    item = waiting(anna)["id"]
    assert anna.post("reviews/rv_x/approve", reason="无").status_code == 404
    assert anna.post(f"reviews/{item}/approve", reason="").status_code == 422
    assert advisor.post(f"reviews/{item}/approve", reason="我说可以").status_code == 403
    assert anna.post(f"reviews/{item}/close", reason="无").status_code == 409
    assert anna.get("reviews?cursor=x").status_code == 409
    assert anna.get("reviews?view=all").status_code == 422
    assert As(client_of(house), "nobody").get("reviews").status_code == 404
    held = anna.post(f"reviews/{item}/edit", text="放心，稳赚不赔。", reason="改写").json()
    assert (held["state"], held["verdict"]["outcome"]) == ("pending", "block")


def test_an_officer_who_lost_the_role_meanwhile_decides_nothing(house: House, anna: As) -> None:
    ask(house, "这句有疑。")
    item = waiting(anna)["id"]
    house.users.add("anna", roles=[Role.EDITOR], branches=[], labels=[], principal=OPERATOR)
    assert anna.post(f"reviews/{item}/approve", reason="可以").status_code == 403
    house.users.remove("anna", principal=OPERATOR)
    assert anna.post(f"reviews/{item}/approve", reason="可以").status_code == 404


def test_an_escalation_is_told_to_compliance_and_hinted_to_nobody(house: House, anna: As, advisor: As) -> None:
    ask(house, INSIDER)
    (item,) = anna.get("reviews?view=confidential").json()["items"]
    operator = As(client_of(house), "")
    assert operator.get(f"reviews/{item['id']}").status_code == 404
    assert operator.get("reviews?view=confidential").status_code == 403
    assert operator.get("reviews").json()["counts"]["confidential"] == 0
    assert advisor.get("reviews/mine").json() == []
    assert anna.post(f"reviews/{item['id']}/close", reason="已立案").json()["state"] == "closed"


def test_spoken_words_over_http(house: House, anna: As) -> None:
    lead = take_call(house)
    operator = As(client_of(house), "")
    assert [f["rule"] for f in operator.get("spoken").json()["findings"]] == ["promise.return"]
    found = {f["rule"]: f for f in anna.get("spoken").json()["findings"]}
    assert found["promise.return"]["start_s"] == 71.0
    words = found["promise.return"]["id"]
    done = anna.post(f"spoken/{words}", how="called_back", note="已回访").json()
    assert done["released"] == [lead]
    assert anna.post(f"spoken/{words}", how="trained", note="再来").status_code == 409
    assert anna.post("spoken/none", how="trained", note="无").status_code == 404
    assert any(entry.event == "speech.disposed" for entry in entries(house, "C0003"))


def test_samples_are_drawn_and_judged(house: House, anna: As) -> None:
    with_officers(house, sample_share=1.0)
    ask(house, "您好，明天上午方便通话吗？")
    (item,) = anna.get("samples").json()["items"]
    assert item["outcome"] == "pass"
    assert anna.post(f"samples/{item['id']}", fine=False).status_code == 409, "a mistake needs a reason"
    assert anna.post(f"samples/{item['id']}", fine=True).json()["state"] == "fine"
    assert anna.get("samples").json()["items"] == []


def test_mistakes_become_cases_after_a_second_look(house: House, anna: As) -> None:
    ask(house, MARKUP, client_id="C0003")
    item = waiting(anna)["id"]
    found = anna.get(f"reviews/{item}").json()["findings"][0]
    meant = {"item_id": item, "rule": found["rule"], "start": found["start"], "end": found["end"]}
    made = anna.post("mistakes", kind="false_alarm", **meant)
    assert made.status_code == 201
    assert anna.post("mistakes", kind="missed", **{**meant, "rule": "no.rule"}).status_code == 422
    path = f"mistakes/{made.json()['id']}"
    assert anna.post(path, approve=True).status_code == 422, "another officer must look"
    assert As(client_of(house), "ben").post(path, approve=True).json()["state"] == "approved"
    exported = anna.get("mistakes/export").json()
    assert [c["verdict"] for c in exported["cases"]] == ["pass"]
    assert [line["rules"] for line in exported["lines"]] == [[]]


def test_a_doubt_tells_why_and_where_it_waits(house: House, anna: As) -> None:
    client = client_of(house)
    body = {"text": "这句有疑。"}
    answer = client.post(f"{BASE}/check", json=body, headers={"tougu-as": "A001"}).json()["verdict"]
    assert (answer["outcome"], answer["reasons"]) == ("review", ["这一句像是在承诺收益（由语义模型判断）。"])
    item = waiting(anna)
    assert item["id"] == answer["review_id"]
    assert item["audit_id"] == answer["audit_id"]
    for text in ("您好。", INSIDER):
        told = client.post(f"{BASE}/check", json={"text": text}, headers={"tougu-as": "A001"}).json()["verdict"]
        assert told["review_id"] is None, "an escalation is told to nobody"


def test_an_answer_that_waits_tells_it_too_and_shows_no_draft(house: House, anna: As) -> None:
    house.gate = DoubtsAnswers(house.gate)  # type: ignore[assignment]
    verdict = client_of(house).post("/v1/questions", json={"question": FEE}).json()["verdict"]
    assert verdict["reasons"] == ["“……”像是在承诺收益。", "未能判断：double: RuntimeError"]
    assert verdict["review_id"] == "rv_1"


class DoubtsAnswers:
    """The gate, but every answer waits."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def review(self, draft: Draft, context: ReviewContext, *, principal: Principal) -> Verdict:
        verdict = self._gate.review(draft, context, principal=principal)
        if draft.target is not Target.ANSWER:
            return verdict
        quote = draft.text[:6]
        found = Finding(
            rule="promise.return", start=0, end=6, quote=quote, outcome=Outcome.REVIEW, by="semantic",
            reason=f"“{quote}”像是在承诺收益。",
        )  # fmt: skip
        return replace(
            verdict, outcome=Outcome.REVIEW, findings=(found,), errors=("double: RuntimeError",), cleared=None,
            review_id="rv_1",
        )  # fmt: skip


def test_times_carry_their_offset(house: House, anna: As) -> None:
    ask(house, "这句有疑。")
    item = waiting(anna)
    history = anna.post(f"reviews/{item['id']}/reject", reason="不妥").json()
    for moment in (item["created_at"], item["due_at"], history["decided_at"]):
        assert moment.endswith("+08:00")
        assert abs(datetime.fromisoformat(moment) - datetime.now(UTC)) < timedelta(hours=25)
    opened = anna.get(f"reviews/{item['id']}").json()
    assert opened["history"][0]["at"] == history["decided_at"]


def test_marks_over_http_name_a_text_in_one_of_three_ways(house: House, anna: As) -> None:
    verdict = ask(house, "放心，稳赚不赔。")
    made = anna.post("mistakes", kind="false_alarm", rule="promise.return", audit_id=verdict.audit_id)
    assert (made.status_code, made.json()["quote"], made.json()["verdict"]) == (201, "稳赚不赔", "pass")
    given = anna.post("mistakes", kind="missed", rule="promise.return", text="您就当放进自家柜子。", quote="自家柜子")
    assert (given.status_code, given.json()["verdict"]) == (201, "block")
    twice = anna.post("mistakes", kind="missed", rule="promise.return", text="x", audit_id="a_1")
    assert (twice.status_code, "item_id" in twice.json()["detail"]) == (422, True)
    assert anna.post("mistakes", kind="missed", rule="promise.return", audit_id="a_none").status_code == 422
    views = [entry.data["what"] for entry in _house_entries(house) if entry.event == "access.view"]
    assert views == ["verdict"]
    assert house.audit.verify().ok


def _house_entries(house: House) -> list[Any]:
    from compliance_filters.audit.read import entries_of

    return list(entries_of(house.audit, None))


def test_the_worker_tells_of_deadlines(house: House) -> None:
    import threading

    from jobs.outbox import Outbox
    from serve.worker import _watch_deadlines

    ask(house, "这句有疑。")
    make_late(house)
    stop = threading.Event()
    thread = threading.Thread(target=_watch_deadlines, args=(house, stop))
    thread.start()
    while thread.is_alive() and not Outbox(house.engine).pending():
        stop.wait(0.05)
    stop.set()
    thread.join(20)
    assert [m.payload["type"] for m in Outbox(house.engine).pending()] == ["review.overdue"]


def test_an_overdue_text_is_told_to_the_receiver_of_the_settings(house: House) -> None:
    import base64
    import threading
    from http.server import ThreadingHTTPServer

    from serve.worker import _dispatchers
    from tests.intent.test_webhooks import SECRET, Receiver

    assert list(_dispatchers(house)) == [], "nothing is sent where no receiver is named"
    handler = type("Handler", (Receiver,), {"got": [], "extra": {}})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/hook"
        hook = house.settings.compliance.review_webhook.model_copy(
            update={"url": url, "secret": SecretStr(SECRET), "allow_private": True}
        )
        rules = house.settings.compliance.model_copy(update={"review_webhook": hook})
        house.settings = house.settings.model_copy(update={"compliance": rules})
        ask(house, "这句有疑。")
        make_late(house)
        house.decisions.chase()
        ((topic, dispatcher),) = _dispatchers(house)
        assert (topic, dispatcher.run_once().delivered) == ("review", 1)
        server.shutdown()
    headers, body = handler.got[0]
    event = json.loads(body)
    assert (event["type"], event["source"], event["data"]["by"]) == ("review.overdue", "/tougu/reviews", "A001")
    assert "有疑" not in body.decode()
    assert base64.b64decode(headers["webhook-signature"].removeprefix("v1,"))


class TestCommands:
    @pytest.fixture
    def doubt(self, tougu: Tougu, hash_environment: Path, furnished: Path, monkeypatch: pytest.MonkeyPatch) -> str:
        """A home with officers and one text in doubt; its id."""
        import shutil

        monkeypatch.setenv("TOUGU_COMPLIANCE__PROFILE", "rules")
        shutil.copytree(furnished, hash_environment)
        made = House(settings_of(hash_environment))
        with_officers(made)
        verdict: Verdict = ask(made, "这句有疑。")
        assert verdict.audit_id is not None
        take_call(made)
        made.close()
        items = json.loads(tougu("--as", "anna", "review", "list", "--json").out)["items"]
        return str(items[0]["id"])

    def test_decide(self, tougu: Tougu, doubt: str, tmp_path: Path) -> None:
        assert doubt in tougu("review", "list").out
        assert "这句有疑" in tougu("--as", "anna", "review", "show", doubt).out
        refused = tougu("--as", "A001", "review", "approve", doubt, "--reason", "可以")
        assert (refused.code, refused.out) == (1, "")
        (tmp_path / "bad.txt").write_text("放心，稳赚不赔。", encoding="utf-8")
        assert tougu("--as", "anna", "review", "edit", doubt, tmp_path / "bad.txt", "--reason", "改").code == 2
        (tmp_path / "new.txt").write_text("您好，明天联系。", encoding="utf-8")
        done = tougu("--as", "anna", "review", "edit", doubt, tmp_path / "new.txt", "--reason", "改")
        assert (done.code, done.out) == (0, f"{doubt}: approved.\n")
        (mine,) = json.loads(tougu("--as", "A001", "review", "mine", "--json").out)
        assert (mine["state"], mine["edited"]) == ("approved", True)
        assert tougu("--as", "anna", "review", "reject", doubt, "--reason", "不").code == 1

    def test_supervise(self, tougu: Tougu, doubt: str, tmp_path: Path) -> None:
        found = json.loads(tougu("--as", "anna", "review", "spoken", "--json").out)
        assert {f["rule"] for f in found} == {"promise.return", "insider.information"}
        words = found[0]["id"]
        assert (
            "1 leads released" in tougu("--as", "anna", "review", "dispose", words, "trained", "--note", "已培训").out
        )
        by_rule = json.loads(tougu("--as", "anna", "review", "indicators", "--json").out)
        assert [(row["key"], row["week"]["found"]) for row in by_rule] == [("promise.return", 1)]
        place = ("--start", 2, "--end", 4)
        marked = tougu("--as", "anna", "review", "mark", doubt, "false_alarm", "promise.return", *place)
        name = marked.out.split(":")[0]
        assert tougu("--as", "anna", "review", "mistakes", "--approve", name).code == 1
        assert tougu("--as", "ben", "review", "mistakes", "--approve", name).code == 0
        assert name in tougu("--as", "ben", "review", "mistakes").out
        assert tougu("review", "mistakes").code == 1, "the operator is no officer"
        written = tougu("--as", "ben", "review", "mistakes", "--export", tmp_path / "cases.jsonl")
        assert written.out.startswith("1 cases")
        assert tougu("rules", "test", "--cases", tmp_path / "cases.jsonl").code == 0

    def test_short_ids_and_china_time(self, tougu: Tougu, doubt: str) -> None:
        short = doubt[:8]
        told = tougu("--as", "anna", "review", "list").out
        due = json.loads(tougu("--as", "anna", "review", "list", "--json").out)["items"][0]["due_at"]
        assert f"due {due[:16].replace('T', ' ')}" in told
        assert due.endswith("+08:00")
        assert "这句有疑" in tougu("--as", "anna", "review", "show", short).out
        assert "这句有疑" in tougu("--as", "anna", "review", "show", short.removeprefix("rv_")).out
        assert tougu("--as", "anna", "review", "reject", short, "--reason", "不妥").out == f"{doubt}: rejected.\n"
        words = json.loads(tougu("--as", "anna", "review", "spoken", "--json").out)
        assert words[0]["created_at"].endswith("+08:00")
        name = words[0]["id"]
        done = tougu("--as", "anna", "review", "dispose", name[-8:], "trained", "--note", "已培训")
        assert done.out.startswith(f"{name}: trained")

    def test_mark_without_an_item_and_without_offsets(self, tougu: Tougu, doubt: str, tmp_path: Path) -> None:
        text = tmp_path / "text.txt"
        text.write_text("秦可欣女士，放心，稳赚不赔。听说下周要重组。", encoding="utf-8")
        verdict = json.loads(tougu("check", text, "--json").out)
        mark = ("--as", "anna", "review", "mark")
        made = tougu(*mark, verdict["audit_id"][:14], "false_alarm", "source.rumor")
        assert made.out.endswith("proposed; 「听说」 -> block\n")
        given = tougu(*mark, text, "false_alarm", "promise.return", "--quote", "稳赚不赔")
        assert "-> pass" in given.out, "it builds on the earlier mark"
        for each in (made, given):
            ran = tougu("--as", "ben", "review", "mistakes", "--approve", each.out.split(":")[0][-8:])
            assert ran.out.endswith("approved.\n")
        file = tmp_path / "cases.jsonl"
        assert tougu("--as", "ben", "review", "mistakes", "--export", file).out.startswith("1 cases")
        (case,) = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
        assert (case["verdict"], case["findings"]) == ("pass", [])
        states = json.loads(tougu("--as", "ben", "review", "mistakes", "--json").out)
        assert sorted(mistake["state"] for mistake in states) == ["approved", "replaced"]
        refused = tougu(*mark, text, "missed", "promise.return", "--quote", "不在文中")
        assert "does not stand in the text" in refused.err
        assert tougu("audit", "verify").code == 0

    def test_names_of_clients_are_masked_without_being_told(self, tougu: Tougu, doubt: str, tmp_path: Path) -> None:
        from serve.users import OPERATOR

        text = tmp_path / "text.txt"
        house = House(settings_of(tmp_path / "home"))
        name = min(house.clients.names(principal=OPERATOR))
        house.close()
        text.write_text(f"{name}说这句有问题。", encoding="utf-8")
        tougu("--as", "anna", "review", "mark", text, "missed", "promise.return", "--quote", "有问题")
        (made,) = json.loads(tougu("--as", "anna", "review", "mistakes", "--json").out)
        assert made["text"] == "某客户说这句有问题。"

    def test_what_is_not_there(self, tougu: Tougu, doubt: str) -> None:
        for arguments, words in (
            (("list", "--view", "all"), "no view all"),
            (("show", "rv_x"), "no review item"),
            (("indicators", "--by", "colour"), "no indicators by colour"),
            (("list", "--view", "confidential"), "may not"),
        ):
            ran = tougu("review", *arguments)
            assert ran.code == 1
            assert words in ran.err
