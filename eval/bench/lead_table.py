"""A lead table of any size for `tougu bench leads`: filled by the database itself, and measured by table and index."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, text

from intent.leads.tables import lead_clients, lead_events, leads
from knowledge_base.tables import clients as kb_clients

INTENTS = (
    ("fund.buy", "fund"), ("wealth.fixed_income", "wealth"), ("fund.redeem", "fund"), ("margin.open", "margin"),
    ("etf.trade", "trading"), ("fund.sip", "fund"), ("cash.repo", "trading"), ("ipo.subscribe", "trading"),
    ("permission.hk", "permission"), ("wealth.pension", "wealth"), ("bond.convertible", "trading"),
    ("quant.tools", "trading"),
)  # fmt: skip
ADVISORS, BRANCHES = 800, 60
TABLES = ("leads", "lead_events", "lead_clients", "kb_clients", "calls", "outbox")
CONSENTS = ["recording", "ai_analysis", "marketing"]
CHUNK = 20_000  # rows of one statement on SQLite
STEP = 500_000  # rows of one statement on PostgreSQL
EVIDENCE = [{"call": "history", "turn": 3, "quote": "想了解一下", "start_s": 12.0, "end_s": 13.5}]

_LEADS = """
INSERT INTO leads (id, client_id, advisor_id, branch, intent, product, line, state, tier, confidence, score, amount_cny,
    urgency, evidence, sequence, due_at, first_seen_at, last_seen_at, updated_at)
SELECT lpad(to_hex(g), 32, '0'), 'B' || lpad((g % :clients)::text, 7, '0'),
    'A' || lpad((g % :clients % :advisors)::text, 4, '0'), 'N' || (g % :clients % :advisors % :branches)::text,
    (CAST(:intents AS text[]))[1 + g / :clients % :kinds], '', (CAST(:lines AS text[]))[1 + g / :clients % :kinds],
    'new', 'silver', 0.5 + (g * 7919 % 500) / 1000.0, 0.3 + (g * 7919 % 69997) / 100000.0, (g % 30) * 10000,
    'normal', CAST(:evidence AS json), 1 + g / :clients, clock_timestamp() + (1 + g % 86400) * interval '1 second',
    clock_timestamp(), clock_timestamp(), clock_timestamp()
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) g
"""
_EVENTS = """
INSERT INTO lead_events (id, lead_id, event, state, "by", why, at)
SELECT lpad(to_hex(g), 32, '0'), lpad(to_hex(g), 32, '0'), 'created', 'new', 'bench', 'call history', clock_timestamp()
FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) g
"""
_PEOPLE = """
INSERT INTO kb_clients (id, name, advisor_id, branch, consents, opt_outs, account_state, kind, assets_cny)
SELECT 'B' || lpad(g::text, 7, '0'), '客户' || g::text, 'A' || lpad((g % :advisors)::text, 4, '0'),
    'N' || (g % :advisors % :branches)::text, CAST(:consents AS json), CAST('[]' AS json), 'open', 'individual', 100000
FROM generate_series(0, CAST(:everybody AS bigint) - 1) g ON CONFLICT (id) DO NOTHING
"""
_CLIENTS = """
INSERT INTO lead_clients (client_id, sequence)
SELECT 'B' || lpad(g::text, 7, '0'), 20 FROM generate_series(0, CAST(:clients AS bigint) - 1) g
ON CONFLICT (client_id) DO NOTHING
"""


def advisor(n: int) -> str:
    """User id of the n-th advisor."""
    return f"A{n % ADVISORS:04d}"


def client(n: int) -> str:
    """Id of the n-th client."""
    return f"B{n:07d}"


def fill(
    engine: Engine, first: int, last: int, *, clients: int, everybody: int, told: Callable[[str], None] = lambda _: None
) -> None:
    """Write leads number `first` to `last` - 1, each with its first event; all wait in the queue, none is delivered any
    more. A client's leads differ in intent, so that each is one of its kind. everybody: clients of the firm, who all
    may be called; the first `clients` of them have leads. told: how far it is, in a few words."""
    if first >= last:
        return
    if engine.dialect.name == "sqlite":
        _fill_sqlite(engine, first, last, clients, everybody)
        return
    values = {
        "clients": clients, "advisors": ADVISORS, "branches": BRANCHES,
        "intents": [intent for intent, _ in INTENTS], "lines": [line for _, line in INTENTS], "kinds": len(INTENTS),
        "evidence": json.dumps(EVIDENCE, ensure_ascii=False), "everybody": everybody, "consents": json.dumps(CONSENTS),
    }  # fmt: skip
    with engine.begin() as connection, without_indexes(connection):
        for start in range(first, last, STEP):
            end = min(start + STEP, last)
            told(f"{end:,} of {last:,} leads")
            _execute(connection, (_LEADS, _EVENTS), {**values, "first": start, "last": end - 1})
        _execute(connection, (_CLIENTS, _PEOPLE), values)
        told("indexes")
    told("statistics")
    settle(engine, TABLES)


def settle(engine: Engine, tables: Iterable[str]) -> None:
    """Statistics, the visibility map and written pages, as a database has them that was not filled a minute ago."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("ANALYZE"))
            return
        for table in tables:
            connection.execute(text(f"VACUUM ANALYZE {table}"))
        connection.execute(text("CHECKPOINT"))  # gigabytes filled in minutes; what is measured must not wait for them


def sizes_mb(engine: Engine) -> dict[str, float]:
    """Size of each table and of all its indexes in MB of 10^6 bytes; of a SQLite file as a whole."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            pages = connection.scalar(text("PRAGMA page_count")) or 0
            return {"size_database_mb": round(pages * (connection.scalar(text("PRAGMA page_size")) or 0) / 1e6, 1)}
        sizes: dict[str, float] = {}
        for table in TABLES:
            query = text("SELECT pg_table_size(CAST(:t AS regclass)), pg_indexes_size(CAST(:t AS regclass))")
            data, indexes = connection.execute(query, {"t": table}).one()
            sizes |= {f"size_{table}_mb": round(data / 1e6, 1), f"size_{table}_indexes_mb": round(indexes / 1e6, 1)}
        return sizes


def _execute(connection: Connection, statements: Sequence[str], values: Mapping[str, Any]) -> None:
    for statement in statements:
        connection.execute(text(statement), {name: value for name, value in values.items() if f":{name}" in statement})


@contextmanager
def without_indexes(connection: Connection) -> Iterator[None]:
    """On PostgreSQL without indexes of leads and their events, and without checks of references, while the block runs:
    they are built once, which is much faster."""
    if connection.dialect.name != "postgresql":
        yield
        return
    tables: tuple[Any, ...] = (leads, lead_events)
    indexes = [index for table in tables for index in sorted(table.indexes, key=lambda index: str(index.name))]
    connection.execute(text("SET LOCAL session_replication_role = replica"))
    for index in indexes:
        index.drop(connection)
    yield
    for index in indexes:
        index.create(connection)


def _fill_sqlite(engine: Engine, first: int, last: int, clients: int, everybody: int) -> None:
    now = datetime.now(UTC)
    with engine.begin() as connection:
        if connection.scalar(select(func.count()).select_from(kb_clients)) == 0:
            connection.execute(insert(kb_clients), [_client(n) for n in range(everybody)])
    for start in range(first, last, CHUNK):
        numbers = range(start, min(start + CHUNK, last))
        with engine.begin() as connection:
            connection.execute(insert(leads), [_lead(g, clients, now) for g in numbers])
            connection.execute(insert(lead_events), [_event(g, now) for g in numbers])
            named = [{"client_id": client(g), "sequence": 20} for g in numbers if g < clients]
            if named:
                connection.execute(insert(lead_clients), named)


def _lead(g: int, clients: int, now: datetime) -> dict[str, Any]:
    intent, line = INTENTS[g // clients % len(INTENTS)]
    who = g % clients
    return {
        "id": f"{g:032x}", "client_id": client(who), "advisor_id": advisor(who),
        "branch": f"N{who % ADVISORS % BRANCHES}", "intent": intent, "product": "", "line": line, "state": "new",
        "tier": "silver", "confidence": 0.5 + (g * 7919 % 500) / 1000, "score": 0.3 + (g * 7919 % 69997) / 100000,
        "urgency": "normal", "evidence": EVIDENCE, "sequence": 1 + g // clients,
        "due_at": now + timedelta(seconds=1 + g % 86400), "first_seen_at": now, "last_seen_at": now, "updated_at": now,
    }  # fmt: skip


def _client(n: int) -> dict[str, Any]:
    return {
        "id": client(n), "name": f"客户{n}", "advisor_id": advisor(n), "branch": f"N{n % ADVISORS % BRANCHES}",
        "consents": CONSENTS, "opt_outs": [], "account_state": "open", "kind": "individual",
        "assets_cny": Decimal(100_000),
    }  # fmt: skip


def _event(g: int, now: datetime) -> dict[str, Any]:
    return {
        "id": f"{g:032x}", "lead_id": f"{g:032x}", "event": "created", "state": "new", "by": "bench",
        "why": "call history", "at": now,
    }  # fmt: skip
