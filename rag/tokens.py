"""Search terms of a Chinese text: jieba words, CJK bigrams, and numbers and codes as they stand."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from mandarin.script import fold_width, to_simplified

_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[a-z]+|\d+(?:[.,]\d+)*%?")
_LONG_WORD = 3  # a jieba word of two characters is already a bigram
QUESTION_WORDS = frozenset(
    """
    请问 问下 一下 多少 各是 是多 几何 什么 怎么 怎样 如何 是否 哪些 哪个 哪一 有哪 几个 分别 别是 告诉 诉我
    的是 是什 么样 吗 呢 我想 想知 知道 帮我 查一 查下 这只 那只 这个 那个 有多 少钱 为什 能不 不能 可以
    是谁 谁是
    """.split()  # noqa: SIM905
)


def terms(text: str) -> list[str]:
    """Every term of a text in order, repeats kept: what BM25 counts."""
    plain = to_simplified(fold_width(text)).text.lower()
    found = [match.group().replace(",", "") for match in _LATIN.finditer(plain)]
    for run in _HAN_RUN.findall(plain):
        found += [run[i : i + 2] for i in range(len(run) - 1)] or [run]
        found += [word for word in _jieba().cut(run, HMM=False) if len(word) >= _LONG_WORD]
    return found


def question_terms(text: str) -> list[str]:
    """The distinct terms of a question without those that only make it a question."""
    return list(dict.fromkeys(term for term in terms(text) if term not in QUESTION_WORDS))


@cache
def _jieba() -> Any:
    """jieba's default dictionary, loaded once, quietly."""
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    return tokenizer
