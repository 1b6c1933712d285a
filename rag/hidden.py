"""Passages that instruct whoever reads them: they are neither quoted nor put before a model."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Protocol

from rag.passage import Passage

_log = logging.getLogger(__name__)


class InstructionScan(Protocol):
    """Knows an instruction to a model when it stands in a text."""

    def instructs(self, text: str) -> bool: ...


def without_instructions(passages: Sequence[Passage], scan: InstructionScan | None) -> list[Passage]:
    """The passages that only say something; of the others the place is logged, so that somebody looks."""
    kept: list[Passage] = []
    for passage in passages:
        chunk = passage.chunk
        if scan is not None and scan.instructs(f"{chunk.context}\n{chunk.text}"):
            _log.warning("chunk %s holds an instruction to a model and is left out: look at its document", chunk.id)
        else:
            kept.append(passage)
    return kept
