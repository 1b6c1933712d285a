"""Where a text names products: those of the context, codes, and funds that nobody handed in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from compliance_filters.finding import ProductInContext, ReviewContext
from compliance_filters.normalise import plain_name
from compliance_filters.strangers import stranger_reader

_CODE = re.compile(r"(?<![\dA-Za-z.])\d{6}(?![\d.%A-Za-z])")
# A fund that is named in quotation marks and is none of the products handed in.
_QUOTED_NAME = re.compile(
    r"[“「\"](?P<name>[\u4e00-\u9fffA-Za-z0-9]{3,16}(?:混合|股票|债券?|指数|货币|配置|QDII|ETF|FOF|LOF|联接|[一二三四五六七八九十\d]{1,2}号"
    r"|\((?:QDII|LOF|FOF)(?:-[A-Z]{2,4})?\))[A-C]?类?)[”」\"]"
)
# Whatever else is named in quotation marks and said to be sold elsewhere.
_SOLD_ELSEWHERE = re.compile(
    r"[“「\"](?P<name>[\u4e00-\u9fffA-Za-z0-9]{3,16})[”」\"](?=,?[^,;。“”\"]{0,8}(?:没有?|未|不)(?:在[^,;。]{0,6})?(?:代销|上架|在售))"
)
# The document of a fund that is none of the products handed in: 墨池红利低波指数招募说明书.
_TITLED_NAME = re.compile(
    r"(?P<name>[\u4e00-\u9fffA-Za-z0-9]{3,16}?(?:混合|股票|债券?|指数|货币|配置|QDII|ETF|FOF|LOF|联接)[A-C]?)"
    r"(?=(?:型)?(?:证券投资基金)?(?:\d{4}年)?(?:招募|基金合同|产品资料|份额发售|第[一二三四1-4]季度|年度报告|中期报告))"
)


@dataclass(frozen=True, kw_only=True)
class Mention:
    """A place that names a product; `product` is None where the context does not know it."""

    code: str
    product: ProductInContext | None
    start: int  # in the normalised text
    end: int


def product_mentions(text: str, context: ReviewContext) -> list[Mention]:
    """Known names, codes, and strangers whose names are marked as such, in order of place."""
    spans: list[Mention] = []
    by_code = {p.code: p for p in context.products}
    names = [(p.code, p.name) for p in context.products] + [(r.code, r.name) for r in context.restricted]
    for code, name in names:
        if name:
            plain = plain_name(name)
            spans += [
                Mention(code=code, product=by_code.get(code), start=m.start(), end=m.end())
                for m in re.finditer(re.escape(plain), text)
            ]
    spans += [
        Mention(code=m.group(), product=by_code.get(m.group()), start=m.start(), end=m.end())
        for m in _CODE.finditer(text)
    ]
    if context.products:  # else nothing says what the firm sells
        known = [plain_name(name) for _, name in names if name]
        spans += [m for m in _strangers(text, context) if not any(m.code in name or name in m.code for name in known)]
    return sorted(spans, key=lambda m: (m.start, -m.end))


def _strangers(text: str, context: ReviewContext) -> Iterator[Mention]:
    """Funds that a text names and nobody handed in: in quotation marks, or by the title of a source."""
    for quoted in chain(_QUOTED_NAME.finditer(text), _SOLD_ELSEWHERE.finditer(text)):
        yield Mention(code=quoted["name"], product=None, start=quoted.start("name"), end=quoted.end("name"))
    titles = (_TITLED_NAME.match(plain_name(source.title)) for source in context.sources)
    for name in {title["name"] for title in titles if title}:
        for found in re.finditer(re.escape(name), text):
            yield Mention(code=name, product=None, start=found.start(), end=found.end())


def guessed_mentions(text: str, mentions: Sequence[Mention], context: ReviewContext) -> list[Mention]:
    """Names of funds by their shape alone: none beside a mention, as 云岭债（990005）, or short for a known name."""
    known = [plain_name(p.name) for p in context.products] + [plain_name(r.name) for r in context.restricted]
    taken = {at for m in mentions for at in range(m.start - (text[m.start - 1 : m.start] == "("), m.end + 1)}
    return [
        Mention(code=text[start:end], product=None, start=start, end=end)
        for start, end in stranger_reader()(text)
        if taken.isdisjoint(range(start, end + 1)) and not any(_is_short_for(text[start:end], name) for name in known)
    ]


def _is_short_for(name: str, known: str) -> bool:
    """Whether a name leaves out some characters of one that is known: 云岭债A for 云岭稳健债券A."""
    rest = iter(known)
    return all(char in rest for char in name.rstrip("ABCDEHIRY类"))
