"""Groups of routes: which roles come in at all, and what a key may be given. Data: `groups.yaml`.

A group is the outer door; who sees which row is decided by the rooms. A route of no group opens to the machine alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files

import yaml

from knowledge_base.access import AccessDeniedError, Principal, Role

FILE = "groups.yaml"


@dataclass(frozen=True, kw_only=True)
class RouteGroup:
    """Routes that go together."""

    name: str
    about: str
    roles: frozenset[Role]  # who comes in
    paths: tuple[str, ...]  # beginnings of route patterns


@dataclass(frozen=True, kw_only=True)
class RouteGroups:
    """Every group."""

    groups: tuple[RouteGroup, ...]

    @classmethod
    def shipped(cls) -> RouteGroups:
        """Those of the file beside this one."""
        found: Mapping[str, Mapping[str, object]] = yaml.safe_load(
            files("serve.rights").joinpath(FILE).read_text(encoding="utf-8")
        )
        return cls(groups=tuple(_group(name, entry) for name, entry in found.items()))

    @cached_property
    def names(self) -> frozenset[str]:
        return frozenset(group.name for group in self.groups)

    def of(self, path: str) -> RouteGroup | None:
        """The group of a route's pattern, by its longest beginning."""
        fits = [(len(start), group) for group in self.groups for start in group.paths if _begins(path, start)]
        return max(fits, key=lambda fit: fit[0])[1] if fits else None

    def beginning(self, path: str) -> str:
        """The longest beginning of a group that a path fits, which holds no id; empty for none."""
        fits = (start for group in self.groups for start in group.paths if _begins(path, start))
        return max(fits, key=len, default="")

    def admit(self, path: str, principal: Principal, *, only: frozenset[str] | None = None) -> None:
        """Raise AccessDeniedError unless the principal's role, and its key (`only`), open the group of a route."""
        if principal.has(Role.SYSTEM):
            return
        group = self.of(path)
        if group is None or not principal.has(*group.roles):
            name = group.name if group else "no group"
            raise AccessDeniedError(f"{principal.user_id} may not come here: their roles do not open {name}.")
        if only is not None and group.name not in only:
            raise AccessDeniedError(f"{principal.user_id} may not come here: this key does not open {group.name}.")


def _begins(path: str, start: str) -> bool:
    return path == start or path.startswith(f"{start.rstrip('/')}/")


def _group(name: str, entry: Mapping[str, object]) -> RouteGroup:
    roles, paths = entry["roles"], entry["paths"]
    assert isinstance(roles, list)
    assert isinstance(paths, list)
    return RouteGroup(
        name=name, about=str(entry["about"]), roles=frozenset(Role(each) for each in roles), paths=tuple(paths)
    )
