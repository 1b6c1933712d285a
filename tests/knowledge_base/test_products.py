from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge_base.errors import UnknownProductError
from knowledge_base.imports import import_csv
from knowledge_base.products import Products
from knowledge_base.tables import metadata
from tests.knowledge_base.made import SYSTEM, advisor, report, sync, write

DAY = date(2026, 11, 21)


@pytest.fixture
def kb(engine: Engine, tmp_path: Path) -> Engine:
    metadata.create_all(engine)
    shelf = write(
        tmp_path,
        "products.csv",
        "code,name,full_name,aliases,risk_level,risk_source,risk_as_of,inception,on_sale_from,on_sale_to,minimum_cny\n"
        "990001,云岭稳健,云岭稳健债券A,稳健一号;老云岭,R2,评级委员会,2026-07-01,2019-03-18,2021-01-04,,10\n"
        "990002,云岭旧品,,,R3,评级委员会,2026-07-01,,2021-01-04,2025-12-31,1000.5\n"
        "990003,云岭禁品,云岭禁品混合,,R3,评级委员会,2026-07-01,,2021-01-04,,10\n",
    )
    blocked = write(
        tmp_path,
        "restricted.csv",
        "code,name,reason,since,until\n990003,,项目进行中,2026-10-01,\n"
        "690205,星野刻蚀,项目进行中,2026-10-01,2026-12-31\n690213,,已结束,2026-10-01,2026-11-20\n",
    )
    import_csv("products", shelf, engine=engine, principal=SYSTEM)
    import_csv("restricted", blocked, engine=engine, principal=SYSTEM)
    return engine


def test_shelf_and_restricted_list(kb: Engine) -> None:
    products = Products(kb)
    first = products.get("990001", principal=advisor())
    assert (first.risk_level, first.minimum_cny, first.aliases) == ("R2", Decimal(10), ("稳健一号", "老云岭"))
    assert [one.code for one in products.all(principal=advisor(), on_shelf=DAY)] == ["990001"]
    assert [one.code for one in products.all(principal=advisor(), on_shelf=date(2025, 6, 1))] == [
        "990001",
        "990002",
        "990003",
    ]
    assert products.get("990003", principal=advisor(), on=DAY).restricted_reason == "项目进行中"
    with pytest.raises(UnknownProductError, match="999999"):
        products.get("999999", principal=advisor())


def test_inception_is_known_or_none(kb: Engine) -> None:
    assert Products(kb).get("990001", principal=advisor()).inception == date(2019, 3, 18)
    assert Products(kb).get("990002", principal=advisor()).inception is None


def test_the_restricted_list_of_a_day_holds_also_what_is_no_product(kb: Engine) -> None:
    def on(day: date) -> list[tuple[str, tuple[str, ...]]]:
        return [(one.code, one.names) for one in Products(kb).restricted(principal=advisor(), on=day)]

    assert on(DAY) == [("690205", ("星野刻蚀",)), ("990003", ("云岭禁品", "云岭禁品混合"))]
    assert [code for code, _ in on(date(2026, 11, 20))] == ["690205", "690213", "990003"]
    assert on(date(2026, 9, 30)) == []


def test_synced_documents_name_products_without_touching_imported_ones(kb: Engine, tmp_path: Path) -> None:
    write(tmp_path, "d/a.html", report(code="990001", name="云岭稳健增利"))
    write(
        tmp_path,
        "d/b.html",
        report(code="990099", name="澄湖新品", title="澄湖新品混合型证券投资基金2024年年度报告"),
    )
    sync(tmp_path / "d", kb)
    products = Products(kb)
    assert products.get("990001", principal=SYSTEM).name == "云岭稳健"
    assert "云岭稳健增利" in products.get("990001", principal=SYSTEM).aliases
    assert products.get("990099", principal=SYSTEM).full_name == "澄湖新品混合型证券投资基金"
    assert products.resolve("澄湖新品规模", principal=SYSTEM).product_codes == ("990099",)


def test_names_told_only_by_a_closed_document_stay_closed(kb: Engine, tmp_path: Path) -> None:
    write(
        tmp_path,
        "d/a.md",
        "---\ntitle: 未公开产品资料概要\ntype: fund_profile\nlabels: [internal]\n---\n"
        "| 项目 | 内容 |\n|---|---|\n| 基金简称 | 秘密基金 |\n| 基金代码 | 990077 |\n",
    )
    sync(tmp_path / "d", kb)
    products = Products(kb)
    assert products.resolve("秘密基金", principal=advisor("A1", "internal")).product_codes == ("990077",)
    assert products.resolve("秘密基金", principal=advisor()).product_codes == ()
    with pytest.raises(UnknownProductError):
        products.get("990077", principal=advisor())
