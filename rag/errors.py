"""What can go wrong in retrieval; every message says what happened, why and what to do."""

from __future__ import annotations


class RagError(Exception):
    """Base of all errors of this package."""


class IndexUnreadableError(RagError):
    """The index folder cannot be opened, read or written."""


class EncoderChangedError(RagError):
    """The index was built with another encoder; its vectors cannot be compared with new ones."""


class ChunkOffsetError(RagError):
    """A parsed document's blocks do not point into its canonical text."""
