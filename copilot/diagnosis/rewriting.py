"""A chat model may word the prose of a report anew; code keeps the numbers, and the composed line stays in doubt.

Before the model sees a line, every number, date, name and title in it becomes a placeholder `[f1]`. A reworded line
counts only when each placeholder came back exactly once and in its place, nothing numeric came beside them, no word
of direction turned against the line or the sign of its number, and the gate finds nothing in the whole report.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from compliance_filters.finding import Draft, Finding, ReviewContext, Target
from copilot.diagnosis.parts import FundPage, Rewriting, RewrittenLine
from copilot.diagnosis.report import DiagnosisReport
from mandarin.numerals import find_numerals
from prompts.chat import ChatModel, Message
from prompts.errors import ChatUnavailableError
from prompts.library import PromptLibrary

_log = logging.getLogger(__name__)
PROMPT = "report_prose"
SUMMARY = "摘要"
MOST_PAGES = 5  # of the largest holdings: each page is a call of seconds
_MOST_TOKENS = 1200
_LONGER = 1.6  # a reworded line may have so many times the characters of the composed one, and thirty more
_PLACEHOLDER = re.compile(r"\[f(\d+)\]")
_ALWAYS = re.compile(r"\d{4}-\d{2}-\d{2}|[RC][1-5]|近\d+(?:个月|年)|“[^“”]*”|-\d[\d,.]*%?")
_FOREIGN = re.compile(r"[0-9A-Za-z\u2150-\u218b\u2460-\u249b【】#*\[\]{}<>]")
_CLAUSE = re.compile(r"[，。；：！？,;:!?]")
_NOT = re.compile("[不未没非无莫勿]")
_UP = re.compile("跑赢|超过|超越|高于|领先|优于|好于|胜过|上涨|上升|增长|盈利|赚|正收益")
_DOWN = re.compile("跑输|输给|落后|低于|不及|弱于|逊于|不如|下跌|下降|回落|亏损|亏|赔|损失|负收益|回撤")
Judge = Callable[[Draft, ReviewContext], tuple[Sequence[Finding], Sequence[str]]]


@dataclass(frozen=True, kw_only=True)
class Bound:
    """A line with placeholders, and what stood there."""

    line: str
    held: Mapping[str, str]  # by placeholder

    def restored(self, line: str) -> str:
        return _PLACEHOLDER.sub(lambda found: self.held[found.group()], line)


class ProseRewriter:
    """Rewords a report's summary and the leads of its first pages."""

    def __init__(self, model: ChatModel, prompts: PromptLibrary, judge: Judge) -> None:
        """`judge`: findings and failures of the gate on a text; it records and clears nothing."""
        self._model, self._prompts, self._judge = model, prompts, judge

    def reword(self, report: DiagnosisReport, context: ReviewContext) -> DiagnosisReport:
        """The report with what stood the checks, and a record of every line; never raises for the model's sake.

        `context` is what the gate will judge the report in.
        """
        lines = [one for place, lines in _sections(report) for one in self._section(report, place, lines)]
        lines = self._judged(report, context, lines)
        done = Rewriting(prompt=self._prompts.get(PROMPT).sha256, lines=tuple(lines))
        if done.refused:
            _log.warning("%d of %d lines of a report stay as composed", len(done.refused), len(lines))
        return replace(_with(report, lines), rewriting=done)

    def _section(self, report: DiagnosisReport, place: str, lines: Sequence[str]) -> Iterator[RewrittenLine]:
        bound = _bind(lines, _names(report))
        try:
            reply = self._model.complete(self._messages(place, bound), max_tokens=_MOST_TOKENS)
        except ChatUnavailableError:
            yield from (RewrittenLine(section=place, composed=line, why="没有得到回复") for line in lines)
            return
        given = [row.strip() for row in reply.text.splitlines() if row.strip()]
        for n, (line, one) in enumerate(zip(lines, bound, strict=True)):
            why = "行数不符" if len(given) != len(bound) else fault(one, given[n])
            said = None if why else one.restored(given[n])
            yield RewrittenLine(section=place, composed=line, reworded=said, why=why or "", model=reply.model)

    def _messages(self, place: str, bound: Sequence[Bound]) -> Sequence[Message]:
        facts = "\n".join(f"{name} = {value}" for one in bound for name, value in one.held.items())
        longest = max(len(one.line) for one in bound)
        return self._prompts.messages(
            PROMPT, section=place, lines="\n".join(one.line for one in bound), facts=facts or "无",
            limit=str(_most(longest)),
        )  # fmt: skip

    def _judged(
        self, report: DiagnosisReport, context: ReviewContext, lines: Sequence[RewrittenLine]
    ) -> list[RewrittenLine]:
        """Without what the gate would find: all at once where it finds nothing, else line by line."""
        if not any(line.reworded for line in lines) or self._clean(report, context, lines):
            return list(lines)
        kept: list[RewrittenLine] = []
        for line in lines:
            alone = line.reworded is None or self._clean(report, context, [line])
            kept.append(line if alone else line.refused("合规检查未通过"))
        if self._clean(report, context, kept):
            return kept
        return [line.refused("合规检查未通过") if line.reworded else line for line in kept]

    def _clean(self, report: DiagnosisReport, context: ReviewContext, lines: Sequence[RewrittenLine]) -> bool:
        draft = Draft(text=_with(report, lines).text(), target=Target.REPORT, by=self._model.name)
        findings, errors = self._judge(draft, context)
        return not findings and not errors


def fault(bound: Bound, reworded: str) -> str | None:
    """Why a reworded line may not stand for a composed one; None where it may."""
    given, wanted = _PLACEHOLDER.findall(reworded), _PLACEHOLDER.findall(bound.line)
    if sorted(given) != sorted(wanted):
        return "占位符丢失、重复或多出"
    if given != wanted:
        return "占位符次序改变"
    bare = _bare(reworded)
    if _FOREIGN.search(bare) or any(char.isdigit() for char in bare) or find_numerals(bare):
        return "出现了新的数字或符号"
    if len(reworded) > _most(len(bound.line)):
        return "过长"
    return "方向与数字不符" if _turned(bound, reworded) else None


def _bare(line: str) -> str:
    return _PLACEHOLDER.sub("□", line)


def _most(characters: int) -> int:
    return int(characters * _LONGER) + 30


def _turned(bound: Bound, reworded: str) -> bool:
    """Whether a clause lost the direction of the composed one, or goes against its number's sign where it had none."""
    if len(_NOT.findall(_bare(bound.line))) != len(_NOT.findall(_bare(reworded))):
        return True  # 没有跑赢 speaks of no loss by any word of direction
    before, after = _directions(bound.line), _directions(reworded)
    return any(
        after[name] != before[name] if before[name] else after[name] * _of_sign(value) < 0
        for name, value in bound.held.items()
    )


def _directions(line: str) -> dict[str, int]:
    """By placeholder the direction that its clause speaks of: 1 up, -1 down, 0 neither or both."""
    return {f"[f{number}]": _words(clause) for clause in _CLAUSE.split(line) for number in _PLACEHOLDER.findall(clause)}


def _words(clause: str) -> int:
    return bool(_UP.search(clause)) - bool(_DOWN.search(clause))


def _of_sign(value: str) -> int:
    """Of a share with or without a minus; other things have no direction."""
    if not value.endswith("%"):
        return 0
    return -1 if value.startswith("-") else 1


def _bind(lines: Sequence[str], names: Sequence[str]) -> list[Bound]:
    """Lines with placeholders, numbered through."""
    found, count = [], 0
    for line in lines:
        held: dict[str, str] = {}
        parts, end = [], 0
        for start, stop in _spans(line, names):
            count += 1
            name = f"[f{count}]"
            held[name] = line[start:stop]
            parts += [line[end:start], name]
            end = stop
        found.append(Bound(line="".join([*parts, line[end:]]), held=held))
    return found


def _spans(line: str, names: Sequence[str]) -> list[tuple[int, int]]:
    """What may not be reworded, without overlap: of two that begin alike the longer."""
    spans = [(m.start(), m.end()) for name in names for m in re.finditer(re.escape(name), line)]
    spans += [m.span() for m in _ALWAYS.finditer(line)] + [(n.start, n.end) for n in find_numerals(line)]
    kept: list[tuple[int, int]] = []
    for start, stop in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, stop))
    return kept


def _names(report: DiagnosisReport) -> list[str]:
    """Names and titles that stand as they are."""
    pages = [name for page in report.pages for name in (page.name, page.code, page.benchmark_name)]
    titles = [seen.title for seen in report.observations]
    rows = [name for row in report.holdings for name in (row.name, row.code)]
    found = {report.subject, report.benchmark_name, *report.codes, *pages, *titles, *rows}
    return [name for name in found if name]


def _sections(report: DiagnosisReport) -> Iterator[tuple[str, Sequence[str]]]:
    if report.summary:
        yield SUMMARY, report.summary
    for page in report.pages[:MOST_PAGES]:
        if page.lead:
            yield page.code, page.lead


def _with(report: DiagnosisReport, lines: Sequence[RewrittenLine]) -> DiagnosisReport:
    """The report with the reworded lines in their places."""
    new = {(line.section, line.composed): line.reworded for line in lines if line.reworded}

    def said(place: str, composed: Sequence[str]) -> tuple[str, ...]:
        return tuple(new.get((place, line)) or line for line in composed)

    def page(one: FundPage) -> FundPage:
        return replace(one, lead=said(one.code, one.lead))

    return replace(report, summary=said(SUMMARY, report.summary), pages=tuple(map(page, report.pages)))
