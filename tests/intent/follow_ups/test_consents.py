"""Consents: a certain withdrawal stands in the ledger with the call, a doubt asks, and nothing is ever overwritten."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from sqlalchemy import Engine, select

from intent.call import Wish
from intent.classifier.taxonomy import load_taxonomy
from intent.errors import LeadError
from intent.follow_ups.words import load_consent_words
from intent.leads.lead import LeadState
from intent.leads.store import LeadStore
from intent.settings import LeadSettings
from jobs.outbox import Outbox
from knowledge_base.access import Role
from knowledge_base.consents import ConsentState, Proof, Purpose, refusals
from knowledge_base.errors import UnknownClientError
from knowledge_base.tables import consents
from tests.intent.follow_ups.firm import (
    DESK,
    OFFICER,
    SYSTEM,
    Firm,
    advisor,
    complaint,
    fails_after,
    optout,
    supervisor,
    wish,
)

GRANTED, WITHDRAWN = ConsentState.GRANTED, ConsentState.WITHDRAWN


@pytest.fixture
def firm(any_engine: Engine) -> Firm:
    return Firm(any_engine)


def test_a_certain_withdrawal_counts_from_the_commit_of_the_call(firm: Firm) -> None:
    firm.record(optout("以后别再给我打电话了，也不许录音"), call_id="k7")
    standing = firm.ledger.standing("C1", principal=SYSTEM)
    assert refusals(standing) == {Purpose.CONTACT, Purpose.RECORDING}
    assert standing[Purpose.MARKETING] is GRANTED, "what was not spoken of stays as the firm's file says"
    entry = firm.ledger.history("C1", principal=SYSTEM)[0]
    assert (entry.call_id, entry.start_s, entry.version, entry.source) == ("k7", 12.0, 1, "call")
    assert "别再给我打电话" in entry.quote
    (item,) = firm.desk.list("consent", principal=DESK).items
    assert item.state == "applied"
    known = firm.directory.standing("C1")
    assert known is not None
    assert firm.store.why_not(known, "fund.buy", datetime.now(UTC)) == "asked not to be contacted"
    assert known.consents == {"contact": False, "recording": False, "marketing": True}
    assert firm.directory.standings(["C1", "C2", "C0"]).keys() == {"C1", "C2"}
    later = firm.record(wish("fund.buy", "lead", "我想买基金"), call_id="k8")
    assert later.leads == ()


def test_a_doubtful_word_leaves_other_leads_in_the_queue_until_a_person_decides(firm: Firm) -> None:
    (lead,) = firm.record(wish("fund.buy", "lead", "我想买基金")).leads
    heard = firm.record(optout(confidence=0.5), wish("fund.redeem", "lead", "赎回"), call_id="k2")
    assert (heard.leads, len(heard.left_out)) == ((), 1), "the leads of that very call are left out"
    assert firm.store.get(lead.id, principal=SYSTEM).state is LeadState.NEW
    (item,) = firm.desk.list("consent", principal=DESK).items
    firm.consents.confirm(item.id, principal=DESK, purposes=[Purpose.CONTACT])
    assert firm.store.get(lead.id, principal=SYSTEM).state is LeadState.WITHDRAWN, "nobody need ask for it first"
    assert Outbox(firm.engine).pending()[-1].payload["type"] == "lead.withdrawn"
    assert firm.store.claim(principal=advisor("A1")) == ()


def test_what_staff_write_down_withdraws_what_waits_and_leaves_other_clients_alone(firm: Firm) -> None:
    (lead,) = firm.record(wish("fund.buy", "lead", "我想买基金")).leads
    (other,) = firm.record(wish("fund.buy", "lead", "我想买基金"), call_id="k2", client_id="C2").leads
    proof = Proof(source="staff", why="客户来电")
    firm.consents.record("C1", Purpose.MARKETING, GRANTED, proof, principal=advisor("A1"))
    assert firm.store.get(lead.id, principal=SYSTEM).state is LeadState.NEW
    firm.consents.record("C1", Purpose.MARKETING, WITHDRAWN, proof, principal=advisor("A1"))
    states = [firm.store.get(each.id, principal=SYSTEM).state for each in (lead, other)]
    assert states == [LeadState.WITHDRAWN, LeadState.NEW]


def test_a_purpose_touches_only_what_it_is_for(firm: Firm, tmp_path: Path) -> None:
    rules = yaml.safe_load(files("intent.leads").joinpath("data", "honour.yaml").read_text("utf-8"))
    rules["refused"] = [rule for rule in rules["refused"] if "recording" not in rule["purposes"]]
    own = tmp_path / "honour.yaml"
    own.write_text(yaml.safe_dump(rules), "utf-8")
    settings = LeadSettings(honour=own)
    store = LeadStore(
        firm.engine, taxonomy=load_taxonomy(), settings=settings, directory=firm.directory, register=firm.register
    )
    firm.store = store
    (lead,) = firm.record(wish("fund.buy", "lead", "我想买基金")).leads
    firm.record(optout("不要录音"), call_id="k2")
    assert refusals(firm.ledger.standing("C1", principal=SYSTEM)) == {Purpose.RECORDING}
    assert store.get(lead.id, principal=SYSTEM).state is LeadState.NEW, "nothing of this firm's needs the recording"
    firm.record(optout("不要给我推送短信"), call_id="k3")
    assert store.events(lead.id, principal=SYSTEM)[-1].why == "said in a call: no consent to marketing"


def test_it_stands_or_falls_with_the_call(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firm.register, "open", fails_after(firm.register.open))
    with pytest.raises(RuntimeError):
        firm.record(optout())
    with firm.engine.connect() as connection:
        assert connection.execute(select(consents)).all() == []


def test_words_of_a_complaint_count_and_are_kept_with_the_case_alone(firm: Firm) -> None:
    said = "我要投诉你们的客户经理，别再打电话了"
    firm.record(complaint(said), optout(said))
    assert refusals(firm.ledger.standing("C1", principal=SYSTEM)) == {Purpose.CONTACT}
    shown = (firm.ledger.history("C1", principal=advisor("A1")), firm.desk.list("consent", principal=advisor("A1")))
    assert "投诉" not in str(shown)


@pytest.mark.parametrize(
    "heard",
    [
        optout(confidence=0.6),
        optout("这样不太好吧"),
        optout(doubts=("said of somebody else",)),
    ],
    ids=["not sure", "words that name no purpose", "a second look doubts"],
)
def test_a_doubt_asks_and_changes_nothing(firm: Firm, heard: Wish) -> None:
    firm.record(heard)
    assert refusals(firm.ledger.standing("C1", principal=SYSTEM)) == frozenset()
    (item,) = firm.desk.list("consent", principal=DESK).items
    assert item.state == "asked"
    done = firm.consents.confirm(item.id, principal=DESK, purposes=[Purpose.CONTACT], note="回访确认")
    assert (done.state, done.outcome, done.handler_id) == ("closed", "confirmed", "desk")
    assert refusals(firm.ledger.standing("C1", principal=SYSTEM)) == {Purpose.CONTACT}
    assert [e.event for e in firm.desk.events(item.id, principal=DESK)] == ["opened", "confirmed"]
    with pytest.raises(LeadError, match="already"):
        firm.consents.dismiss(item.id, "x", principal=DESK)


def test_who_it_was_is_asked_where_nobody_knew_the_caller(firm: Firm) -> None:
    firm.record(optout(), client_id=None)
    (item,) = firm.desk.list("consent", principal=DESK).items
    assert item.state == "asked"
    with pytest.raises(LeadError, match="whose consent"):
        firm.consents.confirm(item.id, principal=DESK)
    with pytest.raises(UnknownClientError):
        firm.consents.confirm(item.id, principal=DESK, client_id="C0")
    assert firm.consents.confirm(item.id, principal=DESK, client_id="C2").client_id == "C2"
    assert refusals(firm.ledger.standing("C2", principal=SYSTEM)) == {Purpose.CONTACT}


def test_a_misheard_withdrawal_is_undone_by_another_version(firm: Firm) -> None:
    firm.consents.record("C1", Purpose.CONTACT, GRANTED, Proof(source="staff", why="协议 XY-1"), principal=DESK)
    firm.record(optout("别再打电话了，也别录音"))
    (item,) = firm.desk.list("consent", principal=DESK).items
    with pytest.raises(LeadError, match="a reason"):
        firm.consents.dismiss(item.id, " ", principal=DESK)
    firm.consents.dismiss(item.id, "听错，客户说的是别人", principal=DESK)
    assert refusals(firm.ledger.standing("C1", principal=SYSTEM)) == frozenset()
    told = [(e.purpose, e.version, e.state) for e in reversed(firm.ledger.history("C1", principal=SYSTEM))]
    assert sorted(told) == [
        ("contact", 1, "granted"), ("contact", 2, "withdrawn"), ("contact", 3, "granted"),
        ("recording", 1, "withdrawn"), ("recording", 2, "unasked"),
    ]  # fmt: skip


def test_the_advisor_who_would_rather_call_decides_nothing(firm: Firm) -> None:
    firm.record(optout())
    for who in (advisor("A1"), supervisor("A1", "east", Role.ADVISOR)):
        (item,) = firm.desk.list("consent", principal=who).items
        if who.has(Role.SUPERVISOR):
            continue
        with pytest.raises(LeadError, match="not decide"):
            firm.consents.dismiss(item.id, "客户随口说的", principal=who)
    assert refusals(firm.ledger.standing("C1", principal=SYSTEM)) == {Purpose.CONTACT}


def test_a_refusal_in_the_firms_file_counts_whatever_the_ledger_says(firm: Firm) -> None:
    firm.consents.record("C4", Purpose.CONTACT, GRANTED, Proof(source="staff", why="协议 XY-2"), principal=OFFICER)
    assert refusals(firm.ledger.standing("C4", principal=SYSTEM)) == {Purpose.CONTACT}


def test_a_grant_needs_proof_and_a_client_whom_one_may_see(firm: Firm) -> None:
    with pytest.raises(LeadError, match="on proof"):
        firm.consents.record("C1", Purpose.MARKETING, GRANTED, Proof(source="staff"), principal=advisor("A1"))
    with pytest.raises(UnknownClientError):
        firm.consents.record("C5", Purpose.CONTACT, WITHDRAWN, Proof(source="staff"), principal=advisor("A1"))
    with pytest.raises(UnknownClientError):
        firm.ledger.history("C5", principal=advisor("A1"))
    firm.consents.record("C1", Purpose.MARKETING, WITHDRAWN, Proof(source="staff"), principal=advisor("A1"))
    assert refusals(firm.ledger.standing("C1", principal=SYSTEM)) == {Purpose.MARKETING}


@pytest.mark.parametrize(
    ("quote", "purposes"),
    [
        ("以后别再打电话了", {"contact"}),
        ("不要再给我发短信了，退订", {"marketing"}),
        ("谁让你录音的，不许录音", {"recording"}),
        ("不同意你们用我的个人信息", {"ai_analysis"}),
        ("把那个个性化推荐关掉，别给我推荐了", {"personalised"}),
        ("别打新了，市值不够", set()),
        ("我再想想", set()),
    ],
)
def test_words_name_the_purpose(quote: str, purposes: set[str]) -> None:
    assert {purpose.value for purpose in load_consent_words().taken_back([quote])} == purposes
