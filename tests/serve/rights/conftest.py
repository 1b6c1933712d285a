"""A house in which people log in: cheap hashes, and a door that one opens with a name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from knowledge_base.access import Role
from serve.rights.settings import AuthSettings
from serve.settings import Settings
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import client_of

PASSWORD = "云岭以北 有一条河 2026"
CHEAP: dict[str, Any] = {"password_memory_mib": 8, "password_passes": 1}
OWN = {"origin": "http://127.0.0.1"}
EAST = "临江路营业部"


def with_auth(settings: Settings, **changed: Any) -> Settings:
    return settings.model_copy(update={"auth": AuthSettings(**CHEAP | {"totp_roles": ()} | changed)})


@pytest.fixture
def house(settings: Settings) -> Iterator[House]:
    made = House(with_auth(settings))
    yield made
    made.close()


def add(house: House, user_id: str, *roles: Role, branches: tuple[str, ...] = (), password: str = PASSWORD) -> None:
    house.users.add(user_id, roles=list(roles), branches=list(branches), labels=[], principal=OPERATOR)
    house.credentials.set_password(user_id, password)


def log_in(house: House, user_id: str, password: str = PASSWORD, **more: str) -> TestClient:
    """A browser in which somebody has logged in."""
    browser = client_of(house)
    browser.headers.update(OWN)
    answer = browser.post("/v1/login", json={"user": user_id, "password": password, **more})
    assert answer.status_code == 200, answer.text
    return browser


@pytest.fixture
def anna(house: House) -> Callable[[], TestClient]:
    """Opens a browser in which the advisor A001 has logged in."""
    add(house, "A001", Role.ADVISOR)
    return lambda: log_in(house, "A001")


def told(house: House, event: str) -> list[dict[str, Any]]:
    """Data of the entries of the audit log whose event begins so, the newest first."""
    from compliance_filters.audit.browse import browse

    return [
        {"event": e.event, "actor": e.actor, **e.data} for e in browse(house.audit, principal=OPERATOR, event=event)
    ]
