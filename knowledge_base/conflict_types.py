"""What kind of contradiction two places make: the first explanation that fits, else a genuine one.

| type | the two places differ because |
|---|---|
| unit | they print the same digits at another scale, or the same number of other days |
| share_class | they speak of different share classes, or one of a class and one of the whole fund |
| period | they report on different periods, or name different years |
| superseded | they are editions of one kind of document, and one is older: nobody has retired it |
| genuine | nothing explains it |
"""

from __future__ import annotations

import re
from decimal import Decimal
from enum import StrEnum

from knowledge_base.document import DocumentVersion
from knowledge_base.facts import Fact

CLASS_LETTER = re.compile(r"(?<![A-Za-z])([A-Z])(?=类|份额|级)")
YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?=年|H|Q|/|-)")
SCALES_APART = frozenset({Decimal(10) ** n for n in (2, 3, 4, 6, 8)})  # %, thousand, 万, million, 亿
LEAST_DIGITS = 2  # of one digit any number would be another's scale


class ConflictType(StrEnum):
    GENUINE = "genuine"
    SUPERSEDED = "superseded"
    PERIOD = "period"
    UNIT = "unit"
    SHARE_CLASS = "share_class"


def type_of_facts(
    left: Fact, right: Fact, values: tuple[Decimal, Decimal], versions: tuple[DocumentVersion, DocumentVersion]
) -> ConflictType:
    """Of two facts on one thing whose `values` (in the smallest unit) differ."""
    if same_digits(*values):
        return ConflictType.UNIT
    if left.share_class != right.share_class:
        return ConflictType.SHARE_CLASS
    return _of_documents(*versions)


def type_of_rules(left: str, right: str, versions: tuple[DocumentVersion, DocumentVersion]) -> ConflictType:
    """Of two sentences on one topic that give different numbers in one unit."""
    if _apart(set(CLASS_LETTER.findall(left)), set(CLASS_LETTER.findall(right))):
        return ConflictType.SHARE_CLASS
    if _apart(set(YEAR.findall(left)), set(YEAR.findall(right))):
        return ConflictType.PERIOD
    return _of_documents(*versions)


def same_digits(left: Decimal, right: Decimal) -> bool:
    """Whether one value is the other at a scale that units have: 1.2 and 12,000, or 1.20 % and 0.012."""
    if not left or not right or left == right:
        return False
    if len(left.normalize().as_tuple().digits) < LEAST_DIGITS:
        return False
    larger, smaller = max(abs(left), abs(right)), min(abs(left), abs(right))
    return larger / smaller in SCALES_APART and (left > 0) == (right > 0)


def _of_documents(left: DocumentVersion, right: DocumentVersion) -> ConflictType:
    if left.period and right.period and left.period != right.period:
        return ConflictType.PERIOD
    days = (left.effective_from or left.published_on, right.effective_from or right.published_on)
    if left.document_type == right.document_type and all(days) and days[0] != days[1]:
        return ConflictType.SUPERSEDED
    return ConflictType.GENUINE


def _apart(left: set[str], right: set[str]) -> bool:
    return bool(left and right and not left & right)
