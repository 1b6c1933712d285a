"""A rule pack's own examples are its tests: every violating one is found, no compliant one is."""

from __future__ import annotations

from collections.abc import Sequence

from compliance_filters.context import context_from_meta
from compliance_filters.finding import Draft, Filter, Target
from compliance_filters.rules import Example, RulePack


def lint(pack: RulePack, filters: Sequence[Filter]) -> tuple[str, ...]:
    """Faults, one sentence each; empty when every rule does what its examples say.

    A compliant example of a blocking rule must also break no other blocking rule.
    """
    faults: list[str] = []
    known = {f.name for f in filters}
    faults += [f"order names the filter {name}, which does not exist" for name in pack.order if name not in known]
    for rule in pack.rules.values():
        for example in rule.violating:
            if rule.id not in found_rules(example, filters):
                faults.append(f"{rule.id}: a violating example is not found: {example.text}")
        for example in rule.compliant:
            if rule.id in found_rules(example, filters):
                faults.append(f"{rule.id}: a compliant example is found: {example.text}")
    return tuple(faults)


def found_rules(example: Example, filters: Sequence[Filter]) -> frozenset[str]:
    """Ids of all rules that the filters find broken in an example."""
    draft = Draft(text=example.text, target=Target(example.target))
    context = context_from_meta(example.meta)
    return frozenset(finding.rule for f in filters for finding in f.find(draft, context))
