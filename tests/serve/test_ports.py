"""What the gate is told of the house, and names hidden from a chat model, by the sample's people."""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import pytest
import yaml

from compliance_filters.finding import Draft, Insistence, Target
from knowledge_base.access import Principal, Role
from prompts.chat import Message
from prompts.settings import ChatSettings, ChatTask
from serve.errors import NotFoundError
from serve.ports import SpeechCheck
from serve.sample import sample_folder
from serve.settings import Settings
from serve.users import OPERATOR
from serve.wiring import House
from tests.prompts.chat_server import ChatServer

DAY = date(2026, 11, 20)
HEADER = "client_id,document_id,product_code,sha256,signed_at,recording_id,client_level,risk_level"
SIGNED = f"{{}},D1,990005,{'0f' * 32},{{}},R1,{{}},R4"
RISKY = "建议您买入澄湖科技创新。"  # R4


@pytest.fixture(autouse=True)
def _that_day(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample's levels and lists hold on this day, whatever the clock says."""
    monkeypatch.setattr(house, "today", lambda: DAY)


def load(house: House, folder: Path, kind: str, *lines: str) -> None:
    path = folder / f"{kind}.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    house.import_file(kind, path, principal=OPERATOR)


def broken(house: House, text: str, client_id: str | None, *codes: str) -> set[str]:
    draft = Draft(text=text, target=Target.ADVISOR_MESSAGE, by="A001", generated=False)
    context = house.context(client_id, codes, "sidebar", OPERATOR)
    rules = {finding.rule for finding in house.gate.judge(draft, context)[0]}
    return {rule for rule in rules if rule.startswith(("suitability.", "product."))}


def test_a_product_brings_its_inception(house: House) -> None:
    (young,) = house.review_facts.products(["990012"], principal=OPERATOR, today=DAY)
    assert young.inception == date(2026, 5, 20)


def test_the_sample_tells_one_inception_and_no_nav_is_older() -> None:
    funds = yaml.safe_load((sample_folder() / "funds" / "funds.yaml").read_text(encoding="utf-8"))["funds"]
    with (sample_folder() / "clients" / "products.csv").open(encoding="utf-8", newline="") as file:
        products = {row["code"]: date.fromisoformat(row["inception"]) for row in csv.DictReader(file)}
    assert products == {fund["code"]: fund["inception"] for fund in funds}
    for code, inception in products.items():
        nav = (sample_folder() / "funds" / "nav" / f"{code}.csv").read_text(encoding="utf-8").splitlines()
        assert inception <= date.fromisoformat(nav[1].split(",")[0])


def test_the_whole_restricted_list_is_judged_by_whatever_was_asked(house: House, tmp_path: Path) -> None:
    load(house, tmp_path, "restricted", "code,reason,since", "990009,项目进行中,2026-10-12")
    for client_id in (None, "C0010"):
        listed = house.review_facts.client_context(client_id, today=DAY, principal=OPERATOR).restricted
        assert {(one.code, one.name) for one in listed} >= {("690205", "星野刻蚀"), ("990009", "听松红利低波指数A")}
    assert broken(house, "星野刻蚀可以加仓。", "C0010", "990001") == {"product.restricted"}
    assert "product.restricted" in broken(house, "建议您买入听松红利低波。", None, "990001")
    later = house.review_facts.client_context(None, today=date(2027, 4, 13), principal=OPERATOR).restricted
    assert {one.code for one in later} == {"990009"}


@pytest.mark.parametrize("before", [0, 1_990, 30_000])
def test_a_product_is_found_wherever_a_text_names_it(house: House, before: int) -> None:
    draft = Draft(text="好" * before + "云岭价值精选可以看看。", target=Target.ADVISOR_MESSAGE)
    found = house.context_of(draft, client_id=None, product_codes=(), channel="client", principal=OPERATOR)
    assert "990002" in {product.code for product in found.products}


def test_spoken_words_are_judged_by_the_restricted_list(house: House) -> None:
    check = SpeechCheck(house.gate, house.speech_context)
    blamed, fine = check.judge(["我建议您买入星野刻蚀。", "您好，请讲。"])
    assert "product.restricted" in {issue.rule for issue in blamed}
    assert fine == []


@pytest.mark.parametrize(
    ("client_id", "level", "lifted"), [("C0003", "C3", True), ("C0003", "C2", False), ("C0006", "C1", False)]
)
def test_imported_insistence_lifts_a_mismatch_of_today_and_never_of_the_lowest_class(
    client_id: str, level: str, lifted: bool, house: House, tmp_path: Path
) -> None:
    assert broken(house, RISKY, client_id, "990005") == {"suitability.mismatch"}
    load(house, tmp_path, "insistence", HEADER, SIGNED.format(client_id, "2026-10-12T10:20:00+08:00", level))
    assert broken(house, RISKY, client_id, "990005") == (set() if lifted else {"suitability.mismatch"})


def test_insistence_comes_as_evidence_dated_in_china_and_only_to_those_who_see_the_client(
    house: House, tmp_path: Path
) -> None:
    load(house, tmp_path, "insistence", HEADER, SIGNED.format("C0003", "2026-10-11T23:30:00+00:00", "C3"))
    own = Principal(user_id="A001", roles=frozenset({Role.ADVISOR}))
    (proof,) = house.review_facts.client_context("C0003", today=DAY, principal=own).insistence
    assert isinstance(proof, Insistence)
    assert (proof.product, proof.sha256, proof.signed_at.date()) == ("990005", "0f" * 32, date(2026, 10, 12))
    assert house.review_facts.client_context("C0002", today=DAY, principal=own).insistence == ()
    other = Principal(user_id="A002", roles=frozenset({Role.ADVISOR}))
    with pytest.raises(NotFoundError):
        house.review_facts.client_context("C0003", today=DAY, principal=other)


def test_a_client_imported_by_another_process_is_hidden_from_the_chat_model(
    house: House, settings: Settings, tmp_path: Path
) -> None:
    with ChatServer() as server:
        chatting = settings.model_copy(update={"chat": ChatSettings(base_url=server.base_url, model="tiny")})
        serving = House(chatting)
        chat = serving.chat(ChatTask.ANSWER)
        assert chat is not None
        question = [Message(role="user", content="谷雨生与闻人昭适合什么产品")]
        chat.complete(question)
        load(house, tmp_path, "clients", "id,name", "C0099,闻人昭")
        chat.complete(question)
        first, second = (str(sent["messages"]) for sent in server.requests)
        serving.close()
    assert "谷雨生" not in first
    assert "闻人昭" in first
    assert "谷雨生" not in second
    assert "闻人昭" not in second
