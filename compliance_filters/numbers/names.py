"""The names that a text may call a product by: whole, without class and kind, its beginning, its house alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from compliance_filters.finding import ProductInContext
from compliance_filters.numbers.mentions import Mention, mention_finder

_CLASS = re.compile(r"(?<=[债券合票金数币])[A-EY]类?$")
_KIND_OF_FUND = re.compile(r"(?:混合|债券|股票|指数|货币|基金)?(?:型|发起式?)*[A-CEHIY]?类?$")
_LEAST_NAME, _LEAST_SHORT_FORM = 2, 4  # characters
_HOUSE = range(2, 5)  # characters of 岚峰, 北极星
_PLAIN = re.compile("[\u4e00-\u9fff]+")
# 岚峰基金, 岚峰公司 publish and manage; they are no fund.
_OF_A_HOUSE = re.compile("基金(?![A-E])|证券|资管|资产|公司|管理|财富|投研|研究")
_CALLED = re.compile(
    "(?:基金|证券|资管|资产|财富)(?:管理)?(?:有限)?(?:责任)?(?:公司)?$|(?:那只|这只)?(?:持仓|持有|市值|份额|近|过去|最大)"
)


def product_names(products: Sequence[ProductInContext], told: Iterable[str]) -> dict[str, str]:
    """Codes by name. `told`: publishers of sources and names of facts, which show what a house is called."""
    names: dict[str, str] = {}
    for product in products:
        names[product.code] = product.code
        for form in _forms(product.name):
            names.setdefault(form, product.code)
    for form, code in _short_forms(products, tuple(told)):
        names.setdefault(form, code)
    return {name: code for name, code in names.items() if len(name) >= _LEAST_NAME}


def product_finder(names: Mapping[str, str]) -> Callable[[str], list[Mention]]:
    """Finds products in a text; the name of a house before 基金 or 公司 is none."""
    found = mention_finder(names)
    return lambda text: [m for m in found(text) if m.end - m.start > _HOUSE[-1] or not _OF_A_HOUSE.match(text, m.end)]


def shared_names(products: Sequence[ProductInContext]) -> frozenset[str]:
    """Names that several products have without their class: a report's title is of no one class."""
    forms = Counter(form for product in products for form in dict.fromkeys(_forms(product.name)))
    return frozenset(form for form, times in forms.items() if times > 1)


def _forms(name: str) -> Iterator[str]:
    """A name as it stands, without class, and without kind: 云岭稳健增利债券A, 云岭稳健增利债券, 云岭稳健增利."""
    yield name
    for form in (name.removesuffix("证券投资基金"), _CLASS.sub("", name), _KIND_OF_FUND.sub("", name)):
        if len(form) >= _LEAST_SHORT_FORM:
            yield form


def _short_forms(products: Sequence[ProductInContext], told: Sequence[str]) -> Iterator[tuple[str, str]]:
    """岚峰, 岚峰稳健 and 稳健回报混合 of 岚峰稳健回报混合A, where no other product could be meant.

    A house is only what a source's publisher or a fact is called by: 南方 and 国债 are words, too.
    """
    for product in products:
        others = [other.name for other in products if other.code != product.code]
        house = _house(product.name, told)
        stem = _KIND_OF_FUND.sub("", product.name)
        if not house:
            continue
        for form in (stem[:end] for end in (len(house), *range(len(house) + 2, len(stem)))):
            if _PLAIN.fullmatch(form) and not any(name.startswith(form) for name in others):
                yield form, product.code
        for form in (_CLASS.sub("", product.name)[len(house) :], product.name[len(house) :]):
            if len(form) >= _LEAST_SHORT_FORM and form not in stem and not any(form in name for name in others):
                yield form, product.code


def _house(name: str, told: Sequence[str]) -> str:
    for size in reversed(_HOUSE):
        house = name[:size]
        if any(_is_called(house, words) for words in told):
            return house
    return ""


def _is_called(house: str, words: str) -> bool:
    return words.startswith(house) and _CALLED.match(words, len(house)) is not None
