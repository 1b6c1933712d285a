"""`tougu bench leads`: writing, merging and claiming leads at size, through the repository and the API."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from threading import Lock
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr
from sqlalchemy import Column, Engine, MetaData, String, Table, insert

from eval.bench.lead_table import ADVISORS, INTENTS, advisor, client, fill, sizes_mb
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
from knowledge_base.access import Principal, Role
from serve.database import migrate, open_engine
from serve.users import OPERATOR
from serve.wiring import House

CLIENTS_A_LEAD = 1_280_000 / 7_540_000
MOST_WRITTEN, MOST_COMMITS, MOST_CLAIMS = 20_000, 300, 200  # of each short measurement; fewer of a small queue
BATCH = 500  # calls a transaction
WRITERS = 2  # threads that write
POOL_CONNECTIONS = 32
ACKERS = 8  # threads that acknowledge what was claimed
LARGE_FROM = 100_000  # leads from which the server gets memory for millions


@dataclass(frozen=True, kw_only=True)
class Load:
    """An open-loop load: `consumers` people, each coming back after a mean think time."""

    consumers: int
    think_s: float
    seconds: float

    @property
    def arrivals(self) -> list[float]:
        return poisson_arrivals(self.consumers / self.think_s, self.seconds)


def bench_leads(
    house: House, *, leads: int, database: str, load: Load, progress: Progress, http_consumers: int | None = None
) -> Result:
    """A queue of this size, all of it waiting: leads written (call, lead, event, message), merged, claimed and acked.

    The database fills itself, with every client's leads and their events; what is measured goes through the product.
    Consumers are advisors who claim of their own clients. Claims arrive open-loop, and latency counts from the
    scheduled time. http_consumers: those who claim over HTTP, from this very process; as many as `load` has when not
    given. The baseline is a bare one-row commit on the same database; `growth` is the p95 of a claim at full
    size over that at a hundredth of it.
    """
    began = time.perf_counter()
    with stored(house, database, large=leads >= LARGE_FROM) as fresh:
        store = fresh.leads
        clients, small = max(1, round(leads * CLIENTS_A_LEAD)), max(100, leads // 100)
        written = min(MOST_WRITTEN, leads // 2)
        everybody = clients + written
        apart = min(MOST_CLAIMS, small // 2)
        fill(fresh.engine, 0, small, clients=clients, everybody=everybody)
        p95_small = p95(_claims(store, apart))
        filled_s = timed_ms(lambda: fill(
            fresh.engine, small, leads, clients=clients, everybody=everybody,
            told=lambda how_far: progress(1, 7, f"growing: {how_far}"),
        )) / 1e3  # fmt: skip
        p95_full = p95(_claims(store, apart))
        progress(2, 7, "writing")
        insert_per_s = round(written / _write(store, range(clients, clients + written)), 1)
        progress(3, 7, "merging")
        merges = max(1, written // 4)
        merge_per_s = round(merges / _write(store, range(clients, clients + merges), heard="again"), 1)
        sizes = sizes_mb(fresh.engine)
        progress(4, 7, "claiming")
        with _Claims(store) as claims:
            claim_ms, errors = open_loop(load.arrivals, claims.work, threads=POOL_CONNECTIONS - ACKERS)
        progress(5, 7, "claiming over HTTP")
        over_http = replace(load, consumers=http_consumers or load.consumers)
        http_ms, http_errors = _over_http(fresh, over_http)
        progress(6, 7, "baseline")
        commits = min(MOST_COMMITS, leads)
        bare = round(commits / _bare_commits(fresh.engine, commits), 1)
        progress(7, 7, "")
    return bench_result(
        "leads",
        fixture="leads and calls made on the spot",
        n=leads,
        parameters={
            "leads": leads, "clients": clients, "database": database, **vars(load), "pool": POOL_CONNECTIONS,
            "http_consumers": over_http.consumers, "batch": BATCH, "writers": WRITERS, "written": written,
            "merged": merges, "filled_s": round(filled_s, 1),
            "claimed": len(claim_ms), "errors": errors + claims.errors + http_errors,
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
            **sizes,
        },
        began=began,
    )  # fmt: skip


@contextmanager
def stored(house: House, database: str, *, large: bool) -> Iterator[House]:
    """A fresh house on SQLite, or on a PostgreSQL of its own."""
    with fresh_house(house) as fresh:
        if database == "sqlite":
            yield fresh
            return
        with own_postgres(large=large) as url:
            wired = House(fresh.settings.model_copy(update={"database_url": SecretStr(url)}))
            try:
                wired.engine = open_engine(url, pool_size=POOL_CONNECTIONS)
                migrate(wired.engine)
                yield wired
            finally:
                wired.close()


def _write(store: LeadStore, numbers: range, heard: str = "first") -> float:
    """Seconds to record one call a number, in batches, by several writers."""
    made = [_call(n, heard) for n in numbers]
    batches = [made[i : i + BATCH] for i in range(0, len(made), BATCH)]

    def write(batch: Sequence[tuple[CallReading, Call]]) -> None:
        store.record_many(batch, principal=OPERATOR)

    with ThreadPoolExecutor(WRITERS) as pool:
        return timed_ms(lambda: list(pool.map(write, batches))) / 1e3


def _call(n: int, heard: str) -> tuple[CallReading, Call]:
    wish = Wish(
        intent=INTENTS[n % len(INTENTS)][0],
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
        client_id=client(n),
        advisor_id=advisor(n),
    )
    return CallReading(call_id=call_id, wishes=(wish,)), call


def _staff(n: int) -> Principal:
    return Principal(user_id=advisor(n), roles=frozenset({Role.ADVISOR}))


def _claims(store: LeadStore, count: int) -> list[float]:
    """Milliseconds of claims one after another, each of another advisor; what was claimed is given back."""
    spent = []
    for n in range(count):
        principal = _staff(n * 7)
        began = time.perf_counter()
        taken = store.claim(principal=principal, limit=1)
        spent.append((time.perf_counter() - began) * 1e3)
        for lead in taken:
            store.nack(lead.id, principal=principal)
    return spent


class _Claims:
    """Advisors who claim one lead at a time and report it contacted; knows what was offered twice."""

    def __init__(self, store: LeadStore) -> None:
        self._store, self._lock = store, Lock()
        self._random, self._seen = random.Random(7), set[str]()
        self._ackers = ThreadPoolExecutor(ACKERS)
        self.double_offers = self.errors = 0
        self.ack_ms: list[float] = []

    def __enter__(self) -> _Claims:
        return self

    def __exit__(self, *_: object) -> None:
        self._ackers.shutdown()

    def work(self, _: int) -> None:
        with self._lock:
            principal = _staff(self._random.randrange(ADVISORS))
        taken = self._store.claim(principal=principal, limit=1)
        with self._lock:
            self.double_offers += sum(lead.id in self._seen for lead in taken)
            self._seen.update(lead.id for lead in taken)
        for lead in taken:
            self._ackers.submit(self._acknowledge, lead.id, principal, time.perf_counter())

    def _acknowledge(self, lead_id: str, principal: Principal, due: float) -> None:
        try:
            self._store.ack(lead_id, principal=principal)
        except Exception:  # a benchmark counts failures of whatever kind
            self.errors += 1
        else:
            self.ack_ms.append((time.perf_counter() - due) * 1e3)


def _over_http(house: House, load: Load) -> tuple[list[float], int]:
    import httpx

    from serve.routes.wire import ACT_AS

    known = min(ADVISORS, load.consumers)
    for n in range(known):
        house.users.add(advisor(n), roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    limits = httpx.Limits(max_connections=POOL_CONNECTIONS, max_keepalive_connections=POOL_CONNECTIONS)
    with own_server(house) as url, httpx.Client(base_url=url, timeout=30, limits=limits) as caller:

        def claim(n: int) -> Any:
            named = {ACT_AS: quote(advisor(n * 7 % known))}
            return caller.post("/v1/leads/claim", json={"limit": 1}, headers=named).raise_for_status()

        claim(0)  # the first request opens what later ones find open
        return open_loop(load.arrivals, claim)


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
