"""Few texts on one thread, a batch on all that torch may use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from models.spread import FEW, _most, spread_over


@pytest.fixture(autouse=True)
def four_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    _most.cache_clear()
    yield
    torch.set_num_threads(before)
    _most.cache_clear()


def test_one_thread_for_few_and_all_again_for_a_batch() -> None:
    spread_over(1)
    assert torch.get_num_threads() == 1
    spread_over(FEW + 1)
    assert torch.get_num_threads() == 4
    spread_over(FEW)
    assert torch.get_num_threads() == 1
