"""`tougu bench conflicts`: documents copied with seeded edits, and which of the copies are told to contradict.

Every document with facts, and every rule on a topic, is copied once. Kinds of copies take turns:

| kind | what is done | contradicts |
|---|---|---|
| `value` | one value is altered | yes |
| `reprint` | nothing but the title | no |
| `rounded` | one value loses its last digit, rounded | no |
| `successor` | one value is altered, and the copy supersedes the original | no |
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from random import Random

from eval.bench.measure import Progress, bench_result, quotient
from eval.fresh import fresh_house
from eval.result import Figure, Result
from knowledge_base.conflicts import KEY_NUMBER, RULE_TYPES, Conflict, find_conflicts
from knowledge_base.document import Block, BlockKind, DocumentVersion, ParsedDocument
from knowledge_base.facts import Fact
from knowledge_base.sync import sync_folder
from serve.users import OPERATOR
from serve.wiring import House

KINDS = ("value", "reprint", "rounded", "successor")
SEED = 20261122
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")

Pair = frozenset[str]  # two version ids


@dataclass(frozen=True, kw_only=True)
class _Copy:
    """A document made of another."""

    original: str  # version id
    kind: str
    name: str  # file name
    text: str
    said: str  # the value that was put in


class _NoIndex:
    """Conflicts are found in the catalog and its facts: nothing is encoded."""

    def add(self, version: DocumentVersion, parsed: ParsedDocument) -> None: ...

    def remove(self, version_id: str) -> None: ...

    def version_ids(self) -> set[str]:
        return set()


def bench_conflicts(house: House, *, corpus: Path, seeds: int, progress: Progress) -> Result:
    """Pairs of documents told to contradict each other, against the edits that were made.

    `pair_f1` over unordered pairs of documents: an original and its copy of kind `value` must be told, and a
    pair is told rightly when one of its spans holds the edit (other documents may state the edited value
    too). `false_alarms_per_100` counts the other pairs, by hundred documents in force. What the corpus
    contradicts itself on is set aside, with copies of it, and counted as `found_before`.
    """
    began = time.perf_counter()
    with fresh_house(house) as fresh:
        _sync(fresh, corpus)
        before = {_pair(one) for one in _found(fresh)}
        copies = tuple(_copies(fresh, seeds))
        folder = fresh.settings.home / "seeded"
        folder.mkdir(parents=True)
        for n, copy in enumerate(copies, 1):
            (folder / copy.name).write_text(copy.text, encoding="utf-8")
            progress(n, len(copies), copy.name)
        _sync(fresh, folder)
        looked = time.perf_counter()
        found = _found(fresh)
        seconds = time.perf_counter() - looked
        ids = {Path(v.path).name: v.id for v in fresh.catalog.versions(principal=OPERATOR)}
        documents = len(fresh.catalog.in_force(fresh.today(), principal=OPERATOR))
    by_id = {ids[copy.name]: copy for copy in copies}
    scored = [one for one in found if _roots(one, by_id) not in before]
    figures = _figures(scored, by_id, documents)
    return bench_result(
        "conflicts",
        fixture=f"{corpus.name}, edits of seed {SEED}",
        n=documents,
        parameters={"copies": len(copies), "kinds": {kind: sum(c.kind == kind for c in copies) for kind in KINDS}},
        metrics={**figures, "found_before": len(before), "find_s": round(seconds, 3)},
        began=began,
    )


def sample_documents() -> Path:
    """The documents of the fictional firm."""
    return Path(str(files("serve").joinpath("sample", "documents")))


def _figures(found: Sequence[Conflict], copies: Mapping[str, _Copy], documents: int) -> dict[str, Figure]:
    told = {_pair(one) for one in found}
    right = {_pair(one) for one in found if _shows_an_edit(one, copies)}
    pairs = {kind: {frozenset({c.original, id_}) for id_, c in copies.items() if c.kind == kind} for kind in KINDS}
    precision = quotient(len(right), len(told))
    recall = quotient(len(told & pairs["value"]), len(pairs["value"]))
    return {
        "pair_precision": precision,
        "pair_recall": recall,
        "pair_f1": round(2 * precision * recall / (precision + recall), 4) if precision and recall else None,
        "false_alarms_per_100": quotient(100 * len(told - right), documents),
        **{f"told_{kind}": quotient(len(told & some), len(some)) for kind, some in pairs.items()},
    }


def _shows_an_edit(conflict: Conflict, copies: Mapping[str, _Copy]) -> bool:
    """Whether a side of the conflict is an edited copy at the place of its edit."""
    sides = ((copies.get(side.version_id), side.quote) for side in (conflict.left, conflict.right))
    return any(copy is not None and copy.kind == "value" and copy.said in quote for copy, quote in sides)


def _roots(conflict: Conflict, copies: Mapping[str, _Copy]) -> Pair:
    """The pair of documents that a conflict is about, originals for their copies."""
    ids = (conflict.left.version_id, conflict.right.version_id)
    return frozenset(copies[id_].original if id_ in copies else id_ for id_ in ids)


def _sync(house: House, folder: Path) -> None:
    sync_folder(
        folder, catalog=house.catalog, indexer=_NoIndex(), principal=OPERATOR, settings=house.settings.knowledge
    )


def _found(house: House) -> tuple[Conflict, ...]:
    return find_conflicts(house.catalog, house.facts, principal=OPERATOR, on=house.today())


def _pair(conflict: Conflict) -> Pair:
    return frozenset({conflict.left.version_id, conflict.right.version_id})


def _copies(house: House, seeds: int) -> Iterator[_Copy]:
    """A copy of each document that can be edited, kinds in turn, in an order of the seed."""
    random = Random(SEED)
    originals = sorted(house.catalog.in_force(house.today(), principal=OPERATOR), key=lambda v: v.path)
    random.shuffle(originals)
    made = 0
    for version in originals:
        parsed = house.catalog.parsed(version.id, principal=OPERATOR)
        topic = house.catalog.metadata(version.id, principal=OPERATOR).topic
        spans = _values(version, parsed, house.facts.of_version(version.id, principal=OPERATOR), topic)
        kind = KINDS[made % len(KINDS)]
        if kind == "rounded":
            spans = [span for span in spans if "." in parsed.text[slice(*span)]]
        if made >= seeds or not spans:
            continue
        span = random.choice(spans)
        said = _edited(kind, parsed.text[slice(*span)])
        yield _Copy(
            original=version.id,
            kind=kind,
            name=f"seeded-{made:04d}.md",
            text=_front(version, kind, topic) + _markdown(parsed, span, said),
            said=said,
        )
        made += 1


def _values(
    version: DocumentVersion, parsed: ParsedDocument, facts: Sequence[Fact], topic: str | None
) -> list[tuple[int, int]]:
    """Places of values that can be edited: of facts, or the key numbers of a rule on a topic."""
    if version.document_type in RULE_TYPES:
        blocks = [block for block in parsed.blocks if topic and block.kind is BlockKind.PARAGRAPH]
        return [
            (block.start + number.start("number"), block.start + number.end("number"))
            for block in blocks
            for number in KEY_NUMBER.finditer(block.text)
        ]
    spans = []
    for fact in facts:
        number = _NUMBER.search(parsed.text, fact.start, fact.end)
        if fact.value and fact.product_code and number:
            spans.append(number.span())
    return spans


def _edited(kind: str, number: str) -> str:
    value = Decimal(number.replace(",", ""))
    exponent = value.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    if kind in ("value", "successor"):
        altered = value * Decimal("1.3") + Decimal(1).scaleb(-places)
        return f"{altered.quantize(Decimal(1).scaleb(-places)):f}"
    if kind == "rounded":
        return f"{value.quantize(Decimal(1).scaleb(1 - places)):f}"
    return number


def _front(version: DocumentVersion, kind: str, topic: str | None) -> str:
    """Front matter of the copy: another document of the same products and period."""
    rule = version.document_type in RULE_TYPES
    lines = [f"title: {version.title}（再刊）", f"type: {version.document_type if rule else 'other'}"]
    lines += [f"codes: [{', '.join(repr(code) for code in version.product_codes)}]"] if version.product_codes else []
    lines += [f"period: '{version.period}'"] if version.period else []
    lines += [f"topic: {topic}"] if topic else []
    lines += [f"supersedes: {version.document_id}"] if kind == "successor" else []
    return "---\n" + "\n".join(lines) + "\n---\n"


def _markdown(parsed: ParsedDocument, span: tuple[int, int], said: str) -> str:
    """The document printed anew, with `said` in place of the span."""
    return "\n\n".join(_block(block, span, said) for block in parsed.blocks) + "\n"


def _block(block: Block, span: tuple[int, int], said: str) -> str:
    if block.table is None:
        text = _with(block.text, block.start, span, said)
        return f"{'#' * min(6, len(block.heading_path) + 1)} {text}" if block.kind is BlockKind.HEADING else text
    rows = [[_with(cell.text, cell.start, span, said).replace("|", "｜") for cell in row] for row in block.table.rows]
    header = rows[0] if block.table.header_rows else [""] * len(rows[0])
    body = rows[1:] if block.table.header_rows else rows
    printed = [header, ["---"] * len(header), *body]
    return "\n".join(f"| {' | '.join(row)} |" for row in printed)


def _with(text: str, start: int, span: tuple[int, int], said: str) -> str:
    first, last = span[0] - start, span[1] - start
    return text[:first] + said + text[last:] if first >= 0 and last <= len(text) else text
