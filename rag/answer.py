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
from rag.cite import Citations, Claim
from rag.compute import Computed, computed
from rag.disclose import Disagreements, UpheldFacts, disclosed
from rag.draft import Drafter, stood_in
from rag.extract import Extractor, asks_list
from rag.from_facts import FactAnswer, FactSource, Stated, answer_from_facts
from rag.hidden import InstructionScan, without_instructions
from rag.kinds import about_kinds, kinds_named
from rag.numbers import NumberChecker, QuotedNumbers
from rag.opinions import dated, told_to
from rag.passage import Answer, Passage
from rag.places import FactPlaces
from rag.premise import judged, judged_quotes
from rag.question import Resolver, Understood, settled, understand
from rag.ranked import INDUSTRIES, list_asked, rows_of_list
from rag.ranked_facts import ranked_facts
from rag.retrieve import Query, Retriever
from rag.risks import ProductRegister, risks_of
from rag.sections import answer_from_sections, lacks_report
from rag.settings import RagSettings
from rag.tables import tabled
from rag.timely import at_hand, lacking_note
from rag.tokens import expanded
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
        available = self.retriever.periods(_query(asked, on), principal)
        asked, withheld = told_to(settled(asked, available), principal)
        query = _query(asked, on, available)
        if asked.unknown and not asked.products:
            return _Composed(answer=self._abstain(asked, query, principal, note=_unknown_note(asked)))
        if asked.other_classes and asked.products:
            return _Composed(answer=self._abstain(asked, query, principal, note=_class_note(asked)))
        if asks(question, Asks.FORECAST) or (asked.products and asks(question, Asks.TO_COME)):
            return _Composed(answer=self._abstain(asked, query, principal, note=_FORECAST))
        found = without_instructions(self.retriever.search(query, principal), self.instructions)
        passages: Sequence[Passage] = found
        places = FactPlaces(self.retriever.index, replace(self.retriever.narrow(query, principal), periods=()))
        listed, wanted = self._listed(asked, query, places, principal)
        if wanted:
            asked = replace(asked, metrics=tuple(one for one in asked.metrics if not one.id.endswith("_position")))
        stated = answer_from_facts(asked, self.facts, places, principal=principal, on=on)
        near = passages
        if asks_list(asked.search_text):
            near = without_instructions(self.retriever.with_neighbours(passages, query, principal), self.instructions)
        near, other_time = ((), "") if lacks_report(asked, available) else at_hand(asked, near)
        worked = computed(asked, stated.stated)
        claims = judged(asked, [*stated.claims, *([worked.claim] if worked else [])], stated.stated)
        quoted = listed or self._general(asked, query, principal) or self._section(asked, stated, query, principal)
        quoted = of_the_time(asked, available, quoted or self._quoted(asked, stated, near))
        quoted = quoted if claims else judged_quotes(asked, quoted)
        claims += quoted if listed or not wanted else [claim for claim in quoted if _HOLDS_NONE.search(claim.text)]
        claims, open_notes = self._disclosed(claims, query, principal)
        supported = [claim for claim in claims if self._numbers_stand(asked, claim)]
        passages = _cited_first(supported, passages)
        if not supported:
            lacking = lacking_note(asked.calendar_periods, passages)
            note = _UNCHECKED if claims else "；".join([*withheld, *stated.notes]) or lacking or _nearest_note(passages)
            return _Composed(answer=self._abstain(asked, query, principal, note=note, passages=passages))
        # a value that could not be said in a sentence is not shown in a cell either
        sketch = (stated.stated, worked) if len(supported) == len(claims) and _in_rows(asked, worked) else None
        notes = [*withheld, *(_notes(asked, stated) or ([other_time] if other_time else [])), *open_notes]
        composed = _compose(asked, supported, passages, notes, sketch)
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

    def _listed(
        self, asked: Understood, query: Query, places: FactPlaces, principal: Principal
    ) -> tuple[list[Claim], bool]:
        """Rows of the ranked list asked for, and whether one was asked for: from facts, else as passages print them."""
        wanted = list_asked(asked.search_text)
        if wanted is None or len(asked.products) != 1:
            return [], False
        known = ranked_facts(wanted, asked, self.facts, places, principal=principal, on=query.on)
        if known or wanted.kind == INDUSTRIES:  # industries stand in no list of holdings
            return known, bool(known)
        found = self.retriever.search(replace(query, text=wanted.search_text), principal)
        near, _ = at_hand(asked, self.retriever.with_neighbours(found, query, principal, of=3))
        return rows_of_list(wanted, without_instructions(near, self.instructions)), True

    def _section(self, asked: Understood, stated: FactAnswer, query: Query, principal: Principal) -> list[Claim]:
        """The section of a report that tells of the topic asked for, where facts are not the whole answer."""
        if asked.withheld or (stated.claims and asked.says_only_names):
            return []

        def found(wanted: Query) -> Sequence[Passage]:
            passages = self.retriever.search(wanted, principal)
            near = self.retriever.with_neighbours(passages, wanted, principal, of=4)
            return without_instructions(near, self.instructions)

        return answer_from_sections(asked, query, self.retriever.periods(query, principal), found)

    def _general(self, asked: Understood, query: Query, principal: Principal) -> list[Claim]:
        """For a question on no product what the firm's general documents say, before any one product's report."""
        if asked.products or asked.product_codes:
            return []
        found = self.retriever.search(replace(query, general=True), principal)
        return self.extractor.best(
            asked.search_text, without_instructions(found, self.instructions), about_product=False
        )

    def _quoted(self, asked: Understood, stated: FactAnswer, passages: Sequence[Passage]) -> list[Claim]:
        """Sentences for what facts left open; each named product is answered apart."""
        if asked.withheld:
            return []
        if stated.claims and (asked.says_only_product or (not stated.missing and asked.says_only_names)):
            return []
        if stated.notes and not stated.claims:
            return []  # the figure exists, but not for the period asked: another period's is no answer
        question = asked.search_text
        if stated.claims and asked.says_only_names:
            question = " ".join(metric.label for metric in stated.missing)
        if not asked.products:
            passages = about_kinds(kinds_named(asked.question), passages)
        if len(asked.products) < 2:
            return self._named(asked, self.extractor.best(question, passages, about_product=bool(asked.products)))
        claims: list[Claim] = []
        for product in asked.products:
            own = [p for p in passages if set(product.codes) & set(p.chunk.product_codes)]
            best = self.extractor.best(question, own, most=1)
            claims += [replace(claim, text=f"{product.name}：{claim.text}") for claim in best]
        return claims

    def _named(self, asked: Understood, claims: list[Claim]) -> list[Claim]:
        """A sentence on a product that the question did not name says whose it is."""
        if asked.products:
            return claims
        return [
            replace(claim, text=f"《{claim.places[0].chunk.title}》：{claim.text}")
            if claim.places[0].chunk.product_codes
            else claim
            for claim in claims
        ]

    def _numbers_stand(self, asked: Understood, claim: Claim) -> bool:
        """A sentence with a number that what it cites does not hold is never said."""
        return not self.numbers.unsupported_numbers(_compose(asked, [claim], (), ()))

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


def _query(asked: Understood, on: date, available: Sequence[str] | None = None) -> Query:
    """What to search for; a period that no document reports on narrows nothing."""
    periods = tuple(period for period in asked.calendar_periods if available is None or period in available)
    return Query(text=expanded(asked.search_text), on=on, product_codes=asked.product_codes, periods=periods)


def _in_rows(asked: Understood, worked: Computed | None) -> bool:
    """Whether figures are wanted side by side: something was computed of them, or two products are named."""
    return worked is not None or len(asked.products) > 1 or asks(asked.question, Asks.COMPARE)


def _compose(
    asked: Understood,
    claims: Sequence[Claim],
    passages: Sequence[Passage],
    notes: Sequence[str],
    sketch: tuple[Sequence[Stated], Computed | None] | None = None,
) -> Answer:
    """The answer with its citations numbered; `sketch` holds what a table is made of."""
    citations = Citations()
    sentences = tuple(citations.sentence(claim) for claim in claims)
    table = tabled(*sketch, citations) if sketch is not None else None
    return Answer(
        question=asked.question,
        sentences=sentences,
        table=table,
        citations=citations.all(),
        passages=tuple(passages),
        note="；".join(notes) or None,
    )


def _cited_first(claims: Sequence[Claim], passages: Sequence[Passage]) -> tuple[Passage, ...]:
    """What the answer cites, in its order, then the other passages found."""
    cited = {place.chunk.id: place.chunk for claim in claims for place in claim.places[:1]}
    scores = {passage.chunk.id: passage.score for passage in passages}
    first = [Passage(chunk=chunk, score=scores.get(id_, 0.0)) for id_, chunk in cited.items()]
    return (*first, *(passage for passage in passages if passage.chunk.id not in cited))


def _notes(asked: Understood, stated: FactAnswer) -> list[str]:
    return [*stated.notes, *dated(stated.stated), *([_unknown_note(asked)] if asked.unknown else [])]


def _class_note(asked: Understood) -> str:
    return f"{asked.products[0].name}没有{'、'.join(asked.other_classes)}类份额。"


def _unknown_note(asked: Understood) -> str:
    return f"知识库中没有{'、'.join(asked.unknown)}的资料。"


def _nearest_note(passages: Sequence[Passage]) -> str:
    if not passages:
        return ""
    chunk = passages[0].chunk
    heading = chunk.context.splitlines()[1] if "\n" in chunk.context else ""
    return f"最接近的是《{chunk.title}》{f'中“{heading}”' if heading else ''}。"
