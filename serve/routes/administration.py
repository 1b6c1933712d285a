"""What the three administrators do: users, logins and keys, and the log of who did what. None of it shows a client."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import Field

from compliance_filters.audit.browse import Line, browse
from knowledge_base.access import Role
from serve.rights.credentials import Standing
from serve.routes.wire import MOST_NUMBER, Asked, Moment, PrincipalDep, the_house
from serve.settings_shown import shown_settings
from serve.times import iso, with_iso
from serve.users import OPERATOR, check_roles

router = APIRouter(prefix="/v1", tags=["administration"])
Before = Annotated[int | None, Query(ge=1, le=MOST_NUMBER, description="Number of the last entry of the page before.")]
Names = Annotated[list[Annotated[str, Field(min_length=1, max_length=64)]], Field(max_length=50)]


class UserIn(Asked):
    roles: list[Role] = Field(min_length=1, max_length=9)
    branches: Names = Field(default_factory=list)
    labels: Names = Field(default_factory=list, description="Labels of documents that the user may read.")


class KeyIn(Asked):
    name: str = Field(max_length=40)
    role: Role
    groups: list[str] = Field(max_length=30, description="Groups of routes that the key opens.")
    days: int = Field(90, description="Days until it ends.")
    branches: Names = Field(default_factory=list)
    labels: Names = Field(default_factory=list)


@router.get("/users")
def users(request: Request, principal: PrincipalDep) -> list[dict[str, Any]]:
    """Users with roles, branches and labels."""
    return [asdict(user) for user in the_house(request).users.list(principal=principal)]


@router.put("/users/{user_id}")
def put_user(user_id: str, what: UserIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Add a user, or replace their roles; one's own roles are for another administrator to change."""
    house = the_house(request)
    told = {"user": user_id, "roles": sorted(what.roles), "branches": what.branches, "labels": what.labels}
    principal.require("change users", Role.ADMINISTRATOR, Role.SYSTEM)
    check_roles(user_id, what.roles, principal)
    house.audit.append(event="user.changed", actor=principal.user_id, data=told)
    return asdict(
        house.users.add(user_id, roles=what.roles, branches=what.branches, labels=what.labels, principal=principal)
    )


@router.delete("/users/{user_id}", status_code=204)
def remove_user(user_id: str, request: Request, principal: PrincipalDep) -> None:
    """Take a user's roles and logins away."""
    house = the_house(request)
    principal.require("change users", Role.ADMINISTRATOR, Role.SYSTEM)
    house.users.check_removal(user_id, principal)
    house.audit.append(event="user.removed", actor=principal.user_id, data={"user": user_id})
    house.users.remove(user_id, principal=principal)


@router.get("/settings")
def settings(request: Request, principal: PrincipalDep) -> list[dict[str, Any]]:
    """Every setting in force: value, where it is from (environment, file, default), meaning; secrets are masked."""
    principal.require("read the settings", Role.ADMINISTRATOR, Role.SYSTEM)
    return [asdict(each) for each in shown_settings(the_house(request).settings)]


@router.get("/security/users")
def logins(request: Request, principal: PrincipalDep) -> list[dict[str, Any]]:
    """Users with how far their logins are set up, and until when a one-time link waits for them."""
    house = the_house(request)
    standing = house.credentials.standing(principal=principal)
    return [
        {"id": user.id, "roles": list(user.roles), **with_iso(asdict(standing.get(user.id, Standing())))}
        for user in house.users.list(principal=principal)
    ]


@router.get("/security/logins")
def attempts(
    request: Request,
    principal: PrincipalDep,
    before: Before = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Logins, failed ones and what was done to logins, the newest first; asking is logged as well."""
    principal.require("see logins", Role.SECURITY, Role.SYSTEM)
    house = the_house(request)
    found = browse(house.audit, principal=OPERATOR, event="login", before=before, limit=limit)
    house.audit.append(event="audit.read", actor=principal.user_id, data={"event": "login", "count": len(found)})
    return _page(found, limit)


@router.get("/security/groups")
def groups(request: Request, principal: PrincipalDep) -> list[dict[str, Any]]:
    """Groups of routes that a key can open, with the roles that come in."""
    principal.require("make API keys", Role.SECURITY, Role.SYSTEM)
    return [
        {"name": group.name, "about": group.about, "roles": sorted(group.roles)}
        for group in the_house(request).route_groups.groups
    ]


@router.post("/security/users/{user_id}/setup")
def invite(user_id: str, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """A one-time link by which a user sets their password and authenticator; earlier ones are void."""
    house = the_house(request)
    token, until = house.credentials.invite(user_id, principal=principal)
    house.audit.append(event="login.invited", actor=principal.user_id, data={"user": user_id})
    return {"path": f"/login/setup#{token}", "until": iso(until)}


@router.get("/security/sessions")
def sessions(request: Request, principal: PrincipalDep) -> list[dict[str, Any]]:
    """Who is logged in, since when and from where."""
    return [with_iso(asdict(each)) for each in the_house(request).sessions.list(principal=principal)]


@router.delete("/security/sessions/{session_id}", status_code=204)
def end_session(session_id: str, request: Request, principal: PrincipalDep) -> None:
    """End somebody's login."""
    house = the_house(request)
    user_id = house.sessions.end_one(session_id, principal=principal)
    house.audit.append(event="login.ended", actor=principal.user_id, data={"user": user_id})


@router.get("/security/lockouts")
def lockouts(request: Request, principal: PrincipalDep) -> list[dict[str, Any]]:
    """Accounts and addresses that have to wait; an account that does not exist is shown without its name."""
    return [
        with_iso({name: value for name, value in asdict(each).items() if name != "name"})
        for each in the_house(request).lockouts.list(principal=principal)
    ]


@router.delete("/security/lockouts/{name}", status_code=204)
def unlock(name: str, request: Request, principal: PrincipalDep) -> None:
    """Let an account or an address try again at once."""
    house = the_house(request)
    house.lockouts.unlock(name, principal=principal)
    house.audit.append(event="login.unlocked", actor=principal.user_id, data={"name": name[:80]})


@router.get("/security/keys")
def keys(request: Request, principal: PrincipalDep) -> list[dict[str, Any]]:
    """Every API key without its secret: scope, end, last use."""
    return [with_iso(asdict(each)) for each in the_house(request).api_keys.list(principal=principal)]


@router.post("/security/keys", status_code=201)
def add_key(what: KeyIn, request: Request, principal: PrincipalDep) -> dict[str, str]:
    """Make an API key; it is shown this once."""
    made = the_house(request).api_keys.add(
        what.name, role=what.role, groups=what.groups, days=what.days, branches=what.branches, labels=what.labels,
        principal=principal,
    )  # fmt: skip
    return {"key": made}


@router.delete("/security/keys/{key_id}", status_code=204)
def revoke_key(key_id: str, request: Request, principal: PrincipalDep) -> None:
    """End a key for good."""
    the_house(request).api_keys.revoke(key_id, principal=principal)


@router.get("/audit")
def audit(
    request: Request,
    principal: PrincipalDep,
    actor: Annotated[str, Query(max_length=64)] = "",
    event: Annotated[str, Query(max_length=64, description="Beginning of the event's name, e.g. login.")] = "",
    client_id: Annotated[str, Query(max_length=64, description="Only what is about this client.")] = "",
    since: Moment | None = None,
    until: Moment | None = None,
    before: Before = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Who did what and when, the newest first, without texts and without ids of clients. Asking is logged as well."""
    house = the_house(request)
    found = browse(
        house.audit, principal=principal, actor=actor, event=event, client_id=client_id, since=since, until=until,
        before=before, limit=limit,
    )  # fmt: skip
    house.row_budget.take(len(found), principal=principal)
    told = {"actor": actor, "event": event, "count": len(found)}
    house.audit.append(event="audit.read", actor=principal.user_id, subject=client_id or None, data=told)
    return _page(found, limit)


def _page(found: list[Line], limit: int) -> dict[str, Any]:
    return {
        "entries": [with_iso(asdict(entry)) for entry in found],
        "before": found[-1].seq if len(found) == limit else None,
    }
