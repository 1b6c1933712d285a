"""Single utterances over HTTP: what a client wants, in batches."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from intent.call import LineReading, TurnIntent
from intent.classifier.utterance import LONGEST_TEXT
from intent.corpus.utterances import utterance_of
from serve.routes.wire import Asked, PrincipalDep, Wire, the_house

router = APIRouter(prefix="/v1/intents", tags=["intents"])
MOST = 256  # utterances of one request


class TurnIn(Asked):
    role: Literal["advisor", "client", "unknown"] = "advisor"
    text: str = Field(max_length=20_000)


class UtteranceIn(Asked):
    id: str | None = Field(None, max_length=200, description="Comes back with the answer.")
    text: str = Field(max_length=2_000_000, description=f"What the client said; {LONGEST_TEXT} characters are read.")
    context: list[TurnIn] = Field(default_factory=list, max_length=6, description="The turns before it, oldest first.")


class IntentsIn(Asked):
    utterances: list[UtteranceIn] = Field(min_length=1, max_length=MOST)


class IntentOut(Wire):
    id: str = Field(description="Of the taxonomy.")
    polarity: str = Field(description="interest, decline or existing.")
    confidence: float = Field(description="Calibrated probability of intent and polarity together.")
    goes_to: str = Field(description="lead, case, ticket, consent or nothing.")


class ReadOut(Wire):
    id: str | None
    intents: list[IntentOut]
    unsure: list[IntentOut] = Field(description="Leads in doubt: worth a look, no basis for an act.")
    abstained: bool
    unread_chars: int = Field(description="Characters at the end that were not read.")


class IntentsOut(Wire):
    model: str
    results: list[ReadOut]


@router.post("")
def read(body: IntentsIn, request: Request, principal: PrincipalDep) -> IntentsOut:
    """Intents of client utterances, with polarity and confidence; nothing is stored."""
    house = the_house(request)
    turns = [utterance_of(u.text, [turn.model_dump() for turn in u.context]) for u in body.utterances]
    found = house.classifier.read_many(turns)
    places = {intent.id: intent.goes_to for intent in house.taxonomy}
    return IntentsOut(
        model=house.classifier.version,
        results=[
            ReadOut(id=said.id, **read_json(reading, places), unread_chars=unread(said.text))
            for said, reading in zip(body.utterances, found, strict=True)
        ],
    )


def read_json(reading: LineReading, places: dict[str, str]) -> dict[str, Any]:
    """What was read in one line, as plain data."""

    def one(found: TurnIntent) -> dict[str, Any]:
        return {
            "id": found.intent,
            "polarity": found.polarity.value,
            "confidence": found.confidence,
            "goes_to": places.get(found.intent, "nothing"),
        }

    return {
        "intents": [one(found) for found in reading.intents],
        "unsure": [one(found) for found in reading.unsure],
        "abstained": reading.abstained,
    }


def unread(text: str) -> int:
    """Characters beyond what a classifier is given."""
    return max(0, len(text) - LONGEST_TEXT)
