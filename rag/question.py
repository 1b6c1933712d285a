"""What a question names, and what it leaves to the turns before it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from knowledge_base.access import Principal
from knowledge_base.metrics import metrics as all_metrics
from knowledge_base.periods import PeriodMatch
from knowledge_base.products import MetricMatch, ProductMatch, ResolvedQuestion
from prompts.chat import Message
from rag.tokens import question_terms

Shares = Callable[[Sequence[str]], dict[str, float]]

_HAN = re.compile(r"[\u4e00-\u9fff]")
_CODE = re.compile(r"(?<![\d.,])\d{6}(?![\d.,%年月日元份股])")
_NAMED_FUND = re.compile(
    r"(?P<name>[\u4e00-\u9fffA-Za-z0-9]{2,24}?)"
    r"(?:(?:灵活配置|持有期|定期开放|养老目标)?(?:混合|债券|股票|货币|指数)型?(?:证券投资基金|基金)?[A-EH]?"
    r"|ETF(?:联接)?[AC]?|LOF|FOF|集合资产管理计划|证券投资基金|基金)"
)
# what may stand before a kind of fund without naming one
_FUNCTION = re.compile(
    r".*(?:请问|什么|怎么|怎样|如何|哪些|哪只|这只|那只|哪个|这个|那个|是不是|有没有|关于|比较|推荐|购买|投资|持有|了解|"
    r"赎回|申购|认购|定投|客户|公司|属于|不同|所有|一般|普通|[的在是和与及跟对把被有请问查下买卖只年月度、，,？?！!。])"
)
_GENERIC = re.compile(
    r"本|该|此|公募|私募|主动|被动|偏股|偏债|纯债|中短债|短债|二级|一级|可转债|灵活|配置|平衡|增强|开放式|封闭式|养老|行业|"
    r"主题|宽基|沪深|中证|新|老|类|型|等|证券|投资|其他|某|多|几|一|二|两|三|股票|债券|货币|混合|指数|场内|场外|境外|商品|黄金"
)
# what a question may hold beside names, periods and metrics without asking for more than the figure
_FILLER = re.compile(
    r"请问|帮我|查一?下|告诉我?|报告期|期[内末初间]|年[末度]|截[至止]|分别|同期|以及|多少|几何|什么|怎么样|怎样|如何|现在|目前|最新|当前|"
    r"水平|情况|数据|这只|那只|那个|这个|本基金|基金|产品|[A-EＡ-Ｅ]类|份额|一下|数值|大概|具体|[和与及是为的了在有呢吗啊么各那它其我想你看对比]"
)
_FEW_CHARS = 2
_BROAD_CHARS = 3  # a metric named in so few characters (风险, 收益) may be a mere topic
_FOLLOW_UP = re.compile(r"^(?:那么?|然后|还有|以及|再|它|其|该|这只|那只|这个|同期)|呢[？?]?$")


class Resolver(Protocol):
    """Finds products, periods and metrics in a question (knowledge_base.products.Products)."""

    def resolve(self, question: str, *, principal: Principal, today: date | None = None) -> ResolvedQuestion: ...


@dataclass(frozen=True, kw_only=True)
class Understood:
    """A question with everything it is about, also what it took over from history."""

    question: str
    search_text: str  # without product names and periods: those are filters
    products: tuple[ProductMatch, ...] = ()
    ambiguous: tuple[tuple[ProductMatch, ...], ...] = ()
    periods: tuple[PeriodMatch, ...] = ()
    metrics: tuple[MetricMatch, ...] = ()
    unknown: tuple[str, ...] = ()  # products named that nobody here knows
    says_only_names: bool = False  # nothing is asked beyond the metrics named

    @property
    def product_codes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(code for match in self.products for code in match.codes))

    @property
    def calendar_periods(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(match.period for match in self.periods if match.period))


def understand(
    question: str,
    history: Sequence[Message],
    resolver: Resolver,
    shares: Shares,
    *,
    principal: Principal,
    on: date,
) -> Understood:
    """Resolve a question; what it does not name is taken from the latest turn that does.

    `shares` tells how common terms are in the index: a name of which no trace exists is unknown.
    """
    named = resolver.resolve(question, principal=principal, today=on)
    unknown = unknown_products(question, named, shares)
    only_names = len(_HAN.findall(_FILLER.sub("", _blank(question, named, metrics=True)))) <= _FEW_CHARS
    products, periods = named.products, named.periods
    metrics = tuple(metric for metric in named.metrics if only_names or not _is_topic(metric))
    before = [] if unknown else _earlier(history, resolver, principal, on)
    if not products and not named.ambiguous:
        products = next((turn.products for turn in before if turn.products), ())
    follows = _leans_on_history(question, named)
    if follows and not metrics:
        metrics = next((turn.metrics for turn in before if turn.metrics), ())
    if follows and not periods:
        periods = next((turn.periods for turn in before if turn.periods), ())
    carried_text = before[0].question if follows and before and not metrics else ""
    return Understood(
        question=question,
        search_text=_search_text(carried_text + question, named, metrics),
        products=products,
        ambiguous=named.ambiguous,
        periods=periods,
        metrics=metrics,
        unknown=unknown,
        says_only_names=only_names,
    )


def _is_topic(metric: MetricMatch) -> bool:
    """In a longer question a broad word names what it is about, not the figure (基金经理如何看待后市)."""
    return metric.end - metric.start <= _BROAD_CHARS or all_metrics()[metric.id].value == "words"


def unknown_products(question: str, named: ResolvedQuestion, shares: Shares) -> tuple[str, ...]:
    """Codes and fund-like names in the question that resolve to no product and occur in no document."""
    taken = [(m.start, m.end) for m in (*named.products, *(m for group in named.ambiguous for m in group))]
    codes = [m.group() for m in _CODE.finditer(question) if not _overlaps(m.span(), taken)]
    found = [code for code in codes if not any(shares([code]).values())]
    for match in _NAMED_FUND.finditer(question):
        proper = _proper_part(match.group("name"))
        if not _overlaps(match.span(), taken) and len(proper) >= 2 and _without_trace(proper, shares):
            found.append(match.group()[match.group().index(proper) :])
    return tuple(dict.fromkeys(found))


def _proper_part(name: str) -> str:
    """What is left of a name after words that may stand before any fund."""
    rest = _FUNCTION.sub("", name)
    return rest if len(_GENERIC.sub("", rest)) >= 2 else ""


def _without_trace(proper: str, shares: Shares) -> bool:
    known = shares(question_terms(proper))
    return any(share == 0 for share in known.values())


def _overlaps(span: tuple[int, int], taken: Sequence[tuple[int, int]]) -> bool:
    return any(start < span[1] and span[0] < end for start, end in taken)


def _earlier(history: Sequence[Message], resolver: Resolver, principal: Principal, on: date) -> list[ResolvedQuestion]:
    """The advisor's earlier questions resolved, latest first; answers are not asked for what was meant."""
    asked = [message.content for message in reversed(history) if message.role != "assistant"]
    return [resolver.resolve(text, principal=principal, today=on) for text in asked[:6]]


def _leans_on_history(question: str, named: ResolvedQuestion) -> bool:
    """True for 那2023年呢 and the like: a follow-up by its words, or nothing left but names and periods."""
    if _FOLLOW_UP.search(question.strip()):
        return True
    return not named.metrics and not question_terms(_blank(question, named))


def _search_text(question: str, named: ResolvedQuestion, metrics: Sequence[MetricMatch]) -> str:
    text = _blank(question, named) if question == named.question else question
    missing = [metric.label for metric in metrics if metric.label not in text]
    return " ".join([text.strip(" 的，,、"), *missing]).strip() or question


def _blank(question: str, named: ResolvedQuestion, *, metrics: bool = False) -> str:
    """The question without the words that name products and periods (and metrics, where asked)."""
    chars = list(question)
    spans = [(match.start, match.end) for match in named.products]
    spans += [(match.start, match.end) for match in named.periods]
    spans += [(match.start, match.end) for match in named.metrics if metrics]
    for start, end in spans:
        chars[start:end] = " " * (end - start)
    return re.sub(r"\s+", " ", "".join(chars))
