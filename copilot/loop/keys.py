"""What is derived from one secret: tokens of links, codes, and the hashes by which both are found again.

Each value is an HMAC-SHA256 under the firm's link key. Tokens and codes can therefore be made again when a message
is sent, and stand in no table, no outbox row and no log.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

TOKEN_BYTES = 16  # 128 bits
CODE_DIGITS = 6


class LinkKeys:
    """Derives with one key; `key` has at least 32 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 32:
            raise ValueError("the link key has fewer than 32 bytes")
        self._key = key

    def token(self, link_id: str) -> str:
        """The 128 bits of a link's address, as 22 letters that an address may hold."""
        digest = self._mac("token", link_id)[:TOKEN_BYTES]
        return base64.urlsafe_b64encode(digest).decode().rstrip("=")

    def token_hash(self, token: str) -> str:
        """By which a link is found; hex."""
        return self._mac("find", token).hex()

    def code(self, link_id: str, count: int) -> str:
        """The code of the `count`-th request of a link, after the idea of RFC 4226."""
        number = int.from_bytes(self._mac("code", f"{link_id}|{count}")[:8])
        return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"

    def session_hash(self, cookie: str) -> str:
        """By which a reader's session is found; hex."""
        return self._mac("session", cookie).hex()

    def _mac(self, purpose: str, text: str) -> bytes:
        return hmac.new(self._key, f"{purpose}|{text}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()


def new_link_id() -> str:
    """A fresh id with 128 random bits, from which the key alone makes the token."""
    return f"rl_{secrets.token_hex(TOKEN_BYTES)}"


def new_cookie() -> str:
    """What the browser of an identified reader keeps: 256 random bits."""
    return secrets.token_urlsafe(32)
