"""Refusals in the audit log: who was not let at what. A refusal stands even where it cannot be written down."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fastapi import Request

from compliance_filters.errors import AuditError
from knowledge_base.access import AccessDeniedError
from knowledge_base.errors import UnknownClientError
from serve.rights.api_keys import PREFIX
from serve.rights.logins import NOBODY, SignInNeededError

if TYPE_CHECKING:
    from serve.wiring import House

log = logging.getLogger("tougu.http")
# A client whom one may not see is not there: those who try ids are seen here too.
NOTED = (AccessDeniedError, UnknownClientError)


def note_refusal(request: Request, error: Exception, status: int) -> None:
    """Write a refusal down. A login that ran out, or none, is no refusal; a key that is wrong is."""
    principal = getattr(request.state, "principal", None)
    wrong_key = isinstance(error, SignInNeededError) and key_of(request).startswith(PREFIX)
    if not wrong_key and (principal is None or not isinstance(error, NOTED)):
        return
    house: House = request.app.state.house
    route = getattr(request.scope.get("route"), "path", "none")
    data = {"route": f"{request.method} {route}", "status": status}
    try:
        house.audit.append(event="refused", actor=principal.user_id if principal else NOBODY, data=data)
    except AuditError:
        log.error("a refusal could not be written into the audit log")


def key_of(request: Request) -> str:
    """The API key that a request brings; empty for none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
