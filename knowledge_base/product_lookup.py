"""Products found while somebody types: by code, name, pinyin initials (ylwj) or full pinyin (yunlingwenjian)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from knowledge_base.products import KnownName
from mandarin.pinyin import syllables
from mandarin.script import HAN

MOST = 10
_KEPT = re.compile(f"[^0-9a-z{HAN}]")
# How well a name fits: the smaller the better.
CODE, NAME, NAME_START, INITIALS, PINYIN, INSIDE, INITIALS_INSIDE, PINYIN_INSIDE = range(8)


@dataclass(frozen=True, kw_only=True)
class _Keys:
    """One name as it may be typed."""

    code: str
    name: str
    initials: str  # ylwjzla
    pinyin: str  # yunlingwenjianzenglia


def lookup(typed: str, names: Sequence[KnownName], *, most: int = MOST) -> tuple[str, ...]:
    """Codes of the products that what was typed may mean, the best first; none for fewer than two characters."""
    wanted = _plain(typed)
    if len(wanted) < 2:
        return ()
    ranked: dict[str, tuple[int, int, str]] = {}
    for keys in _keys(tuple(names)):
        rank = _rank(wanted, keys)
        if rank is not None:
            place = (rank, len(keys.name), keys.code)
            ranked[keys.code] = min(ranked.get(keys.code, place), place)
    return tuple(sorted(ranked, key=lambda code: ranked[code])[:most])


def _rank(wanted: str, keys: _Keys) -> int | None:
    if wanted == keys.code or (wanted.isdigit() and keys.code.startswith(wanted)):
        return CODE
    if wanted == keys.name:
        return NAME
    tests = (
        (NAME_START, keys.name.startswith(wanted)),
        (INITIALS, keys.initials.startswith(wanted)),
        (PINYIN, keys.pinyin.startswith(wanted)),
        (INSIDE, wanted in keys.name),
        (INITIALS_INSIDE, len(wanted) >= 3 and wanted in keys.initials),
        (PINYIN_INSIDE, len(wanted) >= 4 and wanted in keys.pinyin),
    )
    return next((rank for rank, fits in tests if fits), None)


@lru_cache(maxsize=2)
def _keys(names: tuple[KnownName, ...]) -> tuple[_Keys, ...]:
    return tuple(_key(known) for known in names)


def _key(known: KnownName) -> _Keys:
    name = _plain(known.name)
    sounds = {s.start: s.pinyin for s in syllables(name) if not name[s.start].isascii()}
    parts = [sounds.get(at, letter) for at, letter in enumerate(name)]
    return _Keys(code=known.code, name=name, initials="".join(p[0] for p in parts), pinyin="".join(parts))


def _plain(text: str) -> str:
    return _KEPT.sub("", text.lower().replace("ü", "v"))
