"""Display of performance: six months or more, nothing under a year annualised, the benchmark beside."""

from __future__ import annotations

import re
from datetime import date

from compliance_filters.clauses import sentences
from compliance_filters.finding import Draft, Finding, ProductInContext, ReviewContext, Target
from compliance_filters.normalise import Normaliser, plain_name
from compliance_filters.rules import Rule, RulePack, compile_pattern

LEAST_MONTHS = 6  # of a fund's life and of every displayed interval; exactly six passes
_N = r"(?:[一二两三四五]|[1-5])"
_SHORT = re.compile(
    rf"(?:近|过去|最近|成立|上线|运作|短短|仅|这|这几|建仓|发行)(?:了|才|仅|不到|后)?{_N}个?月(?!\d|[一二三四五六七八九十])"
    r"|(?:近|过去|最近|短短|仅|这|成立)(?:了|才|仅)?(?:[一二两三四五六七八九十]{1,2}|\d{1,2})(?:个?(?:交易日|工作日)|周|天|日)"
    r"|(?:本|上|当)月|(?:本|上|这|当)周|单日|昨日|当日|一个?季度内|近一个?季度?"
)
_QUARTER = re.compile(r"(?:第?[一二三四1-4]季度|[本上单]季度?|Q[1-4])(?!报|末|报告)")
_UNDER_A_YEAR = re.compile(
    r"(?:近|过去|最近|这|短短|成立|运作)?(?:[一二两三四五六七八九十]|十一|1?\d)个月|半年|[本上单]季度?|[一二三四1-4]季度|(?:本|上|当)[月周]|"
    r"(?:\d{1,3}|[一二三四五六七八九十]{1,3})(?:天|日|周)"
)
_CONVERTED = re.compile(r"(?:折算|折合|换算|推算)(?:成|为|下来|后)?(?:的)?年化")
_ANNUALISED = re.compile(r"年化(?!波动|跟踪|标准差)")
_MONEY_FUND = re.compile(r"(?:七|7)日年化|每?万份收益|货币(?:市场)?基金|货币[A-E]?类?")
_MARKET = re.compile(r"指数|大盘|板块|行业|市场|上证|沪深|港股|美股|A股|国债|黄金|汇率")
_FUND = re.compile(r"基金|产品|组合|净值|这只|该|本基金|账户|它")
_SINCE_YEAR_START = re.compile("今年以来|年初至今|年内")
_CITED = re.compile(r"\[\d{1,3}\]")


class PerformanceFilter:
    """performance.display, from the words of a sentence and the metadata of its products."""

    name = "performance"

    def __init__(self, pack: RulePack) -> None:
        self._rule: Rule = pack.rule("performance.display")
        cue = pack.settings["performance_cue"]
        self._shown = compile_pattern(cue + r"[^,;:。!?\n]{0,12}(?:{pct}|翻倍|翻番|一倍)")
        self._normalise = Normaliser(pack.lexicon)

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        """At most one finding a sentence: the first thing that is wrong with it."""
        if draft.target in (Target.CLIENT_INPUT, Target.ADVISOR_SPEECH):
            return ()
        source = self._normalise(draft.text)
        found: list[Finding] = []
        shown_at: tuple[int, int] | None = None
        for sentence in sentences(source.text):
            shown = self._shown.search(sentence.text)
            if not shown or _MONEY_FUND.search(sentence.text) or _is_market(sentence.text):
                continue
            shown_at = shown_at or (sentence.start + shown.start(), sentence.start + shown.end())
            cited = bool(_CITED.search(sentence.text) or _CITED.match(sentence.after))
            fault = self._fault(sentence.text, shown, draft, context, cited)
            if fault:
                why, start, end = fault
                place = source.original_span(sentence.start + start, sentence.start + end)
                found.append(self._finding(draft.text, *place, why))
        if not found and shown_at and self._lacks_benchmark(source.text, draft, context):
            found.append(self._finding(draft.text, *source.original_span(*shown_at), "没有列示业绩比较基准"))
        return tuple(found)

    def _fault(
        self, text: str, shown: re.Match[str], draft: Draft, context: ReviewContext, cited: bool
    ) -> tuple[str, int, int] | None:
        under_a_year = _UNDER_A_YEAR.search(text)
        converted = _CONVERTED.search(text)
        annualised = converted or (under_a_year and _ANNUALISED.search(text))
        if annualised:
            start = min(shown.start(), under_a_year.start() if under_a_year else annualised.start())
            return (
                "不足一年的区间不得年化",
                min(start, annualised.start()),
                max(shown.end(), annualised.end()),
            )
        young = self._young(text, context)
        if young:
            return f"{young.name}成立不足六个月", shown.start(), shown.end()
        if cited and context.channel == "sidebar" and draft.target is Target.ANSWER:
            return None  # a figure of a regular report quoted to the adviser with its source is no display
        short = self._short(text, context)
        if short:
            return "展示区间短于六个月", min(short.start(), shown.start()), max(short.end(), shown.end())
        return None

    def _short(self, text: str, context: ReviewContext) -> re.Match[str] | None:
        found = _SHORT.search(text)
        if found is None and context.channel != "sidebar":
            found = _QUARTER.search(text)
        if found is None and context.today < date(context.today.year, 7, 1):
            found = _SINCE_YEAR_START.search(text)
        return found

    def _young(self, text: str, context: ReviewContext) -> ProductInContext | None:
        for product in context.products:
            named = product.code in text or (product.name and plain_name(product.name) in text)
            only = len(context.products) == 1
            if product.inception and (named or only) and _months_later(product.inception) > context.today:
                return product
        return None

    def _lacks_benchmark(self, text: str, draft: Draft, context: ReviewContext) -> bool:
        delivered = draft.target is Target.REPORT and context.channel != "sidebar"
        return delivered and "基准" not in text

    def _finding(self, text: str, start: int, end: int, why: str) -> Finding:
        reason = self._rule.reason.replace("{quote}", text[start:end]).replace("{why}", why)
        return self._rule.finding(text, start, end, reason=reason)


def _is_market(text: str) -> bool:
    return bool(_MARKET.search(text)) and not _FUND.search(text)


def _months_later(day: date) -> date:
    """The day six months on; the last day of the month where that day does not exist."""
    month = day.month - 1 + LEAST_MONTHS
    year, month = day.year + month // 12, month % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
