"""Questions that lean on the turns before them, written out; and what could be asked next."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from knowledge_base.access import Principal
from knowledge_base.metrics import metrics as all_metrics
from prompts.chat import ChatModel, Message
from prompts.errors import ChatUnavailableError
from prompts.library import PromptLibrary
from rag.from_facts import FactSource
from rag.numbers import unsupported
from rag.question import Resolver, Understood, understand
from rag.unknown import Shares
from rag.wording import WINDOWS, period_words

_LEANING = re.compile(r"^(?:那么?|然后|还有|以及|再|它的?|其|该|这只|那只|这个|同期)+|[呢吗？?。！!\s]+$")
_REWRITE_S = 2.0  # a follow-up is not worth waiting longer: the rules resolve it too
_REWRITE_TOKENS = 120
_LONGEST = 200
# What advisors ask next, in this order, as far as documents state it.
_NEXT = (
    "management_fee_rate", "custody_fee_rate", "service_fee_rate", "risk_level", "redemption_fee_rate",
    "minimum_purchase", "fund_manager", "net_value_growth",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A question that leant on earlier ones, as it was taken."""

    text: str
    by_model: bool = False  # False: what the rules took over, for people to read; they search with the history


class FollowUps:
    """Writes out what a question leaves to its history, and proposes questions that facts can answer."""

    def __init__(
        self,
        resolver: Resolver,
        shares: Shares,
        facts: FactSource,
        *,
        model: ChatModel | None = None,
        prompts: PromptLibrary | None = None,
    ) -> None:
        """`model` rewrites where one is given, with `prompts`; the rules do where it fails."""
        self._resolver, self._shares, self._facts = resolver, shares, facts
        self._model, self._prompts = model, prompts

    def whole(self, question: str, history: Sequence[Message], *, principal: Principal, on: date) -> Whole | None:
        """The question with what it takes from `history` (oldest first); None for one that stands by itself."""
        if not history:
            return None
        asked = self._understood(question, history, principal, on)
        written = _written_out(question, asked, self._understood(question, (), principal, on))
        if written is None:
            return None
        better = self._by_model(question, history, asked, principal, on)
        return Whole(text=better, by_model=True) if better else Whole(text=written)

    def proposals(
        self, question: str, history: Sequence[Message], *, principal: Principal, on: date, most: int = 3
    ) -> tuple[str, ...]:
        """Questions on the same product that facts answer and nobody has asked in this talk."""
        asked = self._understood(question, history, principal, on)
        if not asked.products:
            return ()
        product, before = asked.products[0], "\n".join([question, *(message.content for message in history)])
        known = {fact.attribute for fact in self._facts.find(product.codes, _NEXT, principal=principal, on=on)}
        labels = [all_metrics()[name].label for name in _NEXT if name in known and name not in _ids(asked)]
        return tuple(f"{product.name}的{label}是多少" for label in labels if label not in before)[:most]

    def _understood(self, question: str, history: Sequence[Message], principal: Principal, on: date) -> Understood:
        return understand(question, history, self._resolver, self._shares, principal=principal, on=on)

    def _by_model(
        self, question: str, history: Sequence[Message], asked: Understood, principal: Principal, on: date
    ) -> str | None:
        """The model's rewriting where it names the same products and no number that nobody named."""
        if self._model is None or self._prompts is None:
            return None
        talk = "\n".join(f"问：{message.content}" for message in history)
        messages = self._prompts.messages("rewrite_question", history=talk, question=question)
        try:
            reply = self._model.complete(messages, max_tokens=_REWRITE_TOKENS, within_s=_REWRITE_S)
        except ChatUnavailableError:
            return None
        text = reply.text.strip()
        if not text or "\n" in text or len(text) > _LONGEST or unsupported(text, f"{talk}\n{question}"):
            return None
        same = self._understood(text, (), principal, on).product_codes == asked.product_codes
        return text if same and text != question else None


def _ids(asked: Understood) -> set[str]:
    return {metric.id for metric in asked.metrics}


def _written_out(question: str, asked: Understood, alone: Understood) -> str | None:
    """By rules: products and periods in front, figures behind; None where nothing was taken over."""
    own = {product.codes for product in alone.products}
    products = [product.name for product in asked.products if product.codes not in own]
    periods = [] if alone.periods else [_period(period.period, period.window) for period in asked.periods]
    labels = [metric.label for metric in asked.metrics] if not alone.metrics else []
    if not (products or periods or labels):
        return None
    stem = _LEANING.sub("", _LEANING.sub("", question.strip()))
    labels = [label for label in labels if label not in stem]
    # what was named before stands first: 云岭稳健增利2024年 + 托管费
    return "".join(["和".join(products), "、".join(periods), stem, "的" if labels and stem else "", "、".join(labels)])


def _period(period: str | None, window: str | None) -> str:
    return period_words(period) if period else WINDOWS.get(window or "", "")
