"""Claims, leases, outcomes and their order, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, text

from intent.call import Evidence
from intent.errors import BatchError, LeadError, LeadNotFoundError
from intent.leads.dispositions import import_dispositions
from intent.leads.lead import ClientStanding, LeadState, Staff
from intent.leads.sql.postgres import _claim, _settle
from intent.leads.sql.rows import Sight, Wanted
from intent.leads.store import LeadStore
from intent.leads.views import BODY_TIMES, body
from jobs.outbox import Outbox
from knowledge_base.access import AccessDeniedError, Role
from tests.intent.leads.firm import (
    BOSS,
    CRM,
    CRM2,
    SYSTEM,
    Firm,
    advisor,
    call_of,
    check_books,
    history,
    let_leases_end,
    many,
    record,
    store_on,
    wish,
)


class TestClaims:
    def test_filters_narrow_what_is_taken(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        record(store, wish("fund.buy"), wish("margin.open", confidence=0.4), wish("etf.trade"))
        record(store, wish("fund.buy"), call_id="k2", client_id="C2")
        for wanted, intents in (
            (Wanted(lines=("margin",)), ["margin.open"]),
            (Wanted(intents=("fund.buy",), clients=("C2",)), ["fund.buy"]),
            (Wanted(advisors=("A9",)), []),
            (Wanted(branches=("east",), min_score=0.6), ["fund.buy", "etf.trade"]),
        ):
            taken = store.claim(principal=CRM, wanted=wanted)
            assert sorted(lead.intent for lead in taken) == sorted(intents)
        check_books(any_engine)

    def test_the_best_score_first_then_the_oldest(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        ids = many(store, 3)
        best = record(store, wish(urgency="high"), call_id="k9", client_id="C9").leads[0]
        assert [store.claim(principal=CRM, limit=1)[0].id for _ in range(4)] == [best.id, *ids]

    def test_a_batch_above_the_bound_is_refused(self, any_engine: Engine) -> None:
        store = store_on(any_engine, max_claim=5)
        many(store, 6)
        for limit in (0, 6):
            with pytest.raises(BatchError, match="1 to 5"):
                store.claim(principal=CRM, limit=limit)
        assert len(store.claim(principal=CRM, limit=5)) == 5

    def test_several_leads_of_one_client_get_a_number_each(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        record(store, wish("fund.buy"), wish("margin.open"), wish("etf.trade"))
        assert len({lead.sequence for lead in store.claim(principal=CRM)}) == 3
        check_books(any_engine)

    def test_no_lead_goes_to_two_while_calls_are_written(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        many(store, 30)
        got: list[str] = []
        stop = threading.Event()

        def take() -> None:
            while claimed := store.claim(principal=CRM, limit=3):
                got.extend(lead.id for lead in claimed)

        def write() -> None:
            n = 0
            while not stop.is_set():
                batch = [call_of(wish(), call_id=f"w{n}-{i}", client_id=f"M{i:03d}") for i in range(0, 30, 7)]
                store.record_many(batch, principal=SYSTEM)
                n += 1

        writer = threading.Thread(target=write)
        takers = [threading.Thread(target=take) for _ in range(3)]
        writer.start()
        for each in takers:
            each.start()
        for each in takers:
            each.join(60)
        stop.set()
        writer.join(60)
        got += [lead.id for lead in store.claim(principal=CRM, limit=100)]
        assert len(got) == len(set(got)) == 30
        check_books(any_engine)

    def test_an_advisor_takes_their_own_a_supervisor_the_branchs(self, any_engine: Engine) -> None:
        firm = Firm()
        firm.clients["C2"] = ClientStanding(advisor_id="A2", branch="east")
        firm.clients["C3"] = ClientStanding(advisor_id="A1", branch="west")
        store = store_on(any_engine, firm)
        for n in (1, 2, 3):
            record(store, wish(), call_id=f"k{n}", client_id=f"C{n}")
        assert [lead.client_id for lead in store.claim(principal=advisor("A2"))] == ["C2"]
        assert [lead.client_id for lead in store.claim(principal=BOSS)] == ["C1"]
        assert [lead.client_id for lead in store.claim(principal=advisor("A1"))] == ["C3"]


class TestLeases:
    def test_they_end_by_the_clock_of_the_database(self, any_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
        """A consumer's host whose clock is a day ahead or behind gets the same lease."""
        store = store_on(any_engine)
        (first, second) = many(store, 2)

        class Skewed(datetime):
            @classmethod
            def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
                return datetime(2031, 1, 1, tzinfo=UTC)

        monkeypatch.setattr("intent.leads.queue.datetime", Skewed)
        monkeypatch.setattr("time.time", lambda: 0.0)
        taken = {lead.id: lead for lead in store.claim(principal=CRM, lease_s=60)}
        assert set(taken) == {first, second}
        now = datetime.now(UTC)
        assert all(lead.lease_until and 0 < (lead.lease_until - now).total_seconds() <= 61 for lead in taken.values())

    def test_one_that_ran_out_is_offered_again_and_its_holder_is_told(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        (lead,) = many(store, 1)
        store.claim(principal=CRM)
        let_leases_end(any_engine)
        with pytest.raises(LeadError, match="ran out"):
            store.ack(lead, principal=CRM)
        assert [x.owner for x in store.claim(principal=CRM2)] == ["crm2"]
        with pytest.raises(LeadError, match="somebody else"):
            store.extend(lead, principal=CRM)
        assert history(store, lead) == ["created", "claimed", "lease_ended", "claimed"]
        check_books(any_engine)

    def test_a_report_sent_twice_changes_nothing_the_second_time(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        (lead,) = many(store, 1)
        store.claim(principal=CRM)
        for disposition in ("contacted", "won"):
            first = store.ack(lead, principal=CRM, disposition=disposition, reason="好")
            assert store.ack(lead, principal=CRM, disposition=disposition, reason="好") == first
        assert history(store, lead) == ["created", "claimed", "acked", "acked"]
        with pytest.raises(LeadError, match="is won"):
            store.ack(lead, principal=CRM, disposition="won", reason="another")
        with pytest.raises(LeadError, match="is won"):
            store.ack(lead, principal=CRM2, disposition="won", reason="好")
        with pytest.raises(LeadNotFoundError):
            store.ack("none", principal=CRM)
        check_books(any_engine)


class TestHonouring:
    @pytest.mark.parametrize(
        ("change", "why"),
        [
            ({"account_state": "closed"}, "account closed"),
            ({"born_on": date(2015, 6, 1)}, "younger than 18"),
            ({"consents": {"phone": False}}, "not to be contacted"),
            ({"consents": {"marketing": False}}, "marketing"),
            ({"consents": {"personalised": False}}, "personalised service"),
            ({"consents": {"ai_analysis": False}}, "AI analysis"),
            ({"consents": {"recording": False}}, "recording"),
            ({"may_contact": False, "why_not": "do not contact"}, "do not contact"),
        ],
    )
    def test_at_the_making_and_again_at_the_claim(
        self, any_engine: Engine, change: dict[str, object], why: str
    ) -> None:
        firm = Firm()
        store = store_on(any_engine, firm)
        lead = record(store, wish()).leads[0]
        other = record(store, wish(), call_id="k2", client_id="C2").leads[0]
        firm.clients["C1"] = replace(ClientStanding(advisor_id="A1", branch="east"), **change)  # type: ignore[arg-type]
        refused = record(store, wish("fund.buy"), call_id="k3")
        assert refused.leads == ()
        assert why in refused.left_out[0]
        assert [x.id for x in store.claim(principal=CRM)] == [other.id]
        gone = store.get(lead.id, principal=SYSTEM)
        assert (gone.state, gone.owner) == (LeadState.WITHDRAWN, None)
        assert why in store.events(lead.id, principal=SYSTEM)[-1].why
        check_books(any_engine)

    def test_a_lead_offered_again_is_withdrawn_where_the_client_refuses(self, any_engine: Engine) -> None:
        firm = Firm()
        store = store_on(any_engine, firm)
        lead = record(store, wish()).leads[0]
        firm.clients["C1"] = ClientStanding(advisor_id="A1", branch="east", account_state="closed")
        assert store.requeue(lead.id, principal=SYSTEM).state is LeadState.WITHDRAWN

    def test_a_required_consent_must_have_been_given(self, any_engine: Engine) -> None:
        firm = Firm()
        store = store_on(any_engine, firm, required_consents=["marketing"])
        assert "no consent to marketing" in record(store, wish()).left_out[0]
        firm.clients["C1"] = ClientStanding(advisor_id="A1", branch="east", consents={"marketing": True})
        assert len(record(store, wish(), call_id="k2").leads) == 1

    def test_who_asks_not_to_be_called_loses_what_waits(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        lead = record(store, wish()).leads[0]
        said = (Evidence(turn=5, quote="以后别再给我打电话了", start_s=20.0, end_s=22.0),)
        record(store, wish("consent.optout", "consent", evidence=said), call_id="k2")
        assert store.get(lead.id, principal=SYSTEM).state is LeadState.WITHDRAWN
        assert store.events(lead.id, principal=SYSTEM)[-1].why == "said in a call: asked not to be contacted"
        assert store.claim(principal=CRM) == ()
        check_books(any_engine)

    def test_a_case_is_written_whatever_the_client_refused(self, any_engine: Engine) -> None:
        firm = Firm(clients={"C1": ClientStanding(account_state="closed", consents={"contact": False})})
        done = record(store_on(any_engine, firm), wish("complaint", "case"), wish())
        assert ([f.intent for f in done.follow_ups], done.leads) == (["complaint"], ())

    def test_a_wish_to_leave_is_one_contact_and_a_ticket(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        leave = (wish("churn.transfer_out"), wish("churn.transfer_out", "ticket"))
        first = record(store, *leave)
        assert [f.kind for f in first.follow_ups] == ["ticket"]
        again = record(store, *leave, call_id="k2")
        assert (again.merged, [x.id for x in again.leads]) == (1, [first.leads[0].id])
        store.claim(principal=CRM)
        store.ack(first.leads[0].id, principal=CRM, disposition="lost")
        third = record(store, *leave, call_id="k3")
        assert third.leads == ()
        assert "one contact" in third.left_out[0]
        assert len(third.follow_ups) == 1, "the service desk serves every time"

    def test_one_contact_whatever_product_was_named_beside_the_wish_to_leave(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        first = record(store, wish("churn.transfer_out")).leads[0]
        again = record(store, wish("churn.transfer_out", product="易方达蓝筹精选"), call_id="k2")
        assert (again.merged, again.leads[0].id) == (1, first.id)


class TestOneLivingLead:
    """A closed lead does not come to life again beside one that took its place."""

    def twins(self, store: LeadStore, outcome: str = "lost") -> tuple[str, str]:
        old = record(store, wish()).leads[0].id
        store.claim(principal=CRM)
        store.ack(old, principal=CRM, disposition=outcome)
        return old, record(store, wish(), call_id="k2").leads[0].id

    def test_it_is_not_offered_again(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        old, new = self.twins(store)
        with pytest.raises(LeadError, match=new):
            store.requeue(old, principal=SYSTEM)
        store.claim(principal=CRM)
        store.ack(new, principal=CRM, disposition="wrong")
        assert store.requeue(old, principal=SYSTEM).state is LeadState.OFFERED
        check_books(any_engine)

    def test_nor_by_the_file_of_the_crm(self, any_engine: Engine, tmp_path: Path) -> None:
        store = store_on(any_engine)
        old, new = self.twins(store)
        file = tmp_path / "d.csv"
        file.write_text(f"lead_id,disposition,reason,at\n{old},contacted,,\n", "utf-8")
        report = import_dispositions(store, file, principal=CRM)
        assert new in report.bad[0].remedy
        file.write_text(f"lead_id,disposition,reason,at\n{old},won,,\n", "utf-8")
        assert import_dispositions(store, file, principal=CRM).replaced == 1, "another outcome makes nothing live"
        check_books(any_engine)

    def test_an_import_and_reports_at_the_same_time_do_not_wait_in_a_circle(
        self, any_engine: Engine, tmp_path: Path
    ) -> None:
        store = store_on(any_engine)
        ids = many(store, 12)
        store.claim(principal=CRM, limit=12)
        file = tmp_path / "d.csv"
        file.write_text("lead_id,disposition\n" + "".join(f"{each},lost\n" for each in reversed(ids)), "utf-8")
        told: list[str] = []

        def report() -> None:
            for each in ids:
                try:
                    store.ack(each, principal=CRM, disposition="contacted")
                except LeadError as error:  # the file was faster
                    told.append(str(error))

        reports = threading.Thread(target=report)
        reports.start()
        assert import_dispositions(store, file, principal=CRM).ok
        reports.join(60)
        assert {x.state for x in store.list(principal=SYSTEM)} == {LeadState.LOST}
        check_books(any_engine)


class TestRouting:
    def test_advice_goes_to_the_licensed_alone(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        advice, other = record(store, wish("stock.advice"), wish("fund.buy")).leads
        assert (advice.advisor_id, other.advisor_id) == ("A2", "A1")

    def test_without_anybody_licensed_it_waits_for_the_branch(self, any_engine: Engine) -> None:
        firm = Firm()
        del firm.people["A2"]
        store = store_on(any_engine, firm)
        lead = record(store, wish("stock.advice")).leads[0]
        assert (lead.advisor_id, lead.branch, lead.state) == (None, "east", LeadState.NEW)
        with pytest.raises(LeadError, match="registered adviser"):
            store.offer(lead.id, "A1", principal=BOSS)
        firm.people["A3"] = ("east", Staff(id="A3", registered_adviser=True))
        given = store.offer(lead.id, "A3", principal=BOSS, why="持牌")
        assert (given.advisor_id, given.state) == ("A3", LeadState.OFFERED)
        assert [x.id for x in store.claim(principal=advisor("A3"))] == [lead.id]

    def test_who_lost_the_licence_does_not_get_it_in_hand(self, any_engine: Engine) -> None:
        firm = Firm()
        store = store_on(any_engine, firm)
        lead = record(store, wish("stock.advice")).leads[0]
        firm.people["A2"] = ("east", Staff(id="A2"))
        assert store.claim(principal=advisor("A2")) == ()
        assert "rerouted" in history(store, lead.id)
        check_books(any_engine)

    def test_who_lost_the_licence_gets_the_next_one_that_they_may_have(self, any_engine: Engine) -> None:
        """One lead at a time: what goes to another hand must not come round again, nor stop what is behind it."""
        firm = Firm()
        store = store_on(any_engine, firm)
        lost = record(store, wish("stock.advice")).leads[0]
        firm.clients["C2"] = ClientStanding(advisor_id="A2", branch="east")
        plain = record(store, wish(confidence=0.5), call_id="k2", client_id="C2").leads[0]
        firm.people["A2"] = ("east", Staff(id="A2"))  # this process still believes in the licence for a while
        assert [x.id for x in store.claim(principal=advisor("A2"), limit=1)] == [plain.id]
        assert history(store, lost.id) == ["created", "rerouted"]
        assert store.get(lost.id, principal=SYSTEM).advisor_id is None
        check_books(any_engine)

    @pytest.mark.parametrize("also", [(), (Role.ADVISOR,)])
    def test_a_supervisor_without_a_licence_passes_over_advice(
        self, any_engine: Engine, also: tuple[Role, ...]
    ) -> None:
        firm = Firm()
        del firm.people["A2"]
        store = store_on(any_engine, firm)
        advice, plain = record(store, wish("stock.advice", confidence=0.99), wish("fund.buy")).leads
        boss = replace(BOSS, roles=BOSS.roles | {*also})
        assert [x.id for x in store.claim(principal=boss, limit=1)] == [plain.id]
        assert store.claim(principal=boss, limit=1) == ()
        assert history(store, advice.id) == ["created"], "it was not touched"
        check_books(any_engine)

    def test_capacity_line_and_tier_decide_who_gets_it(self, any_engine: Engine) -> None:
        firm = Firm()
        firm.people["A1"] = ("east", Staff(id="A1", capacity=2))
        firm.people["A2"] = ("east", Staff(id="A2", capacity=9, lines=("permission", "fund")))
        firm.clients["rich"] = ClientStanding(advisor_id="A1", branch="east", assets_cny=Decimal(9_000_000))
        store = store_on(any_engine, firm)
        who = [record(store, wish(), call_id=f"k{n}", client_id=f"D{n}").leads[0].advisor_id for n in range(4)]
        assert who == ["A1", "A1", "A2", "A2"]
        full = record(store, wish("margin.open"), call_id="k8", client_id="D8").leads[0]
        assert full.advisor_id is None, "no colleague serves margin"
        rich = record(store, wish(), call_id="k9", client_id="rich").leads[0]
        assert (rich.advisor_id, rich.tier) == ("A1", "diamond"), "the best clients stay with their own advisor"

    def test_only_givers_give_and_only_what_waits(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        lead = record(store, wish()).leads[0]
        with pytest.raises(AccessDeniedError):
            store.offer(lead.id, "A2", principal=advisor("A1"))
        store.claim(principal=CRM)
        store.ack(lead.id, principal=CRM, disposition="won")
        with pytest.raises(LeadError, match="is won"):
            store.offer(lead.id, "A2", principal=BOSS)


class TestBulk:
    def test_a_batch_is_what_its_calls_are_one_by_one(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        batch = [
            call_of(wish("fund.buy"), wish("complaint", "case"), call_id="b1"),
            call_of(wish("fund.buy", confidence=0.95), call_id="b2"),
            call_of(wish("fund.buy"), call_id="b1"),
            call_of(wish(), call_id="b3", client_id=None),
            call_of(wish(), call_id="b4", client_id="C4"),
        ]
        one, two, again, unknown, four = store.record_many(batch, principal=SYSTEM)
        assert [x.merged for x in (one, two, four)] == [0, 1, 0]
        assert (one.leads[0].id, len(one.follow_ups)) == (two.leads[0].id, 1)
        assert again.already
        assert "not known" in unknown.left_out[0]
        lead = store.get(one.leads[0].id, principal=SYSTEM)
        assert [row["call"] for row in lead.evidence] == ["b1", "b2"]
        assert all(done.already for done in store.record_many(batch, principal=SYSTEM))
        check_books(any_engine)

    def test_people_are_looked_up_once_a_batch(self, any_engine: Engine) -> None:
        asked: list[set[str]] = []

        class Counted(Firm):
            def staff_of(self, user_ids: Collection[str], connection: Connection) -> Mapping[str, Staff]:
                asked.append(set(user_ids))
                return super().staff_of(user_ids, connection)

        firm = Counted(
            clients={f"C{n}": ClientStanding(advisor_id=f"A{n % 3}", branch="east") for n in range(6)},
            people={f"A{n}": ("east", Staff(id=f"A{n}", capacity=2)) for n in range(3)},
        )
        store = store_on(any_engine, firm)
        batch = [call_of(wish(), call_id=f"b{n}", client_id=f"C{n}") for n in range(6)]
        done = store.record_many(batch, principal=SYSTEM)
        assert [x.leads[0].advisor_id for x in done] == ["A0", "A1", "A2"] * 2
        assert asked == [{"A0", "A1", "A2"}]
        later = record(store, wish("fund.buy"), call_id="b9", client_id="C0").leads[0]
        assert later.advisor_id is None, "two wait for each of them already"

    def test_a_merge_never_lowers_the_score(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        first = record(store, wish(urgency="high", confidence=0.95)).leads[0]
        merged = record(store, wish(urgency="low", confidence=0.4), call_id="k2").leads[0]
        assert merged.score >= first.score

    def test_events_come_to_the_consumer_as_lead_types(self, any_engine: Engine) -> None:
        store = store_on(any_engine)
        lead = record(store, wish()).leads[0]
        record(store, wish(), call_id="k2")
        store.claim(principal=CRM)
        store.nack(lead.id, principal=CRM, why="later")
        told = [(m.payload["type"], m.payload["event"], m.payload["by"]) for m in Outbox(any_engine).pending()]
        assert told == [
            ("lead.created", "created", "system"), ("lead.updated", "merged", "system"),
            ("lead.claimed", "claimed", "crm"), ("lead.offered", "nacked", "crm"),
        ]  # fmt: skip

    def test_an_outcomes_message_says_what_the_lead_says(self, any_engine: Engine) -> None:
        """On PostgreSQL the database writes it, elsewhere Python does."""
        store = store_on(any_engine)
        plain = wish(amount_cny=Decimal("12000.50")), wish("fund.buy", product="易方达蓝筹精选")
        taken = record(store, *plain).leads
        store.claim(principal=CRM)
        after = [store.extend(taken[0].id, principal=CRM), store.nack(taken[0].id, principal=CRM, why="later")]
        after += [store.ack(taken[1].id, principal=CRM, disposition="wrong", reason="不是他 %s")]
        told = {m.payload["sequence"]: m.payload for m in Outbox(any_engine).pending()}
        for lead, event in zip(after, ("extended", "nacked", "acked"), strict=True):
            message = dict(told[lead.sequence])
            assert (message.pop("event"), message.pop("by")) == (event, "crm")
            assert (message.pop("type"), message.pop("why")) is not None
            said = body(lead)
            for name in BODY_TIMES:
                assert _moment(message.pop(name)) == _moment(said.pop(name)), name
            assert message == said
        check_books(any_engine)


def _moment(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)


@pytest.mark.postgres
def test_the_driver_reads_a_hot_statement_once(pg_engine: Engine) -> None:
    """psycopg reads one of more than 50 parameters or 4,096 characters anew in every run."""
    supervisor = Sight(everything=False, own=True, branches=3)
    columns = ("disposition", "lease_until", "reason", "state")
    for hot in (_settle(supervisor, columns, False), _claim(supervisor, (("lines", 3), ("intents", 3)), 10)):
        written = str(hot._statement.compile(dialect=pg_engine.dialect))
        assert len(written) <= 4096
        assert written.count("%(") <= 50


@pytest.mark.postgres
def test_a_claim_walks_an_index_at_size(pg_engine: Engine) -> None:
    """No plan reads the table: neither the claim of an advisor nor of the CRM, nor the clocks."""
    from eval.bench.lead_table import fill
    from serve.database import migrate

    migrate(pg_engine)
    fill(pg_engine, 0, 20_000, clients=3_000, everybody=3_000)
    with pg_engine.connect() as connection:
        for where, order, index in (
            ("state IN ('new', 'offered') AND advisor_id = 'A0007'", "score DESC, id", "ix_leads_offered_advisor"),
            ("state IN ('new', 'offered')", "score DESC, id", "ix_leads_offered"),
            ("state = 'claimed' AND lease_until <= now()", "lease_until", "ix_leads_leased"),
            ("client_id = 'B0000007'", "id", "ix_leads_client"),
        ):
            query = f"EXPLAIN SELECT * FROM leads WHERE {where} ORDER BY {order} LIMIT 5"
            plan = "\n".join(connection.execute(text(query)).scalars())
            assert index in plan, plan
            assert "Seq Scan" not in plan
