"""Leads as files for people and tools: CSV, Excel or Parquet, one lead a line, without what was said."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from intent.classifier.taxonomy import Taxonomy
from intent.errors import LeadExportError
from intent.leads.lead import Lead
from intent.leads.views import LeadViews
from knowledge_base.access import Principal

COLUMNS = (
    "id", "client_id", "advisor_id", "branch", "intent", "name", "product", "line", "state", "tier", "score",
    "confidence", "amount_cny", "urgency", "due_at", "escalated_at", "first_seen_at", "last_seen_at", "owner",
    "disposition", "call", "second", "held_because",
    "export",
)  # fmt: skip
NUMBERS = frozenset({"score", "confidence", "amount_cny", "second"})
PAGE = 1000
FORMATS: Mapping[str, str] = {"csv": ".csv", "xlsx": ".xlsx", "parquet": ".parquet"}
TYPES: Mapping[str, str] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}
MOST_XLSX_ROWS = 1_048_575  # of a sheet, without the header
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # what a spreadsheet may take for a formula

Row = dict[str, Any]
Write = Callable[[Sequence[Row]], None]


def export_leads(
    queue: LeadViews,
    path: Path,
    *,
    taxonomy: Taxonomy,
    principal: Principal,
    before: Callable[[Sequence[Lead]], None] = lambda page: None,
    mark: str = "",
) -> int:
    """Write every lead the principal may see, page by page, beside and renamed; returns how many.

    The ending of `path` says the format. mark: stands in the column `export` of every row: the number of the file, who
    and when, so that a part of it still tells where it came from.
    before: called with each page before it is written, e.g. to log the export.
    Raises LeadExportError for another ending, a missing library, or more rows than an Excel sheet holds.
    """
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise LeadExportError(f"{path.name} has no known ending: use {', '.join(FORMATS.values())}.")
    beside = path.with_name(f".{path.name}.new")
    count, after = 0, ""
    try:
        with writer(beside) as write:
            while page := queue.list(principal=principal, after=after, limit=PAGE):
                before(page)
                write([_row(lead, taxonomy) | {"export": mark} for lead in page])
                count, after = count + len(page), page[-1].id
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return count


def guarded(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula (CWE-1236): one that begins like one gets an apostrophe."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark makes Excel read UTF-8
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        yield lambda rows: writer.writerows({k: guarded(v) for k, v in row.items()} for row in rows)


@contextmanager
def _xlsx(path: Path) -> Iterator[Write]:
    from openpyxl import Workbook
    from openpyxl.utils.exceptions import IllegalCharacterError

    book = Workbook(write_only=True)
    sheet = book.create_sheet("leads")
    sheet.append(list(COLUMNS))
    written = 0

    def write(rows: Sequence[Row]) -> None:
        nonlocal written
        written += len(rows)
        if written > MOST_XLSX_ROWS:
            raise LeadExportError(f"An Excel sheet holds {MOST_XLSX_ROWS:,} leads and there are more: export CSV.")
        for row in rows:
            try:
                sheet.append([guarded(row[name]) for name in COLUMNS])
            except IllegalCharacterError as error:
                raise LeadExportError("A lead holds a character that Excel cannot: export CSV.") from error

    try:
        yield write
    except BaseException:
        sheet.close()
        raise
    book.save(path)


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    try:
        import pyarrow
        from pyarrow.parquet import ParquetWriter
    except ModuleNotFoundError as error:
        raise LeadExportError("Parquet files need pyarrow: pip install 'tougu[parquet]', or export CSV.") from error
    kinds = {name: pyarrow.float64() if name in NUMBERS else pyarrow.string() for name in COLUMNS}
    schema = pyarrow.schema([pyarrow.field(name, kinds[name]) for name in COLUMNS])
    with ParquetWriter(path, schema, compression="zstd") as writer:
        yield lambda rows: writer.write_table(pyarrow.Table.from_pylist([_typed(row) for row in rows], schema=schema))


def _typed(row: Row) -> Row:
    return {name: None if value in ("", None) else value for name, value in row.items()}


_WRITERS: Mapping[str, Callable[[Path], Any]] = {".csv": _csv, ".xlsx": _xlsx, ".parquet": _parquet}


def _row(lead: Lead, taxonomy: Taxonomy) -> Row:
    proof = lead.evidence[0] if lead.evidence else {}
    row: Row = {name: getattr(lead, name, None) for name in COLUMNS}
    return row | {
        "name": taxonomy[lead.intent].zh if lead.intent in taxonomy else lead.intent,
        "state": lead.state.value,
        "amount_cny": None if lead.amount_cny is None else float(lead.amount_cny),
        "due_at": lead.due_at.isoformat(),
        "escalated_at": lead.escalated_at.isoformat() if lead.escalated_at else None,
        "first_seen_at": lead.first_seen_at.isoformat(),
        "last_seen_at": lead.last_seen_at.isoformat(),
        "call": proof.get("call"),
        "second": proof.get("start_s"),
    }
