"""`tougu bench sync`: a folder of documents into an empty knowledge base, and what parsing and encoding alone take."""

from __future__ import annotations

import time
from collections import defaultdict
from pathlib import Path

from eval.bench.measure import Progress, bench_result, peak_mb, quotient
from eval.fresh import fresh_house
from eval.result import Figure, Result
from knowledge_base.errors import ParseError
from knowledge_base.parse import EXTENSIONS, parse_bytes
from knowledge_base.settings import KnowledgeBaseSettings
from models.encoder import Encoder
from rag.chunk import embedding_text
from rag.index import SearchIndex
from serve.users import OPERATOR
from serve.wiring import House

PAGES = 300  # of a PDF, to which its parsing is scaled


def bench_sync(house: House, *, corpus: Path, progress: Progress) -> Result:
    """Sync `corpus` into an empty home, once more unchanged, then parse its files and encode its chunks alone.

    `sync_s` holds everything: parsing, facts, chunks, vectors, both indexes, every commit. The baseline is the bare
    encoder over the same texts in the same batches. Pages of PDF are parsed without OCR; `pdf_300_pages_s` is
    null where the folder has no page of one. Weights are loaded before the clock starts.
    """
    began = time.perf_counter()
    house.encoder.encode_passages(["预热"])
    with fresh_house(house) as fresh:
        first = time.perf_counter()
        report = fresh.sync(corpus, delete=False, principal=OPERATOR, progress=progress)
        sync_s = time.perf_counter() - first
        second = time.perf_counter()
        fresh.sync(corpus, delete=False, principal=OPERATOR, progress=progress)
        again_s = time.perf_counter() - second
        chunks, encode_s = _encoded(fresh.index, house.encoder, fresh.settings.rag.embed_chars)
    parsed = _parsed(corpus, house.settings.knowledge.model_copy(update={"ocr": "off"}))
    return bench_result(
        "sync",
        fixture=str(corpus),
        n=len(report.rows),
        model={"encoder": house.encoder.name},
        parameters={"corpus": str(corpus)},
        metrics={
            "sync_s": round(sync_s, 2),
            "sync_again_s": round(again_s, 3),
            "failed": len(report.failed),
            "chunks": chunks,
            **parsed,
            "baseline_encode_s": round(encode_s, 2),
            "ratio": quotient(sync_s, encode_s),
            "peak_mb": peak_mb(),
        },
        began=began,
    )


def _encoded(index: SearchIndex, encoder: Encoder, most_chars: int) -> tuple[int, float]:
    """Chunks of the index, and seconds of the bare encoder over their texts, shortest first."""
    held = index.chunks(index.store.vector_ids().tolist())
    texts = sorted((embedding_text(chunk, most_chars) for chunk in held.values()), key=len)
    began = time.perf_counter()
    for at in range(0, len(texts), index.settings.encode_batch):
        encoder.encode_passages(texts[at : at + index.settings.encode_batch])
    return len(texts), time.perf_counter() - began


def _parsed(corpus: Path, settings: KnowledgeBaseSettings) -> dict[str, Figure]:
    """Seconds of parsing a kind of file, and what 300 pages of PDF take at that pace."""
    seconds: dict[str, float] = defaultdict(float)
    pages = 0
    for path in sorted(corpus.rglob("*")):
        kind = path.suffix.lower()
        if not path.is_file() or kind not in EXTENSIONS:
            continue
        content, began = path.read_bytes(), time.perf_counter()
        try:
            document = parse_bytes(content, name=path.name, settings=settings)
        except ParseError:
            continue
        seconds[kind] += time.perf_counter() - began
        if kind == ".pdf":
            pages += max((block.page or 0 for block in document.blocks), default=0)
    return {
        "parse_s": round(sum(seconds.values()), 2),
        "pdf_pages": pages,
        "pdf_300_pages_s": round(PAGES * seconds[".pdf"] / pages, 2) if pages else None,
    }
