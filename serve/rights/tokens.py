"""Tokens: 256 random bits for who holds them, their hash for the tables; what must be read again is encrypted."""

from __future__ import annotations

import base64
import secrets
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken

from serve.errors import ServeError

TOKEN_BYTES = 32


def new_token() -> str:
    """A random token, 43 characters of base64url."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hashed(token: str) -> str:
    """SHA-256, hex. A token has too many values to be guessed from it, so that no slow hash is needed."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


class Vault:
    """Encrypts with the house's login key what has to be read again."""

    def __init__(self, key: bytes) -> None:
        """key: secret bytes of any length; what is made of it encrypts nothing else."""
        self._fernet = Fernet(base64.urlsafe_b64encode(sha256(b"tougu logins" + key).digest()))

    def seal(self, secret: bytes) -> bytes:
        return self._fernet.encrypt(secret)

    def open(self, sealed: bytes, *, ttl_s: int | None = None) -> bytes:
        """Raises ServeError for what another key sealed, what was changed, or what is older than `ttl_s`."""
        try:
            return self._fernet.decrypt(sealed, ttl=ttl_s)
        except InvalidToken as error:
            raise ServeError(
                "A secret of the logins cannot be opened: restore login.key from a backup, or set the login up anew."
            ) from error
