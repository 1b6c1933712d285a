"""Numbered citations: one number a place, in the order of first use."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rag.passage import Chunk, Citation, Sentence


@dataclass(frozen=True, kw_only=True)
class Place:
    """A span of a document that supports a sentence; `quote` is the canonical text of the span."""

    chunk: Chunk  # the chunk it lies in: tells document, page and anchor
    start: int
    end: int
    quote: str

    @property
    def key(self) -> tuple[str, int, int]:
        return self.chunk.version_id, self.start, self.end


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A sentence with the places that support it, before numbers are given."""

    text: str
    places: tuple[Place, ...]


def titled(claim: Claim) -> Claim:
    """The claim, saying which document it is from."""
    return replace(claim, text=f"《{claim.places[0].chunk.title}》：{claim.text}")


def place_in(chunk: Chunk, start: int, end: int) -> Place:
    """The span start..end of the canonical text, which must lie inside the chunk."""
    return Place(chunk=chunk, start=start, end=end, quote=chunk.text[start - chunk.start : end - chunk.start])


@dataclass
class Citations:
    """Collects places and hands out their numbers."""

    _numbers: dict[tuple[str, int, int], int] = field(default_factory=dict)
    _places: list[Place] = field(default_factory=list)

    def sentence(self, claim: Claim) -> Sentence:
        return Sentence(text=claim.text, citations=tuple(dict.fromkeys(self.number(place) for place in claim.places)))

    def all(self) -> tuple[Citation, ...]:
        return tuple(_citation(place, n) for n, place in enumerate(self._places, start=1))

    def number(self, place: Place) -> int:
        """The number of a place, given at its first use."""
        if place.key not in self._numbers:
            self._places.append(place)
            self._numbers[place.key] = len(self._places)
        return self._numbers[place.key]


def _citation(place: Place, n: int) -> Citation:
    chunk = place.chunk
    return Citation(
        n=n,
        version_id=chunk.version_id,
        document_id=chunk.document_id,
        title=chunk.title,
        quote=place.quote,
        start=place.start,
        end=place.end,
        page=chunk.page,
        anchor=chunk.anchor,
    )
