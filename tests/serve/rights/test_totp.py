"""Codes of an authenticator, on the vectors of RFC 6238 (appendix B, SHA-1)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from serve.rights import totp

SECRET = b"12345678901234567890"
VECTORS = (
    (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"), (1234567890, "89005924"),
    (2000000000, "69279037"), (20000000000, "65353130"),
)  # fmt: skip


@pytest.mark.parametrize(("at", "wanted"), VECTORS)
def test_the_vectors(at: int, wanted: str) -> None:
    assert totp.code(SECRET, at // totp.STEP_S, digits=8) == wanted


def test_a_code_opens_once_and_only_near_its_time() -> None:
    now = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    step = int(now.timestamp()) // totp.STEP_S
    assert totp.step_of(SECRET, totp.code(SECRET, step - 1), now, after=None) == step - 1
    assert totp.step_of(SECRET, totp.code(SECRET, step - 2), now, after=None) is None
    assert totp.step_of(SECRET, totp.code(SECRET, step), now, after=step) is None
    assert totp.step_of(SECRET, "000000x", now, after=None) is None
    assert totp.step_of(SECRET, "", now, after=None) is None


def test_the_secret_is_shown_as_authenticators_take_it() -> None:
    assert totp.uri(SECRET, "王敏") == (
        "otpauth://totp/tougu%3A%E7%8E%8B%E6%95%8F?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=tougu"
    )
