"""Abbreviated product names: 工银黄金ETF for 工银瑞信黄金ETF, 中信中短债 for 中信证券中短债债券.

People shorten a name by leaving pieces out and keeping the order of what is left. So a name is recognised by
pieces of it that stand side by side in the text, each of two characters or more, in the name's own order.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

# Words that many products share; a name made of nothing else names none.
COMMON = re.compile(
    r"证券投资基金|集合资产管理计划|资产管理计划|交易型开放式|灵活配置|平衡配置|指数|混合|债券|股票|货币|型|"
    r"滚动持有|持有期?|定期|定开|开放式?|封闭式?|发起式?|基金中基金|基础设施|[（()）]|"
    r"FOF|ETF|QDII|LOF|REITs?|联接|基金|证券|资管|资产|管理|计划|投资|主题|[一二三四五六七八九十\d]+(?:个月|年|天)|个月|期"
)
# What a kind of product is called; alone it means the kind, behind a brand it means the brand's product.
KINDS = re.compile(
    r"中短债|超短债|短债|纯债|可转债|转债|利率债|信用债|国债|黄金|养老|红利|增强|量化|灵活|稳健|价值|成长|精选|增利|优选"
)
SHORTEST_PIECE = 2
SHORTEST = 4  # characters of an abbreviation, unless it is distinctive
SHORTEST_DISTINCTIVE = 3
# a target date or a term that is another product's: 南方养老2035, 月月鑫60天
_OTHER_SERIES = re.compile(r"20[3-6][05](?!年|\d)|\d+(?:天|个月|号|期)")
# the end of a name that may as well begin the word behind it: 管理费, 投资策略, 主要
_TAIL = re.compile(r"(?:基金|管理|投资|持有?|资产|计划|证券|主|期|(?<![A-Za-z])[A-Z])$")
_RUN = re.compile(r"[A-Za-z]+|\d+")
# a kind and a term: 增利一年
_OF_TERM = re.compile(rf"(?:{KINDS.pattern})+(?:\d+|[一二三四五六七八九十]+)(?:个月|年|天)")


@cache
def brands() -> tuple[str, ...]:
    """Brands of managers, the longest first (brands.txt)."""
    lines = files("knowledge_base").joinpath("brands.txt").read_text(encoding="utf-8").splitlines()
    words = {word for line in lines if not line.startswith("#") for word in line.split()}
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


def brand_at(text: str) -> str:
    """The brand the text begins with, or nothing."""
    return next((brand for brand in brands() if text.startswith(brand)), "")


def find_abbreviation(text: str, name: str) -> tuple[int, int] | None:
    """Start and end in the text of the longest abbreviation of the name; None where nothing names it."""
    found = max(_candidates(text, name), key=lambda span: span[1] - span[0], default=None)
    if found is None or not _is_name(text, *found):
        return None
    start, end = found
    while (tail := _TAIL.search(text[start:end])) and _is_name(text, start, start + tail.start()):
        end = start + tail.start()
    return start, end


def terms_named(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of a kind with a term (增利一年): words that many products may share, or one alone has."""
    return (found.span() for found in _OF_TERM.finditer(text))


def _candidates(text: str, name: str) -> Iterator[tuple[int, int]]:
    pairs = {name[n : n + SHORTEST_PIECE] for n in range(len(name) - 1)}
    cuts = _inside_runs(text)
    for start in range(len(text) - 1):
        if text[start : start + SHORTEST_PIECE] in pairs and start not in cuts:
            end = _reach(text, name, start, cuts)
            if end:
                yield start, end


def _reach(text: str, name: str, start: int, cuts: frozenset[int]) -> int:
    """End of the pieces of the name that stand side by side from `start`; 0 where there is none."""
    at, behind = start, 0
    while True:
        size = 0
        while at + size < len(text) and text[at : at + size + 1] in name[behind:]:
            size += 1
        while size and at + size in cuts:  # 2035 is no piece of 2045
            size -= 1
        if size < SHORTEST_PIECE:
            return at if at > start else 0
        behind = name.index(text[at : at + size], behind) + size
        at += size


def _inside_runs(text: str) -> frozenset[int]:
    """Places inside a number or Latin word, where no piece may begin or end."""
    return frozenset(at for run in _RUN.finditer(text) for at in range(run.start() + 1, run.end()))


def _is_name(text: str, start: int, end: int) -> bool:
    """Whether the words are enough of a name: more than a brand, and more than what many products share."""
    words = text[start:end]
    if _OTHER_SERIES.match(text, end):
        return False
    brand = brand_at(words)
    own = COMMON.sub("", words.removeprefix(brand))
    if brand:
        return len(own) >= 2
    if len(words) >= SHORTEST:
        return len(own) >= SHORTEST or (len(own) >= 2 and bool(KINDS.sub("", own)))
    return len(words) >= SHORTEST_DISTINCTIVE and len(KINDS.sub("", own)) == len(words)
