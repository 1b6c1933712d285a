"""Cipher suites of the audit log: one hash, one cipher, one signature, chosen together by a setting."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import Protocol

from compliance_filters.errors import AuditError

Mac = Callable[[bytes], bytes]
STANDARD = "ed25519-sha256-aesgcm"
SHANGMI = "sm2-sm3-sm4gcm"
NONCE_BYTES = 12
TAG_BYTES = 16
BLOCK_BYTES = 64  # of SHA-256 and SM3 alike


class Suite(Protocol):
    """What the log needs of cryptography; keys, digests and signatures are plain bytes."""

    name: str
    key_bytes: int  # of the cipher

    def digest(self, data: bytes) -> bytes:
        """A plain hash."""

    def keyed(self, key: bytes) -> Mac:
        """HMAC (RFC 2104) under one key, as a function that is called often."""

    def encrypt(self, key: bytes, data: bytes, bound_to: bytes) -> bytes:
        """Nonce, ciphertext and tag; `bound_to` must be given again to decrypt."""

    def decrypt(self, key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
        """Raises AuditError where key, bytes or `bound_to` are not the ones of `encrypt`."""

    def new_private_key(self) -> bytes: ...

    def public_key(self, private: bytes) -> bytes: ...

    def sign(self, private: bytes, data: bytes) -> bytes: ...

    def signed(self, public: bytes, data: bytes, signature: bytes) -> bool:
        """Whether the signature is the key's over these bytes; False for a key that is none."""


class StandardSuite:
    """Ed25519 (RFC 8032), SHA-256, AES-256-GCM."""

    name = STANDARD
    key_bytes = 32

    def digest(self, data: bytes) -> bytes:
        return hashlib.sha256(data).digest()

    def keyed(self, key: bytes) -> Mac:
        return _hmac("sha256", key)

    def encrypt(self, key: bytes, data: bytes, bound_to: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, data, bound_to)

    def decrypt(self, key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError) as error:
            raise _undecipherable() from error

    def new_private_key(self) -> bytes:
        return os.urandom(32)

    def public_key(self, private: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()

    def sign(self, private: bytes, data: bytes) -> bytes:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return Ed25519PrivateKey.from_private_bytes(private).sign(data)

    def signed(self, public: bytes, data: bytes, signature: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True


class ShangmiSuite:
    """SM2 (GB/T 32918, with the default identity of GB/T 35276), SM3, SM4-GCM (GB/T 32907, RFC 8998).

    SM3 and SM4 are OpenSSL's; SM2 is pure Python, which is quick enough for checkpoints and dossiers.
    Raises AuditError where one of them is not there.
    """

    name = SHANGMI
    key_bytes = 16
    identity = b"1234567812345678"

    def __init__(self) -> None:
        try:
            import gmalg  # noqa: F401
        except ModuleNotFoundError as error:
            raise AuditError(f"the suite {SHANGMI} needs gmalg: pip install 'tougu[sm]'.") from error
        if "sm3" not in hashlib.algorithms_available:
            raise AuditError(f"the suite {SHANGMI} needs SM3: use a Python that is linked to OpenSSL 1.1.1 or newer.")

    def digest(self, data: bytes) -> bytes:
        return hashlib.new("sm3", data).digest()

    def keyed(self, key: bytes) -> Mac:
        return _hmac("sm3", key)

    def encrypt(self, key: bytes, data: bytes, bound_to: bytes) -> bytes:
        from cryptography.hazmat.primitives.ciphers import Cipher, modes
        from cryptography.hazmat.primitives.ciphers.algorithms import SM4

        nonce = os.urandom(NONCE_BYTES)
        cipher = Cipher(SM4(key), modes.GCM(nonce)).encryptor()
        cipher.authenticate_additional_data(bound_to)
        return nonce + cipher.update(data) + cipher.finalize() + cipher.tag

    def decrypt(self, key: bytes, sealed: bytes, bound_to: bytes) -> bytes:
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers import Cipher, modes
        from cryptography.hazmat.primitives.ciphers.algorithms import SM4

        nonce, body, tag = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:-TAG_BYTES], sealed[-TAG_BYTES:]
        try:
            cipher = Cipher(SM4(key), modes.GCM(nonce, tag)).decryptor()
            cipher.authenticate_additional_data(bound_to)
            return cipher.update(body) + cipher.finalize()
        except (InvalidTag, ValueError) as error:
            raise _undecipherable() from error

    def new_private_key(self) -> bytes:
        from gmalg import SM2

        return bytes(SM2().generate_keypair()[0])

    def public_key(self, private: bytes) -> bytes:
        from gmalg import SM2

        return bytes(SM2().generate_pk(private))

    def sign(self, private: bytes, data: bytes) -> bytes:
        from gmalg import SM2

        return b"".join(SM2(private, self.identity).sign(data))

    def signed(self, public: bytes, data: bytes, signature: bytes) -> bool:
        from gmalg import SM2
        from gmalg.errors import GMError

        if len(signature) != 64:
            return False
        try:
            return bool(SM2(None, self.identity, public).verify(data, signature[:32], signature[32:]))
        except (GMError, ValueError, IndexError):
            return False


_SUITES: dict[str, Callable[[], Suite]] = {STANDARD: StandardSuite, SHANGMI: ShangmiSuite}


def register_suite(name: str, make: Callable[[], Suite]) -> None:
    """Offer another suite under a name, for example one that speaks to a certified module."""
    _SUITES[name] = make


def suite_of(name: str) -> Suite:
    """The suite of a name. Raises AuditError for an unknown one, and for one whose parts are not installed."""
    if name not in _SUITES:
        raise AuditError(f"there is no cipher suite {name}: set compliance.audit_suite to {' or '.join(_SUITES)}.")
    return _SUITES[name]()


def _hmac(algorithm: str, key: bytes) -> Mac:
    """HMAC with both pads hashed once; a third of the time of `hmac.digest` for what the log writes."""
    padded = (hashlib.new(algorithm, key).digest() if len(key) > BLOCK_BYTES else key).ljust(BLOCK_BYTES, b"\0")
    inner = hashlib.new(algorithm, bytes(byte ^ 0x36 for byte in padded))
    outer = hashlib.new(algorithm, bytes(byte ^ 0x5C for byte in padded))

    def mac(data: bytes) -> bytes:
        first, second = inner.copy(), outer.copy()
        first.update(data)
        second.update(first.digest())
        return second.digest()

    return mac


def _undecipherable() -> AuditError:
    return AuditError("a text of the audit log cannot be deciphered: it was changed, or the audit key is another one.")
