"""The loop over HTTP: order, preview, edit, send, identify, read, react, follow up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select, update

from compliance_filters.filters import standard_filters
from compliance_filters.finding import SEMANTIC, Draft, Finding, Outcome, ReviewContext
from compliance_filters.gate import Gate
from copilot.tables import deliveries, report_links, report_versions
from jobs.tables import outbox
from knowledge_base.access import Principal, Role
from knowledge_base.tables import clients
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.loop_cases import ADVISOR, CLIENT, OTHER_CLIENT, PHONE, Firm, loop_settings, path_of, with_navs
from tests.serve.test_seen import seen_of

OFFICER = Principal(user_id="K1", roles=frozenset({Role.COMPLIANCE}))


class Doubts:
    """A filter double that is in doubt about a word of reports."""

    name = "double"

    def __init__(self, word: str = "目前持有") -> None:
        self._word = word

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        start = draft.text.find(self._word)
        if start < 0:
            return ()
        return (
            Finding(
                rule="pii.leak", start=start, end=start + len(self._word), quote=self._word, outcome=Outcome.REVIEW,
                reason="措辞存疑。",
            ),
        )  # fmt: skip


@pytest.fixture
def firm(home: Path) -> Iterator[Firm]:
    house = House(loop_settings(with_navs(home)))
    for user, role in ((ADVISOR, Role.ADVISOR), ("A004", Role.ADVISOR)):
        house.users.add(user, roles=[role], branches=[], labels=[], principal=OPERATOR)
    yield Firm(house)
    house.close()


def lines_of(firm: Firm, report: str, version: int = 1) -> list[dict[str, object]]:
    answer = firm.api.get(f"/v1/diagnoses/{report}/versions/{version}")
    assert answer.status_code == 200, answer.text
    return list(answer.json()["lines"])


def doubting(firm: Firm) -> House:
    """The firm's house, its gate in doubt about a word that the tests write."""
    house = firm.house
    filters = (*standard_filters(house.rule_pack, house.settings.compliance), Doubts())
    house.gate = Gate(house.rule_pack, filters, house.audit, queue=house.review_queue, left_out=frozenset({SEMANTIC}))
    return house


class TestMaking:
    def test_progress_counts_the_funds(self, firm: Firm) -> None:
        report = firm.diagnosis()
        job = firm.api.get(f"/v1/jobs/{report}").json()
        funds = len(firm.house.clients.holdings(CLIENT, principal=OPERATOR))
        assert (job["progress_done"], job["progress_total"], job["state"]) == (funds + 2, funds + 2, "done")
        assert job["result"]["version"] == 1

    def test_a_diagnosis_is_made_with_the_rights_of_who_ordered_it(self, firm: Firm) -> None:
        refused = firm.api.post("/v1/diagnoses", json={"client_id": CLIENT}, headers={"tougu-as": "A004"})
        assert refused.status_code == 404
        report = firm.diagnosis(**{"tougu-as": ADVISOR})
        assert firm.api.get(f"/v1/diagnoses/{report}/report", headers={"tougu-as": ADVISOR}).status_code == 200
        for path in ("report", "versions", "versions/1", "versions/1/file"):
            other = firm.api.get(f"/v1/diagnoses/{report}/{path}", headers={"tougu-as": "A004"})
            assert other.status_code == 404, path

    def subjects(self, firm: Firm, find: str, **headers: str) -> list[tuple[str, str]]:
        answer = firm.api.get("/v1/diagnoses/subjects", params={"find": find}, headers=headers)
        assert answer.status_code == 200, answer.text
        return [(each["kind"], each["id"]) for each in answer.json()]

    def test_subjects_are_found_by_id_and_name_among_the_callers_own(self, firm: Firm) -> None:
        name = firm.house.clients.get(CLIENT, principal=OPERATOR).name
        for words in (CLIENT, CLIENT.lower(), name[:2]):
            assert ("client", CLIENT) in self.subjects(firm, words, **{"tougu-as": ADVISOR}), words
            assert ("client", CLIENT) not in self.subjects(firm, words, **{"tougu-as": "A004"}), words
        assert self.subjects(firm, "990002")[0] == ("fund", "990002")
        assert self.subjects(firm, "无此人") == self.subjects(firm, " ") == []
        assert len(self.subjects(firm, "C")) == 20

    def test_a_search_for_clients_is_logged(self, firm: Firm) -> None:
        before = len(seen_of(firm.house, CLIENT))
        self.subjects(firm, CLIENT)
        assert seen_of(firm.house, CLIENT)[before:] == [("search", "client", [CLIENT])]

    def test_a_preview_is_logged(self, firm: Firm) -> None:
        report = firm.diagnosis()
        before = len(seen_of(firm.house, CLIENT))
        assert firm.api.get(f"/v1/diagnoses/{report}/versions/1/file").headers["content-type"].startswith("text/html")
        assert seen_of(firm.house, CLIENT)[before:] == [("export", "report", [report])]


class TestEditing:
    def edit(self, firm: Firm, report: str, n: int, words: str, version: int = 1) -> dict[str, object]:
        answer = firm.api.post(f"/v1/diagnoses/{report}/versions/{version}/edit", json={"edits": {str(n): words}})
        return {"status": answer.status_code, **answer.json()}

    def first_line(self, firm: Firm, report: str) -> tuple[int, str]:
        line = next(each for each in lines_of(firm, report) if each["editable"])
        return int(str(line["n"])), str(line["text"])

    def test_other_words_are_judged_and_both_texts_are_kept(self, firm: Firm) -> None:
        report = firm.diagnosis()
        n, words = self.first_line(firm, report)
        made = self.edit(firm, report, n, words.replace("共持有", "目前持有"))
        assert (made["status"], made["version"], made["state"], made["by"]) == (201, 2, "cleared", "operator")
        assert "共持有" in str(lines_of(firm, report, 1)[n]["text"])
        assert "目前持有" in str(lines_of(firm, report, 2)[n]["text"])
        shown = firm.api.get(f"/v1/diagnoses/{report}/versions/2/file").text
        assert "目前持有" in shown

    def test_a_number_that_no_fact_binds_is_not_cleared(self, firm: Firm) -> None:
        report = firm.diagnosis()
        n, words = self.first_line(firm, report)
        made = self.edit(firm, report, n, words + "近一年收益率88.88%。")
        assert made["status"] == 201
        assert made["state"] != "cleared"
        sent = firm.api.post(f"/v1/diagnoses/{report}/deliveries", json={"version": 2})
        assert sent.status_code == 409
        assert firm.gateway.taken == []

    def test_a_promise_is_blocked_and_its_writer_sees_why(self, firm: Firm) -> None:
        report = firm.diagnosis()
        n, words = self.first_line(firm, report)
        made = self.edit(firm, report, n, words + "继续持有保证稳赚不赔。")
        assert made["outcome"] == Outcome.BLOCK.word
        assert made["verdict"]["findings"]  # type: ignore[index]
        assert "稳赚不赔" in str(lines_of(firm, report, 2)[n]["text"])

    @pytest.mark.parametrize("words", ["", "  ", "【风险揭示】", "看不见的\u200b字"])
    def test_what_is_no_paragraph_is_refused(self, firm: Firm, words: str) -> None:
        report = firm.diagnosis()
        n, _ = self.first_line(firm, report)
        assert self.edit(firm, report, n, words)["status"] == 409

    def test_disclosures_and_computed_lines_cannot_be_edited(self, firm: Firm) -> None:
        report = firm.diagnosis()
        fixed = [each for each in lines_of(firm, report) if not each["editable"]]
        for line in (fixed[0], fixed[-1], fixed[-2], next(e for e in fixed if e["section"] == "持仓明细")):
            assert self.edit(firm, report, int(str(line["n"])), "换一句话说。")["status"] == 409

    def test_a_held_text_waits_for_an_officer_and_can_be_sent_once_approved(self, firm: Firm) -> None:
        house = doubting(firm)
        report = firm.diagnosis()
        n, words = self.first_line(firm, report)
        made = self.edit(firm, report, n, words.replace("共持有", "目前持有"))
        assert (made["state"], made["outcome"]) == ("waiting", "review")
        assert firm.api.post(f"/v1/diagnoses/{report}/deliveries", json={"version": 2}).status_code == 409
        house.gate.release(str(made["review_id"]), reason="措辞属实", principal=OFFICER)
        found = firm.api.get(f"/v1/diagnoses/{report}/versions").json()["versions"][1]
        assert (found["state"], found["review_state"]) == ("cleared", "approved")
        reader, path = firm.inside(firm.send(report, 2))
        assert "目前持有" in reader.get(path).text

    def test_an_officers_own_words_are_what_is_sent(self, firm: Firm) -> None:
        house = doubting(firm)
        report = firm.diagnosis()
        n, words = self.first_line(firm, report)
        made = self.edit(firm, report, n, words.replace("共持有", "目前持有"))
        item = house.review_queue.get(str(made["review_id"]), principal=OFFICER)
        better = item.text.replace("目前持有", "现持有")
        house.gate.edit(item.id, text=better, reason="措辞更准确", principal=OFFICER)
        reader, path = firm.inside(firm.send(report, 2))
        assert "现持有" in reader.get(path).text
        assert "现持有" in reader.get(f"{path}/report").text

    def test_an_officers_words_beyond_the_prose_cannot_be_laid_out(self, firm: Firm) -> None:
        house = doubting(firm)
        report = firm.diagnosis()
        n, words = self.first_line(firm, report)
        made = self.edit(firm, report, n, words.replace("共持有", "目前持有"))
        item = house.review_queue.get(str(made["review_id"]), principal=OFFICER)
        house.gate.edit(item.id, text=item.text + "\n另附一行。", reason="补充", principal=OFFICER)
        found = firm.api.get(f"/v1/diagnoses/{report}/versions").json()["versions"][1]
        assert (found["state"], found["review_state"]) == ("waiting", "approved")
        assert firm.api.post(f"/v1/diagnoses/{report}/deliveries", json={"version": 2}).status_code == 409

    def test_a_first_version_that_is_held_is_not_shown_to_its_advisor(self, firm: Firm) -> None:
        house = firm.house
        filters = (*standard_filters(house.rule_pack, house.settings.compliance), Doubts("共持有"))
        house.gate = Gate(
            house.rule_pack, filters, house.audit, queue=house.review_queue, left_out=frozenset({SEMANTIC})
        )
        report = firm.diagnosis()
        assert firm.api.get(f"/v1/diagnoses/{report}/versions").json()["versions"][0]["state"] == "waiting"
        for path in ("versions/1", "versions/1/file", "report"):
            assert firm.api.get(f"/v1/diagnoses/{report}/{path}").status_code == 409


class TestSending:
    def test_what_is_sent_is_what_was_cleared_and_the_client_reads_it(self, firm: Firm) -> None:
        link = firm.sent()
        reader, path = firm.inside(link)
        with firm.house.engine.connect() as connection:
            row = connection.execute(select(deliveries)).one()
            version = connection.execute(select(report_versions)).one()
        assert hashlib.sha256(row.text.encode()).hexdigest() == row.sha256 == version.sha256
        page = reader.get(path).text
        assert "甄海棠共持有2只产品" in page
        read = "".join(reader.get(f"{path}/s/{n}").text for n in range(60))
        for line in row.text.split("\n")[2:]:
            assert line.startswith("【") or line in unescape(read), line
        assert reader.get(f"{path}/report.pdf").content.startswith(b"%PDF")
        assert "<svg" not in reader.get(f"{path}/report").text
        assert "data:image/svg+xml" in reader.get(f"{path}/report").text

    def test_an_edited_version_is_read_as_edited(self, firm: Firm) -> None:
        report = firm.diagnosis()
        n = next(each for each in lines_of(firm, report) if each["editable"])
        words = str(n["text"]).replace("共持有", "目前持有")
        firm.api.post(f"/v1/diagnoses/{report}/versions/1/edit", json={"edits": {str(n["n"]): words}})
        reader, path = firm.inside(firm.send(report, 2))
        assert "目前持有" in reader.get(path).text
        assert "目前持有" in reader.get(f"{path}/report").text

    def test_a_text_changed_in_the_database_is_not_shown(self, firm: Firm) -> None:
        reader, path = firm.inside(firm.sent())
        with firm.house.engine.begin() as connection:
            connection.execute(update(deliveries).values(text="稳赚不赔"))
        answer = reader.get(path)
        assert answer.status_code == 409
        assert "稳赚不赔" not in answer.text

    @pytest.mark.parametrize(
        ("changed", "why"),
        [
            ({"opt_outs": ["contact"]}, "不再联系"),
            ({"opt_outs": ["personalised_service"]}, "关闭个性化服务"),
            ({"account_state": "closed"}, "销户"),
        ],
    )
    def test_who_refuses_gets_nothing_and_an_open_link_closes(
        self, firm: Firm, changed: dict[str, object], why: str
    ) -> None:
        report = firm.diagnosis()
        reader, path = firm.inside(firm.send(report))
        with firm.house.engine.begin() as connection:
            connection.execute(update(clients).where(clients.c.id == CLIENT).values(changed))
        refused = firm.api.post(f"/v1/diagnoses/{report}/deliveries", json={"version": 1})
        assert refused.status_code == 409
        assert why in refused.json()["detail"]
        assert reader.get(path).status_code == 404

    def test_a_sealed_client_gets_nothing_and_an_open_link_shows_nothing(self, firm: Firm) -> None:
        report = firm.diagnosis()
        reader, path = firm.inside(firm.send(report))
        firm.house.erasure.seal(CLIENT, reason="客户要求删除", principal=OFFICER)
        assert reader.get(path).status_code == 404
        assert firm.api.post(f"/v1/diagnoses/{report}/deliveries", json={"version": 1}).status_code in (403, 409)

    def test_without_a_sender_nothing_is_sent(self, home: Path) -> None:
        house = House(loop_settings(with_navs(home), sender="none"))
        firm = Firm(house)
        answer = firm.api.post("/v1/diagnoses", json={"client_id": CLIENT})
        firm.work()
        refused = firm.api.post(f"/v1/diagnoses/{answer.json()['id']}/deliveries", json={"version": 1})
        assert refused.status_code == 409
        assert "copilot.delivery.sender" in refused.json()["detail"]
        house.close()

    def test_neither_token_nor_code_stands_in_the_database(self, firm: Firm) -> None:
        link = firm.sent()
        token = path_of(link).removeprefix("/r/")
        reader, path = firm.reader(), path_of(link)
        code = firm.code(reader, path)
        firm.house.engine.dispose()
        held = b"".join(file.read_bytes() for file in firm.house.settings.home.glob("tougu.db*"))
        assert token.encode() not in held
        with firm.house.engine.connect() as connection:
            messages = json.dumps([row.payload for row in connection.execute(select(outbox))])
            stored = connection.execute(select(report_links)).one()
        assert code not in messages
        assert code not in str(tuple(stored))
        assert [each.kind for each in firm.gateway.taken] == ["link", "code"]
        assert firm.gateway.last("link").secret == link["url"]


class TestReacting:
    def test_nothing_is_recorded_without_consent(self, firm: Firm) -> None:
        link = firm.sent()
        reader, path = firm.inside(link)
        for page in ("", "/s/0", "/report", "/report.pdf"):
            assert reader.get(path + page).status_code == 200
        for form, data in (("question", {"question": "这是什么？"}), ("rating", {"value": "5"})):
            assert reader.post(f"{path}/{form}", data=data).status_code == 422
        assert firm.reactions(link) == []
        assert "delivery.reacted" not in firm.events()

    def test_with_consent_everything_is_recorded_until_it_is_taken_back(self, firm: Firm) -> None:
        link = firm.sent()
        reader, path = firm.inside(link)
        assert reader.post(f"{path}/consent", data={"answer": "yes"}).status_code == 303
        for page in ("", "/s/1", "/report"):
            reader.get(path + page)
        assert reader.post(f"{path}/question", data={"question": "为什么占比这么高？"}).status_code == 303
        assert reader.post(f"{path}/rating", data={"value": "2"}).status_code == 303
        assert [each.kind for each in firm.reactions(link)] == ["opened", "section", "report", "question", "rating"]
        (seen,) = firm.api.get("/v1/deliveries", params={"client_id": CLIENT}).json()["deliveries"]
        assert seen["consent"] == "yes"
        assert [each["words"] for each in seen["reactions"] if each["kind"] == "question"] == ["为什么占比这么高？"]
        tasks = firm.api.get("/v1/deliveries/tasks").json()["tasks"]
        assert sorted(each["why"] for each in tasks) == ["question", "rating", "visit"]
        assert firm.events().count("delivery.reacted") == 5
        reader.post(f"{path}/consent", data={"answer": "no"})
        assert firm.reactions(link) == []
        assert [each["why"] for each in firm.api.get("/v1/deliveries/tasks").json()["tasks"]] == ["visit"]
        assert firm.house.audit.verify().ok

    def test_a_suggestion_is_taken_up_once_and_is_a_task_for_the_advisor(self, firm: Firm) -> None:
        link = firm.sent()
        reader, path = firm.inside(link)
        reader.post(f"{path}/consent", data={"answer": "yes"})
        found = firm.house.links.get(link["id"], principal=OPERATOR)
        for _ in range(2):
            firm.house.reactions.accept(found, "云岭货币（990004）", "建议维持不变。")
        (taken,) = firm.reactions(link)
        assert (taken.kind, taken.part, taken.words) == ("accepted", "云岭货币（990004）", "建议维持不变。")
        whys = {task["why"]: task["words"] for task in firm.api.get("/v1/deliveries/tasks").json()["tasks"]}
        assert whys == {"visit": None, "accepted": "建议维持不变。"}

    @pytest.mark.parametrize(
        ("agent", "headers"),
        [
            ("facebookexternalhit/1.1", {}),
            ("Mozilla/5.0 (compatible; Baiduspider/2.0)", {}),
            (PHONE, {"sec-purpose": "prefetch;prerender"}),
            (PHONE, {"purpose": "prefetch"}),
            ("", {}),
        ],
    )
    def test_robots_are_not_readers(self, firm: Firm, agent: str, headers: dict[str, str]) -> None:
        link = firm.sent()
        reader, path = firm.inside(link)
        reader.post(f"{path}/consent", data={"answer": "yes"})
        assert reader.get(path, headers={"user-agent": agent, **headers}).status_code == 200
        assert reader.head(path).status_code == 200
        assert firm.reactions(link) == []
        outside = firm.reader(agent).get(path)
        assert outside.status_code == 200
        assert "甄海棠" not in outside.text
        assert "og:" not in outside.text

    def test_a_task_is_closed_once(self, firm: Firm) -> None:
        firm.sent()
        (task,) = firm.api.get("/v1/deliveries/tasks").json()["tasks"]
        assert task["what"].startswith("回访")
        assert firm.api.get("/v1/deliveries/tasks", headers={"tougu-as": "A004"}).json()["tasks"] == []
        done = firm.api.post(f"/v1/deliveries/tasks/{task['id']}/done")
        assert done.json()["state"] == "done"
        assert firm.api.post(f"/v1/deliveries/tasks/{task['id']}/done", json={"outcome": "dropped"}).status_code == 409
        assert firm.api.get("/v1/deliveries/tasks").json()["tasks"] == []
        assert "delivery.task_closed" in firm.events()

    def test_links_of_others_are_not_seen(self, firm: Firm) -> None:
        link = firm.sent(OTHER_CLIENT)
        assert firm.api.get("/v1/deliveries", headers={"tougu-as": ADVISOR}).json()["deliveries"] == []
        answer = firm.api.post(
            f"/v1/deliveries/{link['id']}/revoke", json={"reason": "看错了"}, headers={"tougu-as": ADVISOR}
        )
        assert answer.status_code == 404
