"""What the tests of this package share: an index in memory, principals, and documents made on the spot."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine

from knowledge_base.access import Principal, Role, system_principal
from knowledge_base.catalog import Catalog
from knowledge_base.document import DocumentVersion, ParsedDocument
from knowledge_base.sync import SyncReport, sync_folder

SYSTEM = system_principal()


class MemoryIndex:
    """The index double: versions in a dictionary; `on_add` may raise to play a crash."""

    def __init__(self) -> None:
        self.versions: dict[str, DocumentVersion] = {}
        self.texts: dict[str, str] = {}
        self.on_add: Callable[[DocumentVersion], None] = lambda version: None

    def add(self, version: DocumentVersion, parsed: ParsedDocument) -> None:
        self.on_add(version)
        self.versions[version.id] = version
        self.texts[version.id] = parsed.text

    def remove(self, version_id: str) -> None:
        self.versions.pop(version_id, None)
        self.texts.pop(version_id, None)

    def version_ids(self) -> set[str]:
        return set(self.versions)


def advisor(user_id: str = "A1", *labels: str) -> Principal:
    return Principal(user_id=user_id, roles=frozenset({Role.ADVISOR}), labels=frozenset(labels))


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def sync(folder: Path, engine: Engine, index: MemoryIndex | None = None, *, delete: bool = False) -> SyncReport:
    return sync_folder(folder, catalog=Catalog(engine), indexer=index or MemoryIndex(), principal=SYSTEM, delete=delete)


def check_offsets(parsed: ParsedDocument) -> None:
    """Every block and cell is the canonical text between its offsets, and rows have one width."""
    for block in parsed.blocks:
        assert block.text == parsed.text[block.start : block.end]
        if block.table is not None:
            assert len({len(row) for row in block.table.rows}) == 1
            for row in block.table.rows:
                for cell in row:
                    assert cell.text == parsed.text[cell.start : cell.end]


def report(
    *,
    code: str = "990001",
    name: str = "云岭稳健增利",
    title: str = "云岭稳健增利债券型证券投资基金2024年年度报告",
    growth: str = "3.21%",
    benchmark: str = "2.10%",
    sent: str = "2025-03-28",
    extra: str = "",
) -> str:
    """An annual report of a fictional fund in the layout of the disclosure platform."""
    return f"""<html><head><title>XBRL</title><script>var a = "不该出现";</script></head><body>
<table><tr><td><p style="font-weight:bold">{title}</p><p>基金管理人：云岭基金管理有限公司</p>
<p>报告送出日期：{sent}</p></td></tr></table>
<ul class="treeview"><li><a href="#a1">导航目录</a></li></ul>
<table><tr><td class="Menubox"><table><tr><td class="write_text">基金基本情况</td></tr></table></td></tr>
<tr><td><a name="a1"></a><table class="bb">
<tr class="cc"><td>项目</td><td>数值</td></tr>
<tr><td>基金简称</td><td>{name}</td></tr><tr><td>基金主代码</td><td>{code}</td></tr>
<!-- <tr><td>注释行</td><td>99</td></tr> -->
<tr style="display: none"><td>隐藏行</td><td>88</td></tr>
<tr><td>报告期末基金份额总额</td><td>1,000,000.00</td></tr></table></td></tr></table>
<table><tr><td class="Menubox_level3"><table><tr><td class="write_text_level3">主要财务指标</td></tr>
<tr><td><p class="dw">金额单位：人民币元</p></td></tr></table></td></tr></table>
<table class="bb"><tr class="cc"><td>主要财务指标</td><td>2024年</td><td>2023年</td></tr>
<tr><td>本期利润</td><td>12,345.67</td><td>-1,000.00</td></tr>
<tr><td>期末基金资产净值</td><td>5,000,000.00</td><td>4,000,000.00</td></tr></table>
<div>净值表现</div><table class="bb">
<tr class="cc"><td>阶段</td><td>份额净值增长率①</td><td>份额净值增长率标准差②</td>
<td>业绩比较基准收益率③</td></tr>
<tr><td>过去三个月</td><td>1.00
%</td><td>0.10%</td><td>0.90%</td></tr>
<tr><td>过去一年</td><td>{growth}</td><td>0.20%</td><td>{benchmark}</td></tr></table>
<p>本报告期基金份额净值增长率为{growth}，业绩比较基准收益率为{benchmark}。</p>{extra}</body></html>"""
