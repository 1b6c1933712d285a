"""What a question names, and what it leaves to the turns before it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from knowledge_base.access import Principal
from knowledge_base.metrics import metrics as all_metrics
from knowledge_base.periods import PeriodMatch, last_day
from knowledge_base.products import MetricMatch, ProductMatch, ResolvedQuestion
from prompts.chat import Message
from rag.asking import Asks, asks
from rag.card import card, share_card
from rag.meant import metrics_meant, with_related
from rag.tokens import names_a_thing, question_terms, question_words
from rag.unknown import Shares, unknown_products

_HAN = re.compile(r"[\u4e00-\u9fff]")
# what a question may hold beside names, periods and metrics without asking for more than the figure
_FILLER = re.compile(
    r"(?:有个?|刚才)?客户(?:想)?(?:问|说|想?知道|打听)|请问|问下|帮我|查一?下|告诉我?|报告期|期[内末初间]|年[末度]|截[至止]|分别|各自?|同期|以及|多少|几何|什么|怎么样|怎样|如何|现在|目前|最新|当前|"
    r"水平|情况|数据|这只|那只|那个|这个|本基金|基金|产品|组合|[A-EYＡ-Ｅ](?:类|份额)?|两类|三类|份额|一下|数值|大概|具体|末|底|哪[个只家天些]|谁|啥|几个人|几位|一年|"
    r"相?差|合计|一共|加起来|总共|加总|总[和计]?|比较|对比|相比|增加|减少|少了?|多了?|降了?|高|低|大|小|好|几个点|点|倍|"
    r"没错|正确|对不对|是不是|是吗|对吧|对吗|是吧|吧|听说|其实|应该|跟|两个|三个|一个|只|位|元|块|万|亿|钱|份|％|%|\d+|"
    r"[和与及是为的了在有呢吗啊么各那它其我想你看对比从到至按共]"
)
_NOTHING_ASKED = re.compile(
    r"(?:请问|帮我|查一?下|看看|介绍|说说|讲讲|一下|最近|近期|近来|目前|现在|怎么样|如何|情况|是[个只款]?(?:什么|啥|哪[个只款]?)|这只|基金|产品|"
    r"[的呢吗啊？?，。！!\s])*"
)
_FEW_CHARS = 2
_FEW_CLAIMED_CHARS = 6  # of what a question takes for granted: a person's or a bank's name
_BROAD_CHARS = 3  # a metric named in so few characters (风险, 收益) may be a mere topic
_FOLLOW_UP = re.compile(r"^(?:那么?|然后|还有|以及|再|它|其|该|这只|那只|这个(?!客户)|同期)|呢[？?]?$")
_PRONOUN = re.compile(r"它(?!们)|这[只款]|这个(?:基金|产品)|该(?:基金|产品)|本基金|刚才(?:那|的)[只个款]")
_BESIDE = re.compile(rf"[和跟与比](?:{_PRONOUN.pattern})")
_WITH_YEAR_BEFORE = re.compile(r"比(?:上一?|前一?)年|同比")
_ASKS_CHANGE = re.compile(r"(?:什么时候|何时|哪天|为什么|为何|怎么)[^，。]{0,4}(?:降|调|改|变|换)|从多少[降调升变]")


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
    other_classes: tuple[str, ...] = ()  # share classes named that the product does not have
    claimed_text: str = ""  # the question without names and periods: what it may take for granted
    says_only_names: bool = False  # nothing is asked beyond the metrics named
    says_only_product: bool = False  # nothing is asked at all: the product's card is told
    withheld: bool = False  # an opinion was asked for that may not be told: facts of announcements alone

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
    left = len(_HAN.findall(_FILLER.sub("", _blank(question, named, metrics=True))))
    only_names = left <= (_FEW_CLAIMED_CHARS if asks(question, Asks.PREMISE) else _FEW_CHARS)
    if _ASKS_CHANGE.search(question):
        only_names = False  # a rate is asked for its history
    periods = named.periods
    metrics = tuple(metric for metric in named.metrics if only_names or not _is_topic(metric))
    before = [] if unknown else _earlier(history, resolver, principal, on)
    products = _products_meant(question, named, before, figures_alone=only_names or bool(metrics))
    other_classes = named.other_classes
    if products and not named.products:
        if other_classes:
            products, other_classes = _in_class(products, other_classes, resolver, principal, on)
        if products[0].is_share:
            metrics = _metrics_of(products[0], question, resolver, principal, on)
    follows = bool(before) and _leans_on_history(question, named)
    if follows and not metrics:
        metrics = next((turn.metrics for turn in before if turn.metrics), ())
    if follows and not periods:
        periods = next((turn.periods for turn in before if turn.periods), ())
    metrics = metrics_meant(question, metrics, periods, products, only_names=only_names)
    said = named.metrics or metrics or periods or follows or unknown
    bare = len(named.products) == 1 and not said and bool(_NOTHING_ASKED.fullmatch(_blank(question, named)))
    if bare:
        metrics = share_card(len(question)) if products[0].is_share else card(len(question))
    carried_text = _blank(before[0].question, before[0]) if follows and not metrics else ""
    return Understood(
        question=question,
        search_text=_search_text(carried_text, question, named, metrics),
        products=products,
        ambiguous=named.ambiguous,
        periods=periods,
        metrics=with_related(metrics),
        says_only_product=bare,
        unknown=unknown,
        other_classes=other_classes,
        claimed_text=_blank(question, named),
        says_only_names=only_names,
    )


def settled(asked: Understood, available: Sequence[str]) -> Understood:
    """The question with its periods as the documents name them.

    A period told without a year (三季度) is the last such period that is reported on, or the first to come;
    a half year that no document reports on is the quarter that ends with it.
    """
    periods = tuple(_settled(one, available) for one in asked.periods)
    return replace(asked, periods=periods + _year_before(asked, periods))


def _year_before(asked: Understood, periods: Sequence[PeriodMatch]) -> tuple[PeriodMatch, ...]:
    """The year before the one that is named, where a figure is compared with it (比上一年少了多少, 规模缩水了吗)."""
    calendar = [one for one in periods if one.period]
    size = any(one.id == "net_asset_value" for one in asked.metrics) and asks(asked.question, Asks.DIFFERENCE)
    if len(calendar) != 1 or not (_WITH_YEAR_BEFORE.search(asked.question) or size):
        return ()
    year = calendar[0].period or ""
    return (replace(calendar[0], period=str(int(year) - 1)),) if len(year) == len("2024") else ()


def _settled(one: PeriodMatch, available: Sequence[str]) -> PeriodMatch:
    if not one.period or one.period in available:
        return one
    if one.year_stated or len(one.period) == len("2024"):
        ends = last_day(one.period)
        quarters = [period for period in available if len(period) > len("2024") and last_day(period) == ends]
        return replace(one, period=quarters[0]) if quarters and len(one.period) > len("2024") else one
    same = [period for period in available if period[4:] == one.period[4:]]
    past = [period for period in same if period <= one.period]
    return replace(one, period=max(past) if past else min(same)) if same else one


def _in_class(
    products: Sequence[ProductMatch], letters: Sequence[str], resolver: Resolver, principal: Principal, on: date
) -> tuple[tuple[ProductMatch, ...], tuple[str, ...]]:
    """The product spoken of before, in the class asked for now (C类呢)."""
    name = re.sub(r"(?<![A-Za-z])[A-Z]$", "", products[0].name)
    found = resolver.resolve(name + letters[0] + "类", principal=principal, today=on)
    return (found.products or tuple(products)), found.other_classes


def _metrics_of(
    product: ProductMatch, question: str, resolver: Resolver, principal: Principal, on: date
) -> tuple[MetricMatch, ...]:
    """The metrics of the question as they are meant of a share that was spoken of before (净利润呢)."""
    found = resolver.resolve(f"{product.name}，{question}", principal=principal, today=on).metrics
    before = len(product.name) + 1
    return tuple(replace(one, start=one.start - before, end=one.end - before) for one in found)


def _is_topic(metric: MetricMatch) -> bool:
    """In a longer question a broad word names what it is about, not the figure (基金经理如何看待后市)."""
    about = all_metrics()[metric.id]
    return metric.end - metric.start <= _BROAD_CHARS or about.value == "words" or metric.spoken


def _earlier(history: Sequence[Message], resolver: Resolver, principal: Principal, on: date) -> list[ResolvedQuestion]:
    """The advisor's earlier questions resolved, latest first; answers are not asked for what was meant."""
    asked = [message.content for message in reversed(history) if message.role != "assistant"]
    return [resolver.resolve(text, principal=principal, today=on) for text in asked[:6]]


def _leans_on_history(question: str, named: ResolvedQuestion) -> bool:
    """True for 那2023年呢 and the like: a follow-up by its words, or nothing left but names and periods."""
    if _FOLLOW_UP.search(question.strip()) or (asks(question, Asks.FOLLOW) and not named.metrics):
        return True
    if not named.metrics and not named.products and asks(question, Asks.DIFFERENCE):
        return not any(map(names_a_thing, question_words(_blank(question, named))))  # 比上一年少了多少
    return not named.metrics and not question_terms(_blank(question, named))


def _products_meant(
    question: str, named: ResolvedQuestion, before: Sequence[ResolvedQuestion], *, figures_alone: bool
) -> tuple[ProductMatch, ...]:
    """The products named, with those that were spoken of before where the question is of them."""
    if named.ambiguous and not named.products:
        return ()
    earlier = next((turn.products for turn in before if turn.products), ())
    if not named.products:
        return earlier if figures_alone or _is_of_product(question, named) else ()
    if not _means_another(question, named):
        return named.products
    own = {product.codes for product in named.products}
    return (*(product for product in earlier if product.codes not in own), *named.products)


def _means_another(question: str, named: ResolvedQuestion) -> bool:
    """Whether 它 is the product spoken of before: 那它和听松短债比, not 听松短债怎么样，它贵吗."""
    first = min(product.start for product in named.products)
    return bool(_PRONOUN.search(question[:first]) or _BESIDE.search(question))


def _is_of_product(question: str, named: ResolvedQuestion) -> bool:
    """Whether a question that names no product can be meant of the one spoken of before.

    客户要投诉我该怎么处理 and 风险测评过期了还能买吗 stand by themselves, whatever was spoken of.
    """
    if named.periods or named.other_classes:
        return True
    return _leans_on_history(question, named) or bool(_PRONOUN.search(question)) or asks(question, Asks.OF_PRODUCT)


def _search_text(carried: str, question: str, named: ResolvedQuestion, metrics: Sequence[MetricMatch]) -> str:
    text = f"{carried} {_blank(question, named)}"
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
