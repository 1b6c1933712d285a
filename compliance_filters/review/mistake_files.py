"""Approved mistakes as files: cases for `tougu eval compliance` and `tougu rules test`, lines for training."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compliance_filters.clauses import sentences
from compliance_filters.review.mistakes import APPROVED, Mistake
from compliance_filters.rules.pack import RulePack

BATCH = "officers"


@dataclass(frozen=True, kw_only=True)
class Written:
    """How many lines went where."""

    cases: int
    lines: int
    cases_file: Path
    lines_file: Path


def write_files(mistakes: Sequence[Mistake], path: Path, pack: RulePack, *, mark: str = "") -> Written:
    """Cases into `path`, training lines beside it into NAME.train.jsonl; both are replaced at once each.

    mistakes: those approved, and those that they replaced. mark: stands in `export` of every line.
    """
    beside = path.with_name(f"{path.stem}.train.jsonl")
    cases, lines = current(mistakes), list(training_lines(mistakes, pack))
    _write(path, ({**case(mistake), "export": mark} for mistake in cases))
    _write(beside, ({**line, "export": mark} for line in lines))
    return Written(cases=len(cases), lines=len(lines), cases_file=path, lines_file=beside)


def current(mistakes: Iterable[Mistake]) -> tuple[Mistake, ...]:
    """Of the approved ones about one text the last: cases must not contradict each other."""
    approved = [mistake for mistake in _in_order(mistakes) if mistake.state == APPROVED]
    return tuple(_in_order({mistake.case: mistake for mistake in approved}.values()))


def _in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    return sorted(mistakes, key=lambda mistake: (mistake.created_at, mistake.id))


def case(mistake: Mistake) -> dict[str, Any]:
    """One line of the evaluation format."""
    return {
        "id": mistake.id, "target": mistake.target, "text": mistake.text,
        "findings": [dict(finding) for finding in mistake.findings], "verdict": mistake.verdict,
        "tags": ["officer", mistake.kind],
        "meta": {name: value for name, value in mistake.meta.items() if value is not None},
    }  # fmt: skip


def training_lines(mistakes: Iterable[Mistake], pack: RulePack) -> Iterator[dict[str, Any]]:
    """The sentences that officers meant, with the rules they break; only of rules that words decide.

    What is right is what the current mark on the text says, also for the sentence of one that it replaced.
    """
    found = list(mistakes)
    right = {mistake.case: mistake for mistake in current(found)}
    lines = (_line(each, right[each.case], pack) for each in _in_order(found) if each.case in right)
    yield from {(line["target"], line["text"]): line for line in lines if line}.values()


def _line(mistake: Mistake, right: Mistake, pack: RulePack) -> dict[str, Any] | None:
    if pack.rule(mistake.rule).kind != "phrase":
        return None
    text = _sentences_around(mistake.text, mistake.quote)
    broken = {f["rule"] for f in right.findings if f["quote"] and f["quote"] in text and f["rule"] in pack.rules}
    return {
        "id": mistake.id, "text": text, "target": mistake.target,
        "rules": sorted(rule for rule in broken if pack.rules[rule].kind == "phrase"),
        "topic": mistake.rule, "split": "train", "batch": BATCH,
        "tags": ["officer", "violating" if mistake.rule in broken else "compliant"],
    }  # fmt: skip


def _sentences_around(text: str, quote: str) -> str:
    at = text.find(quote)
    inside = [s for s in sentences(text) if s.start < at + len(quote) and at < s.start + len(s.text)]
    return text[inside[0].start : inside[-1].start + len(inside[-1].text)].strip() if inside else text


def _write(path: Path, lines: Iterable[dict[str, Any]]) -> None:
    beside = path.with_name(f".{path.name}.new")
    body = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    beside.write_text(body, encoding="utf-8", errors="backslashreplace")
    beside.replace(path)
