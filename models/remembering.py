"""A scorer that remembers what it said of a text: reports of many clients share most of their sentences."""

from __future__ import annotations

import hashlib
import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np

from models.scorer import Probabilities, Scorer

MOST = 20_000  # texts: about a thousand fund pages, under ten megabytes


class RememberingScorer:
    """The answers of another scorer, each text asked once; a scorer's answer depends on the text alone.

    Bounded: what was asked for longest ago goes first. No text is kept: a key is the text's hash under a secret
    of this process, so that neither the memory nor an image of it tells which sentences there were, and both end
    with the process. Another model is another scorer, hence another memory. What fails is not remembered.
    """

    def __init__(self, inner: Scorer, *, most: int = MOST) -> None:
        self.labels, self.version = inner.labels, inner.version
        self._inner, self._most = inner, most
        self._secret = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, Probabilities] = OrderedDict()
        self._lock = threading.Lock()

    def load(self) -> None:
        """See Scorer."""
        self._inner.load()

    def score(self, texts: Sequence[str]) -> Probabilities:
        """See Scorer."""
        keys = [self._key(text) for text in texts]
        found = self._remembered(keys)
        fresh = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if fresh:
            found.update(zip(fresh, self._inner.score(list(fresh.values())), strict=True))
            self._keep({key: found[key] for key in fresh})
        return np.array([found[key] for key in keys], np.float32).reshape(len(keys), len(self.labels))

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._known.clear()

    def knows(self, text: str) -> bool:
        """Whether an answer to `text` is at hand."""
        with self._lock:
            return self._key(text) in self._known

    def _key(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=self._secret).digest()

    def _remembered(self, keys: Sequence[bytes]) -> dict[bytes, Probabilities]:
        with self._lock:
            found = {key: self._known[key] for key in keys if key in self._known}
            for key in found:
                self._known.move_to_end(key)
            return found

    def _keep(self, fresh: dict[bytes, Probabilities]) -> None:
        with self._lock:
            self._known.update((key, np.array(row, np.float32)) for key, row in fresh.items())
            while len(self._known) > self._most:
                self._known.popitem(last=False)
