"""What can go wrong with the firm's message archive; each error is one sentence."""

from __future__ import annotations


class MessageArchiveError(Exception):
    """An archive that cannot be read; the message names file, line and remedy."""
