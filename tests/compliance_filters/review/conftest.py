"""A gate with a queue, on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from compliance_filters.audit.log import AuditLog
from compliance_filters.finding import Filter
from compliance_filters.gate import Gate
from compliance_filters.review.item import ReviewPolicy
from compliance_filters.review.queue import ReviewQueue
from compliance_filters.rules.pack import RulePack
from compliance_filters.tables import metadata
from jobs.tables import metadata as jobs_metadata
from tests.compliance_filters.conftest import KEY
from tests.compliance_filters.review.desk import Doubtful, MakeGate


@pytest.fixture
def audit(any_engine: Engine) -> AuditLog:
    metadata.create_all(any_engine)
    jobs_metadata.create_all(any_engine)
    return AuditLog(any_engine, KEY)


@pytest.fixture
def make_gate(pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog) -> MakeGate:
    def make(**policy: Any) -> Gate:
        queue = ReviewQueue(audit, ReviewPolicy(**{"sample_share": 0.0, **policy}))
        return Gate(pack, (*filters, Doubtful()), audit, queue=queue)

    return make
