"""A small knowledge base of fictional funds, synced the way the product does it."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from knowledge_base.access import system_principal
from knowledge_base.catalog import Catalog
from knowledge_base.facts import FactStore
from knowledge_base.products import Products
from knowledge_base.sync import sync_folder
from knowledge_base.tables import metadata
from models.encoders.hashing import HashEncoder
from rag.answer import Answerer
from rag.draft import Drafter
from rag.index import SearchIndex
from rag.retrieve import Retriever

FRONT = """---
title: {title}
type: {type}
{more}---
"""


def report(name: str, code: str, year: int, growth: str, benchmark: str, strategy: str) -> str:
    """An annual report with the tables real ones have."""
    head = FRONT.format(
        title=f"{name}型证券投资基金{year}年年度报告",
        type="fund_annual",
        more=f"codes: ['{code}']\nperiod: '{year}'\nnames: {{'{code}': {name}}}\n",
    )
    return (
        head
        + f"""# {name}型证券投资基金{year}年年度报告

## 基金简介

| 项目 | 数值 |
|---|---|
| 基金简称 | {name} |
| 基金主代码 | {code} |

## 基金净值表现

| 阶段 | 份额净值增长率① | 业绩比较基准收益率③ |
|---|---|---|
| 过去三个月 | 1.02% | 0.88% |
| 过去一年 | {growth} | {benchmark} |

## 报告期内基金投资策略和运作分析

{strategy}

## 期末股票投资明细

| 序号 | 股票代码 | 股票名称 | 数量（股） | 公允价值（元） |
|---|---|---|---|---|
| 1 | 600001 | 远山电力 | 12,000 | 480,000.00 |
| 2 | 600002 | 远山港口 | 9,500 | 95,000.00 |
"""
    )


CLOUD = report("云岭稳健混合", "990001", 2024, "3.25%", "2.17%", "本基金降低了信用债久期，提高了利率债仓位。")
LAKE = report("澄湖纯债债券", "990002", 2024, "-1.40%", "0.90%", "本基金以短久期信用债为主，杠杆率不高于110%。")
REDEEM = FRONT.format(title="基金赎回到账时间说明", type="rule", more="effective_from: 2025-01-01\n") + (
    "# 基金赎回到账时间说明\n\n开放式基金赎回款一般在T+3个工作日内到账。货币市场基金赎回款在T+1个工作日内到账。\n"
)
OLD_FEES = FRONT.format(
    title="基金转换费用说明", type="rule", more="effective_from: 2023-01-01\neffective_to: 2024-12-31\n"
) + ("# 基金转换费用说明\n\n基金转换补差费按0.50%收取。\n")
SECRET = FRONT.format(title="云岭稳健混合内部纪要", type="research", more="codes: ['990001']\nlabels: [research]\n") + (
    "# 云岭稳健混合内部纪要\n\n拟任接班人是赵启明，消息尚未公开。预计换手率目标为每年45%。\n"
)
PROFILE = FRONT.format(
    title="云岭稳健混合产品资料概要", type="fund_profile", more="codes: ['990001']\nnames: {'990001': 云岭稳健混合}\n"
) + (
    "# 云岭稳健混合产品资料概要\n\n| 项目 | 数值 |\n|---|---|\n| 基金简称 | 云岭稳健混合 |\n| 管理费率 | 1.20% |\n"
    "| 托管费率 | 0.20% |\n"
)


class Firm:
    """Catalog, facts, products and index of a folder."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        metadata.create_all(engine)
        self.engine = engine
        self.folder = folder
        self.documents = folder / "documents"
        self.documents.mkdir()
        self.index = SearchIndex(folder / "index", HashEncoder())
        for name, text in {
            "cloud.md": CLOUD,
            "lake.md": LAKE,
            "redeem.md": REDEEM,
            "fees.md": OLD_FEES,
            "secret.md": SECRET,
        }.items():
            (self.documents / name).write_text(text, encoding="utf-8")
        self.sync()

    def put(self, name: str, text: str) -> None:
        (self.documents / name).write_text(text, encoding="utf-8")
        self.sync()

    def sync(self) -> None:
        report_ = sync_folder(
            self.documents,
            catalog=Catalog(self.engine),
            indexer=self.index,
            principal=system_principal(),
            delete=True,
        )
        assert report_.failed == ()

    def text(self, version_id: str) -> str:
        return Catalog(self.engine).text(version_id, principal=system_principal())

    def answerer(self, *, drafter: Drafter | None = None) -> Answerer:
        retriever = Retriever(self.index, self.index.encoder)
        return Answerer(retriever, FactStore(self.engine), Products(self.engine), drafter=drafter)
