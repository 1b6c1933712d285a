"""Parts of one size, so that a statement or a page stays within its bounds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def batches(items: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """The items in order, `size` at a time; the last part may be shorter."""
    rest = iter(items)
    while part := tuple(islice(rest, size)):
        yield part
