"""How much a word of a question says of what is asked: a thing fully, what is done to it half, who asks hardly."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from rag.tokens import parts_of_speech

_THING = 1.0
_DEED = 0.5  # 提交, 放缓, 最高, 连续: documents say it in other words, and the thing tells what is meant
_BYSTANDER = 0.25  # 客户, 研究所, 到底: who asks, who says so, how it is said
_CODE = re.compile(r"[a-z]*\d[\d.]*%?|[a-z]+")
_THINGS = ("n", "vn", "eng", "l", "i", "j", "b")  # jieba's tags: nouns, Latin letters, set phrases, short forms


def emphasis(word: str) -> float:
    """Factor of the word's weight, 0..1."""
    if word in _bystanders():
        return _BYSTANDER
    return _THING if is_thing(word) else _DEED


def is_thing(word: str) -> bool:
    """Whether a word names what is asked about or what is asked of it: without it nothing is answered."""
    if word in _bystanders():
        return False
    if word in _business() or _CODE.fullmatch(word):
        return True
    return any(flag.startswith(_THINGS) for flag in parts_of_speech(word))


@cache
def _business() -> frozenset[str]:
    """What a broker's clients do: verbs to a dictionary, things to a question (business.txt)."""
    return frozenset(files("rag").joinpath("business.txt").read_text(encoding="utf-8").split())


@cache
def _bystanders() -> frozenset[str]:
    """Words beside the question (bystanders.txt)."""
    return frozenset(files("rag").joinpath("bystanders.txt").read_text(encoding="utf-8").split())
