from __future__ import annotations

import csv
import threading
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from intent.call import Call, CallReading, Evidence, Polarity, SpeechFinding, Transcript, Wish
from intent.classifier.taxonomy import load_taxonomy
from intent.errors import LeadError, LeadNotFoundError
from intent.follow_ups.tables import follow_ups
from intent.leads import tables
from intent.leads.export import export_leads
from intent.leads.lead import ClientStanding, LeadState, rule_score
from intent.leads.spoken import SpokenDesk
from intent.leads.store import LeadStore, Recorded
from intent.notes.note import CallNote
from intent.settings import LeadSettings
from jobs.outbox import Outbox
from jobs.tables import metadata as jobs_metadata
from knowledge_base.access import AccessDeniedError, Principal, Role, system_principal
from knowledge_base.tables import metadata as knowledge_metadata

SYSTEM = system_principal()
ADVISOR = Principal(user_id="A1", roles=frozenset({Role.ADVISOR}))
OTHER = Principal(user_id="A2", roles=frozenset({Role.ADVISOR}))
CRM = Principal(user_id="crm", roles=frozenset({Role.CRM}))
OFFICER = Principal(user_id="officer", roles=frozenset({Role.COMPLIANCE}))


class Directory:
    """Client C9 must not be called, C0 is unknown; everybody else is A1's in branch east."""

    def standing(self, client_id: str) -> ClientStanding | None:
        if client_id == "C0":
            return None
        if client_id == "C9":
            return ClientStanding(advisor_id="A1", branch="east", may_contact=False, why_not="account closed")
        return ClientStanding(advisor_id="A1", branch="east")


@pytest.fixture
def store(any_engine: Engine) -> LeadStore:
    return store_on(any_engine)


def store_on(engine: Engine) -> LeadStore:
    jobs_metadata.create_all(engine)
    knowledge_metadata.create_all(engine)
    tables.metadata.create_all(engine)
    return LeadStore(engine, taxonomy=load_taxonomy(), settings=LeadSettings(), directory=Directory())


def wish(intent: str = "permission.hk", goes_to: str = "lead", **fields: Any) -> Wish:
    values: dict[str, Any] = {
        "intent": intent,
        "goes_to": goes_to,
        "polarity": Polarity.INTEREST,
        "evidence": (Evidence(turn=3, quote="我想开通", start_s=12.0, end_s=14.5),),
        "confidence": 0.9,
    }
    return Wish(**{**values, **fields})


def record(
    store: LeadStore,
    *wishes: Wish,
    call_id: str = "k1",
    client_id: str | None = "C1",
    started_at: datetime | None = None,
    advisor_id: str = "A1",
    findings: Sequence[SpeechFinding] = (),
) -> Recorded:
    started = started_at or datetime.now(UTC) - timedelta(minutes=5)
    call = Call(
        id=call_id,
        transcript=Transcript(turns=(), duration_s=60.0),
        started_at=started,
        client_id=client_id,
        advisor_id=advisor_id,
    )
    reading = CallReading(call_id=call_id, wishes=wishes, findings=tuple(findings), note=CallNote(text="纪要"))
    return store.record(reading, call, principal=SYSTEM)


def test_a_wish_becomes_a_lead_with_event_and_message(store: LeadStore) -> None:
    lead = record(store, wish(amount_cny=Decimal("200000"))).leads[0]
    assert (lead.state, lead.line, lead.advisor_id, lead.branch) == (LeadState.NEW, "permission", "A1", "east")
    assert lead.amount_cny == Decimal("200000")
    assert lead.evidence[0] == {"call": "k1", "turn": 3, "quote": "我想开通", "start_s": 12.0, "end_s": 14.5}
    assert [e.event for e in store.events(lead.id, principal=SYSTEM)] == ["created"]
    message = Outbox(store.engine).pending()[0]
    assert (message.topic, message.key, message.payload["type"]) == ("lead", "C1", "lead.created")
    assert message.payload["id"] == lead.id


def test_the_clock_starts_at_the_end_of_the_call(store: LeadStore) -> None:
    started = datetime.now(UTC) - timedelta(hours=2)
    lead = record(store, wish(), started_at=started).leads[0]
    assert lead.due_at - started == timedelta(hours=24, seconds=60)


def test_the_same_call_twice_changes_nothing(store: LeadStore) -> None:
    record(store, wish(), wish("complaint", "case"))
    again = record(store, wish(), wish("complaint", "case"))
    assert again.already
    assert len(store.list(principal=SYSTEM)) == 1
    with store.engine.connect() as connection:
        assert len(connection.execute(select(follow_ups)).all()) == 1


def test_new_evidence_merges_into_the_living_lead(store: LeadStore) -> None:
    first = record(store, wish(confidence=0.7)).leads[0]
    second = record(store, wish(confidence=0.9), call_id="k2")
    merged = second.leads[0]
    assert (second.merged, merged.id) == (1, first.id)
    assert merged.score > first.score
    assert merged.sequence > first.sequence
    assert [e["call"] for e in merged.evidence] == ["k1", "k2"]
    assert [e.event for e in store.events(first.id, principal=SYSTEM)] == ["created", "merged"]


def test_another_product_or_an_old_lead_is_a_new_lead(store: LeadStore) -> None:
    first = record(store, wish("fund.buy", product="云岭债券")).leads[0]
    other = record(store, wish("fund.buy", product="澄湖成长"), call_id="k2").leads[0]
    assert other.id != first.id
    old = datetime.now(UTC) - timedelta(days=31)
    with store.engine.begin() as connection:
        connection.execute(update(tables.leads).values(last_seen_at=old))
    assert record(store, wish("fund.buy", product="云岭债券"), call_id="k3").merged == 0


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"client_id": "C9"}, "account closed"),
        ({"client_id": "C0"}, "not known"),
        ({"client_id": None}, "not known"),
        ({"started_at": datetime(2020, 1, 1, tzinfo=UTC)}, "older than 30 days"),
    ],
)
def test_who_may_not_be_offered_gives_no_lead_but_a_case(store: LeadStore, fields: dict[str, Any], why: str) -> None:
    done = record(store, wish(), wish("complaint", "case"), **fields)
    assert done.leads == ()
    assert why in done.left_out[0]
    assert [f.intent for f in done.follow_ups] == ["complaint"]


def test_who_asks_not_to_be_called_is_not_offered(store: LeadStore) -> None:
    done = record(store, wish(), wish("consent.optout", "consent"))
    assert done.leads == ()
    assert "in this call" in done.left_out[0]
    assert [(f.kind, f.state) for f in done.follow_ups] == [("consent", "asked")]


def test_claim_ack_and_what_others_see(store: LeadStore) -> None:
    lead = record(store, wish()).leads[0]
    assert store.claim(principal=OTHER) == ()
    assert [x.id for x in store.claim(principal=ADVISOR)] == [lead.id]
    assert store.claim(principal=CRM) == ()
    with pytest.raises(LeadNotFoundError):
        store.get(lead.id, principal=OTHER)
    with pytest.raises(LeadError, match="somebody else"):
        store.ack(lead.id, principal=CRM)
    with pytest.raises(LeadError, match="no disposition maybe"):
        store.ack(lead.id, principal=ADVISOR, disposition="maybe")
    assert store.ack(lead.id, principal=ADVISOR, disposition="contacted").state is LeadState.CONTACTED
    assert store.ack(lead.id, principal=ADVISOR, disposition="won").state is LeadState.WON
    with pytest.raises(LeadError, match="is won"):
        store.ack(lead.id, principal=ADVISOR)
    events = [e.event for e in store.events(lead.id, principal=ADVISOR)]
    assert events == ["created", "claimed", "acked", "acked"]


def test_a_lease_that_ran_out_is_offered_again(store: LeadStore) -> None:
    lead = record(store, wish()).leads[0]
    store.claim(principal=ADVISOR)
    with store.engine.begin() as connection:
        connection.execute(update(tables.leads).values(lease_until=datetime(2020, 1, 1, tzinfo=UTC)))
    with pytest.raises(LeadError, match="ran out"):
        store.ack(lead.id, principal=ADVISOR)
    assert store.claim(principal=CRM)[0].owner == "crm"


def test_nack_extend_and_requeue(store: LeadStore) -> None:
    lead = record(store, wish()).leads[0]
    first = store.claim(principal=CRM, lease_s=60)[0]
    longer = store.extend(lead.id, principal=CRM, lease_s=600)
    assert first.lease_until is not None
    assert longer.lease_until is not None
    assert longer.lease_until > first.lease_until
    assert store.nack(lead.id, principal=CRM, why="busy").state is LeadState.OFFERED
    store.claim(principal=CRM)
    store.ack(lead.id, principal=CRM, disposition="wrong", reason="misheard")
    assert store.requeue(lead.id, principal=SYSTEM).state is LeadState.OFFERED
    with pytest.raises(AccessDeniedError):
        store.requeue(lead.id, principal=ADVISOR)


def test_a_held_lead_is_offered_only_after_compliance_released_it(store: LeadStore) -> None:
    lead = record(store, wish(held_because="顾问承诺收益")).leads[0]
    assert lead.state is LeadState.HELD
    assert store.claim(principal=CRM) == ()
    operations = Principal(user_id="ops", roles=frozenset({Role.OPERATIONS}))
    with pytest.raises(AccessDeniedError):
        store.requeue(lead.id, principal=operations)
    assert store.requeue(lead.id, principal=OFFICER).held_because is None
    assert len(store.claim(principal=CRM)) == 1


def test_claims_go_by_score_and_line(store: LeadStore) -> None:
    record(store, wish("fund.buy", confidence=0.6), wish("margin.open", confidence=0.95))
    assert [x.intent for x in store.claim(principal=CRM, lines=["fund"])] == ["fund.buy"]
    record(store, wish("etf.trade", urgency="high"), call_id="k2", client_id="C2")
    assert [x.intent for x in store.claim(principal=CRM)] == ["etf.trade", "margin.open"]


def test_no_lead_is_claimed_twice_at_once(store: LeadStore) -> None:
    for n in range(12):
        record(store, wish(), call_id=f"k{n}", client_id=f"C1{n}")
    got: list[str] = []

    def take() -> None:
        while claimed := store.claim(principal=CRM, limit=2):
            got.extend(lead.id for lead in claimed)

    threads = [threading.Thread(target=take) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == len(set(got)) == 12


def test_pages_and_states(store: LeadStore) -> None:
    ids = [record(store, wish(), call_id=f"k{n}", client_id=f"C1{n}").leads[0].id for n in range(3)]
    page = store.list(principal=SYSTEM, limit=2)
    assert [x.id for x in page] == ids[:2]
    assert [x.id for x in store.list(principal=SYSTEM, after=page[-1].id)] == ids[2:]
    assert store.list(principal=SYSTEM, states=["won"]) == ()
    assert [x.client_id for x in store.list(principal=SYSTEM, client_id="C11")] == ["C11"]


def test_export_writes_what_may_be_seen(store: LeadStore, tmp_path: Path) -> None:
    record(store, wish())
    path = tmp_path / "leads.csv"
    assert export_leads(store, path, taxonomy=load_taxonomy(), principal=OTHER) == 0
    assert export_leads(store, path, taxonomy=load_taxonomy(), principal=ADVISOR) == 1
    with path.open(encoding="utf-8-sig", newline="") as file:
        row = next(csv.DictReader(file))
    assert (row["name"], row["call"], row["second"]) == ("港股通", "k1", "12.0")
    assert "我想开通" not in path.read_text("utf-8-sig")
    assert list(tmp_path.glob(".*")) == []


def test_the_call_itself_is_kept(store: LeadStore) -> None:
    record(store, wish())
    assert store.call("k1", principal=ADVISOR)["note"] == "纪要"
    with pytest.raises(LeadNotFoundError):
        store.call("k1", principal=OTHER)


def test_a_failure_in_the_middle_leaves_nothing(store: LeadStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("disk full")

    monkeypatch.setattr(store._rows, "tell", fail)
    with pytest.raises(RuntimeError):
        record(store, wish("complaint", "case"), wish())
    with store.engine.connect() as connection:
        for table in (tables.calls, tables.leads, tables.lead_events, follow_ups):
            assert connection.execute(select(table)).all() == []


@pytest.mark.parametrize(
    ("confidence", "urgency", "amount", "calls", "score"),
    [(1.0, "normal", None, 1, 0.7), (1.0, "high", Decimal(200_000), 3, 1.0), (0.1, "low", None, 1, 0.0)],
)
def test_the_rule_score(confidence: float, urgency: str, amount: Decimal | None, calls: int, score: float) -> None:
    assert rule_score(confidence, urgency, amount, calls) == pytest.approx(score)


def said(turn: int, rule: str = "promise.return", *, confidential: bool = False) -> SpeechFinding:
    return SpeechFinding(
        turn=turn, rule=rule, quote="稳赚不赔", disposition="call_back", severity="high", start_s=turn * 4.0,
        confidential=confidential,
    )  # fmt: skip


class TestSpokenFindings:
    @pytest.fixture
    def store(self, any_engine: Engine) -> LeadStore:
        return store_on(any_engine)

    def test_a_finding_waits_with_its_second_until_an_officer_disposes_of_it(self, store: LeadStore) -> None:
        record(store, wish(), findings=[said(1), said(2, "insider.information", confidential=True)])
        desk = SpokenDesk(store)
        found = desk.list(principal=OFFICER)
        assert [(f.call_id, f.start_s, f.severity, f.state) for f in found] == [
            ("k1", 4.0, "high", "open"), ("k1", 8.0, "high", "open"),
        ]  # fmt: skip
        assert [f.rule for f in desk.list(principal=SYSTEM)] == ["promise.return"], "confidence is compliance's alone"
        for other in (ADVISOR, CRM, Principal(user_id="s1", roles=frozenset({Role.SUPERVISOR}))):
            with pytest.raises(AccessDeniedError):
                desk.list(principal=other)
        with pytest.raises(AccessDeniedError):
            desk.dispose(found[0].id, how="trained", note="已培训", principal=SYSTEM)
        told = store.call("k1", principal=ADVISOR)["findings"]
        assert [f["rule"] for f in told] == ["promise.return"], "no hint to the advisor"

    def test_what_a_model_merely_suspects_accuses_nobody_and_stays_with_the_call(self, store: LeadStore) -> None:
        record(store, wish(), findings=[replace(said(1), suspected=True)])
        assert list(SpokenDesk(store).list(principal=OFFICER)) == []
        assert [f["suspected"] for f in store.call("k1", principal=ADVISOR)["findings"]] == [True]

    def test_a_lead_won_by_a_promise_is_held_until_every_word_before_it_is_disposed_of(self, store: LeadStore) -> None:
        findings = [said(0), said(1), said(9), said(2, "source.rumor")]
        lead = record(store, wish(held_because="顾问承诺收益"), findings=findings).leads[0]
        desk = SpokenDesk(store)
        with pytest.raises(LeadError, match="spoken words"):
            store.requeue(lead.id, principal=OFFICER)
        first, second, *_ = desk.list(principal=OFFICER)
        assert desk.dispose(first.id, how="called_back", note="已回访更正", principal=OFFICER).released == ()
        assert store.claim(principal=CRM) == ()
        (released,) = desk.dispose(second.id, how="registered", note="已登记", principal=OFFICER).released
        assert (released.id, released.state, released.held_because) == (lead.id, LeadState.NEW, None)
        assert [e.event for e in store.events(lead.id, principal=OFFICER)] == ["created", "released"]
        assert len(store.claim(principal=CRM)) == 1
        with pytest.raises(LeadError, match="already"):
            desk.dispose(second.id, how="trained", note="再来", principal=OFFICER)

    def test_one_closing_disposal_closes_the_lead(self, store: LeadStore) -> None:
        lead = record(store, wish(held_because="顾问承诺收益"), findings=[said(0), said(1)]).leads[0]
        desk = SpokenDesk(store)
        first, second = desk.list(principal=OFFICER)
        desk.dispose(first.id, how="registered", note="不当承诺", lead="close", principal=OFFICER)
        (closed,) = desk.dispose(second.id, how="dismissed", note="听错", principal=OFFICER).closed
        assert (closed.id, closed.state) == (lead.id, LeadState.WITHDRAWN)
        assert store.claim(principal=CRM) == ()

    def test_words_need_a_note_a_known_end_and_another_person(self, store: LeadStore) -> None:
        officer = Principal(user_id="A1", roles=frozenset({Role.COMPLIANCE}))
        record(store, wish(), findings=[said(1), said(2, confidential=True)])
        desk = SpokenDesk(store)
        (own,) = desk.list(principal=officer)
        for arguments in ({"how": "forgiven", "note": "x"}, {"how": "trained", "note": " "}):
            with pytest.raises(LeadError):
                desk.dispose(own.id, principal=OFFICER, **arguments)
        with pytest.raises(LeadError, match="own words"):
            desk.dispose(own.id, how="trained", note="好", principal=officer)
        hidden = desk.list(principal=OFFICER)[1]
        with pytest.raises(LeadNotFoundError):
            desk.dispose(hidden.id, how="trained", note="好", principal=officer)
