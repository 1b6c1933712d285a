from __future__ import annotations

from datetime import date

import pytest

from knowledge_base.describe import describe
from knowledge_base.document import DocumentStatus
from knowledge_base.errors import ParseError
from knowledge_base.metadata import Metadata
from knowledge_base.parse import parse_bytes
from tests.knowledge_base.made import report


def of(name: str, text: str) -> Metadata:
    content = text.encode()
    return describe(name, content, parse_bytes(content, name=name))


def test_front_matter() -> None:
    found = of(
        "rules/a.md",
        "---\ntitle: 赎回到账时间\ntype: faq\ntopic: 赎回\ncodes: [990001, '000004']\npublished: 2026-05-20\n"
        "effective_from: 2026-06-01\neffective_to: 2026-12-31\nlabels: [internal]\nstatus: draft\n"
        "supersedes: 旧版\nmood: good\n---\n# 正文\n内容。\n",
    )
    assert found.title == "赎回到账时间"
    assert found.document_type == "faq"
    assert found.product_codes == ("990001", "000004")
    assert found.published_on == date(2026, 5, 20)
    assert (found.effective_from, found.effective_to) == (date(2026, 6, 1), date(2026, 12, 31))
    assert (found.labels, found.topic, found.supersedes) == (("internal",), "赎回", ("旧版",))
    assert found.status is DocumentStatus.DRAFT
    assert found.warnings == ("Front matter holds unknown fields: mood.",)


def test_a_report_says_what_it_is() -> None:
    found = of("990001_2024_x.html", report())
    assert (found.document_type, found.period) == ("fund_annual", "2024")
    assert found.product_codes == ("990001",)
    assert found.publisher == "云岭基金管理有限公司"
    assert found.published_on == date(2025, 3, 28)
    assert [(name.name, name.kind) for name in found.names] == [
        ("云岭稳健增利债券型证券投资基金", "full"),
        ("云岭稳健增利", "short"),
    ]
    assert found.warnings == ()


def test_share_classes_have_their_own_codes() -> None:
    rows = (
        "<table><tr class=cc><td>项目</td><td colspan=3>数值</td></tr>"
        "<tr><td>基金简称</td><td colspan=3>云岭价值</td></tr><tr>"
        "<td>基金主代码</td><td colspan=3>990002</td></tr>"
        "<tr><td>下属3级基金的基金简称</td><td>云岭价值A</td><td>云岭价值C</td><td>云岭价值E</td></tr>"
        "<tr><td>下属3级基金的交易代码</td><td>990002</td><td>990022</td><td>990023</td></tr></table>"
    )
    found = of("a.html", f"<h1>云岭价值混合型证券投资基金2024年第2季度报告</h1>{rows}")
    assert found.product_codes == ("990002", "990022", "990023")
    assert [(name.code, name.share_class) for name in found.names if name.share_class] == [
        ("990002", "A"),
        ("990022", "C"),
        ("990023", "E"),
    ]


def test_a_file_name_that_lies_is_a_warning() -> None:
    found = of("990009_2023Q3_1.html", report())
    assert (found.period, found.product_codes) == ("2024", ("990001",))
    assert [warning[:40] for warning in found.warnings] == [
        "The file name says product 990009, the t",
        "The file name says 2023Q3, the text says",
    ]


@pytest.mark.parametrize(
    ("front", "message"),
    [
        ("title: [", "front matter that is no YAML"),
        ("- 1", "no list of fields"),
        ("type: poem", "unknown type 'poem'"),
        ("status: gone", "unknown status 'gone'"),
        ("effective_from: soon", "which is no date"),
    ],
)
def test_broken_front_matter_says_what_to_write(front: str, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        of("a.md", f"---\n{front}\n---\n正文。\n")
