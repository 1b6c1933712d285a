"""Talks over HTTP: kept on the server, answered over SSE sentence by sentence, and what is sent of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent
from pydantic import Field

from compliance_filters.finding import Draft, Source, Target
from copilot.session import cited_sources
from copilot.talks.talk import Channel, Reason, Talk, Turn
from knowledge_base.access import Role
from rag.passage import Citation
from serve.live_turns import LiveTurn, lost
from serve.routes.board import client_card
from serve.routes.wire import Asked, Moment, PrincipalDep, SeenDep, VerdictOut, Wire, Words, the_house
from serve.times import iso
from serve.unedited import refuse_unedited

if TYPE_CHECKING:
    from serve.live_turns import LiveTurns

router = APIRouter(prefix="/v1/sessions", tags=["sessions"])
LONGEST_TEXT = 4000
CLIENT_CHANNEL = "client"  # how the gate judges what goes to a client


class SessionIn(Asked):
    client_id: str | None = Field(None, max_length=64, description="Client whom the talk is about; one of your own.")


class AskIn(Asked):
    question: Words = Field(max_length=2000)
    retry_of: str | None = Field(None, max_length=32, description="Turn that this one replaces: it is asked again.")


class TextIn(Asked):
    text: Words = Field(max_length=LONGEST_TEXT, description="What is to be sent, as the advisor wrote or left it.")
    turn_id: str | None = Field(None, max_length=32, description="Turn whose answer it came from.")


class SentIn(Asked):
    text_id: str = Field(max_length=32, description="Of the text as it was judged.")
    channel: Channel


class OpinionIn(Asked):
    good: bool
    reason: Reason | None = Field(None, description="Needed where the answer was no help.")
    words: str = Field("", max_length=500, description="Kept under the client's key.")


class TurnOut(Wire):
    id: str
    question: str
    state: str = Field(description="running, done, stopped or failed.")
    asked_at: str | None
    good: bool | None
    reason: str | None
    events: list[dict[str, Any]] = Field(description="What the stream told; empty while it runs.")

    @classmethod
    def of(cls, turn: Turn) -> TurnOut:
        return cls(
            id=turn.id, question=turn.question, state=turn.state.value, asked_at=iso(turn.asked_at), good=turn.good,
            reason=turn.reason, events=[dict(event) for event in turn.events],
        )  # fmt: skip


class SessionOut(Wire):
    id: str
    client_id: str | None
    created_at: str | None
    turns: list[TurnOut]


class TextOut(Wire):
    id: str
    cleared: bool
    text: str | None = Field(description="What may be sent, with mechanical mends; null when held.")
    sha256: str | None = Field(description="Of the cleared text.")
    verdict: VerdictOut


class SentOut(Wire):
    id: str
    sha256: str
    audit_id: str
    channel: str
    sent_at: str | None


def the_talk(session_id: str, request: Request, principal: PrincipalDep) -> Talk:
    """The talk of the path; 404 for one of somebody else."""
    return the_house(request).talks.get(session_id, principal=principal)


TalkDep = Annotated[Talk, Depends(the_talk)]


def the_turns(request: Request) -> LiveTurns:
    turns: LiveTurns = request.app.state.turns
    return turns


def the_followed(
    turn_id: str, request: Request, talk: TalkDep, seen: SeenDep, last_event_id: Annotated[int, Header(ge=0)] = 0
) -> tuple[LiveTurn, int]:
    """The turn of the path, running or kept, and the last event that the reader has; 404 before a stream begins."""
    live = the_turns(request).get(turn_id)
    if live is None:
        the_turns(request).settle(talk)
        live = LiveTurn()
        kept = the_house(request).talks.turn(talk, turn_id).events
        if talk.client_id:
            seen.view("session", [(talk.client_id, turn_id)])
        told = [(event["event"], event["data"]) for event in kept] or lost("这段回答已封存，不能查看。")
        for at, (name, data) in enumerate(told, start=1):
            live.tell(name, data, last=at == len(told))
    return live, last_event_id


@router.post("", status_code=201)
def begin(body: SessionIn, request: Request, principal: PrincipalDep) -> SessionOut:
    """Begin a talk, about one of your clients or about none."""
    return _out(the_house(request).talks.open(body.client_id, principal=principal), ())


@router.get("/opinions")
def opinions(request: Request, principal: PrincipalDep, since: Moment) -> dict[str, int]:
    """What advisors thought of answers to questions asked since then: how many were good, and why the others were not.

    For supervisors, officers and editors; no talk and no person is named.
    """
    principal.require("read opinions", Role.SUPERVISOR, Role.COMPLIANCE, Role.EDITOR, Role.SYSTEM)
    return the_house(request).talks.opinions(since)


@router.get("/{session_id}")
def resume(request: Request, talk: TalkDep, seen: SeenDep) -> SessionOut:
    """A talk as it stands, with every turn: what a page needs that was closed meanwhile."""
    house = the_house(request)
    the_turns(request).settle(talk)
    if talk.client_id:
        seen.view("session", [(talk.client_id, talk.id)])
    return _out(talk, house.talks.turns(talk))


@router.post("/{session_id}/questions", status_code=202)
def ask(body: AskIn, request: Request, talk: TalkDep, principal: PrincipalDep, seen: SeenDep) -> TurnOut:
    """Ask; the answer comes over `/turns/{turn_id}/answer`. 409 while another question is being answered."""
    if talk.client_id:
        seen.search("question", [(talk.client_id, talk.id)])
    turn = the_turns(request).ask(talk, body.question.strip(), retry_of=body.retry_of, principal=principal)
    return TurnOut.of(turn)


@router.get("/{session_id}/turns/{turn_id}/answer", response_class=EventSourceResponse)
async def answer(followed: Annotated[tuple[LiveTurn, int], Depends(the_followed)]) -> AsyncIterator[ServerSentEvent]:
    """The answer as it comes: searching, sentence, withheld, retract, verdict, error, done. Every sentence was cleared
    with what stands before it; without a cleared `verdict` none of them stands. `Last-Event-ID` resumes."""
    live, last_id = followed
    async for event in live.after(last_id):
        told = json.dumps(event["data"], ensure_ascii=False)
        yield ServerSentEvent(id=str(event["id"]), event=event["event"], raw_data=told)


@router.post("/{session_id}/turns/{turn_id}/stop", status_code=204)
def stop(turn_id: str, request: Request, talk: TalkDep) -> Response:
    """Want no more of an answer: what was released stays, the rest is not written."""
    the_house(request).talks.turn(talk, turn_id)
    the_turns(request).stop(turn_id)
    return Response(status_code=204)


@router.post("/{session_id}/turns/{turn_id}/opinion", status_code=204)
def opine(turn_id: str, body: OpinionIn, request: Request, talk: TalkDep) -> Response:
    """Say whether an answer was any help, and why not."""
    the_house(request).talks.opine(talk, turn_id, good=body.good, reason=body.reason, words=body.words)
    return Response(status_code=204)


@router.get("/{session_id}/client")
def client(request: Request, talk: TalkDep, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any] | None:
    """The client of the talk: card, goal, agreement, do-not-disturb, last calls, promises; null for a talk on none."""
    if talk.client_id is None:
        return None
    house = the_house(request)
    shown = client_card(house, talk.client_id, principal=principal)
    seen.view("client", [(talk.client_id, talk.client_id)])
    seen.view("call", [(talk.client_id, call["id"]) for call in shown["calls"]])
    return shown


@router.post("/{session_id}/texts")
def judge(body: TextIn, request: Request, talk: TalkDep, principal: PrincipalDep) -> TextOut:
    """Judge a text that is to be sent to the client of the talk; only what is cleared can be sent."""
    house = the_house(request)
    turn = house.talks.turn(talk, body.turn_id) if body.turn_id else None
    refuse_unedited(lambda: house.talks.turns(talk), body.text, house.settings.chat)
    draft = Draft(text=body.text, target=Target.ADVISOR_MESSAGE, by=principal.user_id, generated=turn is not None)
    verdict = house.check(
        draft, client_id=talk.client_id, product_codes=(), channel=CLIENT_CHANNEL, principal=principal,
        sources=_sources(turn) if turn else (),
    )  # fmt: skip
    kept = house.sending.judged(talk, verdict, turn_id=body.turn_id)
    cleared = verdict.cleared
    return TextOut(
        id=kept.id, cleared=cleared is not None, text=cleared.text if cleared else None, sha256=kept.cleared_sha256,
        verdict=VerdictOut.of(verdict),
    )  # fmt: skip


@router.post("/{session_id}/sent", status_code=201)
def sent(body: SentIn, request: Request, talk: TalkDep) -> SentOut:
    """Write down that a cleared text was sent, by the hash of what was cleared; 409 for any other text."""
    done = the_house(request).sending.sent(talk, body.text_id, body.channel)
    return SentOut(
        id=done.id, sha256=done.cleared_sha256, audit_id=done.audit_id, channel=done.channel, sent_at=iso(done.sent_at)
    )


def _out(talk: Talk, turns: tuple[Turn, ...]) -> SessionOut:
    return SessionOut(
        id=talk.id, client_id=talk.client_id, created_at=iso(talk.created_at), turns=[TurnOut.of(t) for t in turns]
    )


def _sources(turn: Turn) -> tuple[Source, ...]:
    """What the answer cited: the numbers of a text that came from it must stand there."""
    replies = [event["data"]["reply"] for event in turn.events if event["event"] == "verdict"]
    return tuple(
        source
        for reply in replies
        for source in cited_sources(
            [Citation(document_id="", **each) for each in reply["citations"]],
            [sentence["citations"] for sentence in reply["sentences"]],
        )
    )
