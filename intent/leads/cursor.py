"""Opaque cursors: where a page ended, bound to the query that gave it, so that a bent or foreign one is refused."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from intent.errors import CursorError

VERSION = 1
LONGEST = 400  # characters


def cursor_after(last_id: str, query: Mapping[str, Any]) -> str:
    """The cursor of the page after `last_id` of this query."""
    raw = json.dumps([VERSION, last_id, _mark(last_id, query)], separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read_cursor(cursor: str, query: Mapping[str, Any]) -> str:
    """The last id before the page; empty for the first page. Raises CursorError."""
    if not cursor:
        return ""
    try:
        if len(cursor) > LONGEST:
            raise ValueError("too long")
        version, last_id, mark = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error) as error:
        raise CursorError("The cursor cannot be read: begin without one, and pass on what a page gave.") from error
    if version != VERSION or not isinstance(last_id, str) or not last_id.isprintable() or mark != _mark(last_id, query):
        raise CursorError("The cursor belongs to another query: begin without one, and keep the filters of the pages.")
    return last_id


def _mark(last_id: str, query: Mapping[str, Any]) -> str:
    asked = json.dumps([last_id, sorted((k, v) for k, v in query.items() if v)], ensure_ascii=False, default=str)
    return hashlib.sha256(asked.encode()).hexdigest()[:12]
