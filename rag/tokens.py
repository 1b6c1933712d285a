"""Search terms of a Chinese text: jieba words, CJK bigrams, and numbers and codes as they stand."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from mandarin.script import fold_width, to_simplified

_HAN_RUN = re.compile(r"[\u3400-\u9fff]+")
_LATIN = re.compile(r"[a-z]+|\d+(?:[.,]\d+)*%?")
_WORD = re.compile(rf"(?<![a-z\d])[cr][1-5](?![\d.])|{_LATIN.pattern}")  # a level of risk, c3, is one word
_OWN_WORD = 100_000  # frequency that makes a word win over its parts
_LONG_WORD = 3  # a jieba word of two characters is already a bigram
QUESTION_WORDS = frozenset(
    """
    请问 问下 一下 多少 各是 是多 几何 什么 怎么 怎样 如何 是否 哪些 哪个 哪一 有哪 几个 分别 别是 告诉 诉我
    的是 是什 么样 吗 呢 我想 想知 知道 帮我 查一 查下 这只 那只 这个 那个 有多 少钱 为什 能不 不能 可以
    是谁 谁是
    """.split()  # noqa: SIM905
)


_FUNCTION_CHARS = frozenset(
    "的了是在有和与及或对把被从到为吗呢吧啊谁哪几各其该本这那中上下里内外前后时由于而但并也都就还再很不会能要可我你他它个"
    "只家位多少大小"
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


def question_words(text: str) -> list[str]:
    """The distinct content words of a question; what jieba leaves in single characters is joined again.

    For judging a sentence words are better than bigrams: a bigram across two words (率是) is in no document.
    """
    plain = rephrased(to_simplified(fold_width(text)).text.lower())
    found = [match.group().replace(",", "") for match in _WORD.finditer(plain)]
    for run in _HAN_RUN.findall(plain):
        single = ""
        for word in [*_jieba().cut(run, HMM=False), ""]:
            if len(word) == 1 and word not in _FUNCTION_CHARS:
                single += word
                continue
            if len(single) > 1:
                found.append(single)
            single = ""
            if len(word) > 1:
                found.append(word)
    return [word for word in dict.fromkeys(found) if word not in spoken_words()]


def names_a_thing(word: str) -> bool:
    """Whether a word is a noun: one that no document holds asks for something that is not there."""
    flags = [pair.flag for pair in _tagger().cut(word, HMM=False)]
    return bool(flags) and any(flag[0] in "n" or flag == "eng" for flag in flags)


def expanded(question: str) -> str:
    """The question with what reports print for its words appended."""
    words = question_words(question)
    more = [word for word in words if word not in question]
    more += [other for word in words for other in synonyms().get(word, ())]
    return " ".join([question, *dict.fromkeys(more)])


def rephrased(question: str) -> str:
    """The question with the words of reports for what is said in several words (phrases.yaml)."""
    for pattern, words in _phrases():
        question = pattern.sub(f" {words} ", question)
    return question


@cache
def _phrases() -> tuple[tuple[re.Pattern[str], str], ...]:
    raw = yaml.safe_load(files("rag").joinpath("phrases.yaml").read_text(encoding="utf-8"))
    return tuple((re.compile(pattern), words) for pattern, words in raw)


@cache
def spoken_words() -> frozenset[str]:
    """Words that belong to speech and to no passage (spoken.txt)."""
    return frozenset(files("rag").joinpath("spoken.txt").read_text(encoding="utf-8").split())


@cache
def synonyms() -> dict[str, tuple[str, ...]]:
    """What reports print, by what people ask with (synonyms.yaml)."""
    raw = yaml.safe_load(files("rag").joinpath("synonyms.yaml").read_text(encoding="utf-8"))
    return {word: tuple(others) for word, others in raw.items()}


@cache
def _tagger() -> Any:
    """jieba's tagger over the same dictionary."""
    from jieba.posseg import POSTokenizer

    return POSTokenizer(_jieba())


@cache
def _jieba() -> Any:
    """jieba's dictionary with the words of words.txt, loaded once, quietly."""
    import logging

    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()
    for word in files("rag").joinpath("words.txt").read_text(encoding="utf-8").split():
        tokenizer.add_word(word, freq=_OWN_WORD, tag="n")
    return tokenizer
