"""Contradictions in an answer: both places until an editor has settled it, then only the one that holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Protocol

from knowledge_base.access import Principal
from knowledge_base.conflict_queue import KeptConflict
from knowledge_base.conflict_types import ConflictType
from knowledge_base.conflicts import ConflictSpan
from knowledge_base.facts import Fact
from rag.cite import Claim, Place
from rag.from_facts import FactSource
from rag.passage import Chunk

WORDS = {
    ConflictType.GENUINE: "内容矛盾",
    ConflictType.SUPERSEDED: "新旧版本并存",
    ConflictType.PERIOD: "报告期不同",
    ConflictType.UNIT: "单位不同",
    ConflictType.SHARE_CLASS: "份额类别不同",
}
ChunkAt = Callable[[str, int], Chunk | None]  # version, offset -> the chunk, where it may be seen


class Disagreements(Protocol):
    """What documents in force contradict each other on (knowledge_base.conflict_queue.ConflictQueue)."""

    def touching(self, version_ids: Sequence[str], *, principal: Principal, on: date) -> tuple[KeptConflict, ...]: ...


class UpheldFacts:
    """Facts without those that an editor overruled."""

    def __init__(self, facts: FactSource, disagreements: Disagreements) -> None:
        self._facts = facts
        self._disagreements = disagreements

    def find(
        self,
        product_codes: Sequence[str],
        attributes: Sequence[str] | None = None,
        period: str | None = None,
        *,
        principal: Principal,
        window: str | None = None,
        on: date | None = None,
    ) -> tuple[Fact, ...]:
        found = self._facts.find(product_codes, attributes, period, principal=principal, window=window, on=on)
        if len({fact.version_id for fact in found}) < 2 or on is None:
            return found
        kept = self._disagreements.touching([fact.version_id for fact in found], principal=principal, on=on)
        overruled = {(span.version_id, span.start, span.end) for one in kept if (span := one.overruled)}
        return tuple(fact for fact in found if (fact.version_id, fact.start, fact.end) not in overruled)


def disclosed(
    claims: Sequence[Claim], disagreements: Disagreements, chunk_at: ChunkAt, *, principal: Principal, on: date
) -> tuple[list[Claim], list[str]]:
    """The claims with what contradicts them beside them, and a note on each contradiction that is open.

    A quotation of a place that was overruled is replaced by the place that holds.
    """
    cited = [place.chunk.version_id for claim in claims for place in claim.places]
    kept = disagreements.touching(cited, principal=principal, on=on)
    told, notes = _upheld(claims, kept, chunk_at), []
    for one in kept:
        sides = (one.conflict.left, one.conflict.right)
        said = [any(_holds(place, side) for claim in told for place in claim.places) for side in sides]
        if one.state != "open" or not any(said):
            continue
        told += [
            claim
            for side, is_said in zip(sides, said, strict=True)
            if not is_said
            for claim in _told(side, "另一份现行文件", chunk_at)
        ]
        notes.append(
            f"现行文件对“{one.conflict.about}”的说法不一致（{WORDS[one.conflict.type]}），尚未裁定，请核实后再用。"
        )
    return list(dict.fromkeys(told)), list(dict.fromkeys(notes))


def _upheld(claims: Sequence[Claim], kept: Sequence[KeptConflict], chunk_at: ChunkAt) -> list[Claim]:
    told: list[Claim] = []
    settled = [(one.overruled, one.upheld) for one in kept]
    for claim in claims:
        better = next(
            (right for wrong, right in settled if wrong and any(_holds(place, wrong) for place in claim.places)), None
        )
        told += [claim] if better is None else _told(better, "按编辑裁定", chunk_at)
    return told


def _told(span: ConflictSpan, how: str, chunk_at: ChunkAt) -> Iterator[Claim]:
    """A sentence that quotes a place; none where the place may not be seen."""
    chunk = chunk_at(span.version_id, span.start)
    if chunk is not None:
        place = Place(chunk=chunk, start=span.start, end=span.end, quote=span.quote)
        quote = " ".join(span.quote.split()).rstrip("。；")
        yield Claim(text=f"{how}《{span.title}》：{quote}。", places=(place,))


def _holds(place: Place, span: ConflictSpan) -> bool:
    """Whether a cited place and a side of a contradiction overlap."""
    return place.chunk.version_id == span.version_id and place.start < span.end and span.start < place.end
