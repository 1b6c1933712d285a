"""Where a fact is cited: the whole row or sentence it stands in, its table's header, and where its name stands."""

from __future__ import annotations

from collections.abc import Sequence

from knowledge_base.facts import Fact
from rag.cite import Place, place_in
from rag.filter import Filter
from rag.index import SearchIndex
from rag.passage import Chunk
from rag.sentences import sentence_spans


class FactPlaces:
    """Opens the places of facts, only where the filter lets them be found in the index today."""

    def __init__(self, index: SearchIndex, narrow: Filter) -> None:
        self._index = index
        self._narrow = narrow
        self._opened: list[Chunk] = []

    def __call__(self, fact: Fact) -> tuple[Place, ...]:
        """The place of the value first; none where this person may not open it."""
        chunk = self._chunk(fact)
        if chunk is None or fact.end > chunk.end:
            return ()
        places = [_line_place(chunk, fact.start, fact.end), *_header(chunk, fact)]
        if not _names(fact.entity, places):
            places += self._name_place(fact)
        return tuple(places)

    def _chunk(self, fact: Fact) -> Chunk | None:
        """The chunk the value stands in; many values of one answer stand in the same."""
        for chunk in self._opened:
            if chunk.version_id == fact.version_id and chunk.start <= fact.start < chunk.end:
                return chunk
        found = self._index.chunk_at(fact.version_id, fact.start, self._narrow)
        self._opened += [found] if found is not None else []
        return found

    def _name_place(self, fact: Fact) -> list[Place]:
        """The line of the document that gives the name under which the fact is told."""
        chunk = self._index.chunk_with(fact.version_id, fact.entity, self._narrow)
        if chunk is None:
            return []
        at = chunk.start + chunk.text.index(fact.entity)
        return [_line_place(chunk, at, at + len(fact.entity))]


def _line_place(chunk: Chunk, start: int, end: int) -> Place:
    """The table row, or the sentence, that holds the span."""
    at, until = start - chunk.start, end - chunk.start
    first = chunk.text.rfind("\n", 0, at) + 1
    last = chunk.text.find("\n", until)
    last = len(chunk.text) if last < 0 else last
    if " | " in chunk.text[first:last]:
        return place_in(chunk, chunk.start + first, chunk.start + last)
    spans = list(sentence_spans(chunk.text[first:last], offset=chunk.start + first))
    inside = [span for span in spans if span[0] < end and start < span[1]]
    return place_in(chunk, inside[0][0], inside[-1][1]) if inside else place_in(chunk, start, end)


def _header(chunk: Chunk, fact: Fact) -> list[Place]:
    """The header of the table that the value stands in, where its columns tell whose or when it is."""
    for table in chunk.tables:
        stands = any(cell.start <= fact.start < cell.end for row in table.rows for cell in row)
        if stands and table.header_cell is not None:
            cell = table.header_cell
            return [Place(chunk=chunk, start=cell.start, end=cell.end, quote=cell.text)]
    return []


def _names(entity: str, places: Sequence[Place]) -> bool:
    wanted = "".join(entity.split())
    return any(wanted in "".join(f"{place.chunk.title}{place.quote}".split()) for place in places)
