"""What one entry of the audit log is: its canonical form, its link to the one before, and how it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from json.encoder import encode_basestring_ascii as quote
from typing import Any

from compliance_filters.audit.suite import Mac, Suite
from compliance_filters.errors import AuditError

LEAST_KEY_BYTES = 32
GENESIS = "0" * 64
HOUSE = "house"  # owner of the key of texts that belong to no client


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One entry, proven to be what was written; `payload` is None where it has none or its key is dead."""

    seq: int
    id: str
    at: datetime
    event: str
    actor: str
    subject: str  # keyed hash of the client's id, empty where there is no client
    data: Mapping[str, Any]
    payload: Mapping[str, Any] | None
    payload_hash: str | None
    prev: str
    hash: str


@dataclass(frozen=True, kw_only=True, slots=True)
class NewEntry:
    """An entry about to be written, in its canonical form."""

    id: str
    event: str
    actor: str
    subject: str
    data: str  # canonical JSON
    payload: bytes | None  # JSON, not yet encrypted
    text_owner: str = ""  # whose key encrypts the payload, where it is not the client's or, without one, the house's

    @property
    def owner(self) -> str:
        """Whose key encrypts the payload."""
        return self.text_owner or self.subject or HOUSE


class Secrets:
    """The keys that are derived from the audit key, each for one purpose."""

    def __init__(self, key: bytes, suite: Suite) -> None:
        if len(key) < LEAST_KEY_BYTES:
            raise AuditError(
                f"the audit key has {len(key)} bytes and needs at least {LEAST_KEY_BYTES}: set a longer audit_key."
            )
        derive = suite.keyed(key)
        self.suite = suite
        self.chain: Mac = suite.keyed(derive(b"tougu audit chain"))
        self.text: Mac = suite.keyed(derive(b"tougu audit text"))
        self.master = derive(b"tougu audit master")[: suite.key_bytes]  # wraps the data keys

    def keyed_hash(self, text: str) -> str:
        return self.text(text.encode("utf-8", "surrogatepass")).hex()

    def link(self, prev: str, body: str) -> str:
        """The hash of an entry: over the hash before it and its canonical form."""
        return self.chain(f"{prev}\n{body}".encode()).hex()

    def payload_hash(self, key_id: str | None, stored: bytes) -> str:
        """Of what is stored, so that it can be proven after the key has died."""
        return self.text(stored if key_id is None else b"%b\n%b" % (key_id.encode(), stored)).hex()


def canonical(value: Any) -> str:
    """JSON with sorted keys, no spaces, ASCII only: the same data always gives the same bytes."""
    return json.dumps(value, ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)


def payload_bytes(payload: Mapping[str, Any] | None) -> bytes | None:
    """JSON in UTF-8, half as long as with escapes; a lone surrogate, which UTF-8 cannot hold, is escaped."""
    if payload is None:
        return None
    try:
        return json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    except UnicodeEncodeError:
        return canonical(payload).encode()


def body_of(seq: int, id_: str, at: str, event: str, actor: str, subject: str, data: str, payload: str | None) -> str:
    """The canonical JSON of an entry, built from its columns: what no column says is not in the chain.

    `canonical` of the same mapping gives the same text; this is five times as fast.
    """
    held = "null" if payload is None else quote(payload)
    return (
        f'{{"actor":{quote(actor)},"at":{quote(at)},"data":{data},"event":{quote(event)},"id":{quote(id_)},'
        f'"payload":{held},"seq":{seq},"subject":{quote(subject)}}}'
    )


def moment_text(stored: Any) -> str:
    """`isoformat` of a time as the database driver gives it: text from SQLite, a datetime from PostgreSQL."""
    if isinstance(stored, datetime):
        from datetime import UTC

        return stored.astimezone(UTC).isoformat()
    day, _, clock = stored.partition(" ")
    whole, _, fraction = clock.partition(".")
    return f"{day}T{whole}+00:00" if fraction == "000000" else f"{day}T{whole}.{fraction}+00:00"
