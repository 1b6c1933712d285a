"""What `tougu bench leads` does to a queue: calls are written, leads are claimed and reported."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from threading import Lock

from eval.bench.lead_table import ADVISORS, INTENTS, advisor, client
from eval.bench.measure import poisson_arrivals, timed_ms
from intent.call import Call, CallReading, Evidence, Polarity, Transcript, Wish
from intent.leads.store import LeadStore
from knowledge_base.access import Principal, Role
from serve.users import OPERATOR

BATCH = 500  # calls a transaction
WRITERS = 2  # threads that write
ACKERS = 8  # threads that acknowledge what was claimed


@dataclass(frozen=True, kw_only=True)
class Load:
    """An open-loop load: `consumers` people, each coming back after a mean think time."""

    consumers: int
    think_s: float
    seconds: float

    @property
    def arrivals(self) -> list[float]:
        return poisson_arrivals(self.consumers / self.think_s, self.seconds)


def write_calls(store: LeadStore, numbers: range, heard: str = "first") -> float:
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


def staff(n: int) -> Principal:
    """The n-th advisor."""
    return Principal(user_id=advisor(n), roles=frozenset({Role.ADVISOR}))


def claim_one_by_one(store: LeadStore, count: int) -> list[float]:
    """Milliseconds of claims one after another, each of another advisor; what was claimed is given back."""
    spent = []
    for n in range(count):
        principal = staff(n * 7)
        began = time.perf_counter()
        taken = store.claim(principal=principal, limit=1)
        spent.append((time.perf_counter() - began) * 1e3)
        for lead in taken:
            store.nack(lead.id, principal=principal)
    return spent


class Consumers:
    """Advisors who claim one lead at a time and report it contacted; knows what was offered twice."""

    def __init__(self, store: LeadStore) -> None:
        self._store, self._lock = store, Lock()
        self._random, self._seen = random.Random(7), set[str]()
        self._ackers = ThreadPoolExecutor(ACKERS)
        self.double_offers = self.errors = 0
        self.ack_ms: list[float] = []

    def __enter__(self) -> Consumers:
        return self

    def __exit__(self, *_: object) -> None:
        self._ackers.shutdown()

    def work(self, _: int) -> None:
        """One claim; its report is sent beside it."""
        with self._lock:
            principal = staff(self._random.randrange(ADVISORS))
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
