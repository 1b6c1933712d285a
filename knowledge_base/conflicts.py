"""Contradictions between documents in force: facts that differ, and rules on one topic that differ."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import combinations

from knowledge_base.access import Principal
from knowledge_base.catalog import Catalog
from knowledge_base.conflict_types import ConflictType, type_of_facts, type_of_rules
from knowledge_base.document import BlockKind, DocumentVersion, ParsedDocument
from knowledge_base.fact_tiers import TIERED
from knowledge_base.facts import Fact, FactStore
from knowledge_base.metrics import metrics

RULE_TYPES = ("rule", "faq")
NEARLY_THE_SAME = 0.5  # the same, from which another unit of the same number is told
DAYS = frozenset({"工作日", "交易日", "自然日", "日"})
ALIKE = 0.3  # share of common character pairs from which two sentences say something on the same thing
SENTENCE = re.compile(r"[^。；;\n]+")
KEY_NUMBER = re.compile(
    r"(?<![\d.年月])(?!(?:19|20)\d\d年)(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>个?(?:工作日|交易日|自然日)|[%％]|万?元|[天日年]|个月|小时|分钟)"
)
SCALES = {"万元": Decimal(10000), "万份": Decimal(10000), "亿元": Decimal(10**8), "亿份": Decimal(10**8)}
UNITS = {"％": "%", "个工作日": "工作日", "个交易日": "交易日", "个自然日": "自然日", "天": "日"}


@dataclass(frozen=True, kw_only=True)
class ConflictSpan:
    """One side of a conflict; `quote` is the canonical text from `start` to `end`."""

    version_id: str
    title: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, kw_only=True)
class Conflict:
    """Two spans of documents in force that cannot both hold as they stand."""

    kind: str  # fact | rule
    type: ConflictType  # what explains it, or genuine
    about: str  # what they disagree on, in Chinese
    left: ConflictSpan
    right: ConflictSpan


def find_conflicts(
    catalog: Catalog, facts: FactStore, *, principal: Principal, on: date | None = None
) -> tuple[Conflict, ...]:
    """Conflicts among documents in force on a day (today when None) that the principal may read."""
    day = on or datetime.now(UTC).date()
    in_force = catalog.in_force(day, principal=principal)
    by_id = {version.id: version for version in in_force}
    found = [*_of_facts(facts.in_force(principal=principal, on=day), by_id)]
    rules = [version for version in in_force if version.document_type in RULE_TYPES]
    return (*found, *_of_rules(catalog, rules, principal))


def _of_facts(found: Sequence[Fact], by_id: dict[str, DocumentVersion]) -> Iterator[Conflict]:
    groups: dict[Hashable, list[Fact]] = defaultdict(list)
    for fact in found:
        a_row = metrics()[fact.attribute].kind == "list"  # which row it is differs with how a document parts its lists
        if fact.value is not None and fact.version_id in by_id and not a_row:
            groups[_same_thing(fact)].append(fact)
    for group in groups.values():
        for left, right in combinations(_one_per_value(group), 2):
            if left.version_id != right.version_id and not _agree(left, right):
                versions = by_id[left.version_id], by_id[right.version_id]
                label = metrics()[left.attribute].label
                yield Conflict(
                    kind="fact",
                    type=type_of_facts(left, right, (_scaled(left), _scaled(right)), versions),
                    about=f"{left.entity}{left.period or ''}{label}",
                    left=_span(versions[0], left.start, left.quote),
                    right=_span(versions[1], right.start, right.quote),
                )


def _same_thing(fact: Fact) -> Hashable:
    """What must have one value: a point is its day, a flow its period, a constant neither.

    A code is one share class's; where a document prints the code without the class, what it says must hold of
    the class too, unless it is a sum over all classes.
    """
    metric = metrics()[fact.attribute]
    when = {"point": fact.as_of, "flow": fact.period}.get(
        metric.kind, fact.window if fact.attribute in TIERED else None
    )
    whose = None if fact.product_code and metric.value == "percent" else fact.share_class
    return fact.product_code, whose, fact.attribute, when


def _one_per_value(group: Iterable[Fact]) -> list[Fact]:
    return list({(fact.version_id, _scaled(fact)): fact for fact in group}.values())


def _scaled(fact: Fact) -> Decimal:
    scale = next((by for unit, by in SCALES.items() if fact.unit and fact.unit.endswith(unit)), Decimal(1))
    return (fact.value or Decimal(0)) * scale


def _agree(left: Fact, right: Fact) -> bool:
    """Equal within the rounding of the coarser print (0.952 and 0.9520; 1.2亿 and 119,870,000 do not)."""
    step = max(_step(left), _step(right))
    return abs(_scaled(left) - _scaled(right)) <= step / 2


def _step(fact: Fact) -> Decimal:
    exponent = (fact.value or Decimal(0)).as_tuple().exponent
    scale = _scaled(fact) / fact.value if fact.value else Decimal(1)
    return Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0) * scale


def _of_rules(catalog: Catalog, rules: Sequence[DocumentVersion], principal: Principal) -> Iterator[Conflict]:
    by_topic: dict[str, list[DocumentVersion]] = defaultdict(list)
    for version in rules:
        topic = catalog.metadata(version.id, principal=principal).topic
        if topic:
            by_topic[topic].append(version)
    for topic, together in by_topic.items():
        for left, right in combinations(sorted(together, key=lambda version: version.id), 2):
            yield from _between(catalog, topic, left, right, principal)


def _between(
    catalog: Catalog, topic: str, left: DocumentVersion, right: DocumentVersion, principal: Principal
) -> Iterator[Conflict]:
    """The two sentences most alike that give one unit, where they give it different numbers."""
    ours = _statements(catalog.parsed(left.id, principal=principal))
    theirs = _statements(catalog.parsed(right.id, principal=principal))
    pairs = [(_alike(a.text, b.text), a, b) for a in ours for b in theirs]
    units = {a.unit for _, a, b in pairs if a.unit == b.unit}
    closest = [max((pair for pair in pairs if pair[1].unit == pair[2].unit == unit), key=_closeness) for unit in units]
    differing = [pair for pair in closest if pair[0] >= ALIKE and pair[1].numbers != pair[2].numbers]
    for _, a, b in sorted(differing, key=_closeness, reverse=True)[:1]:
        yield Conflict(
            kind="rule",
            type=type_of_rules(a.text, b.text, (left, right)),
            about=topic,
            left=_span(left, a.start, a.text),
            right=_span(right, b.start, b.text),
        )
    for _, a, b in sorted(_of_other_days(pairs, ours, theirs), key=_closeness, reverse=True)[:1]:
        yield Conflict(
            kind="rule",
            type=ConflictType.UNIT,
            about=topic,
            left=_span(left, a.start, a.text),
            right=_span(right, b.start, b.text),
        )


@dataclass(frozen=True, kw_only=True)
class _Statement:
    text: str
    start: int
    unit: str
    numbers: frozenset[Decimal]


_Pair = tuple[float, _Statement, _Statement]  # how alike, and the two


def _of_other_days(pairs: Sequence[_Pair], ours: Sequence[_Statement], theirs: Sequence[_Statement]) -> list[_Pair]:
    """Sentences nearly alike that give the same number of other days: 3个工作日 and 3个自然日."""
    left, right = {(one.unit, one.numbers) for one in ours}, {(one.unit, one.numbers) for one in theirs}
    return [
        (alike, a, b)
        for alike, a, b in pairs
        if alike >= NEARLY_THE_SAME and a.unit != b.unit and {a.unit, b.unit} <= DAYS and a.numbers == b.numbers
        and (a.unit, a.numbers) not in right and (b.unit, b.numbers) not in left
    ]  # fmt: skip


def _closeness(pair: _Pair) -> float:
    return pair[0]


def _statements(parsed: ParsedDocument) -> list[_Statement]:
    """Sentences and table rows, once for each unit they give numbers in."""
    found = []
    for block in parsed.blocks:
        if block.kind is BlockKind.HEADING:
            continue
        for sentence in SENTENCE.finditer(block.text):
            numbers: dict[str, set[Decimal]] = defaultdict(set)
            for number in KEY_NUMBER.finditer(sentence[0]):
                unit = UNITS.get(number["unit"], number["unit"])
                value = Decimal(number["number"].replace(",", "")) * SCALES.get(unit, Decimal(1))
                numbers[unit.removeprefix("万")].add(value)
            start = block.start + sentence.start()
            found += [
                _Statement(text=sentence[0], start=start, unit=unit, numbers=frozenset(values))
                for unit, values in numbers.items()
            ]
    return found


def _alike(left: str, right: str) -> float:
    """Share of two-character pieces that two sentences have in common (Jaccard, 0..1), digits aside."""
    a, b = _pieces(left), _pieces(right)
    return len(a & b) / len(a | b) if a | b else 0.0


def _pieces(text: str) -> frozenset[str]:
    words = re.sub(r"[\W\d_]+", "", text)
    return frozenset(words[n : n + 2] for n in range(len(words) - 1))


def _span(version: DocumentVersion, start: int, quote: str) -> ConflictSpan:
    return ConflictSpan(version_id=version.id, title=version.title, start=start, end=start + len(quote), quote=quote)
