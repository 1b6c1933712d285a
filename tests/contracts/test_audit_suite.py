"""What every cipher suite of the audit log must do; a whole log is kept with each."""

from __future__ import annotations

import hashlib
import hmac
from pathlib import Path

import pytest
from sqlalchemy import Engine

from compliance_filters.audit.checkpoint import PublicKey, Signer
from compliance_filters.audit.log import AuditLog
from compliance_filters.audit.suite import SHANGMI, STANDARD, Mac, StandardSuite, Suite, register_suite, suite_of
from compliance_filters.errors import AuditError
from compliance_filters.tables import metadata

KEY = b"a test key of at least thirty-two bytes"


class LongSuite(StandardSuite):
    """A suite with a longer digest: columns and formats must not count on 32 bytes."""

    name = "test-sha512"

    def digest(self, data: bytes) -> bytes:
        return hashlib.sha512(data).digest()

    def keyed(self, key: bytes) -> Mac:
        return lambda data: hmac.digest(key, data, "sha512")


register_suite(LongSuite.name, LongSuite)


@pytest.fixture(params=[STANDARD, SHANGMI, LongSuite.name])
def suite(request: pytest.FixtureRequest) -> Suite:
    return suite_of(request.param)


class TestSuite:
    def test_a_keyed_hash_depends_on_key_and_data(self, suite: Suite) -> None:
        mac = suite.keyed(b"k" * 32)
        assert mac(b"a") == suite.keyed(b"k" * 32)(b"a")
        assert len({mac(b"a"), mac(b"b"), suite.keyed(b"l" * 32)(b"a"), suite.digest(b"a")}) == 4
        assert suite.keyed(b"long" * 40)(b"a") != suite.keyed(b"long" * 41)(b"a")

    def test_what_is_encrypted_comes_back(self, suite: Suite) -> None:
        key = b"k" * suite.key_bytes
        for data in (b"", b"x", "第一条".encode() * 500):
            sealed = suite.encrypt(key, data, b"a_1")
            assert suite.decrypt(key, sealed, b"a_1") == data
            assert sealed != suite.encrypt(key, data, b"a_1")

    def test_nothing_else_is_decrypted(self, suite: Suite) -> None:
        key = b"k" * suite.key_bytes
        sealed = suite.encrypt(key, b"text", b"a_1")
        changed = [sealed[:place] + bytes([sealed[place] ^ 1]) + sealed[place + 1 :] for place in range(len(sealed))]
        for bad in (*changed, sealed[:-1], b"", b"short"):
            with pytest.raises(AuditError, match="cannot be deciphered"):
                suite.decrypt(key, bad, b"a_1")
        for other_key, bound in ((key[::-1][:-1] + b"x", b"a_1"), (key, b"a_2")):
            with pytest.raises(AuditError, match="cannot be deciphered"):
                suite.decrypt(other_key, sealed, bound)

    def test_a_signature_is_of_one_key_and_one_text(self, suite: Suite) -> None:
        private, other = suite.new_private_key(), suite.new_private_key()
        signature, public = suite.sign(private, b"text"), suite.public_key(private)
        assert suite.signed(public, b"text", signature)
        assert not suite.signed(public, b"texT", signature)
        assert not suite.signed(suite.public_key(other), b"text", signature)
        flipped = bytes([signature[0] ^ 1]) + signature[1:]
        for bad in (flipped, signature[:-1], signature + b"\0", b""):
            assert not suite.signed(public, b"text", bad)
        for bad_key in (b"", b"x" * 32, public[:-1]):
            assert not suite.signed(bad_key, b"text", signature)

    def test_a_whole_log(self, suite: Suite, engine: Engine, tmp_path: Path) -> None:
        metadata.create_all(engine)
        signer = Signer(suite=suite, private=suite.new_private_key())
        audit = AuditLog(engine, KEY, suite=suite, signer=lambda: signer)
        entry = audit.append(event="e", actor="u", subject="C1", payload={"t": "中"})
        assert audit.payload(entry) == {"t": "中"}
        kept = audit.checkpoint(tmp_path / "checkpoint.json")
        assert audit.verify(kept, public_key=PublicKey.parse(str(signer.public))).ok


def test_hmac_is_that_of_the_standard() -> None:
    suites = {STANDARD: "sha256", SHANGMI: "sm3"}
    for name, algorithm in suites.items():
        for key in (b"", b"k", b"k" * 64, b"k" * 100):
            assert suite_of(name).keyed(key)(b"text") == hmac.digest(key, b"text", algorithm)


def test_sm3_and_sm4_are_those_of_the_standards() -> None:
    """GB/T 32905 example 1, and RFC 8998 appendix A.1 (SM4-GCM)."""
    suite = suite_of(SHANGMI)
    assert suite.digest(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    nonce = bytes.fromhex("00001234567800000000abcd")
    bound = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = bytes.fromhex("aa" * 8 + "bb" * 8 + "cc" * 8 + "dd" * 8 + "ee" * 8 + "ff" * 8 + "ee" * 8 + "aa" * 8)
    cipher = (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    )
    tag = "83de3541e4c2b58177e065a9bf7b62ec"
    assert suite.decrypt(key, nonce + bytes.fromhex(cipher + tag), bound) == plain


def test_an_unknown_suite_names_those_that_are_there() -> None:
    with pytest.raises(AuditError, match=f"rot13.*{STANDARD}.*{SHANGMI}"):
        suite_of("rot13")


def test_a_log_stays_with_the_suite_it_was_begun_with(engine: Engine) -> None:
    metadata.create_all(engine)
    AuditLog(engine, KEY).append(event="e", actor="u")
    other = AuditLog(engine, KEY, suite=LongSuite())
    with pytest.raises(AuditError, match=f"begun with the cipher suite {STANDARD}"):
        other.append(event="e", actor="u")
    assert not other.verify().ok
