"""Secrets that the house makes for itself when none are given. None of them is ever in the database."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from serve.errors import SettingsError
from serve.settings import Settings

if TYPE_CHECKING:
    from compliance_filters.audit.checkpoint import Signer

KEY_FILE = "audit.key"
LINK_FILE = "link.key"
LOGIN_FILE = "login.key"
SIGNING_FILE = "checkpoint.key"
KEY_BYTES = 32


def audit_key(settings: Settings) -> bytes:
    """The key of the audit log: from the settings, else from `<home>/audit.key`, made at the first use.

    Raises SettingsError when it cannot be read or is too short.
    """
    if settings.compliance.audit_key is not None:
        return settings.compliance.audit_key.get_secret_value().encode()
    path = settings.home / KEY_FILE
    key = _made_once(path, lambda: secrets.token_hex(KEY_BYTES))
    if len(key) < KEY_BYTES:
        raise SettingsError(f"The audit key {path} is too short: restore it from a backup, or the log cannot be read.")
    return key


def link_key(settings: Settings) -> bytes:
    """The key of links to reports and of codes: from the settings, else from `<home>/link.key`, made at the first use.

    Raises SettingsError when it cannot be read or is too short.
    """
    given = settings.copilot.delivery.link_key
    if given is not None:
        return given.get_secret_value().encode()
    path = settings.home / LINK_FILE
    key = _made_once(path, lambda: secrets.token_hex(KEY_BYTES))
    if len(key) < KEY_BYTES:
        raise SettingsError(f"The link key {path} is too short: restore it from a backup; a new one ends every link.")
    return key


def login_key(settings: Settings) -> bytes:
    """The key that encrypts authenticators' secrets: `<home>/login.key`, made at the first use.

    Raises SettingsError when it is too short.
    """
    path = settings.home / LOGIN_FILE
    key = _made_once(path, lambda: secrets.token_hex(KEY_BYTES))
    if len(key) < KEY_BYTES:
        raise SettingsError(
            f"The login key {path} is too short: restore it from a backup; a new one ends authenticators."
        )
    return key


def audit_signer(settings: Settings) -> Signer:
    """Who signs checkpoints and dossiers; its private key is another file than the audit key, made at the first use.

    Raises SettingsError for a file that holds no private key of the suite in force.
    """
    from compliance_filters.audit.checkpoint import Signer
    from compliance_filters.audit.suite import suite_of

    suite = suite_of(settings.compliance.audit_suite)
    path = settings.compliance.audit_signing_key or settings.home / SIGNING_FILE
    text = _made_once(path, lambda: f"{suite.name} {suite.new_private_key().hex()}\n").decode("ascii", "replace")
    name, _, key = text.strip().partition(" ")
    try:
        if name != suite.name:
            raise ValueError("another suite")
        signer = Signer(suite=suite, private=bytes.fromhex(key))
        signer.sign(b"")  # a key of another length shows here, not when the first checkpoint is due
    except ValueError as error:
        raise SettingsError(
            f"{path} holds no private key of the suite {suite.name}: restore it from a backup, or move it away to "
            "have a new one made."
        ) from error
    return signer


def _made_once(path: Path, make: Callable[[], str]) -> bytes:
    """The content of a file that only its owner reads, made where it is not there.

    It is written beside with mode 0600 and linked, so two processes that start together share one key.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(make().encode())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first: its key stands
            os.link(beside, path)  # whole or not at all
        beside.unlink()
    return path.read_bytes()
