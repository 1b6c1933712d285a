"""Chunks: exact offsets, bounded length, context carried."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from knowledge_base.parse import parse_bytes
from rag.chunk import MAX_PASSAGE_CHARS, chunk_document, embedding_text
from rag.errors import ChunkOffsetError
from rag.settings import RagSettings
from tests.rag.documents import annual, document, version

SETTINGS = RagSettings(chunk_chars=120, chunk_min_chars=40)
ROWS = "".join(f"| {i} | 远山第{i}公司 | {i},000.00 |\n" for i in range(1, 61))
LONG_TABLE = f"""# 听松指数基金2024年年度报告

## 股票投资明细

单位：人民币元

| 序号 | 股票名称 | 公允价值 |
|---|---|---|
{ROWS}"""


@pytest.mark.parametrize("size", [100, 250, 560])
def test_offsets_are_exact_and_length_is_bounded(size: int) -> None:
    for held, parsed in (annual(), document("long", LONG_TABLE)):
        chunks = chunk_document(held, parsed, RagSettings(chunk_chars=size, chunk_min_chars=50))
        for chunk in chunks:
            assert chunk.text == parsed.text[chunk.start : chunk.end]
            assert 0 < len(chunk.text) <= MAX_PASSAGE_CHARS
        assert len({chunk.id for chunk in chunks}) == len(chunks)


def test_chunks_follow_each_other_and_leave_out_only_space_and_headings() -> None:
    held, parsed = annual()
    chunks = chunk_document(held, parsed, SETTINGS)
    assert all(a.end <= b.start for a, b in pairwise(chunks))
    covered = "".join(chunk.text for chunk in chunks)
    for block in parsed.blocks:
        assert block.text.split("\n")[-1] in covered


def test_title_code_and_heading_stand_in_the_context() -> None:
    held, parsed = annual()
    chunk = next(c for c in chunk_document(held, parsed, SETTINGS) if "利率债" in c.text)
    assert "云岭稳健混合型证券投资基金2024年年度报告（990001）" in chunk.context
    assert "管理人报告" in chunk.context


def test_later_row_groups_carry_header_and_unit() -> None:
    held, parsed = document("long", LONG_TABLE)
    groups = [c for c in chunk_document(held, parsed, RagSettings(chunk_chars=300)) if c.tables]
    assert len(groups) > 3
    assert "股票名称 | 公允价值" in groups[2].context
    assert "单位：人民币元" in groups[2].context
    assert groups[2].tables[0].header == ("序号", "股票名称", "公允价值")
    rows = [row for group in groups for table in group.tables for row in table.rows]
    assert [row[0].text for row in rows] == [str(i) for i in range(1, 61)]


def test_a_row_longer_than_a_passage_is_cut() -> None:
    held, parsed = document("wide", f"# 题\n\n| 项目 | 说明 |\n|---|---|\n| 范围 | {'甲' * 2000} |\n")
    chunks = chunk_document(held, parsed, SETTINGS)
    assert max(len(chunk.text) for chunk in chunks) <= MAX_PASSAGE_CHARS
    assert sum(chunk.text.count("甲") for chunk in chunks) == 2000


def test_a_sentence_longer_than_a_passage_is_cut() -> None:
    held, parsed = document("wide", f"# 题\n\n{'甲' * 2000}")
    chunks = chunk_document(held, parsed, SETTINGS)
    assert sum(chunk.text.count("甲") for chunk in chunks) == 2000


def test_a_heading_stays_with_what_follows() -> None:
    held, parsed = annual()
    for chunk in chunk_document(held, parsed, SETTINGS):
        assert not chunk.text.rstrip().endswith(("管理人报告", "投资组合报告", "基金净值表现"))


def test_blocks_that_point_elsewhere_are_refused() -> None:
    parsed = parse_bytes("# 题\n\n第一段。\n".encode(), name="a.md")
    broken = replace(parsed, text="x" + parsed.text)
    with pytest.raises(ChunkOffsetError, match="not in the canonical text"):
        chunk_document(version("a", broken), broken, SETTINGS)


def test_the_encoder_is_spared_long_numbers() -> None:
    held, parsed = annual()
    chunk = next(c for c in chunk_document(held, parsed, SETTINGS) if "远山电力" in c.text)
    text = embedding_text(chunk, 400)
    assert "480,000.00" not in text
    assert "远山电力" in text
    assert len(embedding_text(chunk, 50)) == 50
