"""Shares over the whole way: facts to everybody, opinions to few, and nothing of them anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from copilot.session import Reply
from knowledge_base.access import Principal, Role
from knowledge_base.errors import UnknownVersionError
from rag.opinions import NONE_TODAY, WITHHELD
from serve.errors import NotFoundError
from serve.knowledge_tools import KnowledgeTools
from serve.sample import import_people, sample_folder
from serve.users import OPERATOR
from serve.wiring import House
from tests.postgres import PostgresServer
from tests.serve.conftest import client_of, settings_of

TODAY = date(2026, 11, 20)
REGISTERED = Principal(user_id="A001", roles=frozenset({Role.ADVISOR}))
UNREGISTERED = Principal(user_id="A003", roles=frozenset({Role.ADVISOR}))
AGREED, ENDED = "C0002", "C0003"
OPINION_WORDS = ("增持", "46.80", "闻人渡", "拐点", "远山证券研究所", "中性（首次）", "21.50", "88.00")
RATING = "青岩白酒的评级和目标价是多少"
FACT = "青岩白酒三季度营业收入是多少"


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """None: a file of home; else a fresh database of the session's server, to which the migrations lead."""
    if request.param == "sqlite":
        yield None
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    name = f"shares_{uuid4().hex}"
    yield server.create_database(name)
    server.drop_database(name)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, database_url: str | None) -> Iterator[House]:
    settings = settings_of(tmp_path_factory.mktemp("shares") / "home")
    made = House(settings.model_copy(update={"database_url": SecretStr(database_url)}) if database_url else settings)
    import_people(made)
    made.users.add("A001", roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    made.users.add("A003", roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    report = made.sync(
        sample_folder() / "shares" / "documents", delete=False, principal=OPERATOR, progress=lambda *_: None
    )
    assert report.failed == ()
    yield made
    made.close()


def ask(house: House, question: str, who: Principal, client: str | None = None, history: str = "") -> Reply:
    from prompts.chat import Message

    said = [Message(role="user", content=history)] if history else []
    return house.session.ask(question, principal=who, today=TODAY, client_id=client, history=said)


def text_of(reply: Reply) -> str:
    """The cleared text."""
    assert reply.text is not None, reply.verdict
    return reply.text


def note_of(reply: Reply) -> str:
    assert reply.answer is not None
    return reply.answer.note or ""


def shown(reply: Reply) -> str:
    """Everything that a reply shows: text, note, quotations, titles searched, passages behind it."""
    answer = reply.answer
    assert answer is not None
    passages = [f"{p.chunk.title}{p.chunk.context}{p.chunk.text}" for p in answer.passages]
    quotes = [f"{c.title}{c.quote}" for c in answer.citations]
    return "".join([reply.text or "", answer.text, answer.note or "", *quotes, *answer.searched, *passages])


def test_a_registered_adviser_is_told_for_a_client_with_an_agreement(house: House) -> None:
    reply = ask(house, RATING, REGISTERED, AGREED)
    assert "发布机构为远山证券研究所，发布日期为2026-11-02，证券分析师为闻人渡（登记编号S9900000000101）" in text_of(
        reply
    )
    assert "投资评级为增持（维持），目标价为46.80元" in text_of(reply)
    assert "2026-11-02" in note_of(reply), "an opinion has its day"


@pytest.mark.parametrize(
    ("who", "client"),
    [
        (UNREGISTERED, None),
        (REGISTERED, None),
        (REGISTERED, ENDED),
        (OPERATOR, None),
        (OPERATOR, AGREED),
        (replace(UNREGISTERED, roles=frozenset({Role.ADVISOR, Role.EDITOR})), None),
    ],
)
@pytest.mark.parametrize("question", [RATING, "怎么看青岩白酒", "青岩白酒可以买吗", "青岩白酒的库存拐点出现了吗"])
def test_nobody_else_sees_anything_of_an_opinion(
    house: House, who: Principal, client: str | None, question: str
) -> None:
    reply = ask(house, question, who, client)
    assert not [word for word in OPINION_WORDS if word in shown(reply).replace(question, "")], shown(reply)
    if "拐点" not in question:
        assert WITHHELD in note_of(reply)
        assert "营业收入为2,318,406,512.33" in text_of(reply), "the facts alone"


def test_facts_go_to_everybody(house: House) -> None:
    for who, client in ((UNREGISTERED, None), (REGISTERED, AGREED), (OPERATOR, None)):
        reply = ask(house, FACT, who, client)
        assert "营业收入为2,318,406,512.33元" in text_of(reply), shown(reply)
        assert WITHHELD not in note_of(reply)


def test_a_dividend_is_read_from_its_announcement(house: House) -> None:
    reply = ask(house, "青岩白酒2025年分红多少", UNREGISTERED)
    assert "每10股派发现金红利（含税）为9.60元" in text_of(reply), shown(reply)


def test_what_is_left_out_is_the_share_spoken_of(house: House) -> None:
    reply = ask(house, "那净利润呢", UNREGISTERED, history=FACT)
    assert "净利润为702,115,904.18元" in text_of(reply), shown(reply)
    told = ask(house, "那目标价呢", REGISTERED, AGREED, history=FACT)
    assert "46.80元" in text_of(told), shown(told)
    assert "46.80" not in shown(ask(house, "那目标价呢", UNREGISTERED, history=FACT))


def test_of_a_restricted_share_nobody_is_told_an_opinion(house: House) -> None:
    reply = ask(house, "星野刻蚀的评级是什么", REGISTERED, AGREED)
    assert not [word for word in ("88.00", "买入") if word in shown(reply)]
    assert NONE_TODAY in note_of(reply)
    assert "限制" not in shown(reply), "what is on the restricted list is not told"


def test_two_shares_that_fit_are_asked_back(house: House) -> None:
    reply = ask(house, "龙门的净利润是多少", UNREGISTERED)
    assert note_of(reply) == "请问指的是龙门电池（690139.SH）还是龙门化工（690151.SZ）？"


def test_search_and_tools_give_no_opinion(house: House) -> None:
    for who in (REGISTERED, UNREGISTERED, OPERATOR):
        found = house.search("青岩白酒 投资评级 目标价", k=20, principal=who)
        assert {passage.chunk.document_type for passage in found} == {"announcement"}
        tools = KnowledgeTools(house=house, principal=who).toolbox()
        asked = {"products": ["青岩白酒"], "metrics": ["投资评级", "目标价", "营业收入"]}
        told = str(tools.call("facts", asked)) + str(tools.call("search", {"query": "青岩白酒 评级 目标价"}))
        assert "营业收入" in told
        assert not [word for word in OPINION_WORDS if word in told.replace("投资评级", "")]
        with pytest.raises(UnknownVersionError):
            tools.call("read", {"version_id": _research(house)})


def test_a_citation_of_research_opens_for_registered_advisers_alone(house: House) -> None:
    assert "46.80" in house.open_document(_research(house), principal=REGISTERED).text
    with pytest.raises(NotFoundError):
        house.open_document(_research(house), principal=UNREGISTERED)
    client = client_of(house)
    path = f"/documents/{_research(house)}"
    assert client.get(path, headers={"tougu-as": "A001"}).status_code == 200
    refused = client.get(path, headers={"tougu-as": "A003"})
    assert refused.status_code == 404
    assert "46.80" not in refused.text


def test_over_http_and_sentence_by_sentence_it_is_the_same(house: House) -> None:
    alone = client_of(house).post("/v1/questions", json={"question": RATING}, headers={"tougu-as": "A001"})
    assert alone.status_code == 200
    assert not [word for word in OPINION_WORDS if word in alone.text]
    for client, told in ((AGREED, True), (ENDED, False)):
        steps = list(house.session.steps(RATING, principal=REGISTERED, today=TODAY, client_id=client))
        assert ("46.80" in str(steps)) is told


def _research(house: House) -> str:
    versions = house.catalog.versions(principal=OPERATOR)
    return next(one.id for one in versions if one.title.startswith("青岩白酒三季报点评"))


def test_research_without_its_analyst_is_refused(house: House, tmp_path: Path) -> None:
    (tmp_path / "690118.SH_2026-11-09_短评.md").write_text("# 青岩白酒短评\n\n投资评级：买入。\n", encoding="utf-8")
    report = house.sync(tmp_path, delete=False, principal=OPERATOR, progress=lambda *_: None)
    assert "registration number" in (report.failed[0].reason or "")
