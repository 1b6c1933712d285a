"""The second look at each lead: somebody else reads its evidence, and disagreement is recorded and costs confidence."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from intent.call import Polarity, Speaker, Turn, Wish
from intent.classifier.rules import Rules
from intent.classifier.taxonomy import Taxonomy
from prompts.chat import ChatModel
from prompts.errors import ChatUnavailableError
from prompts.library import PromptLibrary

log = logging.getLogger(__name__)
FACTOR = 0.85  # of the confidence, for each check that disagrees
BEFORE = 2  # turns before the evidence that a chat model is shown
PROMPT = "lead_check"


class LeadCheck(Protocol):
    """Says in one sentence what speaks against a lead; None where nothing does, or it cannot tell."""

    def doubt(self, wish: Wish, turns: Sequence[Turn]) -> str | None: ...


def verified(wishes: Sequence[Wish], turns: Sequence[Turn], checks: Sequence[LeadCheck]) -> tuple[Wish, ...]:
    """Leads with the doubts of the checks; everything else as it is."""
    return tuple(_verified(wish, turns, checks) if wish.goes_to == "lead" else wish for wish in wishes)


def _verified(wish: Wish, turns: Sequence[Turn], checks: Sequence[LeadCheck]) -> Wish:
    doubts = tuple(doubt for check in checks if (doubt := check.doubt(wish, turns)))
    return replace(wish, doubts=doubts, confidence=round(wish.confidence * FACTOR ** len(doubts), 4))


class RulesCheck:
    """The keyword rules: they see wording where a network sees the topic, and err elsewhere than it does."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules

    def doubt(self, wish: Wish, turns: Sequence[Turn]) -> str | None:
        """A refusal, or something held already, in every turn of the evidence or in a later one."""
        proofs = {evidence.turn for evidence in wish.evidence}
        said = {turn.index: turn for turn in turns if turn.speaker is not Speaker.ADVISOR}
        against = [self._against(wish.intent, said[n].text) for n in sorted(proofs) if n in said]
        if against and all(against):
            return f"关键词规则把第{min(proofs) + 1}轮读作{against[0]}"
        for n in sorted(n for n in said if n > max(proofs)):
            if word := self._against(wish.intent, said[n].text):
                return f"关键词规则把后面的第{n + 1}轮读作{word}"
        return None

    def _against(self, intent: str, text: str) -> str:
        words = {Polarity.DECLINE: "拒绝", Polarity.EXISTING: "已有"}
        return next(
            (words.get(hit.polarity, "") for hit in self._rules.hits(text) if hit.intent == intent and hit.cued), ""
        )


class ChatCheck:
    """A chat model, asked yes or no with a quote; an answer whose quote nobody said counts for nothing."""

    def __init__(self, model: ChatModel, prompts: PromptLibrary, taxonomy: Taxonomy) -> None:
        self._model, self._prompts, self._taxonomy = model, prompts, taxonomy

    def doubt(self, wish: Wish, turns: Sequence[Turn]) -> str | None:
        """See LeadCheck. Without a usable answer there is no doubt."""
        intent = self._taxonomy[wish.intent]
        first = min(evidence.turn for evidence in wish.evidence)
        shown = [turn for turn in turns if turn.index >= first - BEFORE]
        messages = self._prompts.messages(
            PROMPT, intent=f"{intent.zh}：{intent.meaning}", turns="\n".join(map(_line, shown))
        )
        try:
            reply = self._model.complete(messages, max_tokens=200, schema=self._prompts.get(PROMPT).front.output_schema)
        except ChatUnavailableError:
            log.warning("the chat model %s did not look at a lead: it stands as it was read", self._model.name)
            return None
        answer = json.loads(reply.text)
        quote = str(answer["quote"]).strip()
        said = [turn.text for turn in shown if turn.speaker is not Speaker.ADVISOR]
        if answer["wants"] or not quote or not any(quote in text for text in said):
            return None
        return f"{reply.model} 认为客户没有此意：“{quote[:60]}”"


def _line(turn: Turn) -> str:
    who = {Speaker.ADVISOR: "顾问", Speaker.CLIENT: "客户", Speaker.UNKNOWN: "某人"}[turn.speaker]
    return f"[{turn.index + 1}] {who}：{turn.text}"
