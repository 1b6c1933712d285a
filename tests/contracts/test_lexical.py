"""What every LexicalIndex must do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import numpy as np
import pytest

from rag.lexical import FtsLexical, LexicalEntry, LexicalIndex, MemoryLexical
from rag.postgres import PgLexical

ENTRIES = (
    LexicalEntry(id=1, context="云岭稳健混合 2024年年度报告", text="基金份额净值增长率为3.25%"),
    LexicalEntry(id=2, context="云岭稳健混合 2024年年度报告", text="管理费率为每年1.20%"),
    LexicalEntry(id=3, context="澄湖债券 2024年年度报告", text="托管费按前一日基金资产净值计提"),
    LexicalEntry(id=4, context="听松货币 说明", text="代码990003，ETF联接，赎回款T+1日到账"),
)


@pytest.fixture(params=["fts5", "memory", pytest.param("tsvector", marks=pytest.mark.postgres)])
def lexical(request: pytest.FixtureRequest) -> Iterator[LexicalIndex]:
    connection = sqlite3.connect(":memory:")
    made: LexicalIndex = MemoryLexical()
    if request.param == "fts5":
        for statement in FtsLexical.CREATE:
            connection.execute(statement)
        made = FtsLexical(lambda: connection)
    if request.param == "tsvector":
        engine = request.getfixturevalue("pg_engine")
        PgLexical(engine, "another").add(ENTRIES)  # shares the table, is never found
        made = PgLexical(engine, "one")
    made.add(ENTRIES)
    yield made
    connection.close()


def found(lexical: LexicalIndex, question: str, **options: object) -> list[int]:
    return [id_ for id_, _ in lexical.search(question, k=10, **options)]  # type: ignore[arg-type]


class TestLexicalIndex:
    @pytest.mark.parametrize(
        ("question", "first"),
        [
            ("净值增长率是多少", 1),
            ("管理费率", 2),
            ("托管费怎么计提", 3),
            ("990003", 4),
            ("3.25%", 1),
            ("etf", 4),
            ("管理費率", 2),  # traditional script
            ("９９０００３", 4),  # full width
        ],
    )
    def test_the_right_chunk_comes_first(self, lexical: LexicalIndex, question: str, first: int) -> None:
        assert found(lexical, question)[0] == first

    def test_the_context_is_searched(self, lexical: LexicalIndex) -> None:
        assert found(lexical, "澄湖债券") == [3]

    def test_a_filter_is_applied_before_ranking(self, lexical: LexicalIndex) -> None:
        allowed = np.array([2, 3], dtype=np.int64)
        hits = lexical.search("云岭稳健混合净值增长率", k=1, allowed=allowed)
        assert hits[0][0] in (2, 3)
        assert found(lexical, "净值增长率", allowed=np.array([], dtype=np.int64)) == []

    def test_what_is_removed_is_not_found(self, lexical: LexicalIndex) -> None:
        lexical.remove([1, 99])
        assert 1 not in found(lexical, "净值增长率")
        assert lexical.document_share(["增长"]) == {"增长": 0.0}
        assert len(lexical) == 3

    def test_question_words_and_unknown_terms_find_nothing(self, lexical: LexicalIndex) -> None:
        assert found(lexical, "请问是多少") == []
        assert found(lexical, "zebra") == []

    def test_marks_of_the_query_language_are_plain_text(self, lexical: LexicalIndex) -> None:
        assert found(lexical, '管理费率" OR NEAR(*) -净值') != []

    def test_document_share(self, lexical: LexicalIndex) -> None:
        assert lexical.document_share(["云岭", "无此"]) == {"云岭": 0.5, "无此": 0.0}

    def test_a_name_of_the_catalogue_is_one_term(self, lexical: LexicalIndex) -> None:
        lexical.add([LexicalEntry(id=5, context="周报", text="银河之星上周回撤", names=("银河之星",))])
        lexical.add([LexicalEntry(id=6, context="周报", text="银河系、河之源、之星：上周回撤")])
        assert found(lexical, "银河之星", names=("银河之星",))[0] == 5
        assert lexical.document_share(["银河之星"])["银河之星"] > 0
        lexical.remove([5])
        assert lexical.document_share(["银河之星"])["银河之星"] == 0
