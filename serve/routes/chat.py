"""The question way in the OpenAI shape: `/v1/chat/completions` and `/v1/models`, for programs that speak it already.

The last message of the user is the question, those before are its history; messages of any other role, and settings
of sampling, change nothing. What the product adds stands under `tougu`: sentences, citations, verdict.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import StreamingResponse
from pydantic import ConfigDict, Field

from copilot.session import Reply
from prompts.chat import Message
from serve.routes.questions import ReplyOut
from serve.routes.wire import Asked, Clean, PrincipalDep, SeenDep, the_house

router = APIRouter(prefix="/v1", tags=["chat"])
MODEL = "tougu"
LONGEST, MOST_MESSAGES, HISTORY = 2000, 200, 20


class PartIn(Clean):
    """A part of a message; only text is read."""

    type: str
    text: str = Field("", max_length=LONGEST)


class MessageIn(Clean):
    """A message; what else a client sends with it is not read."""

    role: str = Field(max_length=20)
    content: str | list[PartIn] | None = None

    def words(self) -> str:
        """Raises HTTPException for a part that is no text."""
        if isinstance(self.content, list):
            if odd := next((part.type for part in self.content if part.type != "text"), None):
                raise HTTPException(400, f"A message has a part of the type {odd}: send text alone.")
            return "\n".join(part.text for part in self.content)
        return self.content or ""


class AboutIn(Asked):
    """What OpenAI's protocol has no field for."""

    client_id: str | None = Field(None, max_length=64, description="Client on whose behalf it is asked.")
    as_of: date | None = Field(None, description="Answer from what was in force on this day; default today.")


class ChatIn(Clean):
    """A request as clients of OpenAI send it; their settings of sampling change nothing."""

    model_config = ConfigDict(extra="ignore")

    model: str = Field(max_length=80)
    messages: list[MessageIn] = Field(min_length=1, max_length=MOST_MESSAGES)
    stream: bool = False
    n: int = 1
    tools: list[Any] | None = None
    response_format: dict[str, Any] | None = None
    tougu: AboutIn = AboutIn(client_id=None, as_of=None)


@router.get("/models")
def models(principal: PrincipalDep) -> dict[str, Any]:
    """The one model there is: the question way."""
    return {"object": "list", "data": [_model()]}


@router.get("/models/{name}")
def model(name: str, principal: PrincipalDep) -> dict[str, Any]:
    """The same by its name; 404 for any other."""
    if name != MODEL:
        raise HTTPException(404, f"There is no model {name}: use {MODEL}.")
    return _model()


@router.post("/chat/completions", response_model=None)
def complete(
    body: ChatIn, request: Request, principal: PrincipalDep, seen: SeenDep
) -> dict[str, Any] | StreamingResponse:
    """Answer the last question of a conversation, cleared by the gate; `stream` gives it sentence by sentence.

    A text that the gate holds back ends with `content_filter`, its reasons stand in `refusal`.
    """
    house = the_house(request)
    question, history = _asked(body)
    reply = house.session.ask(
        question,
        principal=principal,
        today=house.today(),
        client_id=body.tougu.client_id,
        history=history,
        on=body.tougu.as_of,
    )
    if body.tougu.client_id:
        seen.search("question", [(body.tougu.client_id, reply.verdict.audit_id or "")])
    head = {"id": f"chatcmpl-{uuid4().hex}", "created": int(time.time()), "model": MODEL}
    if body.stream:
        lines = _stream(head, reply)
        return StreamingResponse(lines, media_type="text/event-stream", headers={"cache-control": "no-store"})
    return {**head, "object": "chat.completion", "choices": [_choice(reply)], "usage": _usage(body, reply),
            "tougu": _told(reply)}  # fmt: skip


def _asked(body: ChatIn) -> tuple[str, list[Message]]:
    """The question and what was asked before it. Raises HTTPException for what this model does not do."""
    if body.model != MODEL:
        raise HTTPException(404, f"There is no model {body.model}: use {MODEL}.")
    if body.n != 1 or body.tools or (body.response_format or {"type": "text"}).get("type") != "text":
        raise HTTPException(
            400, "This model gives one answer in text and calls no tools: leave n, tools and format out."
        )
    said = [message.words() for message in body.messages if message.role == "user"]
    if not said or body.messages[-1].role != "user" or not said[-1].strip():
        raise HTTPException(400, "The last message must be a question of the user, and not empty.")
    if len(said[-1]) > LONGEST:
        raise HTTPException(400, f"The question has more than {LONGEST} characters: ask in fewer words.")
    return said[-1], [Message(role="user", content=text[:LONGEST]) for text in said[-HISTORY - 1 : -1]]


def _choice(reply: Reply) -> dict[str, Any]:
    message = {"role": "assistant", "content": reply.text, "refusal": _refusal(reply)}
    return {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(reply)}


def _stream(head: dict[str, Any], reply: Reply) -> Iterator[str]:
    """Server-sent events: the text in its sentences, then how it ended with what the product adds, then [DONE]."""
    yield _event(head, {"role": "assistant", "content": ""}, None)
    for piece in _pieces(reply):
        yield _event(head, {"content": piece}, None)
    if refusal := _refusal(reply):
        yield _event(head, {"refusal": refusal}, None)
    yield _event(head, {}, _finish(reply), tougu=_told(reply))
    yield "data: [DONE]\n\n"


def _event(head: dict[str, Any], delta: dict[str, Any], finish: str | None, **more: Any) -> str:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    chunk = {**head, "object": "chat.completion.chunk", "choices": [choice], **more}
    return f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"


def _pieces(reply: Reply) -> Iterator[str]:
    """The cleared text cut behind each sentence of the answer; together they are the text."""
    rest = reply.text or ""
    for sentence in reply.answer.sentences if reply.answer else ():
        size = len(sentence.text) + sum(len(f"[{n}]") for n in sentence.citations)
        if size < len(rest):
            yield rest[:size]
            rest = rest[size:]
    if rest:
        yield rest


def _told(reply: Reply) -> dict[str, Any]:
    return ReplyOut.of(reply).model_dump(mode="json")


def _refusal(reply: Reply) -> str | None:
    if reply.text is not None:
        return None
    return "；".join(_told(reply)["verdict"]["reasons"]) or "合规检查未通过。"


def _finish(reply: Reply) -> str:
    return "content_filter" if reply.text is None else "stop"


def _usage(body: ChatIn, reply: Reply) -> dict[str, int]:
    """Characters, one a token: no model need have counted any."""
    asked = sum(len(message.words()) for message in body.messages)
    said = len(reply.text or "")
    return {"prompt_tokens": asked, "completion_tokens": said, "total_tokens": asked + said}


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": "tougu"}
