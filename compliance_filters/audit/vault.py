"""Texts that lie outside the log, under the same keys: whoever is sealed or erased there is so here."""

from __future__ import annotations

from compliance_filters.audit.entry import HOUSE
from compliance_filters.audit.log import AuditLog
from compliance_filters.errors import AuditError


class TextVault:
    """Encrypts with the key of a client, or of the house where there is no client; keeps nothing itself."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def seal(self, text: bytes, *, client_id: str | None, bound_to: str) -> bytes:
        """The id of the key, a line feed, and the text under it; `bound_to` must be given again. Raises AuditError."""
        owner = self._audit.keyed_hash(client_id) if client_id else HOUSE
        with self._audit.writer.turn() as turn:
            keys, made = self._audit.writer.keys.for_writing(turn.connection, [owner], turn.now)
            turn.write(made)
        key = keys[owner]
        return b"%b\n%b" % (key.id.encode(), self._audit.secrets.suite.encrypt(key.secret, text, bound_to.encode()))

    def open(self, sealed: bytes, *, bound_to: str) -> bytes | None:
        """The text, None where its key is sealed, destroyed or unknown, or where these are not the bytes of `seal`."""
        name, _, body = sealed.partition(b"\n")
        key_id = name.decode("ascii", "replace")
        if not key_id.isprintable():
            return None
        try:
            with self._audit.engine.connect() as connection:
                key = self._audit.writer.keys.open(connection, key_id)
            return self._audit.secrets.suite.decrypt(key.secret, body, bound_to.encode())
        except AuditError:
            return None
