"""Five tiers of clients by assets and by revenue, three kinds of account, as data."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from intent.errors import LeadRulesError
from intent.leads.lead import ClientStanding
from intent.leads.routing import load_routing


@pytest.mark.parametrize(
    ("kind", "assets", "revenue", "tier"),
    [
        ("individual", None, None, "standard"),
        ("individual", "49999.99", "499", "standard"),
        ("individual", "50000", None, "silver"),
        ("individual", "500000", None, "gold"),
        ("individual", "2000000", None, "platinum"),
        ("individual", "6000000", None, "diamond"),
        ("individual", "0", "60000", "diamond"),
        ("individual", "60000", "20000", "platinum"),
        ("institution", None, None, "gold"),
        ("product", "1", None, "gold"),
        ("institution", "2000000", None, "platinum"),
        ("nothing known of", "0", None, "standard"),
    ],
)
def test_assets_or_revenue_lift_and_no_kind_falls_below_its_lowest(
    kind: str, assets: str | None, revenue: str | None, tier: str
) -> None:
    standing = ClientStanding(
        kind=kind,
        assets_cny=None if assets is None else Decimal(assets),
        revenue_cny=None if revenue is None else Decimal(revenue),
    )
    assert load_routing().tier(standing).id == tier


def test_the_shipped_rules_know_five_tiers_and_three_kinds() -> None:
    rules = load_routing()
    assert [tier.id for tier in rules.tiers] == ["diamond", "platinum", "gold", "silver", "standard"]
    assert dict(rules.at_least) == {"institution": "gold", "product": "gold"}, "individuals have no lowest"
    assert "advisory" in rules.registered_adviser


@pytest.mark.parametrize("broken", ["tiers: []\nkinds: {}\nregistered_adviser: []", "kinds: {}", "- a list"])
def test_a_broken_file_is_named(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(broken, "utf-8")
    with pytest.raises(LeadRulesError, match=r"own\.yaml"):
        load_routing(path)
