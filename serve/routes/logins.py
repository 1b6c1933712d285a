"""Logging in and out, the one-time link that sets a login up, and who one is."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import Field

from knowledge_base.access import Role
from serve.page_shell import menu, pages
from serve.rights import totp
from serve.rights.logins import Attempt
from serve.rights.sign_in import COOKIE as SIGN_IN_COOKIE
from serve.rights.sign_in import TTL_S, SignInError, inner_path
from serve.routes.wire import Asked, PrincipalDep, address_of, cookie_name, session_cookie, the_house

router = APIRouter(tags=["logins"])  # open to everybody: it is the way in
mine = APIRouter(prefix="/v1", tags=["logins"])


class LoginIn(Asked):
    user: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=256)
    code: str = Field("", max_length=16, description="Of the authenticator, where the account has one.")


class SetupIn(Asked):
    token: str = Field(min_length=1, max_length=64, description="Of the one-time link.")


class SetupDoneIn(SetupIn):
    password: str = Field(min_length=1, max_length=256)
    code: str = Field("", max_length=16, description="Of the authenticator; empty = none is set up.")


class PasswordIn(Asked):
    old: str = Field(min_length=1, max_length=256)
    new: str = Field(min_length=1, max_length=256)
    code: str = Field("", max_length=16)


@router.get("/login", include_in_schema=False)
def page() -> Response:
    """The page on which people log in, and to which a login that ran out leads."""
    return pages()["login"].response()


@router.get("/login/setup", include_in_schema=False)
def setup_page() -> Response:
    """The page of a one-time link; its token stands behind the #, which no server and no log sees."""
    return pages()["setup"].response()


@router.get("/v1/login")
def ways_in(request: Request) -> dict[str, Any]:
    """How one logs in here: whether it is asked for, and the names of other sign-ins."""
    house = the_house(request)
    return {"required": house.callers.logins_in_force(), "sign_ins": sorted(house.sign_ins)}


@router.post("/v1/login")
def login(what: LoginIn, request: Request, response: Response) -> dict[str, str]:
    """Begin a session by password, and a code where the account has an authenticator (401 with `needs`: code).

    A login of before in the same browser ends.
    """
    house, address = the_house(request), address_of(request)
    token = house.logins.enter(Attempt(user_id=what.user, password=what.password, code=what.code, address=address))
    house.logins.leave(session_cookie(request))
    set_session(request, response, token)
    return {"user": what.user}


@router.post("/v1/logout", status_code=204)
def logout(request: Request, response: Response) -> None:
    """End the session of this browser; without one nothing changes."""
    house = the_house(request)
    house.logins.leave(session_cookie(request))
    response.delete_cookie(cookie_name(house), path="/", secure=_secure(request), httponly=True)


@router.post("/v1/login/setup")
def setup(what: SetupIn, request: Request) -> dict[str, Any]:
    """What a one-time link sets up: whose login, and the secret of an authenticator."""
    found = the_house(request).logins.setup(what.token)
    return {
        "user": found.user_id, "code_needed": found.code_needed, "secret": totp.secret_text(found.secret),
        "uri": totp.uri(found.secret, found.user_id),
    }  # fmt: skip


@router.post("/v1/login/setup/done")
def setup_done(what: SetupDoneIn, request: Request) -> dict[str, str]:
    """Set the password, and the authenticator where a code of it is given; the link is spent."""
    return {"user": the_house(request).logins.finish_setup(what.token, password=what.password, code=what.code)}


@router.get("/login/{provider}", include_in_schema=False)
def sign_in(provider: str, request: Request, next: str = "/") -> Response:
    """Send the browser to the firm's own sign-in."""
    try:
        address, sealed = the_house(request).sign_in_desk.begin(provider, next_path=inner_path(next))
    except SignInError:
        return RedirectResponse("/login?failed=1", 303)
    response = RedirectResponse(address, 303, headers={"cache-control": "no-store"})
    response.set_cookie(
        SIGN_IN_COOKIE, sealed, max_age=TTL_S, path="/login", httponly=True, secure=_secure(request), samesite="lax"
    )
    return response


@router.get("/login/{provider}/callback", include_in_schema=False)
def signed_in(provider: str, request: Request, code: str = "", state: str = "") -> Response:
    """Take what the firm's sign-in says; whatever is wrong with it leads back to the login page."""
    house = the_house(request)
    try:
        token, path = house.sign_in_desk.finish(
            provider, code=code, state=state, sealed=request.cookies.get(SIGN_IN_COOKIE, ""),
            address=address_of(request),
        )  # fmt: skip
    except SignInError:
        return RedirectResponse("/login?failed=1", 303)
    house.logins.leave(session_cookie(request))
    response = RedirectResponse(path, 303, headers={"cache-control": "no-store"})
    response.delete_cookie(SIGN_IN_COOKIE, path="/login")
    set_session(request, response, token)
    return response


@mine.get("/me")
def me(request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Who the caller is and which pages are for them; `login` tells whether by a login that can end."""
    house = the_house(request)
    return {
        "id": principal.user_id, "roles": sorted(principal.roles), "branches": sorted(principal.branches),
        "login": house.callers.logins_in_force() and not principal.has(Role.SYSTEM),
        "idle_minutes": house.settings.auth.session_idle_minutes, "pages": menu(principal),
    }  # fmt: skip


@mine.post("/me/password", status_code=204)
def change_password(what: PasswordIn, request: Request, response: Response, principal: PrincipalDep) -> None:
    """Change one's own password; every other login of the account ends."""
    house, address = the_house(request), address_of(request)
    attempt = Attempt(user_id=principal.user_id, password=what.old, code=what.code, address=address)
    house.passwords.check(what.new, principal.user_id)
    house.logins.enter(attempt)  # proves who it is, and counts as any attempt
    house.audit.append(event="login.password_changed", actor=principal.user_id)
    house.credentials.set_password(principal.user_id, what.new)
    set_session(request, response, house.logins.admit(principal, how="password", address=address))


def set_session(request: Request, response: Response, token: str) -> None:
    """Give the browser the cookie of a session; no script reads it, no other site sends it unless `embedded` is set."""
    house = the_house(request)
    secure = _secure(request)
    response.set_cookie(
        cookie_name(house), token, max_age=house.settings.auth.session_hours * 3600, path="/", httponly=True,
        secure=secure, samesite="none" if secure and house.settings.auth.embedded else "lax",
    )  # fmt: skip
    response.headers["cache-control"] = "no-store"


def _secure(request: Request) -> bool:
    return the_house(request).settings.server.url.startswith("https:") or request.url.scheme == "https"
