"""Every route by every caller: the rows of `matrix.yaml`, the house they are asked in, and how one is asked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

import yaml
from fastapi import FastAPI
from fastapi.routing import APIRoute

ROLES = (
    "advisor", "supervisor", "compliance", "editor", "operations", "crm", "administrator", "security", "audit",
)  # fmt: skip
REFUSED = frozenset({401, 403})


@dataclass(frozen=True, kw_only=True)
class Row:
    """One route: who comes through, and with what it is asked."""

    route: str  # "GET /v1/leads"
    may: frozenset[str]
    open: bool = False  # to everybody, logged in or not
    body: Any = None
    query: str = ""
    ids: Mapping[str, str] = field(default_factory=dict)  # of the path; others are made up

    @property
    def method(self) -> str:
        return self.route.split(" ", 1)[0]

    def path(self, ids: Mapping[str, str]) -> str:
        path = self.route.split(" ", 1)[1]
        named = {name: ids.get(place, place) for name, place in self.ids.items()}
        for name in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
            path = path.replace(f"{{{name}}}", named.get(name, "x1"))
        return path + (f"?{self.query}" if self.query else "")


def rows() -> Iterator[Row]:
    """The rows of the file."""
    found = yaml.safe_load(files("tests.serve.rights").joinpath("matrix.yaml").read_text(encoding="utf-8"))
    for route, told in found["routes"].items():
        may = told.get("may", [])
        everybody = may == "everybody" or told.get("open", False)
        yield Row(
            route=route, may=frozenset(ROLES if everybody else found["groups"].get(may, may)),
            open=told.get("open", False), body=told.get("body"), query=told.get("query", ""), ids=told.get("ids", {}),
        )  # fmt: skip


def routes_of(app: FastAPI) -> list[str]:
    """Every route of the application, as rows name them; files under /static are nobody's secret."""
    return sorted(
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods - {"HEAD"}
    )
