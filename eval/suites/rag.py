"""`tougu eval rag`: questions over a corpus that is synced into a fresh knowledge base first."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from eval.case import EvalError, load_cases
from eval.fresh import fresh_house
from eval.metrics import rag as m
from eval.metrics.summed import Metric
from eval.result import Figure, Result, data_of, figures, grouped
from prompts.chat import Message
from rag.passage import Answer
from serve.users import OPERATOR
from serve.wiring import House

PASSAGES = 10
SPEAKERS = {"advisor": "user", "assistant": "assistant"}
METRICS: dict[str, Metric[m.Question]] = {
    "recall@5": m.recall_at(5),
    "recall@10": m.recall_at(10),
    "mrr@10": m.mrr_at(10),
    "all_evidence@10": m.all_evidence_at(10),
    "doc_recall@5": m.doc_recall_at(5),
    "number_accuracy": m.number_accuracy,
    "citation_precision": m.citation_precision,
    "abstention_recall": m.abstention_recall,
    "abstention_precision": m.abstention_precision,
}


def run(
    house: House,
    corpus: Path,
    data: Path,
    *,
    on: date | None = None,
    progress: Callable[[int, int, str], None],
) -> Result:
    """Sync `corpus` into an empty home, ask every question as of `on` (today by default), score the answers.

    The gate is not asked: what is measured is the answer, and a held answer would read as a refusal.
    Passages are the ones the answer was made from, at most ten.
    """
    if not corpus.is_dir():
        raise EvalError(f"The corpus folder {corpus} does not exist: give the documents' folder to --corpus.")
    cases = load_cases(data, required=("question", "docs"))
    day = on or house.today()
    with fresh_house(house) as fresh:
        fresh.sync(corpus, delete=False, principal=OPERATOR, progress=progress)
        names = {v.id: Path(v.path).name for v in fresh.catalog.versions(principal=OPERATOR)}
        fresh.answerer.answer("预热", OPERATOR, on=day)  # weights load outside the measured time
        started = time.perf_counter()
        asked = [_ask(fresh, item, names, day) for item in cases.items]
        seconds = time.perf_counter() - started
    scored = [question for question, _ in asked]
    return Result(
        suite="rag",
        data=data_of(cases),
        model={
            "encoder": house.encoder.name,
            "chat": [server.model for server in house.settings.chat.servers] or None,
        },
        parameters={"corpus": str(corpus), "documents": len(names), "on": day.isoformat()},
        metrics=_metrics(scored, [ms for _, ms in asked]),
        by={"type": grouped(_by_type(scored), METRICS)},
        seconds=seconds,
        predictions=tuple(
            _prediction(item["id"], question, ms) for item, (question, ms) in zip(cases.items, asked, strict=True)
        ),
    )


def _metrics(scored: list[m.Question], ms: list[float]) -> dict[str, Figure]:
    return {
        **figures(scored, METRICS),
        "unsupported_numbers": sum(m.unsupported_numbers(question) for question in scored),
        "latency_ms": {"p50": round(float(np.percentile(ms, 50)), 1), "p95": round(float(np.percentile(ms, 95)), 1)},
    }


def _ask(house: House, item: dict[str, Any], names: dict[str, str], day: date) -> tuple[m.Question, float]:
    history = [Message(role=SPEAKERS[turn["role"]], content=turn["text"]) for turn in item.get("history", ())]
    began = time.perf_counter()
    answer = house.answerer.answer(item["question"], OPERATOR, history, on=day)
    ms = (time.perf_counter() - began) * 1e3
    return _question(item, answer, names), ms


def _question(item: dict[str, Any], answer: Answer, names: dict[str, str]) -> m.Question:
    cited = {c.n: m.Found(doc=names.get(c.version_id, ""), text=c.quote, title=c.title) for c in answer.citations}
    passages = (p.chunk for p in answer.passages[:PASSAGES])
    return m.Question(
        question=item["question"],
        docs=tuple(item["docs"]),
        doc_groups=tuple(tuple(group) for group in item.get("doc_groups", ())),
        evidence=tuple(item.get("evidence", ())),
        numbers=tuple((str(n["value"]), n.get("unit") or "") for n in item.get("numbers", ())),
        keywords=tuple(item.get("keywords", ())),
        answer="".join(sentence.text for sentence in answer.sentences),
        abstained=answer.abstained,
        passages=tuple(m.Found(doc=names.get(c.version_id, ""), text=c.text, title=c.title) for c in passages),
        citations=tuple(cited.values()),
        sentences=tuple((s.text, tuple(cited[n] for n in s.citations)) for s in answer.sentences),
        type=item.get("type", ""),
    )


def _by_type(scored: list[m.Question]) -> dict[str, list[m.Question]]:
    groups: dict[str, list[m.Question]] = defaultdict(list)
    for question in scored:
        groups[question.type or "other"].append(question)
    return groups


def _prediction(id_: str, question: m.Question, ms: float) -> dict[str, Any]:
    return {
        "id": id_,
        "answer": question.answer,
        "abstained": question.abstained,
        "passages": [{"doc": p.doc, "text": p.text} for p in question.passages],
        "citations": [{"doc": c.doc, "text": c.text} for c in question.citations],
        "ms": round(ms, 1),
    }
