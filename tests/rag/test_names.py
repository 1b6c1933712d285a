"""The catalogue's names as terms of their own: learnt, forgotten, and found again by another process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models.encoders.hashing import HashEncoder
from rag.filter import Filter
from rag.index import Elsewhere, SearchIndex
from rag.lexical import Ids, MemoryLexical
from rag.names import CatalogueWords
from tests.rag.documents import ADVISOR, TODAY, annual, other, rule

NAME = "云岭稳健混合"


def share_of(index: SearchIndex, term: str) -> float:
    return index.store.lexical.document_share([term])[term]


def index_of(folder: Path) -> SearchIndex:
    index = SearchIndex(folder, HashEncoder())
    for held, parsed in (annual(), other(), rule()):
        index.add(held, parsed)
    return index


def test_names_are_found_as_they_stand_the_longest_first() -> None:
    words = CatalogueWords(["云岭300增强", "云岭300", "万科Ａ", "鹏"])
    assert words.found("云岭 300增强和万科a，云岭300") == ("云岭300增强", "万科a", "云岭300")
    assert words.found("鹏") == (), "one of a character or two is no term of its own"


def test_a_name_becomes_one_term_and_goes_with_its_product(tmp_path: Path) -> None:
    index = index_of(tmp_path)
    assert share_of(index, NAME) == 0
    assert index.learn_names([NAME, "无人提及"]) > 0
    assert share_of(index, NAME) > 0
    assert index.learn_names([NAME, "无人提及"]) == 0, "nothing changed"
    assert index.learn_names(["无人提及"]) > 0
    assert share_of(index, NAME) == 0


class Apart(MemoryLexical):
    """An index apart that outlives the process which writes into it; killed once when it should forget."""

    def __init__(self) -> None:
        super().__init__()
        self.kills = 0

    def ids(self) -> Ids:
        return np.array(sorted(self._counts), dtype=np.int64)

    def remove(self, ids: Sequence[int]) -> None:
        if len(ids) and self.kills:
            self.kills -= 1
            raise KeyboardInterrupt
        super().remove(ids)


def test_a_kill_between_the_store_and_an_index_apart_leaves_no_old_terms(tmp_path: Path) -> None:
    apart = Apart()
    elsewhere = Elsewhere(lexical=lambda _: apart)
    index = SearchIndex(tmp_path, HashEncoder(), elsewhere=elsewhere)
    for held, parsed in (annual(), other(), rule()):
        index.add(held, parsed)
    index.align()
    apart.kills = 1
    with pytest.raises(KeyboardInterrupt):
        index.learn_names([NAME])
    after = SearchIndex(tmp_path, HashEncoder(), elsewhere=elsewhere)
    after.learn_names([NAME])
    after.align()
    assert any(NAME in counts for counts in apart._counts.values())


def test_what_is_added_later_is_marked_too_and_another_process_searches_by_it(tmp_path: Path) -> None:
    index = SearchIndex(tmp_path, HashEncoder())
    index.learn_names([NAME])
    index.add(*annual())
    index.add(*rule())
    other_process = SearchIndex(tmp_path, HashEncoder())
    allowed = other_process.allowed(Filter(principal=ADVISOR, on=TODAY))
    hits = other_process.search_terms(NAME, k=5, allowed=allowed)
    best = other_process.chunks([hits[0][0]])[hits[0][0]]
    assert share_of(other_process, NAME) > 0
    assert best.version_id == "v_annual"
