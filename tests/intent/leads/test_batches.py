"""Many calls in one transaction, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, Engine

from intent.leads.lead import ClientStanding, Staff
from tests.intent.leads.firm import SYSTEM, Firm, call_of, check_books, record, store_on, wish


class TestBatches:
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
