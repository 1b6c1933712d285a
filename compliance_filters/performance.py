"""Display of performance: six months or more, nothing under a year annualised, no chosen best, the benchmark beside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from compliance_filters.clauses import Sentence, sentences
from compliance_filters.finding import Draft, Finding, Outcome, ProductInContext, ReviewContext, Source, Target
from compliance_filters.intervals import LEAST_MONTHS, interval_of
from compliance_filters.normalise import plain_name
from compliance_filters.numbers.periods import Period, period_of_fact, periods_in
from compliance_filters.rules.pack import Rule, RulePack, compile_pattern

A_YEAR = 12
_SHOWS_NUMBER = re.compile(r"[%成倍番]|百分|个点")
_RATE = re.compile(r"[^,;。\n]{0,10}?\d[\d.]{0,6}%")
_CONVERTED = re.compile(r"(?:折算|折合|换算|推算)(?:成|为|下来|后)?(?:的)?年化")
_ANNUALISED = re.compile(r"年化(?!波动|跟踪|标准差|超额波动)")
_MONEY_FUND = re.compile(r"(?:七|7)日年化|每?万份收益|货币(?:市场)?基金|货币[A-E]?类?")
_MARKET = re.compile(
    r"指数|沪指|深指|深成指|恒指|纳指|道指|两市|大盘|板块|行业|市场|上证|沪深|港股|美股|A股|国债|黄金|汇率|风格|原油|商品|债市|股市|中证|恒生|纳斯达克|标普"
)
_FUND = re.compile(r"基金|产品|组合|净值|这只|该|账户|它|业绩比较基准|同期基准")
_NO_FUND = re.compile(
    r"净利润|营业?收入|营收|毛利|GDP|CPI|PPI|PMI|销量|出货|产量|渗透率|国债收益率|到期收益率|存款|贷款|社融|出口|进口"
    r"|(?:同比|环比)(?:增长|上涨|下降|下跌|上升)|(?<!净值)(?:同比|环比)[涨跌升降增减]|票面|股息率|利率|费率"
)
# What has not been earned yet is a prediction, which is another rule's.
# The words that every display needs are no prediction: 历史业绩不预示未来表现.
_DISCLAIMED = re.compile(
    r"[^,;。]{0,12}(?:不(?:会|能)?(?:预示|代表|保证|说明|构成|等于|意味)|(?:说明|代表|保证)不了)[^,;。]{0,14}"
)
_EXPECTED = re.compile("预期|预计|未来|有望|预测|估计|模型测算|假设|情景|明年|后年|年底能|能赚|能涨|会涨|将涨|目标收益")
# 增长 alone is said of whatever can be counted; a fund's is told by words of a fund. What must be earned back is none.
_GROWS = re.compile("^增长率?")
# What else of a fund may rise or fall: 规模从21.30亿扩到23.15亿，涨了8.7%.
_OTHER_SUBJECT = re.compile(
    "规模|份额|户数|人数|持有人|费用|管理费|收入|利润|销量|产量|出货|装机|客流|单价|余额|存款|贷款"
)
_OF_A_FUND = re.compile("净值|基金|产品|组合|这只|业绩|收益|回报")
_OF_A_FUND_BY_VALUE = re.compile("净值|收益|回报|业绩|年化|成立以来|近[一二三五半]")
_TO_RECOVER = re.compile("(?:需要?|须|(?<![录取获使值])得|(?<!主)要|才能?)(?:再|上|先){0,2}涨(?!幅)[^,;。]{0,12}$")
_IN_A_PERIOD = re.compile(
    "今年|去年|前年|年内|20\\d\\d年|上半年|下半年|[一二三四]季度|近[一二三四五六半两\\d]|成立以来|以来"
)
_OWN_ACCOUNT = re.compile(r"您(?:的)?(?:持有|账户|持仓|浮盈|浮亏)|持有收益|持仓收益|浮盈|浮亏|持有以来")
_CHOSEN = re.compile(
    r"(?:表现|业绩|收益|成绩|涨幅|回报)?(?:最好|最高|最佳|最亮眼|最出色|最辉煌|最牛|最强)的?(?:那|这)?(?:一|1)?(?:年|个?年度|年份|个?季度|个?月|阶段|区间|时期)"
    r"|(?:只|仅|单|就)(?:看|列|说|展示|选取|截取|挑)[^,;。!?\n]{0,10}(?:年|月|季度|区间|阶段)"
    r"|(?:看|列|说|展示)[^,;。!?\n]{0,8}(?:年|季度)[^,;。!?\n]{0,2}(?:就够|足矣|就行了)"
    r"|(?:其余|其他|其它|别的)年(?:份|度)?[^。!?\n;]{0,12}不(?:再|一一|必)?(?:列|提|展示|赘述)"
    r"|高光(?:时刻|年份?|阶段)|其(?:余|他)年(?:度|份)?(?:均|都)?(?:从略|略去|略|不列|不提)"
)
_CITED = re.compile(r"\[(\d{1,3})\]")
_REGULAR_REPORT = re.compile("季度报告|年度报告|中期报告|半年报|年报|季报")
_LEAST_KNOWN_YEARS = 3  # full years known before the choice of one of them says something


@dataclass(frozen=True, kw_only=True)
class _Fault:
    why: str
    start: int  # in the sentence
    end: int


class PerformanceFilter:
    """performance.display, from the words of a sentence and the metadata of its products."""

    name = "performance"

    def __init__(self, pack: RulePack) -> None:
        self._rule: Rule = pack.rule("performance.display")
        cue = pack.settings["performance_cue"]
        self._shown = compile_pattern(cue + r"[^,;。!?\n]{0,14}?(?:{pct}|翻倍|翻番|一倍)")
        self._normalise = pack.normalise

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        """At most one finding a sentence: the first thing that is wrong with it."""
        if draft.target in (Target.CLIENT_INPUT, Target.ADVISOR_SPEECH) or not _SHOWS_NUMBER.search(draft.text):
            return ()
        source = self._normalise(draft.text)
        found: list[Finding] = []
        displayed: list[tuple[Sentence, re.Match[str]]] = []
        for sentence in sentences(source.text):
            for shown in self._displays(sentence, context):
                displayed.append((sentence, shown))
                fault = self._fault(sentence, shown, draft, context)
                if fault:
                    place = source.original_span(sentence.start + fault.start, sentence.start + fault.end)
                    found.append(self._finding(draft.text, *place, fault.why))
                    break
        if found or not displayed:
            return tuple(found)
        sentence, shown = displayed[0]
        place = source.original_span(sentence.start + shown.start(), sentence.start + shown.end())
        why = self._whole(source.text, displayed, draft, context)
        if why:
            return (self._finding(draft.text, *place, why),)
        return self._unknown_life(source.text, displayed, draft, context, place)

    def _displays(self, sentence: Sentence, context: ReviewContext) -> Iterator[re.Match[str]]:
        """Returns of funds that a sentence shows; the seven-day yield of a money fund is none."""
        text = sentence.text
        if not _SHOWS_NUMBER.search(text) or is_expected(text):
            return
        for shown in self._shown.finditer(_without_names(text, context)):
            clause = text[slice(*_clause_span(text, shown))]
            if _NO_FUND.search(clause) or _OWN_ACCOUNT.search(clause) or _MONEY_FUND.search(clause):
                continue
            if _is_money_fund(text, context) or is_market(text, context) or _is_of_no_fund(text, shown, context):
                continue
            yield shown

    def _fault(self, sentence: Sentence, shown: re.Match[str], draft: Draft, context: ReviewContext) -> _Fault | None:
        text = sentence.text
        interval = interval_of(text, shown, context.today)
        start = min(shown.start(), interval.start) if interval else shown.start()
        end = max(shown.end(), interval.end) if interval else shown.end()
        months = interval.months if interval else None
        converted = _CONVERTED.search(text)
        annualised = _ANNUALISED.search(text, *_clause_span(text, shown))
        if (converted and months is None) or ((converted or annualised) and months is not None and months < A_YEAR):
            last = max((m.end() for m in (converted, annualised) if m), default=end)
            rate = _RATE.match(text, last)
            return _Fault(why="不足一年的区间不得年化", start=start, end=max(end, rate.end() if rate else last))
        young = _young(text, context)
        if young:
            return _Fault(why=f"{young.name}成立不足六个月", start=shown.start(), end=shown.end())
        chosen = _CHOSEN.search(text)
        if chosen:
            first, last = min(start, chosen.start()), max(end, chosen.end())
            return _Fault(why="只展示了表现最好的区间", start=first, end=last)
        if months is not None and months < LEAST_MONTHS and not _quotes_report(sentence, draft, context):
            return _Fault(why="展示区间短于六个月", start=start, end=end)
        return None

    def _whole(
        self, text: str, displayed: list[tuple[Sentence, re.Match[str]]], draft: Draft, context: ReviewContext
    ) -> str | None:
        """What is wrong with the display as a whole."""
        delivered = context.channel != "sidebar" or draft.target is Target.REPORT
        if delivered and "基准" not in text and not _all_funds_are_money(context):
            return "没有列示业绩比较基准"
        if draft.target is not Target.ANSWER and _only_the_best_year(displayed, context):
            return "只展示了表现最好的一年"
        return None

    def _unknown_life(
        self,
        text: str,
        displayed: list[tuple[Sentence, re.Match[str]]],
        draft: Draft,
        context: ReviewContext,
        place: tuple[int, int],
    ) -> tuple[Finding, ...]:
        """A doubt where a performance goes to a client and nothing tells that the fund has lived six months.

        An interval that long tells it: a fund of three months has no 近一年.
        """
        if context.channel == "sidebar":
            return ()
        intervals = [interval_of(sentence.text, shown, context.today) for sentence, shown in displayed]
        if any(i is not None and i.months is not None and i.months >= LEAST_MONTHS for i in intervals):
            return ()
        named = [p for p in context.products if _named(p, text) or len(context.products) == 1]
        if all(p.inception for p in named):
            return ()
        reason = self._finding(draft.text, *place, "不知道产品的成立日期").reason
        return (self._rule.finding(draft.text, *place, reason=reason, outcome=Outcome.REVIEW),)

    def _finding(self, text: str, start: int, end: int, why: str) -> Finding:
        reason = self._rule.reason.replace("{quote}", text[start:end]).replace("{why}", why)
        return self._rule.finding(text, start, end, reason=reason)


def is_expected(text: str) -> bool:
    """Whether a sentence speaks of what is yet to be earned; that it need not come is no such speech."""
    return bool(_EXPECTED.search(_DISCLAIMED.sub("", text)))


def is_market(text: str, context: ReviewContext) -> bool:
    """Whether a sentence speaks of an index, a sector or a style, and of no fund."""
    if not _MARKET.search(text) or _FUND.search(text):
        return False
    return not any(_named(product, text) for product in context.products)


def _is_of_no_fund(text: str, shown: re.Match[str], context: ReviewContext) -> bool:
    """Whether nothing in the sentence says that a fund grew (多了620户，增长5%), or a fall has to be earned back."""
    if _TO_RECOVER.search(text, 0, shown.end()):
        return True
    if _is_of_another(text, shown):
        return True
    if not _GROWS.match(shown.group()):
        return False
    return not (_OF_A_FUND.search(text, 0, shown.start()) or any(_named(product, text) for product in context.products))


def _is_of_another(text: str, shown: re.Match[str]) -> bool:
    """Whether what grew is named in the clause of the figure, or right before it where that clause names no period:
    规模23亿元，今年以来上涨35.2% is said of the fund."""
    start, _ = _clause_span(text, shown)
    own = max((m.end() for m in _OF_A_FUND_BY_VALUE.finditer(text, start, shown.end())), default=start)
    if any(m.end() > own for m in _OTHER_SUBJECT.finditer(text, start, shown.start())):
        return True
    if own > start or _IN_A_PERIOD.search(text, start, shown.end()):
        return False
    before = max(text.rfind(mark, 0, max(0, start - 1)) for mark in ",;:") + 1
    own = max((m.end() for m in _OF_A_FUND_BY_VALUE.finditer(text, before, start)), default=before)
    return any(m.end() > own for m in _OTHER_SUBJECT.finditer(text, before, start))


def _clause_span(text: str, shown: re.Match[str]) -> tuple[int, int]:
    """The clause of a shown return; 同比 and the like of the clause before do not reach into it."""
    start = max(text.rfind(mark, 0, shown.start()) for mark in ",;:") + 1
    ends = [at for mark in ",;" if (at := text.find(mark, shown.end())) >= 0]
    return start, min(ends, default=len(text))


def _quotes_report(sentence: Sentence, draft: Draft, context: ReviewContext) -> bool:
    """A regular report quoted to the adviser, with its source, is no display to anybody."""
    if context.channel != "sidebar" or draft.target is not Target.ANSWER:
        return False
    cited = {int(n) for n in _CITED.findall(sentence.text + sentence.after[:16])}
    return any(s.n in cited and _is_regular(s) for s in context.sources)


def _is_regular(source: Source) -> bool:
    return bool(_REGULAR_REPORT.search(source.title))


def _young(text: str, context: ReviewContext) -> ProductInContext | None:
    for product in context.products:
        meant = _named(product, text) or len(context.products) == 1
        if product.inception and meant and months_later(product.inception, LEAST_MONTHS) > context.today:
            return product
    return None


def _named(product: ProductInContext, text: str) -> bool:
    return product.code in text or bool(product.name and plain_name(product.name) in text)


def _without_names(text: str, context: ReviewContext) -> str:
    """The text with the names of its products blanked, at the same length: a 稳健回报混合 shows no 回报."""
    for product in context.products:
        name = plain_name(product.name)
        text = text.replace(name, "□" * len(name)) if name else text
    return text


def _is_money_fund(text: str, context: ReviewContext) -> bool:
    named = [p for p in context.products if _named(p, text)]
    named = named or (list(context.products) if len(context.products) == 1 else [])
    return bool(named) and all("货币" in (p.product_type or "") for p in named) and "年化" in text


def _all_funds_are_money(context: ReviewContext) -> bool:
    return bool(context.products) and all("货币" in (p.product_type or p.name) for p in context.products)


def _only_the_best_year(displayed: list[tuple[Sentence, re.Match[str]]], context: ReviewContext) -> bool:
    """Whether one full year is shown, the best of several that are known, and no longer interval beside it."""
    years: dict[int, Decimal] = {}
    for fact in context.facts:
        if (
            fact.unit.strip() in ("%", "％")
            and "基准" not in fact.name
            and re.search("增长率|收益|回报|涨幅", fact.name)
        ):
            for period in period_of_fact(fact.period, fact.name):
                if period.kind == "calendar" and period.year and (period.first, period.last) == (1, 12):
                    years[period.year] = fact.value
    shown: set[Period] = set()
    for sentence, _ in displayed:
        shown |= {m.value for m in periods_in(sentence.text) if m.value.kind != "day"}
    if len(years) < _LEAST_KNOWN_YEARS or len(shown) != 1:
        return False
    only = next(iter(shown))
    return only.year in years and years[only.year] == max(years.values()) and min(years.values()) < 0


def months_later(day: date, months: int) -> date:
    """The day some months on; the last day of the month where that day does not exist."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month, last)
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")
