"""`tougu bench leads`: writing, merging and claiming leads at size, through the repository and the API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from threading import Lock
from typing import Any

from pydantic import SecretStr
from sqlalchemy import Column, Engine, MetaData, String, Table, insert

from eval.bench.measure import (
    Progress,
    bench_result,
    open_loop,
    p95,
    percentile,
    poisson_arrivals,
    quotient,
    timed_ms,
)
from eval.bench.own_postgres import own_postgres
from eval.bench.own_server import own_server
from eval.fresh import fresh_house
from eval.result import Result
from intent.call import Call, CallReading, Evidence, Polarity, Transcript, Wish
from intent.leads.store import LeadStore
from jobs.tables import new_id
from serve.database import migrate, open_engine
from serve.users import OPERATOR
from serve.wiring import House

WISHES = ("fund.buy", "wealth.fixed_income", "fund.redeem", "margin.open", "etf.trade")
MOST_MERGES, MOST_COMMITS, MOST_CLAIMS = 300, 300, 100  # of each short measurement; fewer of a small queue
POOL_CONNECTIONS = 32


@dataclass(frozen=True, kw_only=True)
class Load:
    """An open-loop load: `consumers` people, each coming back after a mean think time."""

    consumers: int
    think_s: float
    seconds: float


def bench_leads(house: House, *, leads: int, database: str, load: Load, progress: Progress) -> Result:
    """Leads written one call a transaction (lead, event and outbox row), merged, claimed and acknowledged.

    Claims arrive open-loop; latency counts from the scheduled time. The baseline is a bare one-row commit
    on the same database; `growth` is the p95 of a claim at full size over that at a hundredth of it.
    """
    began = time.perf_counter()
    with _stored(house, database) as fresh:
        store = LeadStore(fresh.engine, taxonomy=fresh.taxonomy, settings=fresh.settings.leads)
        merges, claims_apart = min(MOST_MERGES, leads // 2), min(MOST_CLAIMS, leads // 10)
        small = max(claims_apart * 2, leads // 100)
        first_s = _write(store, range(small))
        p95_small = p95(_claims(store, claims_apart))
        progress(1, 6, "growing")
        insert_per_s = round(leads / (first_s + _write(store, range(small, leads))), 1)
        progress(2, 6, "merging")
        merge_per_s = round(merges / _write(store, range(merges), heard="again"), 1)
        p95_full = p95(_claims(store, claims_apart))
        progress(3, 6, "claiming")
        claims = _Claims(store)
        arrivals = poisson_arrivals(load.consumers / load.think_s, load.seconds)
        claim_ms, errors = open_loop(arrivals, claims.work, threads=POOL_CONNECTIONS)
        progress(4, 6, "claiming over HTTP")
        http_ms, http_errors = _over_http(fresh, load)
        progress(5, 6, "baseline")
        commits = min(MOST_COMMITS, leads)
        bare = round(commits / _bare_commits(fresh.engine, commits), 1)
        progress(6, 6, "")
    return bench_result(
        "leads",
        fixture="calls of one lead each, made on the spot",
        n=leads,
        parameters={
            "leads": leads,
            "database": database,
            **vars(load),
            "pool": POOL_CONNECTIONS,
            "errors": errors + http_errors,
        },
        metrics={
            "insert_per_s": insert_per_s,
            "merge_per_s": merge_per_s,
            "claim_p95_ms": p95(claim_ms),
            "claim_p99_ms": percentile(claim_ms, 99),
            "ack_p95_ms": p95(claims.ack_ms),
            "http_claim_p95_ms": p95(http_ms),
            "double_offers": claims.double_offers,
            "growth": quotient(p95_full, p95_small),
            "baseline_commits_per_s": bare,
            "ratio": quotient(insert_per_s, bare),
        },
        began=began,
    )


@contextmanager
def _stored(house: House, database: str) -> Iterator[House]:
    """A fresh house on SQLite, or on a PostgreSQL of its own."""
    with fresh_house(house) as fresh:
        if database == "sqlite":
            yield fresh
            return
        with own_postgres() as url:
            wired = House(fresh.settings.model_copy(update={"database_url": SecretStr(url)}))
            try:
                wired.engine = open_engine(url, pool_size=POOL_CONNECTIONS)
                migrate(wired.engine)
                yield wired
            finally:
                wired.close()


def _write(store: LeadStore, numbers: range, heard: str = "first") -> float:
    """Seconds to record one call a number."""
    made = [_call(n, heard) for n in numbers]
    return timed_ms(lambda: [store.record(reading, call, principal=OPERATOR) for reading, call in made]) / 1e3


def _call(n: int, heard: str) -> tuple[CallReading, Call]:
    wish = Wish(
        intent=WISHES[n % len(WISHES)],
        goes_to="lead",
        polarity=Polarity.INTEREST,
        evidence=(Evidence(turn=3, quote="想了解一下", start_s=12.0, end_s=13.5),),
        confidence=0.5 + (n * 7919 % 500) / 1000,
        amount_cny=Decimal(10_000 * (n % 30)),
    )
    call_id = f"{heard}-{n}"
    call = Call(
        id=call_id,
        transcript=Transcript(turns=(), duration_s=120.0),
        started_at=datetime.now(UTC),
        client_id=f"B{n:07d}",
        advisor_id=f"A{n % 200:04d}",
    )
    return CallReading(call_id=call_id, wishes=(wish,)), call


def _claims(store: LeadStore, count: int) -> list[float]:
    """Milliseconds of claims one after another; what was claimed is given back."""
    spent = []
    for _ in range(count):
        began = time.perf_counter()
        taken = store.claim(principal=OPERATOR, limit=1)
        spent.append((time.perf_counter() - began) * 1e3)
        for lead in taken:
            store.nack(lead.id, principal=OPERATOR)
    return spent


class _Claims:
    """Claims one lead at a time and reports it contacted; knows what was offered twice."""

    def __init__(self, store: LeadStore) -> None:
        self._store, self._lock = store, Lock()
        self._seen: set[str] = set()
        self.double_offers = 0
        self.ack_ms: list[float] = []

    def work(self, _: int) -> None:
        taken = self._store.claim(principal=OPERATOR, limit=1)
        with self._lock:
            self.double_offers += sum(lead.id in self._seen for lead in taken)
            self._seen.update(lead.id for lead in taken)
        for lead in taken:
            spent = timed_ms(self._acknowledge(lead.id))
            with self._lock:
                self.ack_ms.append(spent)

    def _acknowledge(self, lead_id: str) -> Callable[[], object]:
        return lambda: self._store.ack(lead_id, principal=OPERATOR)


def _over_http(house: House, load: Load) -> tuple[list[float], int]:
    import httpx

    with own_server(house) as url, httpx.Client(base_url=url, timeout=30) as client:

        def claim(_: int) -> Any:
            return client.post("/v1/leads/claim", json={"limit": 1}).raise_for_status()

        claim(0)  # the first request opens what later ones find open
        return open_loop(poisson_arrivals(load.consumers / load.think_s, load.seconds), claim)


def _bare_commits(engine: Engine, count: int) -> float:
    """Seconds of `count` transactions that insert one small row each, into a table of their own."""
    metadata = MetaData()
    rows = Table("bench_rows", metadata, Column("id", String(32), primary_key=True), Column("at", String(40)))
    metadata.create_all(engine)
    made = [{"id": new_id(), "at": datetime.now(UTC).isoformat()} for _ in range(count)]
    began = time.perf_counter()
    for row in made:
        with engine.begin() as connection:
            connection.execute(insert(rows).values(row))
    return time.perf_counter() - began
