"""Refusals in the audit log: who was not let at what. A refusal stands even where it cannot be written down."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from fastapi import Request

from compliance_filters.errors import AuditError
from copilot.day.errors import UnknownServiceTaskError
from copilot.loop.errors import UnknownReportError
from copilot.messages.errors import UnknownOutreachError
from copilot.talks.errors import UnknownTalkError
from intent.errors import LeadNotFoundError
from jobs.errors import UnknownJobError
from knowledge_base.access import AccessDeniedError
from knowledge_base.errors import UnknownClientError, UnknownVersionError
from serve.rights.api_keys import PREFIX
from serve.rights.exports import ExportError
from serve.rights.logins import NOBODY, SignInNeededError

if TYPE_CHECKING:
    from serve.wiring import House

log = logging.getLogger("tougu.http")
# What one may not see is not there: those who try ids are seen here too. Nor is a file that nobody has approved.
NOTED = (
    AccessDeniedError, ExportError, LeadNotFoundError, UnknownClientError, UnknownJobError, UnknownOutreachError,
    UnknownReportError, UnknownServiceTaskError, UnknownTalkError, UnknownVersionError,
)  # fmt: skip


def note_refusal(request: Request, error: Exception, status: int) -> None:
    """Write a refusal down. A login that ran out, or none, is no refusal; a key that is wrong is."""
    principal = getattr(request.state, "principal", None)
    wrong_key = isinstance(error, SignInNeededError) and key_of(request).startswith(PREFIX)
    noted = any(isinstance(each, NOTED) for each in (error, error.__cause__))
    if not wrong_key and (principal is None or not noted):
        return
    house: House = request.app.state.house
    # Who is nobody is refused before there is a route: then the beginning of its pattern, without ids.
    route = getattr(request.scope.get("route"), "path", "") or house.route_groups.beginning(request.url.path) or "none"
    data = {"route": f"{request.method} {route}", "status": status}
    try:
        house.audit.append(event="refused", actor=principal.user_id if principal else NOBODY, data=data)
    except AuditError:
        log.error("a refusal could not be written into the audit log")


def key_of(request: Request) -> str:
    """The API key that a request brings; empty for none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""
