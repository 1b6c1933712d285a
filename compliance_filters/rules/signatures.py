"""Signatures of rule packs: who adopted which bytes. Ed25519 (RFC 8032), in a small JSON file beside the pack."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compliance_filters.audit.entry import canonical
from compliance_filters.audit.suite import StandardSuite
from compliance_filters.errors import RulePackError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SUFFIX = ".sig"
PRIVATE_FILE, PUBLIC_FILE = "pack-key.pem", "pack-key.pub"
_PURPOSE = b"tougu rule pack\n"  # a signature made for something else is none of a pack
_SUITE = StandardSuite()


@dataclass(frozen=True, kw_only=True)
class Signature:
    """A person's adoption of exact bytes; signer and time are signed with them."""

    signer: str
    signed_at: str  # ISO 8601, UTC
    key: str  # public key, hex
    sha256: str  # of the pack's bytes, hex
    signature: str  # hex

    def fits(self, content: bytes) -> bool:
        """Whether this is a true signature over these bytes; whose key it is does not matter here."""
        if hashlib.sha256(content).hexdigest() != self.sha256:
            return False
        try:
            key, signature = bytes.fromhex(self.key), bytes.fromhex(self.signature)
        except ValueError:
            return False
        return _SUITE.signed(key, self.statement(), signature)

    def statement(self) -> bytes:
        """What is signed."""
        said = {"key": self.key, "sha256": self.sha256, "signed_at": self.signed_at, "signer": self.signer}
        return _PURPOSE + canonical(said).encode()

    def text(self) -> str:
        """The file of the signature."""
        return json.dumps({"key_id": key_id(self.key), **asdict(self)}, ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def parse(cls, text: str) -> Signature:
        """Raises ValueError for a text that is no signature file."""
        data: Any = json.loads(text)
        if not isinstance(data, dict) or not all(isinstance(data.get(name), str) for name in cls.__annotations__):
            raise ValueError(f"a signature file holds {', '.join(cls.__annotations__)}")
        return cls(**{name: data[name] for name in cls.__annotations__})


@dataclass(frozen=True, kw_only=True)
class Trust:
    """Whose signatures a firm demands; without keys none is demanded, but a wrong one is refused all the same."""

    keys: frozenset[str] = frozenset()  # public keys, hex
    folder: Path | None = None  # signatures that cannot lie beside their pack

    @classmethod
    def read(cls, keys: Sequence[Path], folder: Path | None) -> Trust:
        """Raises RulePackError for a file that holds no Ed25519 public key in PEM."""
        return cls(keys=frozenset(map(read_public_key, keys)), folder=folder)

    def admit(self, name: str, content: bytes, beside: Traversable, *, pinned: str | None = None) -> tuple[str, ...]:
        """Who signed a pack. `pinned` is the only key that may have signed beside it.

        Raises RulePackError for a wrong signature, and for a missing one where keys are trusted.
        """
        own = _read(name, beside)
        adopted = _read(name, self.folder / f"{Path(name).name}{SUFFIX}") if self.folder else None
        found = [each for each in (own, adopted) if each]
        for each in found:
            if not each.fits(content) or (each is own and pinned and each.key != pinned):
                raise RulePackError(
                    f"rule pack {name} was changed after it was signed, or its signature is another pack's: put back "
                    "the signed file, or have an officer sign this one with `tougu rules sign`."
                )
        trusted = [each for each in found if each.key in self.keys]
        if self.keys and not trusted:
            raise RulePackError(
                f"rule pack {name} carries no signature by a key of compliance.pack_keys: an officer adopts it with "
                "`tougu rules sign`."
            )
        return tuple(each.signer for each in trusted or found)


def sign(content: bytes, private: Ed25519PrivateKey, *, signer: str, at: datetime | None = None) -> Signature:
    """Adopt these bytes."""
    raw = private.private_bytes_raw()
    draft = Signature(
        signer=signer,
        signed_at=(at or datetime.now(UTC)).isoformat(timespec="seconds"),
        key=_SUITE.public_key(raw).hex(),
        sha256=hashlib.sha256(content).hexdigest(),
        signature="",
    )
    return replace(draft, signature=_SUITE.sign(raw, draft.statement()).hex())


def write_signature(path: Path, key: Path, *, signer: str, folder: Path | None = None) -> Path:
    """Sign a pack file with the private key of a PEM file; beside it, or in a folder. Raises RulePackError."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RulePackError(f"rule pack {path} cannot be read ({error.strerror}): check the path.") from error
    made = sign(content, read_private_key(key), signer=signer)
    target = (folder or path.parent) / f"{path.name}{SUFFIX}"
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target.with_name(f".{target.name}.new")
    beside.write_text(made.text(), encoding="utf-8")
    beside.replace(target)
    return target


def key_id(public: str) -> str:
    """A short name of a public key, for people."""
    return hashlib.sha256(public.encode()).hexdigest()[:16]


def read_public_key(path: Traversable) -> str:
    """The Ed25519 public key of a PEM file, in hex. Raises RulePackError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as error:
        raise RulePackError(f"{path} is no public key in PEM ({type(error).__name__}): check the file.") from error
    if not isinstance(key, Ed25519PublicKey):
        raise RulePackError(f"{path} is no Ed25519 key: make a pair with `tougu rules keygen`.")
    return key.public_bytes_raw().hex()


def read_private_key(path: Path) -> Ed25519PrivateKey:
    """The Ed25519 private key of a PEM file without a password. Raises RulePackError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise RulePackError(
            f"{path} is no private key in PEM without a password ({type(error).__name__}): check the file."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise RulePackError(f"{path} is no Ed25519 key: make a pair with `tougu rules keygen`.")
    return key


def write_key_pair(folder: Path) -> tuple[Path, Path]:
    """A new pair; the private file is its owner's alone, and nothing is overwritten. Raises RulePackError."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    folder.mkdir(parents=True, exist_ok=True)
    private, public = folder / PRIVATE_FILE, folder / PUBLIC_FILE
    key = Ed25519PrivateKey.generate()
    try:
        descriptor = os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise RulePackError(f"{private} exists and is not overwritten: choose another folder.") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_text(public_pem(key), encoding="ascii")
    return private, public


def public_pem(key: Ed25519PrivateKey) -> str:
    """The public half in PEM."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _read(name: str, path: Traversable) -> Signature | None:
    if not path.is_file():
        return None
    try:
        return Signature.parse(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise RulePackError(f"the signature {path} cannot be read ({error}): sign {name} again.") from error
