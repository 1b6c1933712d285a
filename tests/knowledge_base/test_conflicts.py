from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge_base.catalog import Catalog
from knowledge_base.conflicts import Conflict, find_conflicts
from knowledge_base.facts import FactStore
from knowledge_base.tables import metadata
from tests.knowledge_base.made import SYSTEM, advisor, report, sync, write

DAY = date(2026, 11, 21)
QUARTER = "云岭稳健增利债券型证券投资基金2024年第4季度报告"


@pytest.fixture
def kb(engine: Engine) -> Engine:
    metadata.create_all(engine)
    return engine


def conflicts(kb: Engine, folder: Path) -> tuple[Conflict, ...]:
    sync(folder, kb)
    return find_conflicts(Catalog(kb), FactStore(kb), principal=SYSTEM, on=DAY)


def rule(title: str, topic: str, sentence: str, **fields: str) -> str:
    lines = "".join(f"{key}: {value}\n" for key, value in fields.items())
    return f"---\ntitle: {title}\ntype: rule\ntopic: {topic}\n{lines}---\n{sentence}\n"


def test_two_values_of_one_fact(kb: Engine, tmp_path: Path) -> None:
    write(tmp_path, "a.html", report(extra="<p>本报告期末基金份额净值为1.05元。</p>"))
    quarterly = report(title=QUARTER, growth="9.99%", extra="<p>本报告期末基金份额净值为1.06元。</p>")
    write(
        tmp_path,
        "b.html",
        quarterly.replace("2024年</td><td>2023年", "2024-10-01 - 2024-12-31</td><td>2023年"),
    )
    found = conflicts(kb, tmp_path)
    about = {one.about for one in found}
    assert "云岭稳健增利2024期末份额净值" in about or "云岭稳健增利2024Q4期末份额净值" in about
    for one in found:
        for side in (one.left, one.right):
            text = Catalog(kb).text(side.version_id, principal=SYSTEM)
            assert text[side.start : side.end] == side.quote


def test_equal_values_and_different_periods_are_no_conflict(kb: Engine, tmp_path: Path) -> None:
    write(tmp_path, "a.html", report())
    write(tmp_path, "b.html", report(title="云岭稳健增利债券型证券投资基金2023年年度报告", growth="1.00%"))
    assert [one for one in conflicts(kb, tmp_path) if "增长率" in one.about] == []


def test_rules_on_one_topic_whose_key_numbers_differ(kb: Engine, tmp_path: Path) -> None:
    write(
        tmp_path,
        "a.md",
        rule("测评规则", "风险测评", "风险测评结果自完成之日起24个月内有效，到期须重新测评。"),
    )
    write(tmp_path, "b.md", rule("测评问答", "风险测评", "风险测评结果自完成之日起12个月内有效，过期请重做。"))
    write(tmp_path, "c.md", rule("赎回说明", "赎回", "赎回款3个工作日内到账。"))
    (found,) = conflicts(kb, tmp_path)
    assert (found.kind, found.about) == ("rule", "风险测评")
    assert {"24个月" in found.left.quote, "24个月" in found.right.quote} == {True, False}


@pytest.mark.parametrize(
    ("second", "fields"),
    [
        ("风险测评结果自完成之日起24个月内有效，过期请重做。", {}),
        ("风险测评结果自完成之日起12个月内有效。", {"effective_to": "2026-01-31"}),
        ("风险测评结果自完成之日起12个月内有效。", {"status": "draft"}),
        ("客户每天最多可以做3次测试，系统保存12个月记录备查。", {}),
        ("本规则自2024年3月12日起施行。", {}),
    ],
)
def test_no_false_alarm(kb: Engine, tmp_path: Path, second: str, fields: dict[str, str]) -> None:
    write(
        tmp_path,
        "a.md",
        rule("测评规则", "风险测评", "风险测评结果自完成之日起24个月内有效，到期须重新测评。"),
    )
    write(tmp_path, "b.md", rule("测评问答", "风险测评", second, **fields))
    assert conflicts(kb, tmp_path) == ()


def test_conflicts_with_a_closed_document_are_closed(kb: Engine, tmp_path: Path) -> None:
    write(tmp_path, "a.md", rule("测评规则", "风险测评", "风险测评结果自完成之日起24个月内有效。"))
    write(
        tmp_path,
        "b.md",
        rule("内部", "风险测评", "风险测评结果自完成之日起12个月内有效。", labels="[internal]"),
    )
    assert len(conflicts(kb, tmp_path)) == 1
    assert find_conflicts(Catalog(kb), FactStore(kb), principal=advisor(), on=DAY) == ()
