"""The question way up to the gate: facts first, then quoted sentences, else an honest no."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from knowledge_base.access import Principal
from prompts.chat import Message
from rag.asking import Asks, asks
from rag.beyond import of_the_time
from rag.cite import Claim
from rag.compute import Computed, computed
from rag.disclose import Disagreements, UpheldFacts, disclosed
from rag.draft import Drafter, stood_in
from rag.extract import Extractor, asks_list
from rag.from_facts import FactSource, Stated, answer_from_facts
from rag.hidden import InstructionScan, without_instructions
from rag.numbers import NumberChecker, QuotedNumbers
from rag.opinions import told_to
from rag.passage import Answer, Passage
from rag.places import FactPlaces
from rag.premise import judged, judged_quotes
from rag.question import Resolver, Understood, settled, understand
from rag.quotes import Quotes
from rag.replies import cited_first, class_note, compose, in_rows, nearest_note, notes_of, query_of, unknown_note
from rag.retrieve import Query, Retriever
from rag.risks import ProductRegister, risks_of
from rag.sections import lacks_report
from rag.settings import RagSettings
from rag.timely import at_hand, lacking_note, lapsed_note
from rag.tools.finding import Finding

_HOLDS_NONE = re.compile(r"未持有|不持有|没有持有|未投资|无")
_FORECAST = "不预测未来的涨跌；可以查询已披露的业绩、持仓和观点。"
_UNCHECKED = "找到的内容中有数字无法与原文核对，未予给出。"


class Gathers(Protocol):
    """Looks up what an answer lacks, with a chat model that calls tools (rag.tools.gather.Gatherer)."""

    def gather(
        self, extractive: Answer, history: Sequence[Message], *, principal: Principal, on: date
    ) -> tuple[Finding, ...]: ...


@dataclass(frozen=True, kw_only=True)
class _Composed:
    """An extractive answer, and what a chat model may draft another from; `drafter` is None where none may."""

    answer: Answer
    claims: tuple[Claim, ...] = ()
    sketch: tuple[Sequence[Stated], Computed | None] | None = None
    drafter: Drafter | None = None


class Answerer:
    """Answers from what this principal may read and what is in force on the day asked for."""

    def __init__(
        self,
        retriever: Retriever,
        facts: FactSource,
        resolver: Resolver,
        *,
        settings: RagSettings | None = None,
        numbers: NumberChecker | None = None,
        drafter: Drafter | None = None,
        instructions: InstructionScan | None = None,
        register: ProductRegister | None = None,
        disagreements: Disagreements | None = None,
        gatherer: Gathers | None = None,
    ) -> None:
        """`numbers` has the last word on every figure; `drafter` is given where a chat model is set.

        What `instructions` finds to instruct its reader is left out of every answer. `register` tells the
        risk level of the products asked about; `disagreements` what documents contradict each other on.
        `gatherer` is asked before a draft is written, where the chat model calls tools.
        """
        self.retriever = retriever
        self.facts = UpheldFacts(facts, disagreements) if disagreements is not None else facts
        self.disagreements = disagreements
        self.resolver = resolver
        self.settings = settings or retriever.settings
        self.numbers = numbers or QuotedNumbers()
        self.drafter, self.gatherer = drafter, gatherer
        self.instructions = instructions
        self.register = register
        self.extractor = Extractor(retriever.encoder, retriever.document_share, retriever.size, self.settings)
        self.quotes = Quotes(retriever, self.facts, self.extractor, instructions)

    def answer(self, question: str, principal: Principal, history: Sequence[Message] = (), *, on: date) -> Answer:
        """A cited answer as of `on`, or an abstention that says what was searched and what is near.

        `history` is oldest first; what the question leaves out is taken from the advisor's turns.
        """
        found = self._composed(question, principal, history, on)
        if found.drafter is None:
            return found.answer
        more = self._gathered(found.answer, principal, history, on)
        drafted = found.drafter.improve(found.answer, found.claims, history, on=on, sketch=found.sketch, more=more)
        return stood_in(found.answer) if self.numbers.unsupported_numbers(drafted) else drafted

    def growing(
        self, question: str, principal: Principal, history: Sequence[Message] = (), *, on: date
    ) -> Iterator[Answer]:
        """The same as it comes into being: each answer begins as the one before, the last is whole.

        Without a chat model there is one; with one, another for each of its sentences that stood every check.
        """
        found = self._composed(question, principal, history, on)
        if found.drafter is None:
            yield found.answer
            return
        yield from found.drafter.growing(
            found.answer,
            found.claims,
            history,
            on=on,
            sketch=found.sketch,
            stands=lambda one: not self.numbers.unsupported_numbers(one),
            more=self._gathered(found.answer, principal, history, on),
        )

    def _gathered(
        self, extractive: Answer, principal: Principal, history: Sequence[Message], on: date
    ) -> tuple[Finding, ...]:
        """What tools found beside the answer; nothing where documents contradict each other on any of it."""
        if self.gatherer is None:
            return ()
        found = self.gatherer.gather(extractive, history, principal=principal, on=on)
        claims = [Claim(text=one.text, places=one.places) for one in found]
        _, open_notes = self._disclosed(claims, Query(text=extractive.question, on=on), principal)
        return () if open_notes else found

    def _composed(self, question: str, principal: Principal, history: Sequence[Message], on: date) -> _Composed:
        asked = understand(question, history, self.resolver, self.retriever.document_share, principal=principal, on=on)
        if asked.ambiguous and not asked.products:
            return _Composed(answer=self._ask_back(asked))
        available = self.retriever.periods(query_of(asked, on), principal)
        asked, withheld = told_to(settled(asked, available), principal)
        query = query_of(asked, on, available)
        if asked.unknown and not asked.products:
            return _Composed(answer=self._abstain(asked, query, principal, note=unknown_note(asked)))
        if asked.other_classes and asked.products:
            return _Composed(answer=self._abstain(asked, query, principal, note=class_note(asked)))
        if asks(question, Asks.FORECAST) or (asked.products and asks(question, Asks.TO_COME)):
            return _Composed(answer=self._abstain(asked, query, principal, note=_FORECAST))
        found = without_instructions(self.retriever.search(query, principal), self.instructions)
        passages: Sequence[Passage] = found
        places = FactPlaces(self.retriever.index, replace(self.retriever.narrow(query, principal), periods=()))
        listed, wanted = self.quotes.listed(asked, query, places, principal)
        if wanted:
            asked = replace(asked, metrics=tuple(one for one in asked.metrics if not one.id.endswith("_position")))
        stated = answer_from_facts(asked, self.facts, places, principal=principal, on=on)
        near = passages
        if asks_list(asked.search_text):
            near = without_instructions(self.retriever.with_neighbours(passages, query, principal), self.instructions)
        near, other_time = ((), "") if lacks_report(asked, available) else at_hand(asked, near)
        worked = computed(asked, stated.stated)
        claims = judged(asked, [*stated.claims, *([worked.claim] if worked else [])], stated.stated)
        quoted = listed or self.quotes.of_topic(asked, stated, query, principal)
        quoted = of_the_time(asked, available, quoted or self.quotes.quoted(asked, stated, near))
        quoted = quoted if claims else judged_quotes(asked, quoted)
        claims += quoted if listed or not wanted else [claim for claim in quoted if _HOLDS_NONE.search(claim.text)]
        claims, open_notes = self._disclosed(claims, query, principal)
        supported = [claim for claim in claims if self._numbers_stand(asked, claim)]
        passages = cited_first(supported, passages)
        if not supported:
            lacking = lacking_note(asked.calendar_periods, passages)
            note = _UNCHECKED if claims else "；".join([*withheld, *stated.notes]) or lacking or nearest_note(passages)
            return _Composed(answer=self._abstain(asked, query, principal, note=note, passages=passages))
        # a value that could not be said in a sentence is not shown in a cell either
        sketch = (stated.stated, worked) if len(supported) == len(claims) and in_rows(asked, worked) else None
        beside = notes_of(asked, stated) or [other_time]
        notes = [one for one in (*withheld, *beside, lapsed_note(supported, on), *open_notes) if one]
        composed = compose(asked, supported, passages, notes, sketch)
        if self.register is not None:
            rated = risks_of(asked.products, self.register, principal=principal, on=on)
            composed = replace(composed, risks=tuple(rated))
        if self.drafter is None or open_notes:  # a model might leave one side out
            return _Composed(answer=composed)
        return _Composed(answer=composed, claims=tuple(supported), sketch=sketch, drafter=self.drafter)

    def _disclosed(self, claims: list[Claim], query: Query, principal: Principal) -> tuple[list[Claim], list[str]]:
        """The claims with what contradicts them, and a note on each contradiction that nobody has settled."""
        if self.disagreements is None or not claims:
            return claims, []
        whole = replace(self.retriever.narrow(query, principal), periods=(), product_codes=(), general=False)
        return disclosed(
            claims,
            self.disagreements,
            lambda version_id, at: self.retriever.index.chunk_at(version_id, at, whole),
            principal=principal,
            on=query.on,
        )

    def _numbers_stand(self, asked: Understood, claim: Claim) -> bool:
        """A sentence with a number that what it cites does not hold is never said."""
        return not self.numbers.unsupported_numbers(compose(asked, [claim], (), ()))

    def _ask_back(self, asked: Understood) -> Answer:
        names = "还是".join(
            f"{match.name}（{'、'.join(match.codes)}）" for group in asked.ambiguous[:1] for match in group[:4]
        )
        return Answer(question=asked.question, sentences=(), citations=(), abstained=True, note=f"请问指的是{names}？")

    def _abstain(
        self,
        asked: Understood,
        query: Query,
        principal: Principal,
        *,
        note: str,
        passages: Sequence[Passage] = (),
    ) -> Answer:
        return Answer(
            question=asked.question,
            sentences=(),
            citations=(),
            passages=tuple(passages),
            abstained=True,
            note=f"未找到可以回答的内容。{note}",
            searched=self.retriever.titles(query, principal),
        )
