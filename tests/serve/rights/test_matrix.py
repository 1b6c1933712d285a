"""Every route of the application by every caller: `matrix.yaml` says who comes through.

A route without a row fails: decide who may, add its path to serve/rights/groups.yaml, and a row with a valid body.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from knowledge_base.access import Role
from serve.rights.groups import RouteGroups
from serve.tables import login_sessions
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import client_of, settings_of
from tests.serve.rights.conftest import with_auth
from tests.serve.rights.matrix import CALLERS, Row, browser_of, busy, outcome, routes_of, rows

ROWS = tuple(rows())


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, dict[str, str]]]:
    """A busy house with logins in force."""
    from serve.sample import import_people

    home = tmp_path_factory.mktemp("matrix") / "home"
    made = House(with_auth(settings_of(home), required=True))
    import_people(made)
    yield made, busy(made)
    made.close()


def test_every_route_has_a_row_and_every_row_a_route(asked: tuple[House, dict[str, str]]) -> None:
    there, told = set(routes_of(client_of(asked[0]).app)), {row.route for row in ROWS}  # type: ignore[arg-type]
    assert there - told == set(), "say in tests/serve/rights/matrix.yaml who may ask these routes"
    assert told - there == set(), "these rows of tests/serve/rights/matrix.yaml name no route"


def test_every_route_that_needs_a_login_is_in_a_group() -> None:
    groups = RouteGroups.shipped()
    free = ("/login", "/v1/log", "/r/", "/livez", "/readyz")
    paths = [row.route.split(" ", 1)[1] for row in ROWS]
    lost = [path for path in paths if path.startswith("/v1/") and not path.startswith(free) and not groups.of(path)]
    assert lost == [], "name these paths in serve/rights/groups.yaml; until then they open to the machine alone"


@pytest.mark.parametrize("caller", CALLERS)
def test_each_role_comes_through_where_it_may_and_nowhere_else(
    asked: tuple[House, dict[str, str]], caller: str
) -> None:
    house, ids = asked
    browser = browser_of(house, caller)
    wrong = [
        f"{row.route}: {status} for {caller}, who should be {row.expected(caller)}"
        for row in ROWS
        if not row.open and not fits(row, caller, status := row.ask(browser, ids))
    ]
    assert wrong == []


def fits(row: Row, caller: str, status: int) -> bool:
    """Whether a status is what the row says; 500 is nobody's. What is made up is not there for those who may."""
    if status == 500:
        return False
    found = outcome(status)
    return found == row.expected(caller) or (row.made_up and found == "hidden" and caller in row.may)


@pytest.mark.parametrize("how", ["nobody", "expired", "wrong key"])
def test_who_is_not_logged_in_comes_nowhere(asked: tuple[House, dict[str, str]], how: str) -> None:
    house, ids = asked
    browser = client_of(house)
    if how == "expired":
        browser = browser_of(house, "compliance")
        with house.engine.begin() as connection:
            now = datetime.now(UTC)
            connection.execute(update(login_sessions).where(login_sessions.c.user_id == "anna").values(expires_at=now))
    if how == "wrong key":
        browser.headers["authorization"] = "Bearer tgk_000000000000_" + "x" * 43
    inside = [row for row in ROWS if not row.open]
    came = [row.route for row in inside if row.ask(browser, ids) not in ((303, 401) if is_page(row) else (401,))]
    assert came == []


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1.evil.example", ""])
def test_no_change_is_taken_from_another_sites_page(asked: tuple[House, dict[str, str]], origin: str) -> None:
    house, ids = asked
    browser = browser_of(house, "compliance")
    browser.headers.pop("origin")
    browser.headers.update({"origin": origin} if origin else {})
    changes = [row for row in ROWS if not row.route.startswith(("GET ", "HEAD ", "POST /r/"))]
    assert len(changes) > 80
    assert [row.route for row in changes if row.ask(browser, ids) != 403] == []


def test_a_key_comes_to_its_groups_only(asked: tuple[House, dict[str, str]]) -> None:
    house, ids = asked
    key = house.api_keys.add("narrow", role=Role.OPERATIONS, groups=["events"], days=1, principal=OPERATOR)
    browser = TestClient(client_of(house).app, base_url="http://127.0.0.1", headers={"authorization": f"Bearer {key}"})
    groups = RouteGroups.shipped()
    came = [
        row.route
        for row in ROWS
        if not row.open and not is_page(row) and row.ask(browser, ids) not in (401, 403)
        and (group := groups.of(row.route.split(" ", 1)[1])) is not None and group.name not in ("events", "self")
    ]  # fmt: skip
    assert came == []


def is_page(row: Row) -> bool:
    """Pages lead to the login in place of a problem document."""
    path = row.route.split(" ", 1)[1]
    return row.route.startswith("GET ") and not path.startswith(("/v1/", "/metrics"))
