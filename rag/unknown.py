"""Funds that a question names and nobody here knows: by code, by a fund-like name, by a manager's brand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from knowledge_base.abbreviations import brand_at
from knowledge_base.products import ResolvedQuestion
from rag.kinds import asks_holdings
from rag.tokens import question_terms

Shares = Callable[[Sequence[str]], dict[str, float]]

_CODE = re.compile(r"(?<![\d.,])\d{6}(?![\d.,%年月日元份股])")
_NAMED_FUND = re.compile(
    r"(?P<name>[\u4e00-\u9fffA-Za-z0-9]{2,24}?)"
    r"(?:(?:灵活配置|持有期|定期开放|养老目标)?(?:混合|债券|股票|货币|指数)型?(?:证券投资基金|基金)?[A-EH]?"
    r"|(?:[一二两三四五六七八九十]|\d{1,3})(?:年|个?月|天)(?:滚动)?持有期?(?!人|了|过|的(?:股票|债券|基金|证券))"
    r"|ETF(?:联接)?[AC]?|联接|LOF|FOF|集合资产管理计划|证券投资基金|基金)"
)
# what may stand before a kind of fund without naming one
_FUNCTION = re.compile(
    r".*(?:[前头第][一二三四五六七八九十\d]+[大名只]?|持仓|重仓|请问|[那这哪]种|[那这哪]类|什么|怎么|怎样|如何|哪些|哪只|这只|那只|哪个|这个|那个|是不是|有没有|关于|比较|推荐|购买|投资|持有|了解|"
    r"赎回|申购|认购|定投|客户|公司|属于|不同|所有|一般|普通|不(?!动产)|没有?|[的在是和与及跟对把被有请问查下买卖只年月度、，,？?！!。])"
)
_GENERIC = re.compile(
    r"本|该|此|公募|私募|主动|被动|偏股|偏债|纯债|中短债|短债|二级|一级|可转债|灵活|配置|平衡|增强|开放式|封闭式|养老|行业|"
    r"主题|宽基|沪深|中证|新|老|类|型|等|证券|投资|其他|某|多|几|一|二|两|三|股票|债券|货币|混合|指数|场内|场外|境外|商品|黄金"
)
_NAME_BEHIND = re.compile(
    r"(?:(?!的|和|与|跟|是|有|在|过去|最|近|今年|去年|前年|上[年半个]|多|什么|谁|怎|吗|呢|前[一二三四五六七八九十\d]|持|能|会|要|可以|申购|赎回|定投)"
    r"[\u4e00-\u9fffA-Za-z0-9]){2,12}"
)
_FORM = re.compile(r"(?:(?:ETF|LOF|FOF|联接|混合|指数|证券投资基金)[A-EH]?|(?:年|月|天)(?:滚动)?持有期?)$")
_HELD_FOR = re.compile(r"(?:年|月|天)(?:滚动)?持有期?")  # of a fund's name, not what it holds
_NO_FUND = re.compile(r"公司|资管|证券(?!投资基金)|银行|研究|营业部|客户|经理|集团|保险|网点|开户")


def unknown_products(question: str, named: ResolvedQuestion, shares: Shares) -> tuple[str, ...]:
    """Codes and fund-like names in the question that resolve to no product and occur in no document.

    What occurs as a holding of others alone is unknown, too, where its own figures are asked for.
    """
    taken = [(m.start, m.end) for m in (*named.products, *(m for group in named.ambiguous for m in group))]
    of_holding = asks_holdings(_HELD_FOR.sub("", question))
    own_figure = bool(named.metrics) and not of_holding
    own = {code for one in named.products for code in one.codes}  # named by code and by name
    codes = [m.group() for m in _CODE.finditer(question) if not _overlaps(m.span(), taken) and m.group() not in own]
    found = [code for code in codes if own_figure or not any(shares([code]).values())]
    for match in _NAMED_FUND.finditer(question):
        proper = _proper_part(match.group("name"))
        branded = not of_holding and _is_brands_fund(proper, match.group())
        if not _overlaps(match.span(), taken) and len(proper) >= 2 and (branded or _without_trace(proper, shares)):
            found.append(match.group()[match.group().index(proper) :])
    found += _of_known_brands(question, named, taken, shares)
    return tuple(dict.fromkeys(one for one in found if not any(_begins(one, other) for other in found)))


def _begins(longer: str, other: str) -> bool:
    """Whether what was found begins with another find: 通航ETF管理人一年抽成 is no name beside 通航ETF."""
    return len(other) < len(longer) and longer.startswith(other)


def _is_brands_fund(proper: str, whole: str) -> bool:
    """Whether words name one fund of a manager: a brand, a name of its own, and a form that only funds have."""
    brand = brand_at(proper)
    return bool(brand) and len(proper.removeprefix(brand)) >= 2 and bool(_FORM.search(whole))


def _of_known_brands(
    question: str, named: ResolvedQuestion, taken: Sequence[tuple[int, int]], shares: Shares
) -> Iterator[str]:
    """A manager's brand with a name behind it of which no document tells: 华夏成长."""
    starts = [one.start for one in named.periods] + [one.start for one in named.metrics]
    at = 0
    while at < len(question):
        brand = brand_at(question[at:])
        if not brand:
            at += 1
            continue
        name = _NAME_BEHIND.match(question, at + len(brand))
        stop = min([name.end() if name else at, *(start for start in starts if start > at)])
        own = _GENERIC.sub("", question[at + len(brand) : stop])
        whole = question[at:stop]
        told = _NO_FUND.search(whole) or _overlaps((at, stop), taken)
        if len(own) >= 2 and not told and _without_trace(whole, shares):
            yield whole
        at += len(brand)


def _proper_part(name: str) -> str:
    """What is left of a name after words that may stand before any fund."""
    rest = _FUNCTION.sub("", name)
    return rest if len(_GENERIC.sub("", rest)) >= 2 else ""


def _without_trace(proper: str, shares: Shares) -> bool:
    known = shares(question_terms(proper))
    return any(share == 0 for share in known.values())


def _overlaps(span: tuple[int, int], taken: Sequence[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in taken)
