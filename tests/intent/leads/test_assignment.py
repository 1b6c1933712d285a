"""Who gets a lead: licences, capacity, lines and tiers, and who may give it, on SQLite and PostgreSQL."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from intent.errors import LeadError
from intent.leads.lead import ClientStanding, LeadState, Staff
from knowledge_base.access import AccessDeniedError, Role
from tests.intent.leads.firm import BOSS, CRM, SYSTEM, Firm, advisor, check_books, history, record, store_on, wish


class TestAssignment:
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
