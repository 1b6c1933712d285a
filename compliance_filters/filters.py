"""The filters of a rule pack, built once and shared; each only reads."""

from __future__ import annotations

from compliance_filters.disclosures import DisclosureFilter
from compliance_filters.finding import Filter
from compliance_filters.injection import InjectionFilter
from compliance_filters.numbers import NumberFilter
from compliance_filters.performance import PerformanceFilter
from compliance_filters.phrases import PhraseFilter
from compliance_filters.pii import PiiFilter
from compliance_filters.rules import RulePack
from compliance_filters.settings import ComplianceSettings
from compliance_filters.suitability import SuitabilityFilter


def standard_filters(pack: RulePack, settings: ComplianceSettings | None = None) -> tuple[Filter, ...]:
    """All rule filters of the product; the gate runs them in the pack's order."""
    settings = settings or ComplianceSettings()
    disclosures = DisclosureFilter(
        pack, approved=settings.approved_disclosures, complaint_phone=settings.complaint_phone
    )
    return (
        InjectionFilter(pack),
        PhraseFilter(pack),
        SuitabilityFilter(pack),
        PerformanceFilter(pack),
        NumberFilter(pack),
        PiiFilter(pack),
        disclosures,
    )
