"""Talks over HTTP: kept on the server, streamed in events, stopped, asked again, sent by what was cleared."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, text, update
from starlette.testclient import TestClient

from compliance_filters.finding import Outcome
from copilot.talks.tables import sent_messages, talk_turns, talks
from copilot.talks.talk import TurnState
from knowledge_base.access import Principal, Role
from rag.passage import Answer, Citation, Sentence
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import FEE
from tests.serve.talk_cases import ADVISOR, OTHER, ask, begin, events, names
from tests.serve.test_held_answers import FIGURE, Objects, gated


class Paused:
    """An answerer double whose second sentence waits for the test."""

    def __init__(self) -> None:
        self.asked, self.go_on = threading.Event(), threading.Event()

    def growing(self, question: str, principal: Principal, history: Any = (), *, on: Any) -> Iterator[Answer]:
        said = tuple(Sentence(text=each, citations=()) for each in ("第一句在此。", "第二句在此。"))
        yield Answer(question=question, sentences=said[:1], citations=())
        self.asked.set()
        assert self.go_on.wait(20)
        yield Answer(question=question, sentences=said, citations=())


class Broken:
    """An answerer double that fails after its first sentence."""

    def growing(self, question: str, principal: Principal, history: Any = (), *, on: Any) -> Iterator[Answer]:
        yield Answer(question=question, sentences=(Sentence(text="第一句在此。", citations=()),), citations=())
        raise RuntimeError("the index is gone")


def test_an_answer_in_events_resumed_and_kept(client: TestClient) -> None:
    talk = begin(client)
    turn = ask(client, talk)
    told = events(client, talk, turn)
    assert names(told) == ["searching", "sentence", "verdict", "done"]
    assert [id_ for id_, _, _ in told] == [1, 2, 3, 4]
    sentence, reply = told[1][2], told[2][2]["reply"]
    assert "0.60%" in sentence["text"]
    assert [each["n"] for each in sentence["sources"]] == sentence["citations"]
    assert reply == client.post("/v1/questions", json={"question": FEE}).json() | {"verdict": reply["verdict"]}
    assert events(client, talk, turn, after=2) == told[2:]
    kept = client.get(f"/v1/sessions/{talk}").json()["turns"]
    assert [(each["question"], each["state"]) for each in kept] == [(FEE, "done")]
    assert [(each["id"], each["event"], each["data"]) for each in kept[0]["events"]] == told


def test_a_follow_up_says_what_it_was_taken_for_and_every_proposal_is_answered(client: TestClient) -> None:
    talk = begin(client)
    first = events(client, talk, ask(client, talk))
    told = events(client, talk, ask(client, talk, "那托管费呢"))
    assert first[0][2] == {"whole": None}
    assert told[0][2] == {"whole": "云岭稳健增利托管费"}
    assert "0.15%" in told[1][2]["text"]
    proposals = first[-1][2]["proposals"]
    assert proposals
    for question in proposals:
        assert client.post("/v1/questions", json={"question": question}).json()["abstained"] is False, question


def test_a_reader_who_left_finds_the_answer_and_another_question_waits(client: TestClient, house: House) -> None:
    paused = house.session._answers = Paused()  # type: ignore[assignment]
    talk = begin(client)
    turn = ask(client, talk)
    assert paused.asked.wait(20)
    (running,) = client.get(f"/v1/sessions/{talk}").json()["turns"]
    assert (running["state"], running["events"]) == ("running", [])
    refused = client.post(f"/v1/sessions/{talk}/questions", json={"question": FEE})
    assert (refused.status_code, "先停止" in refused.json()["detail"]) == (409, True)
    threading.Timer(0.05, paused.go_on.set).start()
    assert names(events(client, talk, turn)) == ["searching", "sentence", "sentence", "verdict", "done"]


def test_stop_keeps_what_was_released(client: TestClient, house: House) -> None:
    paused = house.session._answers = Paused()  # type: ignore[assignment]
    talk = begin(client)
    turn = ask(client, talk)
    assert paused.asked.wait(20)
    assert client.post(f"/v1/sessions/{talk}/turns/{turn}/stop").status_code == 204
    paused.go_on.set()
    told = events(client, talk, turn)
    assert names(told) == ["searching", "sentence", "verdict", "done"]
    assert (told[2][2]["stopped"], told[2][2]["reply"]["text"]) == (True, "第一句在此。")
    assert told[3][2]["state"] == "stopped"


def test_what_fails_leaves_nothing_and_is_asked_again(client: TestClient, house: House) -> None:
    right = house.session._answers
    house.session._answers = Broken()  # type: ignore[assignment]
    talk = begin(client)
    turn = ask(client, talk)
    assert names(events(client, talk, turn))[-2:] == ["error", "done"]
    kept = client.get(f"/v1/sessions/{talk}").json()["turns"]
    assert [each["event"] for each in kept[0]["events"]] == ["error", "done"], "nothing of it stands"
    assert "index" not in json.dumps(kept)
    house.session._answers = right
    again = ask(client, talk, retry_of=turn)
    assert names(events(client, talk, again))[-1] == "done"
    assert [each["id"] for each in client.get(f"/v1/sessions/{talk}").json()["turns"]] == [again]


def test_a_server_that_was_killed_is_told(client: TestClient, house: House) -> None:
    talk = begin(client)
    turn = ask(client, talk)
    events(client, talk, turn)
    with house.engine.begin() as connection:
        connection.execute(update(talk_turns).values(state=TurnState.RUNNING, answer_id=None))
    told = events(client, talk, turn)
    assert names(told) == ["error", "done"]
    assert "中断" in told[0][2]["detail"]


def test_a_held_answer_is_taken_back_without_its_words(client: TestClient, house: House) -> None:
    gated(house, Objects(FIGURE, Outcome.BLOCK))
    talk = begin(client)
    told = events(client, talk, ask(client, talk))
    assert names(told) == ["searching", "withheld", "verdict", "done"]
    assert FIGURE not in json.dumps(told)
    assert told[2][2]["reply"]["cleared"] is False


def test_a_talk_is_of_one_user(client: TestClient, house: House) -> None:
    for user in ("A001", "A002"):
        house.users.add(user, roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    talk = begin(client, headers=ADVISOR)
    for path in ("", "/client", "/turns/none/answer"):
        assert client.get(f"/v1/sessions/{talk}{path}", headers=OTHER).status_code == 404
    for path, body in (("questions", {"question": FEE}), ("texts", {"text": "您好"}), ("turns/x/stop", {})):
        assert client.post(f"/v1/sessions/{talk}/{path}", json=body, headers=OTHER).status_code == 404
    unknown = client.post("/v1/sessions", json={"client_id": "C9999"}, headers=ADVISOR)
    assert unknown.status_code == 404


def test_the_client_of_a_talk(client: TestClient) -> None:
    talk = begin(client, "C0001")
    card = client.get(f"/v1/sessions/{talk}/client").json()
    assert (card["id"], card["risk_level"], card["level_expired"]) == ("C0001", "C3", False)
    assert {"agreement", "do_not_contact", "not_personalised", "goal", "calls", "promises", "leads"} <= card.keys()
    assert client.get(f"/v1/sessions/{begin(client)}/client").json() is None


def test_what_is_sent_is_what_was_cleared(client: TestClient, house: House) -> None:
    talk = begin(client, "C0001")
    turn = ask(client, talk)
    events(client, talk, turn)
    url = f"/v1/sessions/{talk}"
    wrong = client.post(f"{url}/texts", json={"text": "管理费率为0.06%。", "turn_id": turn}).json()
    assert (wrong["cleared"], wrong["text"], wrong["sha256"]) == (False, None, None)
    assert "number.unverified" in {each["rule"] for each in wrong["verdict"]["findings"]}
    refused = client.post(f"{url}/sent", json={"text_id": wrong["id"], "channel": "wecom"})
    assert refused.status_code == 409
    right = client.post(f"{url}/texts", json={"text": "管理费率为0.60%。", "turn_id": turn}).json()
    done = client.post(f"{url}/sent", json={"text_id": right["id"], "channel": "wecom"})
    assert (done.status_code, done.json()["sha256"]) == (201, right["sha256"])
    with house.engine.connect() as connection:
        (sent,) = connection.execute(select(sent_messages)).all()
    assert sent.text_sha256 == house.audit.keyed_hash(right["text"])
    assert (sent.user_id, sent.client_id, sent.audit_id) == ("operator", "C0001", right["verdict"]["audit_id"])
    elsewhere = client.post(f"/v1/sessions/{begin(client)}/sent", json={"text_id": right["id"], "channel": "host"})
    assert elsewhere.status_code == 404


class Tabled:
    """An answerer double that cites a cell of a table, with the header above it."""

    QUOTES = ("项目 | 2024年 | 2023年", "管理费率 | 0.60% | 0.80%")

    def growing(self, question: str, principal: Principal, history: Any = (), *, on: Any) -> Iterator[Answer]:
        cited = tuple(
            Citation(n=n, version_id="v", document_id="d", title="2025年年度报告", quote=quote, start=n * 9, end=n * 9)
            for n, quote in enumerate(self.QUOTES, start=1)
        )
        said = Sentence(text="2024年管理费率为0.60%。", citations=(1, 2))
        yield Answer(question=question, sentences=(said,), citations=cited)


def test_an_edited_figure_is_held_to_the_column_it_was_cited_from(client: TestClient, house: House) -> None:
    house.session._answers = Tabled()  # type: ignore[assignment]
    talk = begin(client, "C0001")
    turn = ask(client, talk)
    assert "verdict" in names(events(client, talk, turn))

    def judged(words: str) -> bool:
        reply = client.post(f"/v1/sessions/{talk}/texts", json={"text": words, "turn_id": turn})
        return bool(reply.json()["cleared"])

    assert judged("2024年的管理费率为0.60%。")
    assert not judged("2023年的管理费率为0.60%。"), "the figure of another column"


def test_an_opinion_is_kept_and_counted(client: TestClient, house: House) -> None:
    talk = begin(client)
    turn = ask(client, talk)
    events(client, talk, turn)
    opinion = f"/v1/sessions/{talk}/turns/{turn}/opinion"
    assert client.post(opinion, json={"good": False}).status_code == 409
    assert client.post(opinion, json={"good": False, "reason": "outdated", "words": "还是去年的"}).status_code == 204
    since = {"since": "2020-01-01T00:00:00Z"}
    assert client.get("/v1/sessions/opinions", params=since).json() == {"outdated": 1}
    house.users.add("A001", roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    assert client.get("/v1/sessions/opinions", params=since, headers=ADVISOR).status_code == 403
    assert client.get(f"/v1/sessions/{talk}").json()["turns"][0]["reason"] == "outdated"


def test_rows_hold_no_words_and_are_forgotten(client: TestClient, house: House) -> None:
    talk = begin(client, "C0001")
    turn = ask(client, talk)
    events(client, talk, turn)
    with house.engine.begin() as connection:
        for table in ("talks", "talk_turns", "talk_texts", "sent_messages"):
            rows = connection.execute(text(f"select * from {table}")).all()
            assert "管理费" not in repr(rows)
        connection.execute(update(talks).values(last_at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert house.talks.forget(30) == 1
    assert client.get(f"/v1/sessions/{talk}").status_code == 404


def test_a_sealed_client_takes_the_words_along(client: TestClient, house: House) -> None:
    talk = begin(client, "C0001")
    turn = ask(client, talk)
    events(client, talk, turn)
    house.erasure.seal("C0001", reason="客户要求", principal=Principal(user_id="o", roles=frozenset({Role.COMPLIANCE})))
    (kept,) = client.get(f"/v1/sessions/{talk}").json()["turns"]
    assert (kept["events"], "已封存" in kept["question"]) == ([], True)
    assert names(events(client, talk, turn)) == ["error", "done"]
