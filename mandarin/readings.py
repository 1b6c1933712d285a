"""pypinyin's dictionaries, each loaded when it is first asked for: the one of phrases weighs ten times the other."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache

_WITHOUT = "PYPINYIN_NO_PHRASES"  # read by pypinyin when it is imported


@cache
def readings() -> dict[int, str]:
    """Readings of single characters by code point, the usual one first, with a comma between."""
    given = os.environ.get(_WITHOUT)
    os.environ[_WITHOUT] = "1"
    try:
        from pypinyin.constants import PINYIN_DICT
    finally:
        if given is None:
            del os.environ[_WITHOUT]
        else:
            os.environ[_WITHOUT] = given
    found: dict[int, str] = PINYIN_DICT
    return found


@cache
def lazy_pinyin() -> Callable[..., list[str]]:
    """pypinyin's function, with its phrases: 银行 and 行走 are told apart."""
    readings()
    import pypinyin
    from pypinyin.phrases_dict import phrases_dict

    pypinyin.load_phrases_dict(phrases_dict)
    read: Callable[..., list[str]] = pypinyin.lazy_pinyin
    return read
