"""Secrets that the house makes for itself when none are given."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress

from serve.errors import SettingsError
from serve.settings import Settings

KEY_FILE = "audit.key"
KEY_BYTES = 32


def audit_key(settings: Settings) -> bytes:
    """The key of the audit log: from the settings, else from `<home>/audit.key`, made at the first use.

    The file is written beside with mode 0600 and linked, so two processes that start together share one key.
    Raises SettingsError when it cannot be read or is too short.
    """
    if settings.compliance.audit_key is not None:
        return settings.compliance.audit_key.get_secret_value().encode()
    path = settings.home / KEY_FILE
    settings.home.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        beside = path.with_name(f".{KEY_FILE}.{secrets.token_hex(8)}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_hex(KEY_BYTES).encode())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first: its key stands
            os.link(beside, path)  # whole or not at all
        beside.unlink()
    key = path.read_bytes()
    if len(key) < KEY_BYTES:
        raise SettingsError(f"The audit key {path} is too short: restore it from a backup, or the log cannot be read.")
    return key
