"""The real gate over a fresh database."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from compliance_filters.audit.log import AuditLog
from compliance_filters.filters import standard_filters
from compliance_filters.finding import SEMANTIC
from compliance_filters.gate import Gate
from compliance_filters.rules.shelf import load_pack
from compliance_filters.tables import metadata


@pytest.fixture
def real_gate(engine: Engine) -> Gate:
    metadata.create_all(engine)
    pack = load_pack()
    return Gate(pack, standard_filters(pack), AuditLog(engine, b"k" * 32), left_out=frozenset({SEMANTIC}))
