"""Checkpoints: the head of the chain, signed, in a file that the writer of the log cannot take back."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from compliance_filters.audit.entry import canonical
from compliance_filters.audit.suite import Suite, suite_of
from compliance_filters.errors import AuditError


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A private key with its suite; it is no part of the audit key."""

    suite: Suite
    private: bytes

    @property
    def public(self) -> PublicKey:
        return PublicKey(suite=self.suite, key=self.suite.public_key(self.private))

    def sign(self, data: bytes) -> bytes:
        return self.suite.sign(self.private, data)


@dataclass(frozen=True, kw_only=True)
class PublicKey:
    """What verifying needs: one line of text, the suite's name and the key in hex."""

    suite: Suite
    key: bytes

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Raises AuditError for a text that is no public key."""
        name, _, key = text.strip().partition(" ")
        try:
            return cls(suite=suite_of(name), key=bytes.fromhex(key))
        except ValueError as error:
            raise AuditError("this is no public key: write one with `tougu audit public-key`.") from error

    @classmethod
    def read(cls, path: Path) -> PublicKey:
        """Raises AuditError for a file that is no public key."""
        try:
            return cls.parse(path.read_text("ascii"))
        except (OSError, UnicodeDecodeError) as error:
            raise AuditError(
                f"the public key {path} cannot be read ({type(error).__name__}): check the file."
            ) from error

    def __str__(self) -> str:
        return f"{self.suite.name} {self.key.hex()}\n"

    def signed(self, data: bytes, signature: bytes) -> bool:
        return self.suite.signed(self.key, data, signature)


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The last entry at one moment."""

    seq: int
    hash: str
    at: str  # ISO 8601, UTC

    def text(self, signer: Signer) -> str:
        """The file: canonical JSON with the signature over everything else in it."""
        body = {**self._body(), "suite": signer.suite.name}
        return canonical({**body, "signature": signer.sign(canonical(body).encode()).hex()}) + "\n"

    def _body(self) -> dict[str, Any]:
        return {"seq": self.seq, "hash": self.hash, "at": self.at}

    @classmethod
    def parse(cls, text: str, public: PublicKey) -> Checkpoint:
        """Raises ValueError where it is broken or not signed by this key."""
        body: Mapping[str, Any] = json.loads(text)
        try:
            signed = {name: value for name, value in body.items() if name != "signature"}
            if canonical(body) + "\n" != text or not public.signed(
                canonical(signed).encode(), bytes.fromhex(body["signature"])
            ):
                raise ValueError("its signature does not fit the public key")
            datetime.fromisoformat(body["at"])
            return cls(seq=int(body["seq"]), hash=str(body["hash"]), at=body["at"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError("it is no checkpoint") from error


def read_checkpoints(path: Path, public: PublicKey) -> tuple[list[Checkpoint], list[str]]:
    """The checkpoints of a file, or of every file of a folder, and what is wrong with them."""
    found, problems = [], []
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    if not files:
        problems.append(f"the folder {path.name} holds no checkpoint")
    for file in files:
        try:
            found.append(Checkpoint.parse(file.read_text("ascii"), public))
        except OSError as error:
            problems.append(f"the checkpoint {file} cannot be read ({error.strerror}): check the path")
        except ValueError as error:
            problems.append(f"the checkpoint {file.name} cannot be used ({error})")
    return found, problems


def write_checkpoint(checkpoint: Checkpoint, path: Path, signer: Signer) -> Path:
    """Write beside and rename; in a folder each checkpoint is a file of its own. Raises AuditError."""
    target = path / f"checkpoint-{checkpoint.seq:012d}.json" if path.is_dir() else path
    beside = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with beside.open("w", encoding="ascii") as file:
            file.write(checkpoint.text(signer))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except OSError as error:
        raise AuditError(f"the checkpoint {target} could not be written ({error}): check disk and rights.") from error
    finally:
        beside.unlink(missing_ok=True)
    return target
