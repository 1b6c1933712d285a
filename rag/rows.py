"""Chunks as rows of the index folder's SQLite file, and back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from knowledge_base.document import Cell
from rag.passage import Chunk, TableSlice

# what `chunk_of` reads, in its order; chunks as c, versions as v
CHUNK_COLUMNS = """
    c.id, v.id, v.document_id, v.title, v.document_type, v.period, v.effective_from, v.effective_to,
    c.ordinal, c.start, c."end", c.page, c.anchor, c.context, c.text, c.tables,
    (SELECT json_group_array(code) FROM version_codes k WHERE k.no = v.no),
    (SELECT json_group_array(label) FROM version_labels l WHERE l.no = v.no)
"""


def chunk_row(chunk: Chunk) -> tuple[Any, ...]:
    tables = [
        {
            "h": table.header,
            "u": table.unit,
            "c": _plain_cell(table.header_cell) if table.header_cell else None,
            "r": [[_plain_cell(cell) for cell in row] for row in table.rows],
        }
        for table in chunk.tables
    ]
    stored = json.dumps(tables, ensure_ascii=False)
    return chunk.start, chunk.end, chunk.page, chunk.anchor, chunk.context, chunk.text, stored


def _plain_cell(cell: Cell) -> list[Any]:
    return [cell.text, cell.start, cell.end]


def _cell(plain: list[Any]) -> Cell:
    return Cell(text=plain[0], start=plain[1], end=plain[2])


def _table(plain: dict[str, Any]) -> TableSlice:
    return TableSlice(
        header=tuple(plain["h"]),
        unit=plain["u"],
        header_cell=_cell(plain["c"]) if plain["c"] else None,
        rows=tuple(tuple(_cell(cell) for cell in row) for row in plain["r"]),
    )


def chunk_of(row: Sequence[Any]) -> Chunk:
    return Chunk(
        id=f"{row[1]}#{row[8]}",
        version_id=row[1],
        document_id=row[2],
        title=row[3],
        document_type=row[4],
        period=row[5],
        effective_from=_date(row[6]),
        effective_to=_date(row[7]),
        start=row[9],
        end=row[10],
        page=row[11],
        anchor=row[12],
        context=row[13],
        text=row[14],
        tables=tuple(_table(plain) for plain in json.loads(row[15])),
        product_codes=tuple(json.loads(row[16])),
        labels=tuple(json.loads(row[17])),
    )


def iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _date(stored: str | None) -> date | None:
    return date.fromisoformat(stored) if stored else None
