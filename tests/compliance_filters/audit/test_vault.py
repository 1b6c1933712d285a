"""Texts outside the log: under the client's key, so that sealing and erasure reach them."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine

from compliance_filters.audit.erasure import Erasure
from compliance_filters.audit.log import AuditLog
from compliance_filters.audit.vault import TextVault
from compliance_filters.tables import metadata
from knowledge_base.access import Principal, Role
from tests.compliance_filters.conftest import KEY

OFFICER = Principal(user_id="o1", roles=frozenset({Role.COMPLIANCE}))
SAID = "我的手机号是13812345678".encode()


@pytest.fixture
def log(any_engine: Engine) -> AuditLog:
    metadata.create_all(any_engine)
    return AuditLog(any_engine, KEY)


@pytest.mark.parametrize("client_id", ["C1", None])
def test_what_was_sealed_is_opened_again_and_nothing_of_it_can_be_read(log: AuditLog, client_id: str | None) -> None:
    vault = TextVault(log)
    first, second = (vault.seal(SAID, client_id=client_id, bound_to="a") for _ in range(2))
    assert SAID not in first
    assert first != second
    assert first.partition(b"\n")[0] == second.partition(b"\n")[0], "one key a client"
    assert vault.open(first, bound_to="a") == SAID
    assert log.verify().ok


def test_only_whole_bytes_in_their_own_place_are_opened(log: AuditLog) -> None:
    vault = TextVault(log)
    sealed = vault.seal(SAID, client_id="C1", bound_to="a")
    assert vault.open(sealed, bound_to="b") is None
    for bad in (sealed[:-1], b"", b"{}", b"\x00\n" + SAID, "钥匙\n".encode() + SAID, b"k_none\n" + SAID):
        assert vault.open(bad, bound_to="a") is None


def test_a_sealed_client_is_not_opened(log: AuditLog) -> None:
    vault = TextVault(log)
    mine, other = (vault.seal(SAID, client_id=each, bound_to="a") for each in ("C1", "C2"))
    Erasure(log).seal("C1", reason="客户书面要求删除", principal=OFFICER)
    assert vault.open(mine, bound_to="a") is None
    assert vault.open(other, bound_to="a") == SAID
