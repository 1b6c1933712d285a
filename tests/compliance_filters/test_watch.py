"""A filter that hangs: every caller gets a verdict, nothing passes, and threads stay few."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from compliance_filters import rulebook
from compliance_filters.audit.log import AuditLog
from compliance_filters.errors import ReviewQueueError
from compliance_filters.finding import Draft, Finding, Outcome, ReviewContext, Target, Verdict
from compliance_filters.gate import Gate
from compliance_filters.review.queue import ReviewQueue
from compliance_filters.rules.pack import RulePack
from compliance_filters.watch import MOST_STUCK, Run, Watch
from tests.compliance_filters.review.desk import ADVISOR, ANNA, PLAIN

TEXTS = 1_000


class Hanging:
    """Hangs in one of its steps until it is let go."""

    def __init__(self, step: str = "find") -> None:
        self.name, self.step, self.go = "hanging", step, threading.Event()

    def load(self) -> None:
        self._hang("load")

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        self._hang("find")
        return ()

    def acquits(self, draft: Draft, finding: Finding) -> bool:
        self._hang("acquits")
        return True

    def _hang(self, step: str) -> None:
        if step == self.step:
            self.go.wait(120)


class Blocking:
    """Blocks everything."""

    name = "blocking"

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        return (Finding(rule="promise.return", start=0, end=1, quote="x", outcome=Outcome.BLOCK, reason="不可。"),)


class Panic(BaseException):
    """As a library in another language raises it."""


class Panicking:
    name = "panicking"

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        raise Panic


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    made = Hanging()
    yield made
    made.go.set()


def gate_of(pack: RulePack, audit: AuditLog, *filters: object, watch: Watch | None = None) -> Gate:
    named = replace(pack, order=tuple(f.name for f in filters))  # type: ignore[attr-defined]
    queue = ReviewQueue(audit)
    return Gate(named, filters, audit, queue=queue, time_budget_ms=50, watch=watch)  # type: ignore[arg-type]


def ask(gate: Gate, text: str = "您好。") -> Verdict:
    return gate.review(Draft(text=text, target=Target.ANSWER), PLAIN, principal=ADVISOR)


@pytest.mark.parametrize("step", ["find", "load", "acquits"])
def test_a_thousand_texts_against_a_filter_that_hangs(
    step: str, pack: RulePack, audit: AuditLog, hanging: Hanging, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rulebook, "LOAD_S", 0.05)
    hanging.step = step
    others = (Blocking(),) if step == "acquits" else ()  # something to read twice
    gate = gate_of(pack, audit, *others, hanging)
    before, began = threading.active_count(), time.monotonic()
    draft = Draft(text="您好。", target=Target.ANSWER)
    judged = [gate.judge(draft, PLAIN) for _ in range(TEXTS)]
    assert all(errors for _, errors in judged), "no text passes"
    assert time.monotonic() - began < 30
    assert threading.active_count() - before <= MOST_STUCK + 2
    assert ask(gate).cleared is None
    assert "unavailable" in judged[-1][1][0]
    hanging.go.set()
    for _ in range(100):
        if not gate._watch.stuck:
            break
        time.sleep(0.05)
    hanging.step = "none"
    assert gate._watch.stuck == {}
    assert gate.judge(draft, PLAIN)[1] == (), "once the stuck ones ended it looks again"


def test_many_callers_at_once_lose_a_thread_each_at_most(pack: RulePack, audit: AuditLog, hanging: Hanging) -> None:
    gate, callers, before = gate_of(pack, audit, hanging), 12, threading.active_count()
    outcomes: list[tuple[str, ...]] = []

    def many() -> None:
        for _ in range(20):
            outcomes.append(gate.judge(Draft(text="您好。", target=Target.ANSWER), PLAIN)[1])

    threads = [threading.Thread(target=many) for _ in range(callers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(outcomes) == 20 * callers
    assert all(outcomes)
    assert sum(gate._watch.stuck.values()) <= MOST_STUCK + callers
    assert threading.active_count() - before <= MOST_STUCK + 2 * callers


def test_what_was_found_before_it_hung_counts(pack: RulePack, audit: AuditLog, hanging: Hanging) -> None:
    verdict = ask(gate_of(pack, audit, Blocking(), hanging))
    assert (verdict.outcome, verdict.cleared) == (Outcome.BLOCK, None)
    assert verdict.errors == ("gate: the time budget of 50 ms ran out at hanging",)


def test_no_officer_releases_what_hangs(pack: RulePack, audit: AuditLog, hanging: Hanging) -> None:
    gate = gate_of(pack, audit, hanging)
    for _ in range(MOST_STUCK):
        verdict = ask(gate)
    with pytest.raises(ReviewQueueError, match="hanging: unavailable"):
        gate.release(str(verdict.review_id), reason="可以", principal=ANNA)


def test_what_is_no_exception_is_a_doubt_too(pack: RulePack, audit: AuditLog) -> None:
    verdict = ask(gate_of(pack, audit, Panicking()))
    assert (verdict.outcome, verdict.cleared, verdict.errors) == (Outcome.REVIEW, None, ("panicking: Panic",))


def test_threads_are_taken_again_and_a_fork_starts_with_none(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch()
    seen: set[int] = set()
    for _ in range(5):
        run = Run(lambda _: seen.add(threading.get_ident()))
        watch.start(run)
        assert run.ended.wait(10)
        time.sleep(0.02)
    assert len(seen) == 1
    monkeypatch.setattr("compliance_filters.watch.os.getpid", lambda: -1)
    run = Run(lambda _: seen.add(threading.get_ident()))
    watch.start(run)
    assert run.ended.wait(10)
    assert len(seen) == 2
