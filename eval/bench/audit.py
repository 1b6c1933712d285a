"""Figures of the audit log for `tougu bench compliance`: appending durably, and verifying a long chain."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from compliance_filters.audit.log import AuditEvent, AuditLog
from eval.bench.measure import percentile
from eval.result import Figure

WRITERS = 16  # threads that append at once, as a busy server has them
CLIENTS = 200
ANSWER = (
    "云岭稳健增利债券A的管理费率为每年0.60%，托管费率为每年0.15%。基金过往业绩不预示未来表现。" * 6
)  # 300 characters


def audit_figures(log: AuditLog, *, appends: int, entries: int) -> dict[str, Figure]:
    """Append verdicts with their texts one by one from many threads, fill up to `entries`, verify thrice.

    log: an empty one, thrown away afterwards. `audit_append_ms`: wall time over appends, each durable when it
    returned; `audit_append_alone_ms`: the same from one thread, median; `audit_verify_per_s`: entries a second with the
    hashes of all texts, best of three; `audit_verify_chain_per_s`: the chain alone.
    """
    log.append_many([_verdict(n) for n in range(CLIENTS)])  # keys are made outside the measured time
    alone_ms = [_timed_ms(log, n) for n in range(min(appends, 200))]
    began = time.perf_counter()
    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(lambda n: log.append_many([_verdict(n)]), range(appends)))
    append_ms = (time.perf_counter() - began) * 1e3 / appends
    for start in range(0, entries, 1_000):
        log.append_many([_verdict(n) for n in range(start, start + 1_000)])
    return {
        "audit_append_ms": round(append_ms, 3),
        "audit_append_alone_ms": percentile(alone_ms, 50),
        "audit_verify_per_s": _verified_per_s(log, payloads=True),
        "audit_verify_chain_per_s": _verified_per_s(log, payloads=False),
    }


def _verdict(n: int) -> AuditEvent:
    """An entry as the gate writes it, of an answer of 300 characters."""
    return AuditEvent(
        event="compliance.verdict",
        actor="A001",
        subject=f"C{n % CLIENTS}",
        data={
            "outcome": "pass", "target": "answer", "by": "extractive", "channel": "sidebar", "errors": [],
            "rule_pack": "tougu-base 1.0.0 sha256:0143a6f96a149f56", "findings": [], "escalated": [],
            "incident": False, "text": "0" * 64,
        },
        payload={"original": ANSWER, "text": ANSWER, "client_id": f"C{n % CLIENTS}"},
    )  # fmt: skip


def _timed_ms(log: AuditLog, n: int) -> float:
    began = time.perf_counter()
    log.append_many([_verdict(n)])
    return (time.perf_counter() - began) * 1e3


def _verified_per_s(log: AuditLog, *, payloads: bool) -> float:
    """Entries a second, the best of three; raises AssertionError should the log not verify."""
    rates = []
    for _ in range(3):
        began = time.perf_counter()
        report = log.verify(payloads=payloads)
        rates.append(report.entries / (time.perf_counter() - began))
        assert report.ok, report.problems
    return round(max(rates), 1)
