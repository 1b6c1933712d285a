from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from knowledge_base.access import AccessDeniedError
from knowledge_base.errors import ImportFileError
from knowledge_base.imports import ImportReport, import_csv, import_schemas
from knowledge_base.tables import clients, metadata
from tests.knowledge_base.made import SYSTEM, advisor, write


@pytest.fixture
def kb(engine: Engine) -> Engine:
    metadata.create_all(engine)
    return engine


def load(kind: str, text: str, kb: Engine, folder: Path, *, skip: bool = False) -> ImportReport:
    path = write(folder, f"{kind}.csv", text)
    return import_csv(kind, path, engine=kb, principal=SYSTEM, skip_bad_rows=skip)


def count(kb: Engine) -> int:
    with kb.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(clients)).scalar_one())


def test_the_same_file_twice_changes_nothing(kb: Engine, tmp_path: Path) -> None:
    text = '\ufeffid,name,assets_cny\nC1,甲,"1,000.5"\nC2,乙,\n'
    first = load("clients", text, kb, tmp_path)
    second = load("clients", text, kb, tmp_path)
    assert (first.added, first.replaced, second.added, second.replaced) == (2, 0, 0, 2)
    assert count(kb) == 2


def test_bad_rows_are_told_with_line_and_remedy_and_nothing_is_written(kb: Engine, tmp_path: Path) -> None:
    text = (
        "id,name,risk_level,risk_level_expires,assets_cny,account_state\nC1,甲,C3,2026-01-01,1,open\n"
        "C2,,C9,someday,viel,gone\nC1,again,,,,\nC4,丁,,,NaN,\n"
    )
    done = load("clients", text, kb, tmp_path)
    assert not done.ok
    assert (done.added, count(kb)) == (0, 0)
    assert [(bad.line, bad.column) for bad in done.bad] == [
        (3, "name"),
        (3, "risk_level"),
        (3, "risk_level_expires"),
        (3, "account_state"),
        (3, "assets_cny"),
        (4, "id"),
        (5, "assets_cny"),
    ]
    assert all(bad.problem.endswith(".") and bad.remedy.endswith(".") for bad in done.bad)
    assert not any("someday" in bad.problem + bad.remedy for bad in done.bad)
    kept = load("clients", text, kb, tmp_path, skip=True)
    assert (kept.added, count(kb)) == (1, 1)


def test_holdings_need_their_client(kb: Engine, tmp_path: Path) -> None:
    done = load("holdings", "client_id,product_code,units,cost_cny,as_of\nC1,990001,-1,1,2026-01-01\n", kb, tmp_path)
    assert [(bad.column, bad.remedy) for bad in done.bad] == [
        ("client_id", "Import clients first or correct the id."),
        ("units", "Use 0 or more."),
    ]


def test_insistence_is_checked_line_by_line(kb: Engine, tmp_path: Path) -> None:
    load("clients", "id,name\nC1,甲\n", kb, tmp_path)
    header = "client_id,document_id,product_code,sha256,signed_at,recording_id,client_level,risk_level\n"
    good = f"C1,D1,990005,{'0f' * 32},2026-10-12T10:20:00+08:00,R1,C3,R4\n"
    bad = [
        good.replace("C1,", "C9,", 1),
        good.replace("0f" * 32, "0f" * 31),
        good.replace("+08:00", ""),
        good.replace(",R1,", ",,"),
        good.replace("C3", "C6"),
        good.replace(",R4", ""),
        good.replace("D1", "D" * 121),
    ]
    done = load("insistence", header + good + "".join(bad), kb, tmp_path)
    assert (done.added, [(row.line, row.column) for row in done.bad]) == (
        0,
        [
            (3, "client_id"),
            (4, "sha256"),
            (5, "signed_at"),
            (6, "recording_id"),
            (7, "client_level"),
            (8, ""),
            (9, "document_id"),
        ],
    )
    assert load("insistence", header + good, kb, tmp_path).added == 1
    assert load("insistence", header + good, kb, tmp_path).replaced == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,nom\nC1,甲\n".encode(), r"lacks name and has the unknown column 'nom'"),
        (b"", r"lacks id, name"),
        ("id,name\nC1,甲\n".encode("utf-16"), r"is not UTF-8"),
        ('id,name\nC1,"甲\n'.encode(), r"no readable CSV"),
    ],
)
def test_a_file_that_cannot_be_read(kb: Engine, tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "clients.csv"
    path.write_bytes(content)
    with pytest.raises(ImportFileError, match=message):
        import_csv("clients", path, engine=kb, principal=SYSTEM)


def test_a_line_of_another_length_is_a_bad_row(kb: Engine, tmp_path: Path) -> None:
    done = load("clients", "id,name\nC1,甲,多了\nC2\n", kb, tmp_path)
    assert [bad.line for bad in done.bad] == [2, 3]


def test_who_may_import_and_what(kb: Engine, tmp_path: Path) -> None:
    with pytest.raises(AccessDeniedError):
        import_csv("clients", tmp_path / "a.csv", engine=kb, principal=advisor())
    with pytest.raises(ImportFileError, match="no import of 'dogs'; use one of advisors"):
        import_csv("dogs", tmp_path / "a.csv", engine=kb, principal=SYSTEM)
    with pytest.raises(ImportFileError, match="cannot be read"):
        import_csv("clients", tmp_path / "missing.csv", engine=kb, principal=SYSTEM)


def test_every_column_of_every_schema_is_documented_and_stored() -> None:
    for schema in import_schemas().values():
        table = metadata.tables[schema.table]
        for column in schema.columns:
            assert column.about.endswith(".")
            assert column.name in table.c or column.name == "aliases"
        assert set(schema.key) <= {column.name for column in schema.columns if column.required}
