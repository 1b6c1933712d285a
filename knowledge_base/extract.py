"""Facts out of a parsed document: from its tables and its sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from knowledge_base.document import ANNOUNCEMENT, SHARE_RESEARCH, Block, BlockKind, ParsedDocument
from knowledge_base.fact_sentences import facts_of_paragraph
from knowledge_base.fact_shares import facts_of_share_paragraph
from knowledge_base.fact_source import FEES, About
from knowledge_base.fact_tables import facts_of_table
from knowledge_base.facts import Fact
from knowledge_base.metadata import Metadata

# Raised with every change of what facts are read: sync then reads those of older documents anew (sync_files.py).
EXTRACTOR = 2


def extract_facts(version_id: str, metadata: Metadata, parsed: ParsedDocument) -> tuple[Fact, ...]:
    """All facts of a document on products; none where it names no product."""
    if not metadata.product_codes:
        return ()
    names = [name for name in metadata.names if name.kind in ("short", "full") and name.share_class is None]
    about = About(
        version_id=version_id,
        metadata=metadata,
        classes=tuple(name for name in metadata.names if name.share_class is not None),
        name=names[-1].name if names else metadata.title,
    )
    found: dict[str, Fact] = {}
    readers = {BlockKind.TABLE: facts_of_table, BlockKind.PARAGRAPH: _paragraphs(metadata)}
    for block in (block for block in parsed.blocks if block.kind in readers):
        read = readers[block.kind]
        for fact in read(about, block):
            found.setdefault(fact.id, fact)
    return _latest_fees(tuple(found.values()))


def _paragraphs(metadata: Metadata) -> Callable[[About, Block], Iterator[Fact]]:
    if metadata.document_type in (ANNOUNCEMENT, SHARE_RESEARCH):
        return facts_of_share_paragraph
    return facts_of_paragraph


def _latest_fees(found: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Of several rates for one fee the last one stated: notes tell the old rate before the new one."""
    last = {(fact.attribute, fact.product_code): fact.id for fact in found}
    return tuple(
        fact for fact in found if fact.attribute not in FEES or last[fact.attribute, fact.product_code] == fact.id
    )
