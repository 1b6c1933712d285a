"""Readers of personal identifiers: each finds one family in a plain view of the text."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from compliance_filters.pii.addresses import addresses
from compliance_filters.pii.contacts import emails, landlines, messengers
from compliance_filters.pii.hit import Hit
from compliance_filters.pii.numbers import numbers

READERS: tuple[Callable[[str], Iterator[Hit]], ...] = (numbers, landlines, emails, messengers, addresses)
"""In order of precedence: where two readers claim one place, the earlier one has it."""
