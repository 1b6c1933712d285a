"""The real fund disclosures: parsed exactly, named rightly, synced in time."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge_base.catalog import Catalog
from knowledge_base.conflicts import find_conflicts
from knowledge_base.facts import FactStore
from knowledge_base.parse import parse_file
from knowledge_base.products import Products
from knowledge_base.tables import metadata
from tests.knowledge_base.made import SYSTEM, check_offsets, sync

pytestmark = pytest.mark.data


def test_every_block_and_cell_is_the_text_at_its_offsets(real_data: Path) -> None:
    paths = sorted((real_data / "fund_reports").glob("*.html"))
    assert len(paths) == 18
    for path in paths:
        parsed = parse_file(path)
        check_offsets(parsed)
        assert "XBRL" not in parsed.title
        assert "期末还原后基金份额累计净值" not in parsed.text  # stands only in commented-out rows
        assert "目录全部展开" not in parsed.text  # the navigation tree
        assert sum(block.table is not None for block in parsed.blocks) >= 4


def test_sync_facts_names_and_conflicts(engine: Engine, real_data: Path) -> None:
    metadata.create_all(engine)
    done = sync(real_data / "fund_reports", engine)
    assert done.count("added") == 18
    assert sync(real_data / "fund_reports", engine).count("unchanged") == 18
    versions = {version.path[:13]: version for version in Catalog(engine).versions(principal=SYSTEM)}
    assert versions["970196_2023Q3"].period == "2024Q3"
    lying = next(row for row in done.rows if row.path.startswith("970196"))
    assert "the text says 2024Q3" in lying.warnings[0]
    assert versions["900020_REPORT"].product_codes == ("900020", "900050", "900080")
    assert versions["159255_FUND_P"].document_type == "fund_profile"
    assert find_conflicts(Catalog(engine), FactStore(engine), principal=SYSTEM) == ()
    question = "北信瑞丰健康生活主题2024年净值增长率和业绩比较基准各是多少"
    named = Products(engine).resolve(question, principal=SYSTEM, today=date(2025, 7, 1))
    assert named.product_codes == ("001056",)
    assert [match.id for match in named.metrics] == ["net_value_growth", "benchmark_return"]
    assert [match.period for match in named.periods] == ["2024"]
