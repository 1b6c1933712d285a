"""Names that may be spoken in one call: what the client holds, what earlier calls spoke of, then the catalogue."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from intent.speech.repair import spoken_name

MAX_CHARACTERS = 80  # of all words together: Whisper takes 223 tokens before the sound, and a character is up to three


class ClientProducts(Protocol):
    """What is known of the products of one client."""

    def held(self, client_id: str) -> Sequence[str]:
        """Names of what the client holds, the largest position first; nothing for a client who is unknown."""
        ...

    def spoken_of(self, client_id: str) -> Sequence[str]:
        """Products that earlier calls with the client named, the latest first."""
        ...


class Hotwords:
    """Chooses anew for each call. `most` bounds the number of words; 0 gives none."""

    def __init__(self, catalogue: Iterable[str], clients: ClientProducts, *, most: int) -> None:
        """`catalogue`: names in order of weight; what stands at its head fills what the client leaves free."""
        self._catalogue, self._clients, self._most = tuple(catalogue), clients, most

    def __call__(self, client_id: str | None) -> tuple[str, ...]:
        """Up to `most` different names as they are spoken, at most MAX_CHARACTERS together."""
        if not self._most:
            return ()
        own = (*self._clients.held(client_id), *self._clients.spoken_of(client_id)) if client_id else ()
        return _bounded(dict.fromkeys(filter(None, map(spoken_name, (*own, *self._catalogue)))), self._most)


def _bounded(names: Iterable[str], most: int) -> tuple[str, ...]:
    """Names in their order while there is room; a long one gives way to shorter ones behind it."""
    chosen: list[str] = []
    free = MAX_CHARACTERS
    for name in names:
        if len(name) <= free:
            chosen.append(name)
            free -= len(name) + 1
        if len(chosen) == most:
            break
    return tuple(chosen)
