"""What stands in a verdict's entry: program, rules, models, and the context as it was when a text was judged."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import select

from compliance_filters.audit.log import AuditLog
from compliance_filters.audit.read import proven_entry
from compliance_filters.context import context_from_meta, snapshot
from compliance_filters.finding import Draft, Outcome, Target
from compliance_filters.gate import Gate
from compliance_filters.semantic.calibration import Calibration, Thresholds
from compliance_filters.tables import audit_log
from compliance_filters.verdict_entry import program_version
from knowledge_base.access import Principal, Role
from tests.compliance_filters.conftest import CALIBRATION, SCORER

ADVISOR = Principal(user_id="u1", roles=frozenset({Role.ADVISOR}))
META: dict[str, Any] = {
    "today": "2026-03-01", "client_id": "k1", "client_level": "C2", "client_level_expires": "2027-01-01",
    "products": [{"code": "990003", "name": "澄湖成长股票", "risk_level": "R4", "on_shelf": True}],
    "adviser_name": "陈立", "adviser_licence": "S0990000000001",
    "restricted": [{"code": "600000", "name": "甲股份"}, {"code": "600001", "name": ""}],
    "facts": [{"name": "费率", "value": "1.20", "unit": "%", "period": "2025年"}],
    "insistence": [{
        "document_id": "doc-7", "sha256": "a" * 64, "signed_at": "2026-01-02T03:04:05+00:00", "product": "990003",
        "recording_id": "rec-9", "client_level": "C2", "risk_level": "R4",
    }],
}  # fmt: skip


def test_a_text_cleared_by_insistence_alone_keeps_the_evidence(gate: Gate, audit: AuditLog) -> None:
    draft = Draft(text="建议您买入澄湖成长股票。", target=Target.ANSWER)
    assert gate.review(draft, context_from_meta({**META, "insistence": []}), principal=ADVISOR).outcome is Outcome.BLOCK
    verdict = gate.review(draft, context_from_meta(META), principal=ADVISOR)
    assert verdict.cleared is not None
    entry, payload = proven_entry(audit, str(verdict.audit_id)), audit.payload(str(verdict.audit_id))
    assert payload is not None
    assert payload["context"]["insistence"] == META["insistence"]
    assert payload["context"]["restricted_list"]["count"] == 2
    assert payload["context"]["facts_list"]["count"] == 1
    assert (entry.data["program"], entry.data["rule_pack"]) == (program_version(), verdict.rule_pack)
    assert entry.data["models"] == {"semantic": f"{SCORER.version} calibration {CALIBRATION.digest}"}
    with audit.engine.connect() as connection:
        rows = str(connection.execute(select(audit_log)).all())
    assert "doc-7" not in rows
    assert "rec-9" not in rows


def test_digests_change_with_the_lists_and_not_with_their_order() -> None:
    told = snapshot(context_from_meta(META))
    turned = snapshot(context_from_meta({**META, "restricted": META["restricted"][::-1]}))
    assert turned == told
    shorter = snapshot(context_from_meta({**META, "restricted": META["restricted"][:1], "facts": []}))
    for name in ("restricted_list", "facts_list"):
        assert shorter[name] != told[name]
    other = {**META["facts"][0], "value": "1.2"}
    assert snapshot(context_from_meta({**META, "facts": [other]}))["facts_list"] != told["facts_list"]


def test_another_threshold_is_another_model() -> None:
    assert CALIBRATION.digest == Calibration(by_rule=dict(CALIBRATION.by_rule)).digest
    assert replace(CALIBRATION, acquit=0.1).digest != CALIBRATION.digest
    assert replace(CALIBRATION, by_rule={"promise.return": Thresholds()}).digest != CALIBRATION.digest
