"""Tags kept: a refresh of what changed comes to the same as one of everybody."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from intent.errors import SegmentError
from intent.segments.keeper import TagKeeper
from intent.segments.rules import load_rules
from intent.segments.tables import client_tags
from knowledge_base.access import AccessDeniedError
from tests.intent.segments.firm import ADVISOR, SYSTEM, Firm


@pytest.fixture
def firm(any_engine: Engine) -> Firm:
    return Firm(any_engine)


def all_tags(firm: Firm) -> list[tuple[str, str]]:
    with firm.engine.connect() as connection:
        query = select(client_tags.c.client_id, client_tags.c.tag).order_by("client_id", "tag")
        return [(row.client_id, row.tag) for row in connection.execute(query)]


def test_the_named_tags_are_set_and_go_with_their_day(firm: Firm) -> None:
    today = firm.today
    firm.product("990001", "债券型")
    firm.client("C1", risk_level_expires=today + timedelta(days=3))
    firm.hold("C1", "990001", "1000", "2000")
    firm.event("C1", "product_view", today - timedelta(days=2), code="990001")
    firm.event("C1", "maturity", today + timedelta(days=10), code="990001")
    firm.event("C1", "login", today)
    first = firm.refresh()
    assert (first.clients, first.whole) == (1, True)
    assert firm.tags("C1") == {
        "maturity_30d", "loss_over_20", "holding_loss_over_20", "viewed_fixed_income_7d", "assessment_expiring_30d",
    }  # fmt: skip
    later = firm.refresh(today + timedelta(days=5))
    assert (later.clients, later.whole) == (1, False)
    assert firm.tags("C1") == {"maturity_30d", "loss_over_20", "holding_loss_over_20", "assessment_expired"}
    firm.refresh(today + timedelta(days=95))
    assert firm.tags("C1") == {"loss_over_20", "holding_loss_over_20", "assessment_expired", "no_login_90d"}


def test_nobody_is_looked_at_where_nothing_changed(firm: Firm) -> None:
    for n in range(5):
        firm.client(f"C{n}")
    firm.refresh()
    assert firm.refresh().clients == 0
    firm.change("C3", assets_cny=600000)
    again = firm.refresh()
    assert (again.clients, again.tagged, again.untagged) == (1, 2, 0)  # idle_assets too
    assert firm.refresh().clients == 0


def test_a_lead_changes_the_tags_of_its_client(firm: Firm) -> None:
    firm.client("C1")
    firm.client("C2")
    firm.refresh()
    firm.lead("C1", "fund.buy", datetime.now(UTC))
    firm.refresh()
    assert "intent_fund_buy_30d" in firm.tags("C1")
    assert "intent_fund_buy_30d" not in firm.tags("C2")
    firm.refresh(firm.today + timedelta(days=31))
    assert "intent_fund_buy_30d" not in firm.tags("C1")


def test_changes_bit_by_bit_come_to_the_same_as_all_at_once(firm: Firm) -> None:
    dice = random.Random(11)
    for n in range(30):
        firm.client(f"C{n:02d}")
    for day in (firm.today + timedelta(days=n) for n in range(0, 60, 6)):
        for _ in range(12):
            who = f"C{dice.randrange(30):02d}"
            match dice.randrange(4):
                case 0:
                    firm.change(who, assets_cny=dice.choice([None, 0, 700000]))
                case 1:
                    firm.change(who, risk_level_expires=day + timedelta(days=dice.randrange(-5, 60)))
                case 2:
                    firm.event(who, "maturity", day + timedelta(days=dice.randrange(60)))
                case _:
                    kind = dice.choice(["login", "deposit", "withdrawal"])
                    firm.event(who, kind, day - timedelta(days=dice.randrange(20)), "60000")
        done = firm.refresh(day)
        bit_by_bit = all_tags(firm)
        assert firm.refresh(day, whole=True).tagged == 0
        assert all_tags(firm) == bit_by_bit
        assert done.whole is (day == firm.today)


def test_a_batch_takes_a_fixed_number_of_statements(firm: Firm) -> None:
    for n in range(40):
        firm.client(f"C{n:02d}")

    def statements(**options: Any) -> int:
        seen: list[str] = []
        event.listen(firm.engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
        firm.refresh(**options)
        return len(seen)

    first = statements(whole=True)
    for n in range(40, 80):
        firm.client(f"C{n:02d}")
    assert statements(whole=True) / 2 <= first + 2  # two listeners by now


def test_another_rule_makes_everybody_looked_at_and_an_ended_one_goes(firm: Firm, tmp_path: Path) -> None:
    firm.client("C1", assets_cny=600000)
    firm.refresh()
    assert "assets_500k" in firm.tags("C1")
    own = tmp_path / "own.yaml"
    own.write_text(
        f"tags:\n  - {{id: assets_500k, zh: 大客户, owner: 张三, expires: {firm.today + timedelta(days=2)}, "
        "when: {field: assets_cny, op: '>=', value: 550000}}\n",
        "utf-8",
    )
    firm.keeper = TagKeeper(firm.engine, load_rules(own), firm.prices)
    assert firm.refresh().whole
    assert "assets_500k" in firm.tags("C1")
    ended = firm.refresh(firm.today + timedelta(days=3))
    assert (ended.whole, ended.untagged) == (False, 1)
    assert "assets_500k" not in firm.tags("C1")


def test_a_refresh_that_was_cut_off_is_made_good(firm: Firm, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(1200):
        firm.client(f"C{n:04d}") if n % 100 == 0 else None
    firm.refresh()
    firm.change("C0000", assets_cny=600000)
    firm.change("C0900", assets_cny=600000)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("intent.segments.keeper._forget", killed)
    with pytest.raises(KeyboardInterrupt):
        firm.refresh()
    assert "assets_500k" not in firm.tags("C0000"), "a batch is a transaction"
    monkeypatch.undo()
    assert firm.refresh().clients == 2
    assert "assets_500k" in firm.tags("C0900")


def test_what_is_known_today_explains_and_time_does_not_run_back(firm: Firm) -> None:
    firm.client("C1", assets_cny=600000)
    assert "assets_500k" in firm.keeper.explain("C1", firm.today)
    assert firm.keeper.explain("nobody", firm.today) == ()
    firm.refresh()
    with pytest.raises(SegmentError, match="or a later one"):
        firm.refresh(firm.today - timedelta(days=1))
    with pytest.raises(AccessDeniedError):
        firm.keeper.refresh(date(2027, 1, 1), principal=ADVISOR)


def test_progress_is_told(firm: Firm) -> None:
    firm.client("C1")
    told: list[tuple[int, int]] = []
    firm.keeper.refresh(firm.today, principal=SYSTEM, progress=lambda done, of: told.append((done, of)))
    assert told == [(1, 1)]
