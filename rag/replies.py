"""What an answer is put together from: the query of a question, numbered citations, notes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rag.asking import Asks, asks
from rag.cite import Citations, Claim
from rag.compute import Computed
from rag.from_facts import FactAnswer, Stated
from rag.opinions import dated
from rag.passage import Answer, Passage
from rag.question import Understood
from rag.retrieve import Query
from rag.tables import tabled
from rag.tokens import expanded


def query_of(asked: Understood, on: date, available: Sequence[str] | None = None) -> Query:
    """What to search for; a period that no document reports on narrows nothing."""
    periods = tuple(period for period in asked.calendar_periods if available is None or period in available)
    return Query(text=expanded(asked.search_text), on=on, product_codes=asked.product_codes, periods=periods)


def in_rows(asked: Understood, worked: Computed | None) -> bool:
    """Whether figures are wanted side by side: something was computed of them, or two products are named."""
    return worked is not None or len(asked.products) > 1 or asks(asked.question, Asks.COMPARE)


def compose(
    asked: Understood,
    claims: Sequence[Claim],
    passages: Sequence[Passage],
    notes: Sequence[str],
    sketch: tuple[Sequence[Stated], Computed | None] | None = None,
) -> Answer:
    """The answer with its citations numbered; `sketch` holds what a table is made of."""
    citations = Citations()
    sentences = tuple(citations.sentence(claim) for claim in claims)
    table = tabled(*sketch, citations) if sketch is not None else None
    return Answer(
        question=asked.question,
        sentences=sentences,
        table=table,
        citations=citations.all(),
        passages=tuple(passages),
        note="；".join(notes) or None,
    )


def cited_first(claims: Sequence[Claim], passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """What the answer cites, in its order, then the other passages found."""
    cited = {place.chunk.id: place.chunk for claim in claims for place in claim.places[:1]}
    scores = {passage.chunk.id: passage.score for passage in passages}
    first = [Passage(chunk=chunk, score=scores.get(id_, 0.0)) for id_, chunk in cited.items()]
    return (*first, *(passage for passage in passages if passage.chunk.id not in cited))


def notes_of(asked: Understood, stated: FactAnswer) -> list[str]:
    """What must be said beside an answer of facts."""
    return [*stated.notes, *dated(stated.stated), *([unknown_note(asked)] if asked.unknown else [])]


def class_note(asked: Understood) -> str:
    """That the product has no such share class."""
    return f"{asked.products[0].name}没有{'、'.join(asked.other_classes)}类份额。"


def unknown_note(asked: Understood) -> str:
    """That nobody here knows the products named."""
    return f"知识库中没有{'、'.join(asked.unknown)}的资料。"


def nearest_note(passages: Sequence[Passage]) -> str:
    """Where the nearest passage stands; nothing where none was found."""
    if not passages:
        return ""
    chunk = passages[0].chunk
    heading = chunk.context.splitlines()[1] if "\n" in chunk.context else ""
    return f"最接近的是《{chunk.title}》{f'中“{heading}”' if heading else ''}。"
