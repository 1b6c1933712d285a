"""Parts of the house are made once, also when threads ask together."""

from __future__ import annotations

import threading
import time

import pytest

from serve.once import once


class Shop:
    def __init__(self) -> None:
        self.made: list[str] = []
        self.broken = False

    @once
    def tool(self) -> object:
        """A tool."""
        time.sleep(0.02)
        self.made.append("tool")
        return object()

    @once
    def bench(self) -> tuple[object, str]:
        if self.broken:
            raise ValueError("no wood")
        return self.tool, "bench"


def test_threads_get_the_same() -> None:
    shop, found = Shop(), []
    threads = [threading.Thread(target=lambda: found.append(shop.bench[0])) for _ in range(6)]
    threads += [threading.Thread(target=lambda: found.append(shop.tool)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 12
    assert len({id(one) for one in found}) == 1
    assert shop.made == ["tool"]


def test_each_object_has_its_own_and_a_double_can_stand_in() -> None:
    one, other = Shop(), Shop()
    assert one.tool is not other.tool
    other.tool = "double"
    assert other.bench == ("double", "bench")


def test_a_failure_is_not_remembered() -> None:
    shop = Shop()
    shop.broken = True
    with pytest.raises(ValueError, match="no wood"):
        _ = shop.bench
    shop.broken = False
    assert shop.bench[1] == "bench"


def test_the_class_shows_the_description() -> None:
    assert Shop.tool.__doc__ == "A tool."
