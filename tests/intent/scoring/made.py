"""Made-up leads with outcomes that follow a known law, so that a test knows what a score could learn."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Engine, insert

from intent.leads.tables import leads
from intent.tables import metadata
from jobs.tables import metadata as jobs_metadata
from knowledge_base import tables as kb
from knowledge_base.clients import BehaviourEvent
from knowledge_base.events import EventStore
from tests.knowledge_base.made import SYSTEM

START = datetime(2026, 3, 2, 2, tzinfo=UTC)
INTENTS = ("fund.buy", "permission.hk", "margin.open")


def tables_on(engine: Engine) -> None:
    for each in (jobs_metadata, kb.metadata, metadata):
        each.create_all(engine)


def client_row(client_id: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": client_id, "name": client_id, "advisor_id": "A1", "branch": "east", "risk_level": "C3",
        "risk_level_expires": None, "consents": [], "opt_outs": [], "account_state": "open", "assets_cny": None,
        **fields,
    }  # fmt: skip


def lead_row(n: int, client_id: str, seen: datetime, **fields: Any) -> dict[str, Any]:
    return {
        "id": f"{n:032x}", "client_id": client_id, "advisor_id": "A1", "branch": "east", "intent": "fund.buy",
        "product": "", "line": "fund", "state": "new", "confidence": 0.8, "score": 0.5, "amount_cny": None,
        "urgency": "normal", "evidence": [{"call": f"k{n}", "turn": 1, "quote": "q", "start_s": 0.0, "end_s": 1.0}],
        "sequence": 1, "due_at": seen + timedelta(days=1), "first_seen_at": seen, "last_seen_at": seen,
        "updated_at": seen, **fields,
    }  # fmt: skip


def with_outcomes(engine: Engine, n: int = 2400, *, seed: int = 5, law: bool = True) -> None:
    """n leads over 120 days of n / 4 clients. Logins decide what is won, confidence what is wrong; or nothing does."""
    dice = random.Random(seed)
    clients = [f"C{i:04d}" for i in range(n // 4)]
    rows: list[dict[str, Any]] = []
    events: list[BehaviourEvent] = []
    for i in range(n):
        seen = START + timedelta(days=120 * i / n, minutes=dice.randrange(60))
        client, active, confidence = dice.choice(clients), dice.random() < 0.4, dice.uniform(0.4, 1.0)
        if active and law:
            events += [
                BehaviourEvent(id=f"E{i}-{k}", client_id=client, kind="login", at=seen - timedelta(days=k))
                for k in range(4)
            ]
        sure = confidence if law else 0.75
        wrong = dice.random() > sure
        won = dice.random() < (0.6 if active and law else 0.1 if law else 0.25)
        amount = dice.choice([None, Decimal(20000), Decimal(300000)])
        rows.append(
            lead_row(
                i, client, seen, state="wrong" if wrong else "won" if won else "lost", confidence=confidence,
                amount_cny=amount, intent=dice.choice(INTENTS), urgency=dice.choice(["high", "normal", "low"]),
            )
        )  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(kb.clients), [client_row(each) for each in clients])
        connection.execute(insert(leads), rows)
    for start in range(0, len(events), 1000):
        EventStore(engine).add(events[start : start + 1000], principal=SYSTEM)
