"""What the firm holds on one client, as a file for that client; and the statement of what data is used for.

Law: PIPL articles 17 (statement), 44 and 45 (to know, to have a copy), 47 (what law orders to be kept is kept).
The export reads every table that has a client's id in it, so that a table made later is in it too.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import yaml
from sqlalchemy import Table, select

from compliance_filters.audit.read import entries_of
from compliance_filters.errors import SealedError
from knowledge_base.access import Principal, Role
from serve.database import all_metadata
from serve.times import iso

if TYPE_CHECKING:
    from serve.rooms import Rooms

EXPORTERS = (Role.COMPLIANCE, Role.SYSTEM)
OWNER = "client_id"
# About how staff worked and what officers look into, not about the client.
NOT_THEIRS = frozenset({"compliance_review"})
COLUMNS_NOT_THEIRS: Mapping[str, frozenset[str]] = {
    "calls": frozenset({"findings", "inspection", "warnings", "recording_path"}),
    "archived_messages": frozenset({"outcome", "rules"}),
}
SPOKEN = ("call.read", "message.archived")  # entries whose texts are the client's own conversations


@cache
def statement() -> dict[str, Any]:
    """What is held, for what, how long, and what a client may ask for; in Chinese."""
    told: dict[str, Any] = yaml.safe_load(files("serve").joinpath("data_use.yaml").read_text(encoding="utf-8"))
    return told


def export_client(house: Rooms, client_id: str, *, reason: str, principal: Principal) -> bytes:
    """A ZIP file with one JSON file a table, the texts of conversations, and the statement.

    It is logged before it is made. Raises AccessDeniedError, UnknownClientError, AuditError; texts that are sealed
    stay closed, and the file says so.
    """
    principal.require("export what is held on a client", *EXPORTERS)
    house.clients.get(client_id, principal=principal)
    house.audit.append(
        event="personal_data.exported", actor=principal.user_id, subject=client_id, data={}, payload={"reason": reason}
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        held = {}
        for table, rows in _tables(house, client_id):
            archive.writestr(f"tables/{table}.json", _json(rows))
            held[table] = len(rows)
        texts, sealed = _texts(house, client_id)
        archive.writestr("conversations.json", _json(texts))
        archive.writestr("statement.json", _json(statement()))
        about = {"client_id": client_id, "made_at": iso(datetime.now(UTC)), "rows": held, "texts_sealed": sealed}
        archive.writestr("about.json", _json(about))
    return made.getvalue()


def _tables(house: Rooms, client_id: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Every table with rows of the client, by name."""
    found = sorted((t for metadata in all_metadata() for t in metadata.tables.values()), key=lambda t: t.name)
    with house.engine.connect() as connection:
        for table in found:
            column = _owner(table)
            if column is None or table.name in NOT_THEIRS:
                continue
            hidden = COLUMNS_NOT_THEIRS.get(table.name, frozenset())
            query = select(*(c for c in table.c if c.name not in hidden)).where(column == client_id)
            rows = [dict(row._mapping) for row in connection.execute(query)]
            if rows:
                yield table.name, rows


def _owner(table: Table) -> Any:
    return table.c.id if table.name == "kb_clients" else table.c.get(OWNER)


def _texts(house: Rooms, client_id: str) -> tuple[list[dict[str, Any]], bool]:
    """What was said and written, oldest first, and whether it is sealed."""
    try:
        entries = list(entries_of(house.audit, client_id, events=SPOKEN))
    except SealedError:
        return [], True
    return [
        {"at": entry.at, "kind": entry.event, **{k: v for k, v in entry.payload.items() if k != "findings"}}
        for entry in entries
        if entry.payload is not None
    ], False


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, default=_plain)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return str(iso(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    raise TypeError(f"{type(value).__name__} has no form in an export")
