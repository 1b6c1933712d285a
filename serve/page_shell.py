"""The one shell of all pages, which pages there are, and which of them the navigation shows to whom.

Data: `pages.yaml`. A page holds nothing by itself; what it shows it asks for, and the routes decide who gets it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Template
from typing import Any

import yaml
from fastapi.responses import HTMLResponse

from knowledge_base.access import Principal, Role

FILE, SHELL = "pages.yaml", "page_shell.html"
OPENING = '<p class="hint part">正在打开…</p><noscript>本页需要启用 JavaScript。</noscript>'
# Beside what every page may: a recording that the page fetched as the one who acts.
PLAYS_FROM_MEMORY = (
    "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'self'"
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page."""

    name: str  # of its script under static/
    path: str  # pattern of its route
    zh: str  # title
    menu: str = ""  # word of the navigation; empty: reached by a link
    en: str = ""  # the same in English
    look: str = ""  # class of <main>
    styles: tuple[str, ...] = ()  # style sheets under static/, after style.css
    plays: bool = False  # recordings, from memory
    asks: str = ""  # the first route it asks: who may is whom the page is for
    roles: frozenset[Role] = frozenset()

    def response(self, *, policy: str = "") -> HTMLResponse:
        """The page as it is served; `policy` stands in place of the content policy of its kind."""
        policy = policy or (PLAYS_FROM_MEMORY if self.plays else "")
        script = f'<script type="module" src="/static/{self.name}.js"></script>'
        text = shell(self.zh, OPENING, look=self.look, styles=self.styles, script=script)
        return HTMLResponse(text, headers={"content-security-policy": policy} if policy else None)


@cache
def pages() -> Mapping[str, Page]:
    """Every page by its name, in the order of the navigation."""
    found: Mapping[str, Mapping[str, Any]] = yaml.safe_load(files("serve").joinpath(FILE).read_text(encoding="utf-8"))
    return {name: _page(name, told) for name, told in found.items()}


def shell(title: str, body: str, *, look: str = "", styles: tuple[str, ...] = (), script: str = "") -> str:
    """A whole HTML document around `body`; title and body are escaped already."""
    links = "\n  ".join(f'<link rel="stylesheet" href="/static/{name}.css">' for name in ("style", *styles))
    return _template().substitute(title=title, body=body, look=look, links=links, script=script)


def menu(principal: Principal) -> list[dict[str, str]]:
    """What the navigation shows to somebody: pages for one of their roles; all to the operator of the machine."""
    shown = (page for page in pages().values() if page.menu)
    return [
        {"path": page.path, "zh": page.menu, "en": page.en} for page in shown if principal.has(Role.SYSTEM, *page.roles)
    ]


@cache
def _template() -> Template:
    return Template(files("serve").joinpath(SHELL).read_text(encoding="utf-8"))


def _page(name: str, told: Mapping[str, Any]) -> Page:
    styles, roles = tuple(told.get("styles", ())), frozenset(Role(role) for role in told.get("roles", ()))
    return Page(name=name, **{**told, "styles": styles, "roles": roles})
