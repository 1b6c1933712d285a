"""`tougu bench leads`: writing, merging and claiming leads at size, through the repository and the API."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr
from sqlalchemy import Column, Engine, MetaData, String, Table, insert

from eval.bench.http_claims import claim_from_outside
from eval.bench.lead_load import ACKERS, BATCH, WRITERS, Consumers, Load, claim_one_by_one, write_calls
from eval.bench.lead_table import ADVISORS, advisor, fill, sizes_mb
from eval.bench.measure import Progress, bench_result, open_loop, p95, percentile, quotient, timed_ms
from eval.bench.own_postgres import own_postgres
from eval.bench.own_server import own_server
from eval.fresh import fresh_house
from eval.result import Figure, Result
from intent.leads.store import LeadStore
from jobs.tables import new_id
from jobs.threads import answer_in_threads
from knowledge_base.access import Role
from serve.database import migrate, open_engine
from serve.users import OPERATOR
from serve.wiring import House

CLIENTS_A_LEAD = 1_280_000 / 7_540_000
MOST_WRITTEN, MOST_COMMITS, MOST_CLAIMS = 20_000, 300, 200  # of each short measurement; fewer of a small queue
POOL_CONNECTIONS = 32
LARGE_FROM = 100_000  # leads from which the server gets memory for millions
WARM_S = 20.0  # of the load before the clock starts: connections opened, statements prepared, pages read
WARM_SHARE = 0.25  # of the calls, written before the clock starts


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many of everything, by the number of leads."""

    leads: int

    @property
    def clients(self) -> int:
        return max(1, round(self.leads * CLIENTS_A_LEAD))

    @property
    def small(self) -> int:
        return max(100, self.leads // 100)

    @property
    def written(self) -> int:
        return min(MOST_WRITTEN, self.leads // 2)

    @property
    def merged(self) -> int:
        return max(1, self.written // 4)


@dataclass(frozen=True, kw_only=True)
class _Run:
    """One benchmark on one house; each step adds what it found."""

    house: House
    size: Size
    load: Load
    over_http: Load
    metrics: dict[str, Figure] = field(default_factory=dict)
    parameters: dict[str, Any] = field(default_factory=lambda: {"errors": 0})

    @property
    def warm_up(self) -> Load:
        """The load before the clock starts."""
        return replace(self.load, seconds=min(WARM_S, self.load.seconds))

    @property
    def steps(self) -> dict[str, Callable[[], None]]:
        """What is done, in order, under the name that the bar shows."""
        return {
            "growing": self.grow, "writing": self.write, "merging": self.merge, "claiming": self.claim,
            "claiming over HTTP": self.claim_over_http, "baseline": self.commit_barely,
        }  # fmt: skip

    def grow(self) -> None:
        """Fill a hundredth of the leads, then all of them; a claim at both sizes."""
        size, store = self.size, self.house.leads
        apart = min(MOST_CLAIMS, size.small // 2)
        self._fill(0, size.small)
        small = p95(_warm_claims(store, apart))
        filled_ms = timed_ms(lambda: self._fill(size.small, size.leads))
        self.parameters["filled_s"] = round(filled_ms / 1e3, 1)
        self.metrics["growth"] = quotient(p95(_warm_claims(store, apart)), small)

    def write(self) -> None:
        """Calls of clients who have no lead yet."""
        first, count = self.size.clients, self.size.written
        begin, end = first + round(count * WARM_SHARE), first + count
        write_calls(self.house.leads, range(first, begin))
        spent = write_calls(self.house.leads, range(begin, end))
        self.metrics["insert_per_s"] = round((end - begin) / spent, 1)

    def merge(self) -> None:
        """The same clients call again."""
        first, count = self.size.clients, self.size.merged
        spent = write_calls(self.house.leads, range(first, first + count), heard="again")
        self.metrics["merge_per_s"] = round(count / spent, 1)
        self.metrics.update(sizes_mb(self.house.engine))

    def claim(self) -> None:
        """Claims through the repository, each reported as soon as it is there."""
        threads = POOL_CONNECTIONS - ACKERS
        with Consumers(self.house.leads) as consumers:
            cold, _ = open_loop(self.warm_up.arrivals, consumers.work, threads=threads)
            consumers.ack_ms.clear()
            ms, errors = open_loop(self.load.arrivals, consumers.work, threads=threads)
        self.metrics["claim_p95_ms"], self.metrics["claim_p99_ms"] = p95(ms), percentile(ms, 99)
        self.metrics["cold_claim_p95_ms"] = p95(cold)
        self.metrics["ack_p95_ms"] = p95(consumers.ack_ms)
        self.metrics["double_offers"] = consumers.double_offers
        self.parameters["claimed"] = len(ms)
        self.parameters["errors"] += errors + consumers.errors

    def claim_over_http(self) -> None:
        """Claims of people in another process, over the product's own server in this one."""
        from serve.routes.wire import ACT_AS

        known = min(ADVISORS, self.over_http.consumers)
        for n in range(known):
            self.house.users.add(advisor(n), roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
        heads = [{ACT_AS: quote(advisor(n * 7 % known))} for n in range(known)]
        with own_server(self.house) as url:
            port = int(url.rpartition(":")[2])
            ms, errors = claim_from_outside(port, self.over_http.arrivals, heads, threads=POOL_CONNECTIONS)
        self.metrics["http_claim_p95_ms"] = p95(ms)
        self.parameters["errors"] += errors

    def commit_barely(self) -> None:
        """The baseline: bare one-row commits on the same database."""
        count = min(MOST_COMMITS, self.size.leads)
        bare = round(count / _bare_commits(self.house.engine, count), 1)
        self.metrics["baseline_commits_per_s"] = bare
        written = self.metrics["insert_per_s"]
        self.metrics["ratio"] = quotient(written, bare) if isinstance(written, float) else None

    def _fill(self, first: int, last: int) -> None:
        clients = self.size.clients
        fill(self.house.engine, first, last, clients=clients, everybody=clients + self.size.written)


def bench_leads(
    house: House, *, leads: int, database: str, load: Load, progress: Progress, http_consumers: int | None = None
) -> Result:
    """A queue of this size, all of it waiting: leads written (call, lead, event, message), merged, claimed and acked.

    The database fills itself, with every client's leads and their events; what is measured goes through the product.
    Consumers are advisors who claim of their own clients. Claims arrive open-loop, and latency counts from the
    scheduled time; a warm-up as long as the load, of WARM_S seconds at most, is `cold_claim_p95_ms` and in no other
    figure. http_consumers: those who claim over HTTP, from a process of their own; as many as `load` has when not
    given. The baseline is a bare one-row commit on the same database; `growth` is the p95 of a claim at full size over
    that at a hundredth of it.
    """
    began = time.perf_counter()
    answer_in_threads()  # as the server does
    over_http = replace(load, consumers=http_consumers or load.consumers)
    with stored(house, database, large=leads >= LARGE_FROM) as fresh:
        run = _Run(house=fresh, size=Size(leads=leads), load=load, over_http=over_http)
        for n, (name, step) in enumerate(run.steps.items()):
            progress(n, len(run.steps), name)
            step()
        progress(len(run.steps), len(run.steps), "")
    return bench_result(
        "leads",
        fixture="leads and calls made on the spot",
        n=leads,
        parameters={
            "leads": leads, "clients": run.size.clients, "database": database, **vars(load), "pool": POOL_CONNECTIONS,
            "http_consumers": over_http.consumers, "warm_s": run.warm_up.seconds, "batch": BATCH, "writers": WRITERS,
            "written": run.size.written, "merged": run.size.merged, **run.parameters,
        },
        metrics=run.metrics,
        began=began,
    )  # fmt: skip


def _warm_claims(store: LeadStore, count: int) -> list[float]:
    """Milliseconds of claims by people who claimed just before: a queue in use, and not its first touch."""
    claim_one_by_one(store, count)
    return claim_one_by_one(store, count)


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
