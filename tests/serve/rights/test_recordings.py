"""Who may bring a recording of whom: it makes leads and cases, so that one of another's client is refused."""

from __future__ import annotations

import pytest

from knowledge_base.access import Role
from serve.wiring import House
from tests.serve.rights.conftest import EAST, add, log_in

FILE = {"recording": ("a.wav", b"RIFF", "audio/wav")}


@pytest.mark.parametrize(
    ("who", "told", "status"),
    [
        ("A001", {"client_id": "C0003", "advisor_id": "A001"}, 202),
        ("A001", {}, 202),
        ("A009", {"client_id": "C0003"}, 404),
        ("A001", {"client_id": "C0003", "advisor_id": "A002"}, 403),
        ("boss", {"client_id": "C0003", "advisor_id": "A001"}, 202),
        ("kefu", {"client_id": "C0003", "advisor_id": "A002"}, 202),
    ],
)
def test_an_advisor_brings_recordings_of_their_own_clients_only(
    house: House, who: str, told: dict[str, str], status: int
) -> None:
    role = {"boss": Role.SUPERVISOR, "kefu": Role.CRM}.get(who, Role.ADVISOR)
    add(house, who, role, branches=(EAST,))
    assert log_in(house, who).post("/v1/calls", data=told, files=FILE).status_code == status
