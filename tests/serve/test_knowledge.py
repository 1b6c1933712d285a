"""The knowledge base for editors over HTTP: rights, decisions with their trace, and what answers make of them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from jobs.worker import run_worker
from knowledge_base.access import Role
from knowledge_base.sync import sync_file
from rag.index import SearchIndex
from serve.document_queue import DOCUMENTS, DocumentHandler
from serve.sample import import_wordings
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import client_of, settings_of

STAFF = (
    ("editor", [Role.EDITOR], []), ("officer", [Role.COMPLIANCE], []), ("both", [Role.EDITOR, Role.COMPLIANCE], []),
    ("advisor", [Role.ADVISOR], []), ("insider", [Role.ADVISOR], ["research"]), ("keeper", [Role.EDITOR], ["research"]),
)  # fmt: skip
VALIDITY = "风险测评结果的有效期是多久"
SECRET = "内部纪要的目标换手率是多少"
Call = Callable[..., Any]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, furnished: Path) -> Iterator[House]:
    """One house for the module: each test works on what is its own."""
    home = tmp_path_factory.mktemp("knowledge") / "home"
    shutil.copytree(furnished, home)
    made = House(settings_of(home))
    for name, roles, labels in STAFF:
        made.users.add(name, roles=roles, branches=[], labels=labels, principal=OPERATOR)
    import_wordings(made)
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(house: House) -> TestClient:
    return client_of(house)


@pytest.fixture
def call(client: TestClient) -> Call:
    def call_(who: str, method: str, path: str, *, status: int = 200, **options: Any) -> Any:
        reply = client.request(method, f"/v1/{path}", headers={"tougu-as": who} if who else {}, **options)
        assert reply.status_code == status, reply.text
        return reply.json()

    return call_


def ask(call: Call, question: str, who: str = "advisor") -> dict[str, Any]:
    reply: dict[str, Any] = call(who, "POST", "questions", json={"question": question})
    return reply


def work(house: House) -> None:
    run_worker(house.jobs, DOCUMENTS, DocumentHandler(house), stop=_never(), until_empty=True)


def _never() -> Any:
    import threading

    return threading.Event()


def logged(house: House, event: str) -> int:
    query = text("SELECT count(*) FROM audit_log WHERE event = :event")
    with house.engine.connect() as connection:
        return int(connection.execute(query, {"event": event}).scalar_one())


def test_an_advisor_gets_none_of_it(call: Call) -> None:
    for path in ("documents", "conflicts", "wordings", "unanswered"):
        call("advisor", "GET", f"knowledge/{path}", status=403)
    call("advisor", "POST", "knowledge/preview?name=a.md", content=b"x", status=403)
    call("advisor", "POST", "knowledge/files?name=a.md", content=b"x", status=403)


def test_a_contradiction_is_disclosed_then_settled_and_logged(call: Call, house: House) -> None:
    (found,) = [one for one in call("editor", "GET", "knowledge/conflicts") if one["kind"] == "rule"]
    assert found["type"] == "genuine"
    before = ask(call, VALIDITY)
    assert "24" in before["text"]
    assert "12" in before["text"]
    assert "不一致" in before["note"]
    assert {found["left"]["version_id"], found["right"]["version_id"]} <= {c["version_id"] for c in before["citations"]}
    path = f"knowledge/conflicts/{found['id']}/settle"
    call("advisor", "POST", path, json={"holds": "left", "why": "x"}, status=403)
    call("editor", "POST", path, json={"holds": "left", "why": ""}, status=409)
    holds = "left" if "24" in found["left"]["quote"] else "right"
    settled = call("editor", "POST", path, json={"holds": holds, "why": "以管理办法为准"})
    assert (settled["state"], settled["settled_by"], settled["why"]) == ("settled", "editor", "以管理办法为准")
    after = ask(call, VALIDITY)
    assert "24" in after["text"]
    assert "12个月" not in after["text"]
    assert logged(house, "knowledge.conflict.settled") == 1
    assert call("editor", "GET", "knowledge/conflicts?state=settled")[0]["id"] == found["id"]


@pytest.mark.parametrize("name", ["capital-guarantee", "commission", "redemption-arrival"])
def test_approved_wording_is_served_word_for_word_and_cited_as_what_it_is(call: Call, house: House, name: str) -> None:
    (wording,) = [one for one in house.wordings.in_force(house.today()) if one.id == name]
    reply = ask(call, f"请问{wording.variants[0]}？")
    assert reply["cleared"]
    assert reply["sentences"] == [{"text": wording.text, "citations": [1]}]
    assert reply["approved"] == {
        "id": name,
        "version": 1,
        "approver": "sample-officer",
        "since": str(wording.effective_from),
    }
    assert (reply["by"], reply["citations"][0]["version_id"]) == ("approved wording", f"wording:{name}:1")


def test_every_sample_wording_passes_the_gate(house: House) -> None:
    for wording in house.wordings.in_force(house.today()):
        reply = house.session.ask(wording.question, principal=OPERATOR, today=house.today())
        assert reply.cleared is not None, (wording.id, reply.verdict)
        assert reply.answer is not None
        assert reply.answer.approved is not None


def test_the_cited_wording_opens(client: TestClient) -> None:
    page = client.get("/documents/wording:capital-guarantee:1?start=0&end=4")
    assert page.status_code == 200
    assert "sample-officer" in page.text
    assert client.get("/documents/wording:capital-guarantee:9").status_code == 404
    assert client.get("/documents/wording:nonsense").status_code == 404


def test_wording_needs_two_persons_of_whom_one_is_an_officer(call: Call, house: House) -> None:
    body = {"question": "营业部几点开门", "text": "营业部交易日九点开门。", "effective_from": "2026-01-01"}
    made = call("both", "PUT", "knowledge/wordings/opening", json=body)
    assert (made["state"], made["author"], made["version"]) == ("draft", "both", 1)
    decision = {"approve": True, "reason": "属实"}
    for who, status in (("both", 409), ("editor", 403), ("", 403)):
        call(who, "POST", "knowledge/wordings/opening/1/decision", json=decision, status=status)
    assert ask(call, "营业部几点开门").get("approved") is None
    assert call("officer", "POST", "knowledge/wordings/opening/1/decision", json=decision)["state"] == "approved"
    assert ask(call, "营业部几点开门")["approved"]["approver"] == "officer"
    call("officer", "POST", "knowledge/wordings/opening/retire", json={"reason": "改时间"})
    assert ask(call, "营业部几点开门").get("approved") is None
    assert [logged(house, f"knowledge.wording.{act}") for act in ("proposed", "approved", "retired")] == [1, 1, 1]


def test_what_was_not_found_is_counted_without_who_asked_or_whom(call: Call, house: House) -> None:
    name = house.clients.get("C0003", principal=OPERATOR).name
    for _ in range(2):
        assert ask(call, f"{name}的手机13812345678能买火星基金吗")["abstained"]
    rows = [row for row in call("editor", "GET", "knowledge/unanswered") if "火星基金" in row["question"]]
    assert [row["times"] for row in rows] in ([2], [1, 1])
    for row in rows:
        assert name not in repr(row)
        assert "13812345678" not in repr(row)
        assert "advisor" not in repr(row)


def test_a_file_is_previewed_uploaded_changed_and_withdrawn(call: Call, house: House) -> None:
    content = "# 柜台办理时间说明\n\n柜台办理时间为每个交易日的九点至十五点。\n".encode()
    seen = call("editor", "POST", "knowledge/preview?name=counter.md", content=content)
    assert seen["metadata"]["title"] == "柜台办理时间说明"
    assert [block["kind"] for block in seen["blocks"]] == ["heading", "paragraph"]
    assert not any("柜台" in v.title for v in house.catalog.versions(principal=OPERATOR)), "a preview stores nothing"
    path = "knowledge/files?name=counter.md&effective_from=2026-01-01&retain_until=2027-01-01&risk_level=R2"
    job = call("editor", "POST", path, content=content, status=202)
    work(house)
    done = call("editor", "GET", f"knowledge/files/{job['id']}")
    assert (done["state"], done["result"]["outcome"]) == ("done", "added")
    version = done["result"]["version_id"]
    opened = call("editor", "GET", f"knowledge/documents/{version}")
    assert (opened["effective_from"], opened["metadata"]["retain_until"]) == ("2026-01-01", "2027-01-01")
    assert opened["metadata"]["risk_level"] == "R2"
    call("editor", "PATCH", f"knowledge/documents/{version}", json={"risk_level": "R3"})
    assert call("editor", "GET", f"knowledge/documents/{version}")["metadata"]["risk_level"] == "R3"
    call("editor", "PATCH", f"knowledge/documents/{version}", json={"risk_level": "R9"}, status=422)
    assert "九点" in ask(call, "柜台办理时间是几点")["text"]
    tomorrow = str(house.today() + timedelta(days=1))
    call("editor", "PATCH", f"knowledge/documents/{version}", json={"effective_from": tomorrow})
    assert "九点至十五点" not in repr(ask(call, "柜台办理时间是几点"))
    call(
        "editor",
        "PATCH",
        f"knowledge/documents/{version}",
        json={"effective_from": "2026-01-01", "status": "withdrawn"},
    )
    assert "九点至十五点" not in repr(ask(call, "柜台办理时间是几点"))
    call("editor", "PATCH", f"knowledge/documents/{version}", json={"status": "in_force"})
    assert "九点" in ask(call, "柜台办理时间是几点")["text"]
    assert logged(house, "knowledge.document.amended") == 4
    assert logged(house, "knowledge.document.uploaded") == 1


def test_what_cannot_be_read_is_refused_before_it_is_kept(call: Call, house: House) -> None:
    call("editor", "POST", "knowledge/files?name=x.pdf", content=b"%PDF-1.4 nonsense", status=422)
    for name in ("x.exe", "..%2F..%2F.bashrc", ".hidden.md"):
        call("editor", "POST", f"knowledge/files?name={name}", content=b"text", status=409)
    call("editor", "POST", "knowledge/files?name=x.md&labels=research", content=b"# a\n\ntext", status=409)
    assert not list((house.settings.home / "documents").rglob("x.*"))


def test_labels_only_by_who_holds_them(call: Call, house: House) -> None:
    (secret,) = [v for v in house.catalog.versions(principal=OPERATOR) if v.title == "内部纪要"]
    call("editor", "GET", f"knowledge/documents/{secret.id}", status=404)
    call("editor", "PATCH", f"knowledge/documents/{secret.id}", json={"labels": []}, status=404)
    open_one = next(v for v in house.catalog.versions(principal=OPERATOR) if v.title.startswith("页面"))
    call("editor", "PATCH", f"knowledge/documents/{open_one.id}", json={"labels": ["research"]}, status=409)
    call("keeper", "PATCH", f"knowledge/documents/{open_one.id}", json={"labels": ["research"]})
    assert open_one.id not in {row["id"] for row in call("editor", "GET", "knowledge/documents")}
    assert "文字" not in repr(ask(call, "页面里写着什么文字", "advisor")["citations"])
    call("keeper", "PATCH", f"knowledge/documents/{open_one.id}", json={"labels": []})


def test_two_principals_in_turns(
    call: Call, client: TestClient, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    """What one may read and the other may not: answers, citations, caches, suggestions, tools and logs."""
    (secret,) = [v for v in house.catalog.versions(principal=OPERATOR) if v.title == "内部纪要"]
    caplog.set_level("DEBUG")
    for _ in range(2):  # in turns: nothing of the first is kept for the second
        assert "45%" in ask(call, SECRET, "insider")["text"]
        told = ask(call, SECRET, "advisor")
        for sign in ("45%", secret.id):
            assert sign not in repr(told)
        assert "内部纪要" not in repr(told).replace(SECRET, "").replace("内部纪要的资料", "")
    assert client.get(f"/documents/{secret.id}", headers={"tougu-as": "advisor"}).status_code == 404
    assert client.get(f"/documents/{secret.id}", headers={"tougu-as": "insider"}).status_code == 200
    assert "内部纪要" not in repr(call("advisor", "GET", "examples"))
    from serve.knowledge_tools import KnowledgeTools

    shut = KnowledgeTools(house=house, principal=house.users.principal("advisor"))
    assert secret.id not in repr(shut.toolbox().call("search", {"query": "目标换手率", "k": 20}))
    assert "45%" not in caplog.text
    assert "换手率" not in caplog.text


def test_after_its_time_nothing_of_a_document_is_left(call: Call, house: House) -> None:
    """Erased: not in the index, its vectors, the facts, names, contradictions, suggestions or a page."""
    folder = house.settings.home / "documents" / "passing"
    folder.mkdir(parents=True)
    (folder / "old.md").write_text(
        "---\ntitle: 青岚优选混合2023年年度报告\ntype: fund_annual\ncodes: ['990077']\nperiod: '2023'\n"
        "names: {'990077': 青岚优选混合}\nretain_until: 2025-01-01\n---\n# 青岚优选混合2023年年度报告\n\n"
        "| 阶段 | 份额净值增长率① | 业绩比较基准收益率③ |\n|---|---|---|\n| 过去一年 | 7.77% | 5.55% |\n",
        encoding="utf-8",
    )
    question = "青岚优选混合2023年净值增长率是多少"
    house.sync(folder, delete=False, principal=OPERATOR, progress=lambda *_: None)
    assert "7.77%" in ask(call, question)["text"]
    (version,) = [v for v in house.catalog.versions(principal=OPERATOR) if "青岚" in v.title]
    assert house.erase_over(principal=OPERATOR) == (), "what is in force is kept whatever its day"
    house.amend_document(version.id, {"effective_to": date(2025, 6, 1)}, principal=OPERATOR)
    before = house.index.stats().chunks
    assert house.erase_over(principal=OPERATOR) == (version.id,)
    told = ask(call, question)
    for sign in ("7.77%", version.id):
        assert sign not in repr(told)
    assert version.id not in house.index.version_ids()
    assert house.index.stats().chunks < before
    assert len(house.index._current_vectors().ids()) == house.index.stats().chunks
    assert house.facts.of_version(version.id, principal=OPERATOR) == ()
    assert not any("青岚" in known.name for known in house.products.names(principal=OPERATOR))
    assert "青岚" not in repr(call("", "GET", "examples"))
    opened = call("editor", "GET", f"knowledge/documents/{version.id}")
    assert (opened["erased"], opened["blocks"], opened["status"]) == (True, [], "withdrawn")
    (folder / "old.md").rename(folder / "again.md")
    (row,) = house.sync(folder, delete=False, principal=OPERATOR, progress=lambda *_: None).rows
    assert (row.outcome, "erased" in (row.reason or "")) == ("failed", True), "it does not come back by its file"
    assert logged(house, "knowledge.document.erased") == 1


def test_a_folder_through_the_queue_survives_a_bad_file_and_a_killed_worker(house: House, tmp_path: Path) -> None:
    for n in range(3):
        (tmp_path / f"{n}.md").write_text(f"# 队列文件{n}\n\n第{n}份文件的正文。\n", encoding="utf-8")
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.4 nonsense")
    ids = house.document_queue.put_folder(tmp_path)
    assert len(set(ids)) == 4
    assert house.document_queue.put_folder(tmp_path) == ids, "what waits is not put twice"
    (taken,) = house.jobs.claim(DOCUMENTS, "killed", 0.001)  # a worker that dies with its lease
    work(house)
    states = {house.jobs.get(id_).state.value for id_ in ids}
    assert states == {"done", "quarantined"}
    assert house.jobs.get(taken.id).attempts >= 1
    assert sum("队列文件" in v.title for v in house.catalog.in_force(house.today(), principal=OPERATOR)) == 3
    broken = next(house.jobs.get(id_) for id_ in ids if house.jobs.get(id_).state.value == "quarantined")
    assert "broken PDF" in (broken.error or "")


class DiesBeforeItForgets:
    """The index of a worker that is killed when the catalogue has retired a version and the index has not."""

    def __init__(self, index: SearchIndex) -> None:
        self.add, self.version_ids = index.add, index.version_ids

    def remove(self, version_id: str) -> None:
        """Nothing: the process is gone."""


def test_what_a_killed_worker_left_in_the_index_is_taken_out_by_the_next_try(
    call: Call, house: House, tmp_path: Path
) -> None:
    file = tmp_path / "a.md"
    for colour in ("蓝色", "绿色"):
        file.write_text(f"# 柜台转账\n\n柜台转账须填写{colour}凭单，一式两联。\n", encoding="utf-8")
        sync_file(tmp_path, "a.md", catalog=house.catalog, indexer=DiesBeforeItForgets(house.index), principal=OPERATOR)
    transfers = [v for v in house.catalog.versions(principal=OPERATOR) if v.title == "柜台转账"]
    (old,) = [v for v in transfers if "蓝色" in house.catalog.text(v.id, principal=OPERATOR)]
    assert old.id in house.index.version_ids()
    (id_,) = house.document_queue.put_folder(tmp_path)
    house.jobs.claim(DOCUMENTS, "killed", 0.001)
    work(house)
    assert house.jobs.get(id_).attempts > 1
    assert old.id not in house.index.version_ids()
    told = repr(ask(call, "柜台转账须填写什么凭单"))
    assert ("绿色" in told, "蓝色" in told) == (True, False)


def test_the_worker_brings_the_index_into_line(house: House) -> None:
    lost = next(iter(house.index.version_ids()))
    house.index.remove(lost)
    assert house.reconcile_index(principal=OPERATOR).indexed_again == (lost,)
    assert house.reconcile_index(principal=OPERATOR).indexed_again == ()


def test_what_waits_is_bounded(house: House, tmp_path: Path) -> None:
    from knowledge_base.errors import SyncError

    (tmp_path / "a.md").write_text("# 界\n\n文。\n", encoding="utf-8")
    tight = house.settings.model_copy(
        update={"knowledge": house.settings.knowledge.model_copy(update={"max_waiting": 1})}
    )
    other = House(tight)
    other.document_queue.put(tmp_path, "a.md")
    with pytest.raises(SyncError, match="wait already"):
        other.document_queue.put(tmp_path, "a.md", {"status": "draft"})
    other.close()
    work(house)
