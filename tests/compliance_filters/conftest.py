"""The built-in pack and its filters, built once; an audit log on the test's own database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from compliance_filters.audit.log import AuditLog
from compliance_filters.context import context_from_meta
from compliance_filters.filters import standard_filters
from compliance_filters.finding import Draft, Filter, Finding, Outcome, Target
from compliance_filters.gate import Gate
from compliance_filters.review.queue import ReviewQueue
from compliance_filters.rules.pack import RulePack
from compliance_filters.rules.shelf import builtin_pack
from compliance_filters.semantic.calibration import Calibration, Thresholds
from compliance_filters.semantic.filter import SemanticFilter
from compliance_filters.tables import metadata
from models.scorer import ScriptedScorer

SCORER = ScriptedScorer(
    ("promise.return", "source.rumor"),
    {"甲词": {"promise.return": 0.95}, "乙词": {"promise.return": 0.6}, "丙词": {"source.rumor": 0.95}},
)
CALIBRATION = Calibration(
    by_rule={rule: Thresholds(review=0.5, decide=0.9, positives=9, precision=1.0) for rule in SCORER.labels}
)
KEY = b"a test key of at least thirty-two bytes"

PATIENT_MS = 600_000  # a machine under load is no reason to put a text before an officer


@pytest.fixture(scope="session")
def pack() -> RulePack:
    return builtin_pack()


@pytest.fixture(scope="session")
def filters(pack: RulePack) -> tuple[Filter, ...]:
    """All filters; the model of the semantic one is a double that suspects nothing but one made-up word."""
    return standard_filters(pack, semantic=SemanticFilter(pack, SCORER, CALIBRATION))


@pytest.fixture(scope="session")
def judge(filters: tuple[Filter, ...]) -> Callable[..., list[Finding]]:
    """judge(text, target="answer", **meta) -> findings of all filters."""

    def run(text: str, target: str = "answer", **meta: Any) -> list[Finding]:
        draft = Draft(text=text, target=Target(target))
        context = context_from_meta({"today": "2026-03-01", **meta})
        return [finding for each in filters for finding in each.find(draft, context)]

    return run


@pytest.fixture(scope="session")
def stopped(judge: Callable[..., list[Finding]]) -> Callable[..., list[str]]:
    """Rules whose findings keep a text from being delivered."""

    def run(text: str, target: str = "answer", **meta: Any) -> list[str]:
        return [f.rule for f in judge(text, target, **meta) if f.outcome >= Outcome.RETURN]

    return run


@pytest.fixture
def audit(engine: Engine) -> AuditLog:
    metadata.create_all(engine)
    return AuditLog(engine, KEY)


@pytest.fixture
def queue(audit: AuditLog) -> ReviewQueue:
    return ReviewQueue(audit)


@pytest.fixture
def gate(pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog, queue: ReviewQueue) -> Gate:
    return Gate(pack, filters, audit, queue=queue, time_budget_ms=PATIENT_MS)
