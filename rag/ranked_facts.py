"""Ranked lists out of facts: the first holdings and industries of one report, each row with its place."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from knowledge_base.access import Principal
from knowledge_base.facts import Fact
from knowledge_base.metrics import metrics as all_metrics
from rag.cite import Claim
from rag.from_facts import FactSource, Locate
from rag.question import Understood
from rag.ranked import INDUSTRIES, ListAsked
from rag.wording import period_words

_ATTRIBUTES = {  # where a document does not head its list, it is the only one
    "股票": ("stock_holding", "holding"),
    "权益": ("stock_holding", "holding"),
    "债券": ("bond_holding",),
    "基金": ("fund_holding",),
    "资产支持证券": ("abs_holding",),
    INDUSTRIES: ("industry_position",),
    None: ("stock_holding", "bond_holding", "fund_holding", "holding"),
}
_MORE_THAN_SHARES = re.compile(r"市值|公允价值|多少股|数量|金额|多少钱|多少元|多少张")
_KEPT = 10  # rows that are facts


def ranked_facts(
    wanted: ListAsked,
    asked: Understood,
    facts: FactSource,
    locate: Locate,
    *,
    principal: Principal,
    on: date,
) -> list[Claim]:
    """The rows asked for as claims, with their sum where it is asked; empty where facts do not hold them."""
    attributes = _ATTRIBUTES.get(wanted.kind)
    if attributes is None or _MORE_THAN_SHARES.search(asked.question) or max(wanted.rank or 0, wanted.top or 0) > _KEPT:
        return []
    period = next(iter(asked.calendar_periods), None)
    found = facts.find(asked.product_codes, attributes, period, principal=principal, on=on)
    rows = _list(found)
    chosen = _chosen(wanted, rows)
    claims = [claim for n, row in enumerate(chosen) if (claim := _claim(row, locate, first=n == 0)) is not None]
    if len(claims) < len(chosen):
        return []
    return [*_sum(chosen, claims), *claims] if wanted.total else claims


def _chosen(wanted: ListAsked, rows: Sequence[Fact]) -> Sequence[Fact]:
    """The rows asked for; of industries, whose rank no report prints, all down to the one asked for."""
    if wanted.rank and wanted.kind != INDUSTRIES:
        return [row for row in rows if _rank(row) == wanted.rank]
    return rows[: wanted.rank or wanted.top]


def _list(found: Sequence[Fact]) -> list[Fact]:
    """The rows of one list of the latest report: of several lists the one with the largest first row."""
    latest = max((fact.as_of for fact in found if fact.as_of), default=None)
    lists: dict[tuple[str, str], dict[int, Fact]] = defaultdict(dict)
    for fact in sorted((one for one in found if one.as_of == latest), key=lambda one: one.start):
        lists[fact.version_id, fact.attribute].setdefault(_rank(fact), fact)
    whole = [[rows[rank] for rank in sorted(rows)] for rows in lists.values() if 1 in rows]
    return max(whole, key=lambda rows: (rows[0].value or Decimal(0), len(rows)), default=[])


def _rank(fact: Fact) -> int:
    return int((fact.window or "N0").removeprefix("N"))


def _claim(fact: Fact, locate: Locate, *, first: bool) -> Claim | None:
    """远川阀门占基金资产净值6.94%, in the order of the list; the first says of which list. Ranks are not spelt out:
    the question names them, and not every report prints them."""
    places = tuple(locate(fact))
    if not places:
        return None
    name, _, share = fact.value_text.rpartition(" ")
    lead = f"{fact.entity}：{period_words(fact.period)}末{all_metrics()[fact.attribute].label}中，" if first else ""
    return Claim(text=f"{lead}{name}占基金资产净值{share}。", places=places)


def _sum(rows: Sequence[Fact], claims: Sequence[Claim]) -> list[Claim]:
    shares = [row.value for row in rows if row.value is not None]
    if len(shares) < 2:
        return []
    shown = " + ".join(f"{share:f}%" for share in shares)
    places = tuple(dict.fromkeys(place for claim in claims for place in claim.places))
    return [Claim(text=f"前{len(rows)}名合计占比为{sum(shares, Decimal(0)):f}%（{shown}）。", places=places)]
