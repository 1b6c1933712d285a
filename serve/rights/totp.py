"""Codes of an authenticator: TOTP as RFC 6238 has it, SHA-1, six digits, thirty seconds."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime
from hashlib import sha1
from urllib.parse import quote

STEP_S = 30
DIGITS = 6
SECRET_BYTES = 20
DRIFT_STEPS = 1  # a phone's clock may be one step off


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def code(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of a step, which is the Unix time divided by 30 s (RFC 4226, 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_of(secret: bytes, given: str, now: datetime, *, after: int | None) -> int | None:
    """The step whose code was given, None for a wrong one. A step up to `after` was used: it opens nothing again."""
    here = int(now.timestamp()) // STEP_S
    found = None
    for step in range(here - DRIFT_STEPS, here + DRIFT_STEPS + 1):  # all of them, whichever is right
        same = hmac.compare_digest(code(secret, step).encode(), given.strip().encode("utf-8", "surrogatepass"))
        if same and (after is None or step > after):
            found = step
    return found


def secret_text(secret: bytes) -> str:
    """As a person types it into an authenticator."""
    return base64.b32encode(secret).decode().rstrip("=")


def uri(secret: bytes, user_id: str) -> str:
    """As an authenticator reads it."""
    return f"otpauth://totp/{quote('tougu:' + user_id)}?secret={secret_text(secret)}&issuer=tougu"
