"""What a trained score sees of a lead: numbers in a fixed order, NaN where nobody knows, and their words."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from importlib.resources import files

import numpy as np
import yaml
from numpy.typing import NDArray
from sqlalchemy import Connection

from intent.leads.scoring.scorer import LeadFacts
from knowledge_base.batches import batches
from knowledge_base.client_facts import BATCH, ClientFacts, EventDay, load_facts

Matrix = NDArray[np.float32]  # (leads, features)
DAYS_BACK = 90
URGENCY = {"high": 1.0, "low": -1.0}
NAN = math.nan
INTENT = "intent"


@dataclass(frozen=True, kw_only=True)
class FeatureWords:
    """A feature as people read it."""

    name: str
    form: str  # share | times | days | cny | level | yes | word
    up: str
    down: str
    none: str


@cache
def features() -> tuple[FeatureWords, ...]:
    """All features, in the order of every matrix."""
    raw = yaml.safe_load(files("intent.leads.scoring").joinpath("features.yaml").read_text(encoding="utf-8"))
    return tuple(
        FeatureWords(name=name, form=str(each["as"]), up=each["up"], down=each["down"], none=each.get("none", ""))
        for name, each in raw.items()
    )


@cache
def names() -> tuple[str, ...]:
    return tuple(each.name for each in features())


@cache
def layout() -> str:
    """A hash of the order: a row of another layout is of another version of the product."""
    return hashlib.sha256(",".join(names()).encode()).hexdigest()[:16]


def clients_of(connection: Connection, client_ids: Sequence[str], *, day: date) -> Mapping[str, ClientFacts]:
    """Facts of clients by id, with events back to `DAYS_BACK` before `day`, and all after."""
    since = day - timedelta(days=DAYS_BACK)
    found: dict[str, ClientFacts] = {}
    for part in batches(sorted(set(client_ids)), BATCH):
        found |= load_facts(connection, part, since=since)
    return found


def row_of(
    facts: LeadFacts, client: ClientFacts | None, day: date, intents: Sequence[str], *, past: bool = False
) -> list[float]:
    """One lead on a day. `past`: the day lies behind, so that profile and holdings of today would tell the outcome.

    intents: ids by which the intent is numbered; one that is not among them is NaN.
    """
    known = {
        **_of_lead(facts, intents),
        **(_of_profile(client, day) if client is not None and not past else {}),
        **(_of_events(client.event_days, day) if client is not None else {}),
    }
    return [known.get(name, NAN) for name in names()]


def _of_lead(facts: LeadFacts, intents: Sequence[str]) -> dict[str, float]:
    return {
        "confidence": facts.confidence,
        "calls": float(facts.calls),
        "urgency": URGENCY.get(facts.urgency, 0.0),
        "product_named": float(bool(facts.product)),
        INTENT: intent_number(facts.intent, intents),
        "amount_cny": NAN if facts.amount_cny is None else float(facts.amount_cny),
    }


def _of_profile(facts: ClientFacts, day: date) -> dict[str, float]:
    client = facts.client
    expires = client.risk_level_expires
    return {
        "assets_cny": NAN if client.assets_cny is None else float(client.assets_cny),
        "risk_level": float(client.risk_level[1:]) if client.risk_level else NAN,
        "assessment_expired": float(expires is not None and expires < day),
        "holdings": float(len(facts.holdings)),
        "cost_cny": float(sum(held.cost_cny for held in facts.holdings)),
    }


def _of_events(days: Sequence[EventDay], day: date) -> dict[str, float]:
    """Rolling sums up to and with `day`; maturities after it."""
    past = [each for each in days if each.day <= day]
    coming = [each for each in days if each.kind == "maturity" and each.day >= day]
    soon = [each for each in coming if each.day <= day + timedelta(days=30)]

    def within(kind: str, last: int) -> list[EventDay]:
        return [each for each in past if each.kind == kind and (day - each.day).days < last]

    def times(kind: str, last: int) -> float:
        return float(sum(each.times for each in within(kind, last)))

    def cny(found: Sequence[EventDay]) -> float:
        return float(sum(each.amount_cny for each in found))

    def ago(kind: str) -> float:
        return float(min(((day - each.day).days for each in within(kind, DAYS_BACK)), default=NAN))

    return {
        "logins_7d": times("login", 7), "logins_30d": times("login", 30), "days_since_login": ago("login"),
        "views_7d": times("product_view", 7), "views_30d": times("product_view", 30),
        "days_since_view": ago("product_view"), "deposits_30d_cny": cny(within("deposit", 30)),
        "withdrawals_30d_cny": cny(within("withdrawal", 30)), "purchases_90d": times("purchase", 90),
        "redemptions_90d": times("redemption", 90), "maturing_30d_cny": cny(soon),
        "days_to_maturity": float(min(((each.day - day).days for each in coming), default=NAN)),
    }  # fmt: skip


def intent_number(intent: str, intents: Sequence[str]) -> float:
    """Its place among those of the training; NaN for one that is not among them."""
    return float(intents.index(intent)) if intent in intents else NAN


def assets_of(row: Sequence[float]) -> Decimal | None:
    """The client's assets as a row holds them."""
    assets = row[names().index("assets_cny")]
    return None if math.isnan(assets) else Decimal(str(assets))


def pack(row: Sequence[float]) -> bytes:
    """A row as it is stored."""
    return np.asarray(row, "<f4").tobytes()


def unpack(stored: bytes) -> Matrix:
    """A stored row, shape (features,)."""
    return np.frombuffer(stored, "<f4").astype(np.float32)


def reasons(
    row: Sequence[float], contributions: Sequence[float], zh: Mapping[int, str], most: int = 3
) -> tuple[str, ...]:
    """What moved a score most, in sentences, the strongest first; what did not move it is not told.

    contributions: of each feature in log-odds (LightGBM's pred_contrib, which are SHAP values: Lundberg and Lee, 2017).
    zh: the word of each numbered intent.
    """
    strongest = sorted(range(len(names())), key=lambda n: -abs(contributions[n]))[:most]
    told = (_sentence(features()[n], row[n], contributions[n], zh) for n in strongest if abs(contributions[n]) > 0.01)
    return tuple(dict.fromkeys(filter(None, told)))


def _sentence(feature: FeatureWords, value: float, contribution: float, zh: Mapping[int, str]) -> str:
    if math.isnan(value):
        return feature.none
    template = feature.up if contribution > 0 else feature.down
    if feature.form in ("yes", "level"):  # a fact is told as it is, whichever way it counts
        return feature.up if value > 0 else feature.down if value < 0 or feature.form == "yes" else ""
    return template.format(value=_word(feature.form, value, zh))


def _word(form: str, value: float, zh: Mapping[int, str]) -> str:
    if form == "share":
        return f"{value:.0%}"
    if form == "cny":
        return f"{value / 10_000:.1f}万元" if value >= 10_000 else f"{value:.0f}元"
    return zh.get(int(value), "其他") if form == "word" else f"{value:.0f}"
