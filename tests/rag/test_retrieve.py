"""Hybrid retrieval: products apart, periods preferred, general documents behind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models.encoders.hashing import HashEncoder
from models.reranker import Scores
from rag.index import SearchIndex
from rag.retrieve import Query, Retriever, reciprocal_rank_fusion
from rag.settings import RagSettings
from tests.rag.documents import ADVISOR, TODAY, annual, document, other, rule


@pytest.fixture
def retriever(tmp_path: Path) -> Retriever:
    index = SearchIndex(tmp_path, HashEncoder(), RagSettings(chunk_chars=120, chunk_min_chars=40))
    for held, parsed in (annual(), other(), rule()):
        index.add(held, parsed)
    older = "# 云岭稳健混合型证券投资基金2022年年度报告\n\n## 管理人报告\n\n报告期内基金投资策略：提高了股票仓位。\n"
    index.add(*document("older", older, period="2022", product_codes=("990001",), document_type="fund_annual"))
    return Retriever(index, index.encoder)


def versions(retriever: Retriever, text: str, **query: object) -> list[str]:
    wanted = Query(**{"text": text, "on": TODAY, **query})  # type: ignore[arg-type]
    return [passage.chunk.version_id for passage in retriever.search(wanted, ADVISOR)]


def test_other_products_are_out_and_general_documents_stay(retriever: Retriever) -> None:
    found = versions(retriever, "投资策略", product_codes=("990001",))
    assert "v_other" not in found
    assert set(found) == {"v_annual", "v_older", "v_rule"}
    assert found[0] != "v_rule"


def test_two_products_take_turns(retriever: Retriever) -> None:
    found = versions(retriever, "投资策略和运作分析", product_codes=("990001", "990002"))
    assert {found[0], found[1]} >= {"v_other"}
    assert {"v_annual", "v_older"} & {found[0], found[1]}


def test_a_named_period_comes_first_and_others_fill_up(retriever: Retriever) -> None:
    found = versions(retriever, "投资策略", product_codes=("990001",), periods=("2022",))
    named = [version for version in found if version in ("v_annual", "v_older")]
    assert named[0] == "v_older"
    assert "v_annual" in named


def test_document_types_narrow(retriever: Retriever) -> None:
    assert set(versions(retriever, "赎回", document_types=("rule",))) == {"v_rule"}


def test_k_is_kept_and_no_chunk_comes_twice(retriever: Retriever) -> None:
    wanted = Query(text="基金", on=TODAY, product_codes=("990001", "990001"), k=3)
    found = [passage.chunk.id for passage in retriever.search(wanted, ADVISOR)]
    assert len(found) == len(set(found)) == 3


def test_titles_are_those_a_search_may_see(retriever: Retriever) -> None:
    titles = retriever.titles(Query(text="", on=TODAY, product_codes=("990002",)), ADVISOR)
    assert "澄湖债券型证券投资基金2024年年度报告" in titles
    assert not any("云岭" in title for title in titles)


def test_fusion_sums_reciprocal_ranks() -> None:
    fused = reciprocal_rank_fusion([[(1, 9.0), (2, 8.0)], [(2, 0.9)]], constant=10)
    assert fused == {1: pytest.approx(1 / 11), 2: pytest.approx(1 / 12 + 1 / 11)}


def test_a_reranker_orders_the_first_and_leaves_the_rest(retriever: Retriever) -> None:
    plain = versions(retriever, "基金赎回款到账", k=4)
    turned = Retriever(
        retriever.index, retriever.encoder, retriever.settings.model_copy(update={"rerank": 2}), reranker=_Upside()
    )
    found = turned.search(Query(text="基金赎回款到账", on=TODAY, k=4), ADVISOR)
    assert [passage.chunk.version_id for passage in found] == [plain[1], plain[0], *plain[2:]]
    assert [passage.score for passage in found] == sorted((passage.score for passage in found), reverse=True)


class _Upside:
    """Turns whatever it is given upside down."""

    name = "upside"

    def scores(self, question: str, passages: Sequence[str]) -> Scores:
        return np.arange(len(passages), dtype=np.float32)
