"""RGB (Chinese) and FinCUGE: the extractive answer on the passages of an item alone, without retrieval.

The product quotes sentences, so an answer is right when the quoted sentences hold the gold strings.
`quoted_share` says how much of the passages was quoted: quoting everything would always be right.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.case import Cases, EvalError
from eval.interval import with_interval
from eval.metrics.counts import Part, hits
from eval.metrics.rag import squeeze
from eval.metrics.summed import ratio
from eval.result import Figure, Result, data_of
from eval.suites.public_files import digests, published_file, read_published, read_published_lines
from rag.extract import Extractor
from rag.passage import Chunk, Passage
from rag.tokens import terms
from serve.wiring import House

Progress = Callable[[int, int, str], None]
Wanted = tuple[tuple[str, ...], ...]  # every group is needed, any string of a group will do
POSITIVES, NEGATIVES = 3, 2  # RGB's five documents at a noise rate of 0.4
NO_ANSWER = frozenset({"无相应参数", "无参数", "无指定类型事件发生"})  # FinCUGE's unanswerable items
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, kw_only=True)
class Item:
    """A question with its passages; nothing wanted = to be refused."""

    id: str
    kind: str
    question: str
    passages: tuple[str, ...]
    wanted: Wanted = ()


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What was quoted for an item; empty = refused."""

    item: Item
    text: str

    @property
    def right(self) -> bool:
        if not self.item.wanted:
            return not self.text
        said = squeeze(self.text).lower()
        return all(any(squeeze(one).lower() in said for one in group) for group in self.item.wanted)


@ratio
def right_share(answered: Answered) -> Part:
    """Share of items answered with every gold string, or refused where there is none."""
    return hits([answered.right])


def rgb(house: House, folder: Path, *, limit: int | None, progress: Progress) -> Result:
    """RGB zh (Chen et al. 2024): `zh_refine.json` with noise and without any right document, `zh_int.json`.

    `accuracy`: three right and two noisy documents; `rejection_rate`: five noisy ones, where refusing is
    right; `integration_accuracy`: all parts of a question whose parts stand in different documents.
    """
    files = [published_file(folder, name) for name in ("zh_refine.json", "zh_int.json")]
    refine, whole = (read_published_lines(path)[:limit] for path in files)
    items = [_rgb_item(row, "accuracy", row["positive"][:POSITIVES]) for row in refine]
    items += [_rgb_rejection(row) for row in refine if row["negative"]]
    parts = [[docs[0] for docs in row["positive"] if docs][:POSITIVES] for row in whole]
    items += [_rgb_item(row, "integration_accuracy", docs) for row, docs in zip(whole, parts, strict=True)]
    kinds = ("accuracy", "rejection_rate", "integration_accuracy")
    return _measured(house, "rgb", files, items, kinds, limit, progress)


def fincuge(house: House, folder: Path, *, limit: int | None, progress: Progress) -> Result:
    """FinCUGE FinQA or FinCQA (BBT-FinCUGE): `eval_list.json` of [question and passage, answer].

    `accuracy` over answerable items (every listed answer is needed), `rejection_rate` over the others.
    """
    path = published_file(folder, "eval_list.json")
    items = [_fincuge_item(n, *row) for n, row in enumerate(read_published(path)[:limit])]
    return _measured(house, "fincuge", [path], items, ("accuracy", "rejection_rate"), limit, progress)


def _rgb_item(row: dict[str, Any], kind: str, right: Sequence[str]) -> Item:
    """Noise stands between the right documents, so that no order gives the answer away."""
    noise = row["negative"][:NEGATIVES]
    mixed = [text for pair in zip(noise, right, strict=False) for text in pair]
    documents = [*mixed, *right[len(noise) :], *noise[len(right) :]]
    return Item(
        id=f"{kind}-{row['id']}",
        kind=kind,
        question=row["query"],
        passages=tuple(documents),
        wanted=_wanted(row["answer"]),
    )


def _rgb_rejection(row: dict[str, Any]) -> Item:
    kind = "rejection_rate"
    noise = tuple(row["negative"][: POSITIVES + NEGATIVES])
    return Item(id=f"{kind}-{row['id']}", kind=kind, question=row["query"], passages=noise)


def _wanted(answer: Any) -> Wanted:
    """RGB's own rule: every entry of the list is needed, of a nested list any one will do."""
    entries = answer if isinstance(answer, list) else [answer]
    return tuple(tuple(map(str, entry)) if isinstance(entry, list) else (str(entry),) for entry in entries)


def _fincuge_item(n: int, text: str, answer: str) -> Item:
    question, mark, passage = text.partition("？")
    if not mark:
        raise EvalError(f"Item {n} of FinCUGE has no question mark between question and passage: fetch it again.")
    refused = answer in NO_ANSWER
    wanted = () if refused else tuple((part,) for part in answer.split(",") if part)
    kind = "rejection_rate" if refused else "accuracy"
    return Item(id=str(n), kind=kind, question=question + mark, passages=(passage,), wanted=wanted)


def _measured(
    house: House,
    name: str,
    files: Sequence[Path],
    items: Sequence[Item],
    kinds: Sequence[str],
    limit: int | None,
    progress: Progress,
) -> Result:
    if not items:
        raise EvalError(f"{files[0].parent} holds no item of {name}: restore its files.")
    started = time.perf_counter()
    extractor = _extractor(house, items)
    answered = []
    for n, item in enumerate(items, 1):
        answered.append(_answer(extractor, item))
        progress(n, len(items), "")
    asked = Cases(path=str(files[0].parent), sha256=digests(files), items=tuple({"id": item.id} for item in items))
    return Result(
        suite=f"public {name}",
        data=data_of(asked),
        model={"encoder": house.encoder.name, "answers": "extractive, passages of the item only"},
        parameters={"published": {}, "limit": limit, "coverage_threshold": house.settings.rag.coverage_threshold},
        metrics={**_metrics(answered, kinds), "quoted_share": _quoted_share(answered)},
        by={"kind": {kind: {"n": sum(a.item.kind == kind for a in answered)} for kind in kinds}},
        seconds=time.perf_counter() - started,
        predictions=tuple({"id": a.item.id, "answer": a.text, "abstained": not a.text} for a in answered),
    )


def _metrics(answered: Sequence[Answered], kinds: Sequence[str]) -> dict[str, Figure]:
    groups = {kind: [a for a in answered if a.item.kind == kind] for kind in kinds}
    return {kind: with_interval(some, right_share) if some else None for kind, some in groups.items()}


def _quoted_share(answered: Sequence[Answered]) -> float | None:
    """Characters quoted over characters of the passages, among items with an answer."""
    given = [a for a in answered if a.text]
    total = sum(len(text) for a in given for text in a.item.passages)
    return round(sum(len(a.text) for a in given) / total, 4) if total else None


def _answer(extractor: Extractor, item: Item) -> Answered:
    passages = [_passage(item, n, text) for n, text in enumerate(item.passages)]
    claims = extractor.best(item.question, passages)
    return Answered(item=item, text="\n".join(claim.text for claim in claims))


def _passage(item: Item, n: int, text: str) -> Passage:
    plain = _SPACE.sub(" ", text).strip()
    chunk = Chunk(
        id=f"{item.id}#{n}", version_id=f"{item.id}/{n}", document_id=f"{item.id}/{n}", title="",
        product_codes=(), labels=(), effective_from=None, effective_to=None, context="", text=plain,
        start=0, end=len(plain),
    )  # fmt: skip
    return Passage(chunk=chunk, score=1.0 / (n + 1))


def _extractor(house: House, items: Iterable[Item]) -> Extractor:
    """Knows how common terms are over all passages of the set, as an index of them would."""
    texts = {text for item in items for text in item.passages}
    counts = Counter(term for text in texts for term in set(terms(text)))

    def shares(wanted: Sequence[str]) -> dict[str, float]:
        return {term: counts[term] / max(len(texts), 1) for term in wanted}

    return Extractor(house.encoder, shares, lambda: len(texts), house.settings.rag)
