"""A fund named by the first characters of its name's words and its kind: 通航ETF for 通用航空产业ETF.

Words of names are of two characters, so two characters before a kind of fund are initials of a name in which they
stand two apart. Only one product of that kind may fit, and a manager's brand before them must be its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from knowledge_base.abbreviations import COMMON, brand_at, brands
from knowledge_base.products import KnownName

KIND = re.compile(r"([\u4e00-\u9fff]{2})\s*(ETF|LOF|FOF|REIT)", re.IGNORECASE)
FORMS = {"ETF": "交易型开放式", "FOF": "基金中基金", "LOF": "上市开放式", "REIT": "基础设施"}
# what may stand before a kind of fund that no manager's name narrows
APART = re.compile(r"(?:^|[^\u4e00-\u9fffA-Za-z0-9]|[的问下看是和与跟查说把对买卖投])$")


def is_form(form: str, name: str) -> bool:
    """Whether a name or title says the form of a fund; reports write an ETF out."""
    return form in name.upper() or FORMS[form] in name


def find_initials(text: str, names: Sequence[KnownName]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Main code of each fund named so, and start and end of its words, brand and kind with them."""
    for found in KIND.finditer(text):
        brand = _brand_before(text[: found.start()])
        if not brand and not APART.search(text[: found.start()]):
            continue
        fitting = {one.main_code for one in names if _fits(one.name, brand, found[1], found[2].upper())}
        if len(fitting) == 1:
            yield fitting.pop(), (found.start() - len(brand), found.end())


def _brand_before(text: str) -> str:
    return next((brand for brand in brands() if text.endswith(brand)), "")


def _fits(name: str, brand: str, initials: str, form: str) -> bool:
    own = brand_at(name)
    if (brand and brand != own) or not is_form(form, name) or initials in name:
        return False
    words = COMMON.sub(" ", name.removeprefix(own))
    return any(words[at] + words[at + 2] == initials and " " not in words[at : at + 4] for at in range(len(words) - 3))
