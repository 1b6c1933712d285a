"""Retrieval as LangChain knows it: a `BaseRetriever` over what one principal may read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import PrivateAttr

from rag.passage import Passage, place

Search = Callable[[str], Sequence[Passage]]


class PassageRetriever(BaseRetriever):
    """Hands passages on as LangChain documents; whose rights apply is settled in `search`, not by the chain."""

    _search: Search = PrivateAttr()

    def __init__(self, search: Search) -> None:
        """`search` gives the passages of a query, best first, of what the caller may read."""
        super().__init__()
        self._search = search

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        return [_document(passage) for passage in self._search(query)]


def _document(passage: Passage) -> Document:
    """Text with its title and headings in front, as a model should read it; the place in `metadata`."""
    chunk = passage.chunk
    return Document(
        id=chunk.id, page_content=f"{chunk.context}\n{chunk.text}", metadata={**place(chunk), "score": passage.score}
    )
