"""What a client refused is honoured, and a wish has one living lead, on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from intent.call import Evidence
from intent.errors import LeadError
from intent.leads.dispositions import import_dispositions
from intent.leads.lead import ClientStanding, LeadState
from intent.leads.store import LeadStore
from tests.intent.leads.firm import CRM, SYSTEM, Firm, check_books, many, record, store_on, wish


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
