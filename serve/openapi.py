"""The OpenAPI document: what FastAPI tells of the routes, and how every refusal looks."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

PROBLEM = {
    "description": "A refusal, in one sentence: what happened, why, what to do (RFC 9457).",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
PROBLEM_SCHEMA = {
    "type": "object",
    "title": "Problem",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "about:blank: the status says what kind it is."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "needs": {"type": "string", "description": "What would let it through: code, approval."},
    },
}


EVENTS = "text/event-stream"


def describe(app: FastAPI) -> None:
    """Let the document say that whatever is not an answer is a problem document, 422 too."""
    told = app.openapi

    def openapi() -> dict[str, Any]:
        schema = told()
        shapes = schema.setdefault("components", {}).setdefault("schemas", {})
        if "Problem" not in shapes:
            shapes["Problem"] = PROBLEM_SCHEMA
            schema["components"]["responses"] = {"Problem": PROBLEM}
            for name in ("HTTPValidationError", "ValidationError"):
                shapes.pop(name, None)
            for path in schema["paths"].values():
                for operation in path.values():
                    _mend(operation["responses"])
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _mend(responses: dict[Any, Any]) -> None:
    responses.pop("422", None)
    responses["default"] = {"$ref": "#/components/responses/Problem"}
    for response in responses.values():
        content = response.get("content", {})
        if EVENTS in content:  # FastAPI writes `itemSchema`, which the version of OpenAPI that it names does not know
            content[EVENTS] = {"schema": {"type": "string", "description": "Server-sent events."}}
