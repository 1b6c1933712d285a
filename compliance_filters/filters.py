"""The filters of a rule pack, built once and shared; each only reads."""

from __future__ import annotations

from compliance_filters.disclosures import DisclosureFilter
from compliance_filters.finding import Filter
from compliance_filters.injection import InjectionFilter
from compliance_filters.numbers.filter import NumberFilter
from compliance_filters.performance import PerformanceFilter
from compliance_filters.phrases import PhraseFilter
from compliance_filters.pii.filter import PiiFilter
from compliance_filters.rules.pack import RulePack
from compliance_filters.settings import ComplianceSettings
from compliance_filters.suitability import RecommendationReader, SuitabilityFilter


def standard_filters(
    pack: RulePack, settings: ComplianceSettings | None = None, semantic: Filter | None = None
) -> tuple[Filter, ...]:
    """The filters of the product; the gate runs them in the pack's order.

    `semantic` is None in a rules-only profile, and where rules alone are tried.
    """
    settings = settings or ComplianceSettings()
    reader = RecommendationReader(pack)
    disclosures = DisclosureFilter(
        pack, approved=settings.approved_disclosures, complaint_phone=settings.complaint_phone, reader=reader
    )
    return (
        InjectionFilter(pack),
        PhraseFilter(pack),
        SuitabilityFilter(pack, reader),
        PerformanceFilter(pack),
        NumberFilter(pack),
        PiiFilter(pack),
        disclosures,
        *([semantic] if semantic else []),
    )
