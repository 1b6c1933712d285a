from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from models.lazy import Lazy


def test_makes_once_for_many_threads() -> None:
    numbers = count()
    value = Lazy(lambda: next(numbers))
    assert not value.is_loaded
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: value.get(), range(50))) == {0}
    assert value.loads == 1


def test_release_makes_again() -> None:
    numbers = count()
    value = Lazy(lambda: next(numbers))
    value.get()
    value.release()
    assert value.get() == 1


def test_a_failure_is_tried_again() -> None:
    results: list[int] = []

    def make() -> int:
        results.append(1)
        if len(results) == 1:
            raise ValueError("first time")
        return 7

    value = Lazy(make)
    with pytest.raises(ValueError, match="first time"):
        value.get()
    assert value.get() == 7
