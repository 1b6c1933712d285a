"""The typed tools of the question way, bound to one principal and one day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from knowledge_base.access import Principal
from knowledge_base.metrics import metrics as all_metrics
from rag.cite import Claim, place_in
from rag.compute import computed
from rag.from_facts import FactAnswer, FactSource, Stated, answer_from_facts, told
from rag.hidden import InstructionScan, without_instructions
from rag.passage import Passage, place
from rag.places import FactPlaces
from rag.question import Resolver, Understood, settled, understand
from rag.retrieve import Query, Retriever
from rag.tokens import expanded
from rag.tools.arithmetic import CannotComputeError, calculate
from rag.tools.finding import Finding, Found, Notebook
from rag.tools.schemas import CalculateArgs, CardArgs, CompareArgs, FactsArgs, SearchArgs

MOST_FACTS = 40


@dataclass(frozen=True, kw_only=True)
class Lookups:
    """Each method is one tool. Nothing is found that `principal` may not read or that is not in force on `on`."""

    retriever: Retriever
    facts_of: FactSource
    resolver: Resolver
    principal: Principal
    on: date
    notebook: Notebook
    instructions: InstructionScan | None = None

    def search(self, asked: SearchArgs) -> Found:
        """在公司现行文件中找原文，返回最相关的段落及出处。用于规则、说明、观点等文字内容；查数值请用 facts。"""
        named = self.resolver.resolve(asked.query, principal=self.principal, today=self.on)
        query = Query(text=expanded(asked.query), on=self.on, product_codes=named.product_codes, k=asked.k)
        passages = without_instructions(self.retriever.search(query, self.principal), self.instructions)
        return Found(findings=tuple(map(_quoted, passages)), note="" if passages else "没有找到相关原文。")

    def facts(self, asked: FactsArgs) -> Found:
        """查产品在某一期间的数值（费率、规模、净值增长率、基金经理等），逐个给出值、期间、出处和值编号（v1、v2……）。"""
        phrase = f"{'和'.join(asked.products)}{asked.period}{'、'.join(asked.metrics)}"
        understood, answer = self._stated(phrase)
        return self._found(answer.stated, self._unfound(understood, answer))

    def card(self, asked: CardArgs) -> Found:
        """一个产品的概况卡：类型、管理人、经理、规模、净值、业绩、费率、起购金额等最新一期的数值，逐个带出处和值编号。"""
        understood, answer = self._stated(asked.product)
        if not understood.says_only_product:
            return Found(note=f"没有找到名为“{asked.product}”的产品，或写了产品以外的内容。")
        return self._found(answer.stated, self._unfound(understood, answer))

    def compare(self, asked: CompareArgs) -> Found:
        """按一个指标比较两个或更多产品：给出各自的值、高低和相差多少，写明算式，逐个带出处和值编号。"""
        understood, answer = self._stated(f"{'和'.join(asked.products)}{asked.period}的{asked.metric}比较哪个高")
        worked = computed(understood, answer.stated)
        found = self._found(answer.stated, self._unfound(understood, answer))
        if worked is None:
            return replace(found, note=found.note or "这些值不能放在一起比较：期间、单位不同，或有产品没有这个值。")
        return replace(found, findings=(*found.findings, _sentence(worked.claim)))

    def calculate(self, asked: CalculateArgs) -> Found:
        """对已查到的值做计算：差、合计、倍数、变动幅度，结果写明算式。只接受 facts、card、compare 给出的值编号。"""
        values = [(name, self.notebook.value(name)) for name in asked.values]
        unknown = [name for name, value in values if value is None]
        if unknown:
            return Found(note=f"没有编号为{'、'.join(unknown)}的值：先用 facts 查到它。")
        try:
            claim = calculate(asked.operation, [value for _, value in values if value is not None])
        except CannotComputeError as error:
            return Found(note=str(error))
        return Found(findings=(_sentence(claim),))

    def _stated(self, phrase: str) -> tuple[Understood, FactAnswer]:
        """The phrase as a question would be understood, and what facts say to it."""
        retriever, on, principal = self.retriever, self.on, self.principal
        asked = understand(phrase, (), self.resolver, retriever.document_share, principal=principal, on=on)
        query = Query(text=asked.search_text, on=on, product_codes=asked.product_codes)
        asked = settled(asked, retriever.periods(query, principal))
        places = FactPlaces(retriever.index, retriever.narrow(query, principal))
        return asked, answer_from_facts(asked, self.facts_of, places, principal=principal, on=on)

    def _found(self, stated: Sequence[Stated], note: str) -> Found:
        findings = (_valued(one) for one in stated[:MOST_FACTS])
        return Found(findings=tuple(one for one in findings if not self._instructs(one)), note=note)

    def _instructs(self, finding: Finding) -> bool:
        said = "\n".join([finding.text, *(each.quote for each in finding.places)])
        return self.instructions is not None and self.instructions.instructs(said)

    def _unfound(self, asked: Understood, answer: FactAnswer) -> str:
        """What was not found, and why, in one line; empty where everything was."""
        if asked.ambiguous and not asked.products:
            names = "、".join(f"{each.name}（{'、'.join(each.codes)}）" for each in asked.ambiguous[0][:4])
            return f"不止一个产品符合：{names}；请写明代码。"
        lacking = [f"没有{name}的资料" for name in asked.unknown]
        if not asked.products and not asked.unknown:
            lacking.append("没有认出产品")
        if not asked.metrics:
            lacking.append("没有认出指标，可用的如管理费率、净值增长率、期末基金资产净值")
        lacking += [f"文件中没有{metric.label}的值" for metric in answer.missing if asked.products]
        return "；".join([*answer.notes, *lacking])


def _quoted(passage: Passage) -> Finding:
    chunk = passage.chunk
    about = {**place(chunk), "heading": chunk.context, "score": round(passage.score, 4)}
    return Finding(text=chunk.text, places=(place_in(chunk, chunk.start, chunk.end),), about=about)


def _sentence(claim: Claim) -> Finding:
    return Finding(text=claim.text, places=claim.places)


def _valued(one: Stated) -> Finding:
    fact, claim = one.fact, told(one)
    about = {
        "entity": fact.entity,
        "product_code": fact.product_code,
        "share_class": fact.share_class,
        "metric": all_metrics()[fact.attribute].label,
        "period": fact.period,
        "amount": str(fact.value) if fact.value is not None else None,
        "unit": fact.unit,
        "printed": fact.value_text,
    }
    return Finding(text=claim.text, places=claim.places, value=one if fact.value is not None else None, about=about)
