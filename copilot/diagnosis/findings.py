"""Rules as data turn measures into observations in plain words, every number of which is a bound fact."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any

from compliance_filters.finding import BoundFact
from copilot.diagnosis.errors import RuleFileError

_PLACEHOLDER = re.compile(r"\{(?:(label):)?(\w+)\}")


class Severity(StrEnum):
    """How urgent an observation is for the reader."""

    NOTICE = "notice"
    WARNING = "warning"
    SERIOUS = "serious"

    @property
    def word(self) -> str:
        return {"notice": "提示", "warning": "关注", "serious": "重要"}[self.value]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One computed quantity as it is shown: rounded, with its unit and period."""

    name: str  # key that rules speak of
    label: str  # what it is called in the report, in Chinese
    value: Decimal  # in `unit`, as shown
    unit: str  # "%", "个百分点", "天", ""
    period: str | None = None
    entity: str | None = None

    @property
    def shown(self) -> str:
        return f"{self.value}{self.unit}"

    def fact(self) -> BoundFact:
        return BoundFact(name=self.label, value=self.value, unit=self.unit, period=self.period, entity=self.entity)


@dataclass(frozen=True, kw_only=True)
class Condition:
    """`measure` lies below or above the limit (exclusive), in the measure's display unit."""

    measure: str
    limit: Decimal
    above: bool

    def holds(self, measure: Measure) -> bool:
        return measure.value > self.limit if self.above else measure.value < self.limit


@dataclass(frozen=True, kw_only=True)
class Rule:
    id: str
    title: str
    severity: Severity
    when: tuple[Condition, ...]
    words: str
    kinds: tuple[str, ...] = ()  # of funds it is about; empty = of all
    unless: tuple[str, ...] = ()  # graver rules that say the same: silent where one of them speaks


@dataclass(frozen=True, kw_only=True)
class Observation:
    """A rule that spoke: its words, the measures it rests on, and the facts behind every number in it."""

    rule: str
    title: str
    severity: Severity
    words: str
    evidence: tuple[str, ...]  # names of measures
    facts: tuple[BoundFact, ...]
    entity: str | None = None


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What the rules say, and the titles of those that could not be judged for want of data."""

    observations: tuple[Observation, ...]
    unjudged: tuple[str, ...]
    lacking: Mapping[str, str] = field(default_factory=dict)  # by such a title the first measure that is not there


def judge(
    measures: Mapping[str, Measure],
    labels: Mapping[str, str],
    *,
    only: tuple[str, ...] | None = None,
    rules: tuple[Rule, ...] | None = None,
    entity: str | None = None,
    kind: str | None = None,
) -> Judgement:
    """Apply the rules (those named in `only`, or all) in order of severity, the most serious first.

    `kind`: id of the fund's kind; rules about other kinds are left out. `only` names a rule or, before a dot, several.

    Raises RuleFileError when a rule's words name a measure or label that nobody computed.
    """
    applied = [rule for rule in (rules or load_rules()) if _asked(rule, only, kind)]
    judged = [rule for rule in applied if all(c.measure in measures for c in rule.when)]
    holding = [rule for rule in judged if all(condition.holds(measures[condition.measure]) for condition in rule.when)]
    ids = {rule.id for rule in holding}
    spoken = [_observe(rule, measures, labels, entity) for rule in holding if ids.isdisjoint(rule.unless)]
    lacking = {rule.title: _first_missing(rule, measures) for rule in reversed(applied) if rule not in judged}
    order = [Severity.SERIOUS, Severity.WARNING, Severity.NOTICE]
    return Judgement(
        observations=tuple(sorted(spoken, key=lambda seen: order.index(seen.severity))),
        unjudged=tuple(reversed(lacking)),
        lacking=dict(reversed(lacking.items())),
    )


def _first_missing(rule: Rule, measures: Mapping[str, Measure]) -> str:
    return next(condition.measure for condition in rule.when if condition.measure not in measures)


def _asked(rule: Rule, only: tuple[str, ...] | None, kind: str | None) -> bool:
    named = only is None or rule.id in only or rule.id.partition(".")[0] in only
    return named and (not rule.kinds or kind is None or kind in rule.kinds)


def _observe(rule: Rule, measures: Mapping[str, Measure], labels: Mapping[str, str], entity: str | None) -> Observation:
    known = dict(measures) | _thresholds(rule, measures)
    used = [name for label, name in _PLACEHOLDER.findall(rule.words) if not label]
    try:
        words = _PLACEHOLDER.sub(lambda m: labels[m[2]] if m[1] else known[m[2]].shown, rule.words)
    except KeyError as error:
        raise RuleFileError(
            f"rule {rule.id} names {error.args[0]!r}, which is not computed: mend its words."
        ) from error
    evidence = dict.fromkeys([condition.measure for condition in rule.when] + [n for n in used if n in measures])
    return Observation(
        rule=rule.id, title=rule.title, severity=rule.severity, words=words, evidence=tuple(evidence),
        facts=tuple(known[name].fact() for name in used), entity=entity,
    )  # fmt: skip


def _thresholds(rule: Rule, measures: Mapping[str, Measure]) -> dict[str, Measure]:
    """{threshold} and its size without sign, as facts of their own: a limit is a number of the text too."""
    first = rule.when[0]
    unit = measures[first.measure].unit
    label = f"{rule.title}关注线"
    return {
        name: Measure(name=name, label=label, value=value, unit=unit)
        for name, value in (("threshold", first.limit), ("threshold_size", abs(first.limit)))
    }


@cache
def load_rules() -> tuple[Rule, ...]:
    """The rules shipped with the package. Raises RuleFileError when the file is empty or not valid."""
    return parse_rules(resources.files("copilot.diagnosis").joinpath("rules.yaml").read_text("utf-8"))


def parse_rules(source: str) -> tuple[Rule, ...]:
    """Rules from YAML text. Raises RuleFileError when there are none or one is not valid."""
    import yaml

    try:
        rules = tuple(_rule(item) for item in yaml.safe_load(source)["rules"])
    except (yaml.YAMLError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise RuleFileError(f"the diagnosis rules are not valid ({error}): mend rules.yaml.") from error
    if not rules:
        raise RuleFileError("the diagnosis rules are empty: an empty rule set would call every fund clean.")
    return rules


def _rule(item: Mapping[str, Any]) -> Rule:
    if re.search(r"\d", _PLACEHOLDER.sub("", item["words"])):
        raise ValueError(f"the words of {item['id']} hold a number that no measure stands for")
    when = tuple(_condition(condition) for condition in item["when"])
    if not when:
        raise ValueError(f"rule {item['id']} has no condition")
    severity = Severity(item["severity"])
    return Rule(
        id=item["id"],
        title=item["title"],
        severity=severity,
        when=when,
        words=item["words"],
        kinds=tuple(item.get("kinds", ())),
        unless=tuple(item.get("unless", ())),
    )


def _condition(item: Mapping[str, Any]) -> Condition:
    above = "above" in item
    return Condition(measure=item["measure"], limit=Decimal(str(item["above" if above else "below"])), above=above)
