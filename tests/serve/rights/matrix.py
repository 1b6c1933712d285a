"""Every route by every caller: the rows of `matrix.yaml`, the house they are asked in, and how one is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import yaml
from fastapi import FastAPI
from starlette.testclient import TestClient

from knowledge_base.access import Role
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import api_routes, client_of
from tests.serve.rights.conftest import OWN
from tests.serve.staff_cases import EAST, furnish, wish
from tests.serve.staff_cases import record as record_call

FILE = "matrix.yaml"
STRANGER = "stranger"  # an advisor whose clients are none of those asked about
USERS: Mapping[str, tuple[str, Role, tuple[str, ...]]] = {
    "advisor": ("A001", Role.ADVISOR, ()), STRANGER: ("A009", Role.ADVISOR, ()),
    "supervisor": ("boss", Role.SUPERVISOR, (EAST,)), "compliance": ("anna", Role.COMPLIANCE, ()),
    "editor": ("ed", Role.EDITOR, ()), "operations": ("ops", Role.OPERATIONS, ()), "crm": ("kefu", Role.CRM, ()),
    "administrator": ("adm", Role.ADMINISTRATOR, ()), "security": ("sec", Role.SECURITY, ()),
    "audit": ("aud", Role.AUDIT, ()),
}  # fmt: skip
CALLERS = tuple(USERS)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One route: who comes through, to whom it is hidden, and with what it is asked."""

    route: str  # "GET /v1/leads"
    may: frozenset[str]
    hidden: frozenset[str] = frozenset()  # 404: what is not theirs is not there
    open: bool = False  # to everybody, logged in or not
    made_up: bool = False  # what is asked about does not exist: 404 for those who may
    body: Any = None
    query: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)  # name in the path -> kind of thing; others are made up

    def expected(self, caller: str) -> str:
        """through, hidden or refused."""
        return "through" if caller in self.may else "hidden" if caller in self.hidden else "refused"

    def ask(self, browser: TestClient, ids: Mapping[str, str]) -> int:
        """The status of the answer."""
        method, path = self.route.split(" ", 1)
        for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
            path = path.replace(f"{{{name}}}", ids[self.ids[name]] if name in self.ids else "1")
        path += f"?{self.query}" if self.query else ""
        return browser.request(method, path, json=self.body, follow_redirects=False).status_code


def rows() -> Iterator[Row]:
    """The rows of the file."""
    found = yaml.safe_load(files("tests.serve.rights").joinpath(FILE).read_text(encoding="utf-8"))
    named = {name: frozenset(members) for name, members in found["callers"].items()}
    for route, told in found["routes"].items():
        yield Row(
            route=route, may=_set(named, told.get("may", [])), hidden=_set(named, told.get("hidden", [])),
            open=told.get("open", False), made_up=told.get("made_up", False),
            body=told.get("body"), query=told.get("query", ""), ids=told.get("ids", {}),
        )  # fmt: skip


def _set(named: Mapping[str, frozenset[str]], told: str | list[str]) -> frozenset[str]:
    """Callers by their names, or by names of sets of them."""
    each = [told] if isinstance(told, str) else told
    return frozenset(caller for name in each for caller in named.get(name, (name,)))


def routes_of(app: FastAPI) -> list[str]:
    """Every route of the application, as rows name them; files under /static are nobody's secret."""
    return sorted(f"{method} {route.path}" for route in api_routes(app) for method in route.methods - {"HEAD"})


def busy(house: House) -> dict[str, str]:
    """Fill a house; ids of what the rows ask about, by kind."""
    furnish(house)
    record_call(house, "k9", "C0003", wish("fund.redeem", "lead", "我想赎回"), hours=2)
    for user_id, role, branches in USERS.values():
        house.users.add(user_id, roles=[role], branches=list(branches), labels=[], principal=OPERATOR)
    leads = house.leads.list(principal=OPERATOR, client_id="C0003", limit=10)
    officer = browser_of(house, "compliance")
    found = {
        kind: officer.get(f"/v1/{plural}").json()[plural][0]["id"]
        for kind, plural in (("case", "cases"), ("ticket", "tickets"), ("incident", "incidents"))
    }
    return {"client": "C0003", "call": "k1", "lead": leads[0].id, **found, **jobs(house)}


def jobs(house: House) -> dict[str, str]:
    """A call and a fund report that A001 started, and a document that the editor brought."""

    def put(queue: str, by: str, **payload: str) -> str:
        return house.jobs.enqueue(queue, f"of {by}", payload, started_by=by)

    return {
        "job": put("calls", "A001", call_id="j1"), "fund report": put("diagnoses", "A001", fund_code="990002"),
        "upload": put("documents", "ed", path="a.md"),
    }  # fmt: skip


def browser_of(house: House, caller: str) -> TestClient:
    """A browser in which a caller is logged in."""
    browser = client_of(house)
    browser.headers.update(OWN)
    browser.cookies.set("tougu_session", house.sessions.open(USERS[caller][0], how="password", address="test"))
    return browser


def outcome(status: int) -> str:
    """What a status means for rights."""
    return "refused" if status in (401, 403) else "hidden" if status == 404 else "through"
