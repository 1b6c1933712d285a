"""Few texts on one thread, a batch on all that torch may use."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from models.encoders.cross_encoder import CrossEncoderReranker
from models.spread import FEW, _most, spread_over
from tests.contracts.test_reranker import PASSAGES, QUESTION, tiny_cross_encoder


@pytest.fixture(autouse=True)
def four_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    _most.cache_clear()
    yield
    torch.set_num_threads(before)
    _most.cache_clear()


def test_a_reranker_takes_all_threads_back_from_the_question_before_it(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(tiny_cross_encoder(tmp_path / "tiny"))
    spread_over(1)
    reranker.scores(QUESTION, PASSAGES * FEW)
    assert torch.get_num_threads() == 4


def test_one_thread_for_few_and_all_again_for_a_batch() -> None:
    spread_over(1)
    assert torch.get_num_threads() == 1
    spread_over(FEW + 1)
    assert torch.get_num_threads() == 4
    spread_over(FEW)
    assert torch.get_num_threads() == 1
