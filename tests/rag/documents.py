"""Small documents of fictional funds, parsed by the product's own parser, and how to index them."""

from __future__ import annotations

from datetime import date
from typing import Any

from knowledge_base.access import Principal, Role
from knowledge_base.document import DocumentStatus, DocumentVersion, ParsedDocument
from knowledge_base.parse import parse_bytes

TODAY = date(2026, 1, 15)
ADVISOR = Principal(user_id="wang", roles=frozenset({Role.ADVISOR}))
RESEARCHER = Principal(user_id="li", roles=frozenset({Role.ADVISOR}), labels=frozenset({"research"}))

ANNUAL = """# 云岭稳健混合型证券投资基金2024年年度报告

## 基金净值表现

| 阶段 | 份额净值增长率① | 业绩比较基准收益率③ |
|---|---|---|
| 过去三个月 | 1.02% | 0.88% |
| 过去一年 | 3.25% | 2.17% |

## 管理人报告

报告期内基金投资策略和运作分析：本基金降低了信用债久期，提高了利率债仓位。本基金严格控制组合的波动。

## 投资组合报告

单位：人民币元

| 序号 | 股票代码 | 股票名称 | 数量（股） | 公允价值 |
|---|---|---|---|---|
| 1 | 600001 | 远山电力 | 12,000 | 480,000.00 |
| 2 | 600002 | 远山港口 | 9,500 | 95,000.00 |
"""
OTHER = """# 澄湖债券型证券投资基金2024年年度报告

## 管理人报告

报告期内基金投资策略和运作分析：本基金以短久期信用债为主，杠杆率保持在110%以下。
"""
RULE = """# 基金赎回到账时间说明

开放式基金赎回款一般在T+3个工作日内到账。货币市场基金赎回款在T+1个工作日内到账。
"""
RESEARCH = """# 云岭稳健混合内部研究纪要

我们认为该基金的拟任接班人是赵启明，消息尚未公开。
"""


def version(id_: str, parsed: ParsedDocument, **fields: Any) -> DocumentVersion:
    """A version in force, with whatever fields a test is about."""
    known: dict[str, Any] = {
        "id": f"v_{id_}",
        "document_id": f"d_{id_}",
        "path": f"{id_}.md",
        "title": parsed.title,
        "document_type": "other",
        "period": None,
        "product_codes": (),
        "publisher": None,
        "published_on": None,
        "effective_from": None,
        "effective_to": None,
        "status": DocumentStatus.IN_FORCE,
        "labels": (),
        "content_sha256": id_,
    }
    return DocumentVersion(**{**known, **fields})


def document(id_: str, text: str, **fields: Any) -> tuple[DocumentVersion, ParsedDocument]:
    parsed = parse_bytes(text.encode(), name=f"{id_}.md")
    return version(id_, parsed, **fields), parsed


def annual(**fields: Any) -> tuple[DocumentVersion, ParsedDocument]:
    return document(
        "annual",
        ANNUAL,
        **{
            "document_type": "fund_annual",
            "period": "2024",
            "product_codes": ("990001",),
            **fields,
        },
    )


def other(**fields: Any) -> tuple[DocumentVersion, ParsedDocument]:
    return document(
        "other",
        OTHER,
        **{"document_type": "fund_annual", "period": "2024", "product_codes": ("990002",), **fields},
    )


def rule(**fields: Any) -> tuple[DocumentVersion, ParsedDocument]:
    return document("rule", RULE, **{"document_type": "rule", **fields})


def research(**fields: Any) -> tuple[DocumentVersion, ParsedDocument]:
    return document(
        "research",
        RESEARCH,
        **{
            "document_type": "research",
            "product_codes": ("990001",),
            "labels": ("research",),
            **fields,
        },
    )
