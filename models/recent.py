"""What was computed of a text lately, without the text."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Row = NDArray[np.float32]


class RecentRows:
    """Rows of numbers by text, bounded: what was asked for longest ago goes first. Safe in several threads.

    No text is kept: a key is the text's hash under a secret of this process, so that neither the memory nor an image
    of it tells which sentences there were, and both end with the process.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, Row] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, texts: Sequence[str]) -> dict[str, Row]:
        """The rows that are known, by text."""
        keys = {text: self._key(text) for text in texts}
        with self._lock:
            found = {text: self._known[key] for text, key in keys.items() if key in self._known}
            for text in found:
                self._known.move_to_end(keys[text])
            return found

    def keep(self, rows: Mapping[str, Row]) -> None:
        """Remember these rows, copied."""
        made = {self._key(text): np.array(row, np.float32) for text, row in rows.items()}
        with self._lock:
            self._known.update(made)
            while len(self._known) > self._most:
                self._known.popitem(last=False)

    def _key(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=self._secret).digest()
