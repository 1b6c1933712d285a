"""Errors on the wire: every error of the house becomes an RFC 9457 problem document, by one table."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import InterfaceError, OperationalError
from starlette.exceptions import HTTPException

from compliance_filters.errors import MistakeError, ReviewNotFoundError, ReviewQueueError, SealedError
from copilot.day.errors import ServiceTaskError, UnknownServiceTaskError
from copilot.diagnosis.errors import DiagnosisError
from copilot.loop.errors import DeliveryRefusedError, ReportStateError, SavedReportError, UnknownReportError
from copilot.messages.errors import MessageArchiveError, OutreachError, UnknownOutreachError
from copilot.talks.errors import TalkError, UnknownTalkError
from intent.errors import (
    AudioError,
    BatchError,
    CursorError,
    LeadError,
    LeadExportError,
    LeadNotFoundError,
    ScoreError,
    SegmentError,
    SegmentNotFoundError,
    TranscriptionError,
)
from jobs.errors import JobStateError, UnknownJobError
from knowledge_base.access import AccessDeniedError
from knowledge_base.errors import (
    EditorError,
    EventError,
    ParseError,
    SyncError,
    UnknownClientError,
    UnknownConflictError,
    UnknownProductError,
    UnknownVersionError,
    UnknownWordingError,
)
from serve.commands.context import HOUSE_PACKAGES, one_line
from serve.errors import NotFoundError, UserError
from serve.rights.api_keys import ApiKeyError
from serve.rights.exports import ExportError
from serve.rights.limits import TooManyError
from serve.rights.lockout import LockedError
from serve.rights.logins import LoginError, SignInNeededError
from serve.rights.passwords import WeakPasswordError
from serve.rights.refusals import note_refusal
from serve.wrong_input import field, of_framework, sentence

OPENAI_PATHS = ("/v1/audio/", "/v1/chat/", "/v1/models")
OPENAI_CODES = {404: "model_not_found", 413: "file_too_large", 415: "unsupported_file", 503: "engine_unavailable"}

# The nearest class in the error's line of ancestors decides; what is not here is our fault, not the caller's.
STATUS: Mapping[type[Exception], HTTPStatus] = {
    AccessDeniedError: HTTPStatus.FORBIDDEN,
    SignInNeededError: HTTPStatus.UNAUTHORIZED,
    LoginError: HTTPStatus.UNAUTHORIZED,
    LockedError: HTTPStatus.TOO_MANY_REQUESTS,
    TooManyError: HTTPStatus.TOO_MANY_REQUESTS,
    WeakPasswordError: HTTPStatus.UNPROCESSABLE_ENTITY,
    ExportError: HTTPStatus.FORBIDDEN,
    ApiKeyError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UserError: HTTPStatus.CONFLICT,
    NotFoundError: HTTPStatus.NOT_FOUND,
    AudioError: HTTPStatus.UNPROCESSABLE_ENTITY,
    TranscriptionError: HTTPStatus.SERVICE_UNAVAILABLE,
    EventError: HTTPStatus.UNPROCESSABLE_ENTITY,
    EditorError: HTTPStatus.CONFLICT,
    SyncError: HTTPStatus.SERVICE_UNAVAILABLE,
    ParseError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownClientError: HTTPStatus.NOT_FOUND,
    UnknownConflictError: HTTPStatus.NOT_FOUND,
    UnknownWordingError: HTTPStatus.NOT_FOUND,
    UnknownProductError: HTTPStatus.NOT_FOUND,
    UnknownVersionError: HTTPStatus.NOT_FOUND,
    UnknownJobError: HTTPStatus.NOT_FOUND,
    JobStateError: HTTPStatus.CONFLICT,
    LeadNotFoundError: HTTPStatus.NOT_FOUND,
    LeadError: HTTPStatus.CONFLICT,
    BatchError: HTTPStatus.UNPROCESSABLE_ENTITY,
    CursorError: HTTPStatus.UNPROCESSABLE_ENTITY,
    LeadExportError: HTTPStatus.UNPROCESSABLE_ENTITY,
    ScoreError: HTTPStatus.CONFLICT,
    SegmentNotFoundError: HTTPStatus.NOT_FOUND,
    SegmentError: HTTPStatus.CONFLICT,
    ReviewNotFoundError: HTTPStatus.NOT_FOUND,
    ReviewQueueError: HTTPStatus.CONFLICT,
    MistakeError: HTTPStatus.UNPROCESSABLE_ENTITY,
    SealedError: HTTPStatus.FORBIDDEN,
    UnknownServiceTaskError: HTTPStatus.NOT_FOUND,
    ServiceTaskError: HTTPStatus.CONFLICT,
    DiagnosisError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownReportError: HTTPStatus.NOT_FOUND,
    ReportStateError: HTTPStatus.CONFLICT,
    DeliveryRefusedError: HTTPStatus.CONFLICT,
    SavedReportError: HTTPStatus.CONFLICT,
    UnknownTalkError: HTTPStatus.NOT_FOUND,
    TalkError: HTTPStatus.CONFLICT,
    MessageArchiveError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnknownOutreachError: HTTPStatus.NOT_FOUND,
    OutreachError: HTTPStatus.CONFLICT,
}


def problem(
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    *,
    param: str | None = None,
    path: str = "",
    more: Mapping[str, Any] | None = None,
) -> JSONResponse:
    """An RFC 9457 problem document; for paths that clients of OpenAI ask, with their `error` beside.

    more: members of this kind of problem.
    """
    body: dict[str, Any] = {
        "type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail,
        **(more or {}),
    }  # fmt: skip
    if path.startswith(OPENAI_PATHS):
        kind = "invalid_request_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"
        body["error"] = {"message": detail, "type": kind, "param": param, "code": OPENAI_CODES.get(status)}
    return JSONResponse(body, status_code=status, media_type="application/problem+json", headers=headers)


def translate_errors(app: FastAPI) -> None:
    """Answer every expected error of a route with a problem document."""

    @app.exception_handler(HTTPException)  # Starlette's: unknown paths and methods raise it too
    def http_error(request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, of_framework(error), error.headers, path=request.url.path)

    @app.exception_handler(RequestValidationError)
    def bad_request(request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        return problem(422, sentence(found), param=field(found[0]["loc"]), path=request.url.path)

    for kind in STATUS:
        app.add_exception_handler(kind, answer_to)


def answer_to(request: Request, error: Exception) -> Response:
    """The problem document of an expected error, one of `STATUS`; a refusal is written down."""
    status = next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)
    note_refusal(request, error, status)
    detail, headers = getattr(error, "zh", "") or one_line(error), getattr(error, "headers", None)
    return problem(status, detail, headers, path=request.url.path, more=getattr(error, "more", None))


def unexpected(error: Exception) -> Response:
    """503 with the remedy for an error of the house, such as a full disk or a database that is away; 500 without
    detail for any other."""
    if isinstance(error, OperationalError | InterfaceError):
        return problem(503, "数据库暂时没有应答：请稍后再试，并核对刚才的操作是否已保存。")
    ours = type(error).__module__.split(".")[0] in HOUSE_PACKAGES or isinstance(error, OSError)
    if isinstance(error, OSError) and error.filename:
        error = OSError(error.errno, error.strerror)  # which file it was stands in the log, not before everybody
    return problem(503 if ours else 500, one_line(error) if ours else "An unexpected error; see the server's log.")
