"""What documents say word for word: rows of lists, sections, sentences for what facts leave open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from knowledge_base.access import Principal
from rag.asking import rank_asked
from rag.cite import Claim, titled
from rag.extract import Extractor
from rag.from_facts import FactAnswer, FactSource
from rag.hidden import InstructionScan, without_instructions
from rag.kinds import about_kinds, kinds_named
from rag.passage import Passage
from rag.places import FactPlaces
from rag.question import Understood
from rag.ranked import INDUSTRIES, list_asked, rows_of_list
from rag.ranked_facts import ranked_facts
from rag.retrieve import Query, Retriever
from rag.sections import answer_from_sections
from rag.timely import at_hand, days_meant


class Quotes:
    """Finds what may be quoted for a question, on behalf of a person."""

    def __init__(
        self,
        retriever: Retriever,
        facts: FactSource,
        extractor: Extractor,
        instructions: InstructionScan | None = None,
    ) -> None:
        """What `instructions` finds to instruct its reader is never quoted."""
        self._retriever, self._facts = retriever, facts
        self._extractor, self._instructions = extractor, instructions

    def listed(
        self, asked: Understood, query: Query, places: FactPlaces, principal: Principal
    ) -> tuple[list[Claim], bool]:
        """Rows of the ranked list asked for, and whether one was asked for: from facts, else as passages print them."""
        wanted = list_asked(asked.search_text)
        if wanted is None or len(asked.products) != 1:
            return [], False
        known = ranked_facts(wanted, asked, self._facts, places, principal=principal, on=query.on)
        if known or wanted.kind == INDUSTRIES:  # industries stand in no list of holdings
            return known, bool(known)
        found = self._retriever.search(replace(query, text=wanted.search_text), principal)
        near, _ = at_hand(asked, self._retriever.with_neighbours(found, query, principal, of=3))
        return rows_of_list(wanted, without_instructions(near, self._instructions)), True

    def of_topic(self, asked: Understood, stated: FactAnswer, query: Query, principal: Principal) -> list[Claim]:
        """The firm's general documents for a question on no product, or the section of a report asked for."""
        return self._general(asked, query, principal) or self._section(asked, stated, query, principal)

    def _section(self, asked: Understood, stated: FactAnswer, query: Query, principal: Principal) -> list[Claim]:
        """The section of a report that tells of the topic asked for, where facts are not the whole answer."""
        if asked.withheld or (stated.claims and asked.says_only_names):
            return []

        def found(wanted: Query) -> Sequence[Passage]:
            passages = self._retriever.search(wanted, principal)
            near = self._retriever.with_neighbours(passages, wanted, principal, of=4)
            return without_instructions(near, self._instructions)

        return answer_from_sections(asked, query, self._retriever.periods(query, principal), found)

    def _general(self, asked: Understood, query: Query, principal: Principal) -> list[Claim]:
        """For a question on no product what the firm's general documents say, before any one product's report.

        Of two periods that are named each is answered by its own document, which is named.
        """
        if asked.products or asked.product_codes:
            return []
        periods = [one for one in asked.periods if one.period]
        if len(periods) == 2:
            apart = [self._in_force(replace(asked, periods=(one,)), query, principal, most=1) for one in periods]
            if all(apart):
                return [titled(claim) for claims in apart for claim in claims]
        return self._in_force(asked, query, principal)

    def _in_force(
        self, asked: Understood, query: Query, principal: Principal, *, most: int | None = None
    ) -> list[Claim]:
        """What is in force on the day, else what was at the end of the period that is named."""
        for day in days_meant(asked, query.on):
            wanted = replace(query, on=day, periods=asked.calendar_periods, general=True)
            found, _ = at_hand(asked, self._retriever.search(wanted, principal))
            readable = without_instructions(found, self._instructions)
            claims = self._extractor.best(asked.search_text, readable, most=most, about_product=False)
            if claims:
                return claims
        return []

    def quoted(self, asked: Understood, stated: FactAnswer, passages: Sequence[Passage]) -> list[Claim]:
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
            return self._named(asked, self._extractor.best(question, passages, about_product=bool(asked.products)))
        claims: list[Claim] = []
        for product in asked.products:
            own = [p for p in passages if set(product.codes) & set(p.chunk.product_codes)]
            best = self._extractor.best(question, own, most=1)
            claims += [replace(claim, text=f"{product.name}：{claim.text}") for claim in best]
        return claims

    def _named(self, asked: Understood, claims: list[Claim]) -> list[Claim]:
        """A sentence on a product that the question did not name says whose it is."""
        if asked.products:
            return claims
        if rank_asked(asked.question):  # the largest of all is told by no one product's report
            claims = [claim for claim in claims if not claim.places[0].chunk.product_codes]
        return [titled(claim) if claim.places[0].chunk.product_codes else claim for claim in claims]
