"""The whole room on both databases: what SQLite lets pass, PostgreSQL may refuse."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from sqlalchemy import Engine

from knowledge_base.catalog import Catalog
from knowledge_base.clients import Clients
from knowledge_base.conflicts import find_conflicts
from knowledge_base.facts import FactStore
from knowledge_base.imports import import_csv
from knowledge_base.products import Products
from knowledge_base.tables import metadata
from tests.knowledge_base.made import SYSTEM, MemoryIndex, advisor, report, sync, write
from tests.knowledge_base.test_clients import FILES

DAY = date(2026, 11, 21)


def test_documents(any_engine: Engine, tmp_path: Path) -> None:
    metadata.create_all(any_engine)
    folder, index = tmp_path / "d", MemoryIndex()
    write(folder, "a.html", report(extra="<p>风险等级：R2</p>"))
    write(folder, "b.md", "---\ntitle: 旧\ntype: rule\ntopic: 测评\nlabels: [internal]\n---\n结果24个月内有效。\n")
    write(folder, "c.md", "---\ntitle: 新\ntype: rule\ntopic: 测评\n---\n结果12个月内有效。\n")
    assert sync(folder, any_engine, index).count("added") == 3
    (folder / "c.md").unlink()
    write(folder, "a.html", report(growth="4.00%"))
    assert len(find_conflicts(Catalog(any_engine), FactStore(any_engine), principal=SYSTEM, on=DAY)) == 1
    done = sync(folder, any_engine, index, delete=True)
    assert [row.outcome for row in done.rows] == ["updated", "unchanged", "removed"]
    assert len(Catalog(any_engine).in_force(DAY, principal=SYSTEM, period="2024")) == 1
    assert len(Catalog(any_engine).in_force(DAY, principal=advisor())) == 1
    named = Products(any_engine).resolve("云岭稳健增利2024年净值增长率", principal=advisor(), today=DAY)
    found = FactStore(any_engine).find(named.product_codes, ["net_value_growth"], "2024", principal=advisor(), on=DAY)
    assert {fact.value for fact in found} == {Decimal("4.00")}
    assert FactStore(any_engine).find(["990001"], None, window="P1Y", principal=SYSTEM, on=DAY)


def test_people(any_engine: Engine, tmp_path: Path) -> None:
    metadata.create_all(any_engine)
    for kind, text in FILES.items():
        path = write(tmp_path, f"{kind}.csv", text)
        assert import_csv(kind, path, engine=any_engine, principal=SYSTEM).added
        again = import_csv(kind, path, engine=any_engine, principal=SYSTEM)
        assert again.replaced or (kind == "events" and not again.added)  # what is told twice happened once
    clients = Clients(any_engine)
    assert clients.get("C1", principal=advisor("A1")).assets_cny == Decimal("1000.1")
    assert clients.events("C1", principal=SYSTEM)[0].at.tzinfo is not None
    assert [one.id for one in clients.holders("990001", principal=SYSTEM)] == ["C1", "C2"]
