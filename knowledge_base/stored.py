"""Blocks of a parsed document as compressed JSON; texts are not stored twice, offsets give them back."""

from __future__ import annotations

import json
import zlib
from typing import Any

from knowledge_base.document import Block, BlockKind, Cell, Table


def blocks_to_bytes(blocks: tuple[Block, ...]) -> bytes:
    """zlib-compressed JSON; a cell is [start, end]."""
    return zlib.compress(json.dumps([_plain(block) for block in blocks], ensure_ascii=False).encode(), 6)


def blocks_from_bytes(stored: bytes, text: str) -> tuple[Block, ...]:
    """The blocks again, their texts cut from the canonical `text`."""
    return tuple(_block(plain, text) for plain in json.loads(zlib.decompress(stored)))


def _plain(block: Block) -> dict[str, Any]:
    plain: dict[str, Any] = {"k": block.kind.value, "s": block.start, "e": block.end}
    if block.heading_path:
        plain["h"] = list(block.heading_path)
    if block.page is not None:
        plain["p"] = block.page
    if block.anchor is not None:
        plain["a"] = block.anchor
    if block.table is not None:
        rows = [[[cell.start, cell.end] for cell in row] for row in block.table.rows]
        plain["t"] = {"r": rows, "n": block.table.header_rows, "u": block.table.unit}
    return plain


def _block(plain: dict[str, Any], text: str) -> Block:
    return Block(
        kind=BlockKind(plain["k"]),
        text=text[plain["s"] : plain["e"]],
        start=plain["s"],
        end=plain["e"],
        heading_path=tuple(plain.get("h", ())),
        page=plain.get("p"),
        anchor=plain.get("a"),
        table=_table(plain["t"], text) if "t" in plain else None,
    )


def _table(plain: dict[str, Any], text: str) -> Table:
    rows = tuple(tuple(Cell(text=text[start:end], start=start, end=end) for start, end in row) for row in plain["r"])
    return Table(rows=rows, header_rows=plain["n"], unit=plain["u"])
