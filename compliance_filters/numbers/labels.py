"""The words right before a figure that tell it from others of its attribute: 电子 of 其中电子36.2%."""

from __future__ import annotations

import re

from compliance_filters.numbers.pages import FORMER, Page

_LAYERS = 8  # of words that tell nothing, attributes and periods before a figure
_TELLING = re.compile("(?:(?![是为有占的较比由从里])[A-Za-z0-9\u4e00-\u9fff]){2,8}$")
_UNTELLING = re.compile(
    "(?:目前|当前|大约|约|仅|分别|其中|合计|为|是|达|到|至|了|的|占|近|超过|不足|只|有|共|累计|金额|整体|已|曾|则|而|也|又|还|可|在"
    "|[（(：:、和与及\\s]|[当今昨单本上全][日月周天年季]|[一两三四五六七八九十半]{1,2}个?(?:[日月周天年季]|季度)|同比|环比|同期|截至|上升|下降|上涨|下跌|降|升|涨|跌|减|增"
    "|由|从|比|较|以|按|就|都|均|各|每)+$"
)
_ROW = re.compile(
    "(?:(?:期末|季末|年末|月末|其中|目前|当前)[，,]?)?(?P<row>[\u4e00-\u9fff]{2,8}(?:[、和与及][\u4e00-\u9fff]{2,8}?){1,5}?)"
    "(?:资产|仓位|占比|比例|的)?(?:分别|依次|各)(?:占|为|是|达|约)[\u4e00-\u9fff]{0,6}$"
)
_MEMBER = re.compile("[^、和与及]{2,8}")
_NOUN = 2  # characters right behind a figure that may be what it is of


def label_of(page: Page, index: int) -> tuple[int, int]:
    """Start and end of the words; (0, 0) where a figure has none of its own."""
    figure, text = page.figures[index], page.text
    if figure.label or figure.rank or figure.quantity.unit == "pp":
        return 0, 0
    if page.is_enumerated(index):
        return _listed(page, index)
    if FORMER.search(text, figure.stretch, figure.start):
        return 0, 0
    end = _end(page, figure.stretch, figure.start)
    if figure.stretch == figure.previous_end > figure.sentence and end - figure.stretch <= _NOUN:
        return 0, 0  # 60%固收+40%权益: of the figure before
    found = _TELLING.search(text, figure.stretch, end)
    return found.span() if found else (0, 0)


def _listed(page: Page, index: int) -> tuple[int, int]:
    """The k-th of the nouns that stand in a row for the k-th figure: 股票、债券和现金分别占31.6%、62.4%和6.0%."""
    first, last = page.group(index)
    head = page.figures[first]
    row = _ROW.search(page.text, head.stretch, head.start)
    if row is None:
        return 0, 0
    spans = [m.span() for m in _MEMBER.finditer(page.text, *row.span("row"))]
    return spans[index - first] if len(spans) == last - first + 1 else (0, 0)


def _end(page: Page, start: int, end: int) -> int:
    """Where the words end, without attribute, period and words that tell nothing."""
    for _ in range(_LAYERS):
        begins = page.word_that_ends(end)
        if begins < start:
            begins = start + len(_UNTELLING.sub("", page.text[start:end]))
        if begins == end:
            break
        end = begins
    return end
