"""No regular expression of the code is catastrophic: measured on hostile texts where its form bounds nothing."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import product
from typing import Any

import pytest

import compliance_filters
import mandarin
from compliance_filters.rules.patterns import dangers
from tests.compliance_filters.rules.test_pattern_work import FILLERS, is_linear, words_of

MORE = ("\n", "、", "第", "“", "0", "点", "亿", "-", "00", "1,", "1x ", "(")
DEEPEST = 4


def held(value: Any, deep: int = 0) -> Iterator[re.Pattern[str]]:
    """Patterns in a module's value: alone, in tables, in dataclasses."""
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
        return
    if deep == DEEPEST:
        return
    inner: list[Any] = []
    if isinstance(value, dict):
        inner = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        inner = list(value)
    elif is_dataclass(value) and not isinstance(value, type):
        inner = [getattr(value, field.name, None) for field in fields(value)]
    for each in inner:
        yield from held(each, deep + 1)


def patterns_of_code() -> dict[str, re.Pattern[str]]:
    """Every compiled pattern that a module below compliance_filters and mandarin holds."""
    found: dict[re.Pattern[str], str] = {}
    for package in (compliance_filters, mandarin):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            for name, value in vars(importlib.import_module(module.name)).items():
                for pattern in held(value):
                    found.setdefault(pattern, f"{module.name}.{name}")
    return {f"{name} {number}": pattern for number, (pattern, name) in enumerate(found.items())}


DOUBTED = {name: pattern for name, pattern in patterns_of_code().items() if any(dangers(pattern))}


def test_the_patterns_are_found() -> None:
    assert len(patterns_of_code()) > 300


@pytest.mark.parametrize("name", DOUBTED)
def test_what_its_form_does_not_bound_is_linear_on_texts_made_against_it(name: str) -> None:
    pattern = DOUBTED[name]
    fillers = (*FILLERS, *MORE)
    units = dict.fromkeys([*fillers, *words_of(pattern)[:20], *(a + b for a, b in product(fillers[:9], MORE))])
    assert [unit for unit in units if not is_linear(pattern, unit)] == []
