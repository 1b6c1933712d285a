from __future__ import annotations

import pytest

from knowledge_base.document import BlockKind
from knowledge_base.errors import ParseError
from knowledge_base.parse import parse_bytes
from tests.knowledge_base.made import check_offsets

SHEET = """---
title: 云岭货币A产品资料概要
type: fund_profile
---
# 云岭货币A产品资料概要

**重要**提示：见[公告](http://example.invalid)。
同一段的第二行。

- 第一条
- 第二条

## 费用

单位：人民币元

| 费用类别 | 年费率 | 金额 |
|---|---:|---|
| 管理费 | 0.30% | 1,000.00 |
| 含\\|竖线 | 0.05% | 5.00 |

```
| 这里 | 是代码 |
```
"""


def test_markdown_becomes_headings_paragraphs_and_tables() -> None:
    parsed = parse_bytes(SHEET.encode(), name="a.md")
    check_offsets(parsed)
    assert parsed.title == "云岭货币A产品资料概要"
    assert "fund_profile" not in parsed.text
    texts = [block.text for block in parsed.blocks]
    assert texts[:4] == [
        "云岭货币A产品资料概要",
        "重要提示：见公告。同一段的第二行。",
        "第一条",
        "第二条",
    ]
    tables = [block for block in parsed.blocks if block.kind is BlockKind.TABLE]
    assert len(tables) == 1
    table = tables[0].table
    assert table is not None
    assert (table.header_rows, table.unit) == (1, "人民币元")
    assert [cell.text for cell in table.body[1]] == ["含|竖线", "0.05%", "5.00"]
    assert tables[0].heading_path == ("云岭货币A产品资料概要", "费用")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_encodings(encoding: str) -> None:
    parsed = parse_bytes("第一章 总则\n本办法自发布之日起施行。".encode(encoding), name="a.txt")
    assert parsed.text == "第一章 总则\n本办法自发布之日起施行。"
    assert parsed.blocks[1].heading_path == ("第一章 总则",)


def test_csv_is_one_table() -> None:
    parsed = parse_bytes("代码,名称\n990001,云岭\n".encode(), name="a.csv")
    table = parsed.blocks[0].table
    assert table is not None
    assert [cell.text for cell in table.body[0]] == ["990001", "云岭"]


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (b"", "a.md", "is empty"),
        (b" \n ", "a.txt", "is empty"),
        (b"\xff\xff\xff\x00\x01", "a.txt", "neither UTF-8 nor GB18030"),
        (b"MZ\x90", "a.exe", "no kind that can be read"),
        (b"%PDF-1.7 broken", "a.pdf", "is a broken PDF"),
        (b"PK\x03\x04 broken", "a.docx", "is a broken archive"),
    ],
)
def test_bad_input_is_one_sentence(content: bytes, name: str, message: str) -> None:
    with pytest.raises(ParseError, match=message) as caught:
        parse_bytes(content, name=name)
    assert str(caught.value).endswith(".")
