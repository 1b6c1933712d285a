"""Opinions on shares in answers: who is told one, and what is said to everybody else.

Retrieval (rag/filter.py) and facts (knowledge_base/facts.py) leave research on shares out for who may not give an
opinion; here the question is turned to what they may be told, and the answer says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from knowledge_base.access import Principal
from knowledge_base.metrics import Subject
from knowledge_base.metrics import metrics as all_metrics
from knowledge_base.products import MetricMatch
from rag.asking import Asks, asks
from rag.card import share_card
from rag.from_facts import Stated
from rag.question import Understood

WITHHELD = (
    "个股的评级、目标价和研究观点，只能由登记的证券投资顾问向签有投资顾问协议的客户提供；这里只给出公告披露的事实"
)
NONE_TODAY = "目前不就这只股票提供评级、目标价和研究观点；这里只给出公告披露的事实"


def told_to(asked: Understood, principal: Principal) -> tuple[Understood, tuple[str, ...]]:
    """The question as this person may be answered, with a note where an opinion was asked for and is not given."""
    if not asks_opinion(asked):
        return asked, ()
    if not principal.opinions:
        return _facts_alone(asked), (WITHHELD,)
    if principal.no_opinion_on.intersection(asked.product_codes):
        return _facts_alone(asked), (NONE_TODAY,)
    return _with_author(asked), ()


def asks_opinion(asked: Understood) -> bool:
    """Whether what is asked of a share is a view on it."""
    of_share = any(product.is_share for product in asked.products)
    return of_share and (any(_is_opinion(one.id) for one in asked.metrics) or asks(asked.question, Asks.OPINION))


def dated(stated: Sequence[Stated]) -> tuple[str, ...]:
    """A note on the day of each opinion that is told."""
    told = {
        (one.places[0].chunk.title, one.fact.as_of): None
        for one in stated
        if one.fact.as_of is not None and _is_opinion(one.fact.attribute)
    }
    return tuple(f"《{title}》发布于{day:%Y-%m-%d}，评级和目标价是发布时的判断" for title, day in told if day)


def _is_opinion(attribute: str) -> bool:
    return all_metrics()[attribute].opinion


def _facts_alone(asked: Understood) -> Understood:
    return replace(asked, metrics=share_card(len(asked.question)), says_only_product=True, withheld=True)


def _with_author(asked: Understood) -> Understood:
    """An opinion is told with who gives it."""
    at = len(asked.question)
    opinions = (metric for metric in all_metrics().values() if metric.of is Subject.SHARE and metric.opinion)
    whole = tuple(MetricMatch(id=metric.id, label=metric.label, start=at, end=at) for metric in opinions)
    facts = tuple(metric for metric in asked.metrics if not _is_opinion(metric.id))
    return replace(asked, metrics=(*facts, *whole), periods=asked.periods if facts else ())
