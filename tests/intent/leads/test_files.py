"""Cursors, and leads as files."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine

from intent.classifier.taxonomy import load_taxonomy
from intent.errors import CursorError, LeadExportError
from intent.leads.cursor import cursor_after, read_cursor
from intent.leads.export import COLUMNS, export_leads, guarded
from intent.leads.lead import Lead
from intent.leads.store import LeadStore
from tests.intent.leads.firm import CRM, SYSTEM, advisor, record, store_on, wish

EVIL = '=HYPERLINK("http://evil.example","点我")'


@pytest.fixture
def store(engine: Engine) -> LeadStore:
    made = store_on(engine)
    record(made, wish("fund.buy", product=EVIL), wish("margin.open"))
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


class TestCursors:
    def test_a_page_leads_to_the_next_of_the_same_query(self) -> None:
        query = {"states": ["new"], "client_id": None}
        assert read_cursor("", query) == ""
        assert read_cursor(cursor_after("L1", query), query) == "L1"
        assert "L1" not in cursor_after("L1", query)

    @pytest.mark.parametrize(
        "bent", ["x", "L1", "!!!", "AAAA", "W10", "eyJhIjoxfQ", "bnVsbA", "A" * 500, "客户", "WzEsIkwxIiwiMDAwIl0"]
    )
    def test_a_bent_one_is_refused(self, bent: str) -> None:
        with pytest.raises(CursorError, match="cursor"):
            read_cursor(bent, {})

    def test_one_of_another_query_is_refused(self) -> None:
        with pytest.raises(CursorError, match="another query"):
            read_cursor(cursor_after("L1", {"states": ["new"]}), {"states": ["won"]})


class TestExport:
    @pytest.mark.parametrize("ending", [".csv", ".xlsx", ".parquet"])
    def test_each_kind_holds_what_may_be_seen_and_no_formula(self, store: LeadStore, folder: Path, ending: str) -> None:
        path, logged = folder / f"leads{ending}", list[Lead]()
        count = export_leads(
            store, path, taxonomy=load_taxonomy(), principal=CRM, before=lambda page: logged.extend(page)
        )
        rows = READ[ending](path)
        assert count == len(rows) == len(logged) == 2
        assert [row["name"] for row in rows] == ["申购基金", "融资融券"]
        assert float(rows[0]["confidence"]) == 0.9
        if ending != ".parquet":  # which no spreadsheet runs
            assert rows[0]["product"] == f"'{EVIL}"
        assert "我想开通" not in str(rows)
        assert export_leads(store, path, taxonomy=load_taxonomy(), principal=advisor("A7")) == 0
        assert [each.name for each in folder.iterdir()] == [path.name]

    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"])
    def test_what_begins_like_a_formula_is_text(self, text: str) -> None:
        assert guarded(text) == f"'{text}"
        assert guarded("云岭=1") == "云岭=1"
        assert guarded(-0.5) == -0.5

    def test_another_ending_and_a_sheet_too_small_are_refused(
        self, store: LeadStore, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with pytest.raises(LeadExportError, match=r"\.csv, \.xlsx, \.parquet"):
            export_leads(store, folder / "leads.doc", taxonomy=load_taxonomy(), principal=CRM)
        monkeypatch.setattr("intent.leads.export.MOST_XLSX_ROWS", 1)
        with pytest.raises(LeadExportError, match="export CSV"):
            export_leads(store, folder / "leads.xlsx", taxonomy=load_taxonomy(), principal=CRM)
        assert list(folder.iterdir()) == []

    def test_where_the_log_cannot_be_written_nothing_is_exported(self, store: LeadStore, folder: Path) -> None:
        def fail(_: object) -> None:
            raise RuntimeError("the audit log is full")

        with pytest.raises(RuntimeError):
            export_leads(store, folder / "x.csv", taxonomy=load_taxonomy(), principal=SYSTEM, before=fail)
        assert list(folder.iterdir()) == []


def _csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _xlsx(path: Path) -> list[dict[str, str]]:
    from openpyxl import load_workbook

    header, *rows = load_workbook(path)["leads"].iter_rows()
    assert [cell.value for cell in header] == list(COLUMNS)
    assert all(cell.data_type != "f" for row in rows for cell in row)
    return [dict(zip(COLUMNS, (cell.value for cell in row), strict=True)) for row in rows]


def _parquet(path: Path) -> list[dict[str, str]]:
    parquet = pytest.importorskip("pyarrow.parquet", reason="expected: needs tougu[parquet]")
    rows: list[dict[str, str]] = parquet.read_table(path).to_pylist()
    return rows


READ = {".csv": _csv, ".xlsx": _xlsx, ".parquet": _parquet}


def test_a_lead_and_its_row_are_the_same(store: LeadStore) -> None:
    from intent.leads.views import row_of

    lead = store.list(principal=SYSTEM)[0]
    assert set(row_of(lead)) == set(vars(replace(lead)))
