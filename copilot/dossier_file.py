"""A dossier as one signed file that anybody can verify without this installation.

A ZIP archive, stored without compression and without dates, so that the same contents give the same bytes:
verifying builds the archive again and compares it whole. Inside:

    dossier.json     the moments in order of time     dossier.md       the same for people, in Chinese
    entries.jsonl    the audit entries, with links    checkpoint.json  the signed head of the log
    public.key       whose signatures these are       manifest.json    suite, and the digest of each file above
    manifest.sig     the signature over manifest.json
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from compliance_filters.audit.checkpoint import Checkpoint, PublicKey, Signer
from compliance_filters.audit.entry import canonical
from compliance_filters.audit.read import entry_json
from compliance_filters.errors import AuditError
from copilot.dossier import Dossier, DossierError
from copilot.dossier_text import dossier_text

FORMAT = 1
SIGNED = ("checkpoint.json", "dossier.json", "dossier.md", "entries.jsonl", "public.key")
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
NO_DATE = (1980, 1, 1, 0, 0, 0)  # the first that the format knows
MOST_BYTES = 1 << 30


@dataclass(frozen=True, kw_only=True)
class DossierReport:
    """What verifying a dossier found."""

    about: str
    entries: int
    signed_by: str  # the public key, one line
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def write_dossier(dossier: Dossier, path: Path, *, signer: Signer, checkpoint: Checkpoint) -> Path:
    """Write the signed file beside and rename it; a file that is there is not replaced.

    Raises DossierError.
    """
    if path.exists():
        raise DossierError(f"{path} exists already: name a new file.")
    files = {
        "checkpoint.json": checkpoint.text(signer).encode(),
        "dossier.json": _json_bytes(_plain(dossier)),
        "dossier.md": dossier_text(dossier).encode("utf-8", "replace"),
        "entries.jsonl": b"".join(_json_bytes(entry_json(entry)) for entry in dossier.entries),
        "public.key": str(signer.public).encode(),
    }
    digests = {name: signer.suite.digest(content).hex() for name, content in files.items()}
    about = {"format": FORMAT, "suite": signer.suite.name, "about": dossier.subject.id, "files": digests}
    files[MANIFEST] = (canonical({**about, "entries": len(dossier.entries)}) + "\n").encode()
    files[SIGNATURE] = signer.sign(files[MANIFEST])
    _write(path, _archive(files))
    return path


def verify_dossier(path: Path, *, public_key: PublicKey | None = None) -> DossierReport:
    """Find any changed byte, with nothing but the file and, best, the public key from elsewhere.

    Without `public_key` the key inside the file is taken: then the file is whole, but anybody with a key of
    their own could have made it. Raises DossierError for what is no dossier at all.
    """
    raw, files = _read(path)
    try:
        manifest: Mapping[str, Any] = json.loads(files[MANIFEST])
        inside = PublicKey.parse(files["public.key"].decode("ascii"))
        signer, listed = public_key or inside, dict(manifest["files"])
        if manifest["format"] > FORMAT:
            raise DossierError(f"{path} was made by a newer version of tougu: verify it with that version.")
        entries = [json.loads(line) for line in files["entries.jsonl"].splitlines()]
    except AuditError as error:  # e.g. a suite that is not installed here
        raise DossierError(str(error)) from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DossierError(f"{path} is damaged: it holds no readable dossier.") from error
    problems = [] if raw == _archive(files) else ["the archive was changed outside its files"]
    if str(inside) != str(signer):
        problems.append("it was signed with another key than the one given")
    if not signer.signed(files[MANIFEST], files[SIGNATURE]):
        problems.append("the signature does not fit: the manifest was changed or another key signed it")
    suite = signer.suite
    problems += [
        f"{name} was changed, added or removed"
        for name in sorted({*listed, *files} - {MANIFEST, SIGNATURE})
        if name not in files or listed.get(name) != suite.digest(files[name]).hex()
    ]
    if not problems:
        problems += _links(entries, files["checkpoint.json"].decode("ascii"), signer)
    return DossierReport(
        about=str(manifest.get("about")), entries=len(entries), signed_by=str(signer).strip(), problems=tuple(problems)
    )


def _links(entries: list[Mapping[str, Any]], checkpoint: str, public: PublicKey) -> list[str]:
    """Entries stand in order, neighbours are linked, and the head of the log covers them all."""
    try:
        head = Checkpoint.parse(checkpoint, public)
    except ValueError as error:
        return [f"the checkpoint cannot be used ({error})"]
    problems = []
    for before, after in pairwise(entries):
        if after["seq"] <= before["seq"]:
            problems.append(f"entry {after['seq']} is out of order")
        elif after["seq"] == before["seq"] + 1 and after["prev"] != before["hash"]:
            problems.append(f"entry {after['seq']} does not follow the one before it")
    if entries and (
        entries[-1]["seq"] > head.seq or (entries[-1]["seq"] == head.seq and entries[-1]["hash"] != head.hash)
    ):
        problems.append("the checkpoint does not cover the entries")
    return problems


def _archive(files: Mapping[str, bytes]) -> bytes:
    """The archive, byte for byte the same for the same files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, NO_DATE)
            info.create_system = 3  # the same on every system
            info.external_attr = 0o600 << 16
            archive.writestr(info, files[name])
    return buffer.getvalue()


def _read(path: Path) -> tuple[bytes, dict[str, bytes]]:
    try:
        raw = path.read_bytes()
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MOST_BYTES:
                raise DossierError(f"{path} is larger than any dossier: it is not one.")
            files = {info.filename: archive.read(info) for info in archive.infolist()}
    except OSError as error:
        raise DossierError(f"{path} cannot be read ({error.strerror}): check the path.") from error
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, RuntimeError) as error:
        raise DossierError(f"{path} is damaged or no dossier ({error}): use another copy.") from error
    if missing := [name for name in (*SIGNED, MANIFEST, SIGNATURE) if name not in files]:
        raise DossierError(f"{path} is no whole dossier: {missing[0]} is missing.")
    return raw, files


def _write(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise DossierError(f"{path} cannot be written ({error.strerror}): check disk and rights.") from error
    finally:
        beside.unlink(missing_ok=True)


def _json_bytes(value: Any) -> bytes:
    """One line of JSON; escapes keep characters that UTF-8 cannot hold."""
    return (json.dumps(value, ensure_ascii=True, sort_keys=True, default=_text) + "\n").encode("ascii")


def _plain(dossier: Dossier) -> dict[str, Any]:
    told = asdict(dossier)
    return {name: value for name, value in told.items() if name != "entries"}


def _text(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no place in a dossier")
