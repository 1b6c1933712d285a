"""A rule pack with the filters that carry it out; another one at midnight, when other rules come into force."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date

from compliance_filters.finding import SEMANTIC, Draft, Filter, Finding, ReadsAhead, ReviewContext, SecondReader
from compliance_filters.rules.pack import RulePack
from compliance_filters.rules.shelf import PackShelf
from compliance_filters.watch import Run, Watch
from models.errors import ModelError

CHARS_A_BUDGET = 5_000
LOAD_S = 300.0  # longest wait for the weights of a filter
SECOND_READING = "second reading"
log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """What the filters say of one text."""

    findings: tuple[Finding, ...]  # by place
    errors: tuple[str, ...] = ()  # filters that failed
    acquitted: tuple[Finding, ...] = ()  # words of rules that the second reader knows to break nothing; no findings


@dataclass(frozen=True, kw_only=True)
class Rulebook:
    """What one verdict is made by, from its first filter to its label."""

    pack: RulePack
    filters: tuple[Filter, ...]  # in the pack's order, others after
    missing: tuple[str, ...] = ()  # one sentence for each filter that the pack orders and nobody gave

    @property
    def models(self) -> Mapping[str, str]:
        """Versions of the filters that have weights, by filter: the label of the pack tells of those that are rules."""
        versions = ((each.name, getattr(each, "version", None)) for each in self.filters)
        return {name: str(version) for name, version in versions if version}

    @classmethod
    def of(cls, pack: RulePack, filters: Sequence[Filter], *, left_out: frozenset[str] = frozenset()) -> Rulebook:
        """`left_out` names filters that an explicit setting does without."""
        order = [name for name in pack.order if name not in left_out]
        by_name = {f.name: f for f in filters}
        missing = tuple(f"{name}: this filter is not installed" for name in order if name not in by_name)
        named = [by_name.pop(name) for name in order if name in by_name]
        return cls(pack=pack, filters=(*named, *by_name.values()), missing=missing)

    def judge(
        self,
        draft: Draft,
        context: ReviewContext,
        *,
        time_budget_ms: float = float("inf"),
        max_chars: int = 200_000,
        watch: Watch | None = None,
    ) -> Judged:
        """Everything that is found; after a failure of a filter the others still look, and nothing is acquitted.

        watch: filters run in a thread of it, so that the budget ends the wait for one that hangs as well.
        """
        if len(draft.text) > max_chars:
            return Judged(
                findings=(), errors=(f"gate: the text has {len(draft.text)} characters, more than {max_chars}",)
            )
        reading = _Reading(self, draft, context, budget_ms=time_budget_ms * budgets(len(draft.text)))
        return reading.whole() if watch is None else reading.watched(watch)

    def read_ahead(self, drafts: Sequence[Draft]) -> None:
        """Let models read in one pass what `judge` will be asked about; what fails here fails again there."""
        for each in self.filters:
            if isinstance(each, ReadsAhead):
                with suppress(Exception):
                    each.read_ahead(drafts)

    def acquitted(self, draft: Draft, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Those of the findings that a second reader knows to break nothing."""
        readers = [each for each in self.filters if isinstance(each, SecondReader)]
        return tuple(f for f in findings if any(reader.acquits(draft, f) for reader in readers))


class _Reading:
    """One text on its way through the filters. What was found so far counts also where a filter hangs."""

    def __init__(self, book: Rulebook, draft: Draft, context: ReviewContext, *, budget_ms: float) -> None:
        self._book, self._draft, self._context, self._budget_ms = book, draft, context, budget_ms
        self._findings: list[Finding] = []
        self._errors = list(book.missing)
        self._acquitted: tuple[Finding, ...] = ()
        self._watch: Watch | None = None

    def whole(self) -> Judged:
        """Read in the caller's thread, which a filter that hangs holds up."""
        self._read(Run(self._read))
        return self._judged(self._errors, self._acquitted)

    def watched(self, watch: Watch) -> Judged:
        """Read in a thread of the watch, and wait no longer than the budget: where it is spent, that is an error."""
        self._watch = watch
        run = Run(self._read)
        watch.start(run)
        told = f"did not load within {LOAD_S:.0f} s"
        if run.ready.wait(LOAD_S):
            told = f"the time budget of {self._budget_ms:.0f} ms ran out"
            run.ended.wait(min(self._budget_ms / 1_000, threading.TIMEOUT_MAX))
        watch.leave(run)
        if run.left:
            return self._judged([*self._errors, f"gate: {told} at {run.at}"], ())
        if run.failure is not None:
            return self._judged([*self._errors, f"{run.at}: {type(run.failure).__name__}"], ())
        return self._judged(self._errors, self._acquitted)

    def _read(self, run: Run) -> None:
        """Load, read, read again."""
        findings, errors = self._findings, self._errors
        self._load(run)
        run.ready.set()
        began = time.monotonic()
        for each in self._book.filters:
            if run.left:
                return
            if self._is_unavailable(each.name):
                continue
            run.at = each.name
            try:
                findings += each.find(self._draft, self._context)
            except Exception as error:  # any failure of a filter is a doubt, never a pass
                log.warning("compliance filter %s failed: %s", each.name, type(error).__name__)
                errors.append(f"{each.name}: {_told(error)}")
            if (time.monotonic() - began) * 1_000 > self._budget_ms:
                errors.append(f"gate: the time budget of {self._budget_ms:.0f} ms ran out at {each.name}")
                break
        if not self._book.filters or not self._book.pack.rules:
            errors.append("gate: there are no rules to judge by")
        if not errors and not self._is_unavailable(SECOND_READING):
            run.at = SECOND_READING
            try:
                self._acquitted = self._book.acquitted(self._draft, findings)
            except Exception as error:  # who cannot read again acquits nothing, and somebody must look
                log.warning("the second reading failed: %s", type(error).__name__)
                errors.append(f"{SECOND_READING}: {_told(error)}")

    def _judged(self, errors: Sequence[str], acquitted: tuple[Finding, ...]) -> Judged:
        kept = _without_echoes([f for f in tuple(self._findings) if f not in acquitted])
        return Judged(
            findings=tuple(sorted(kept, key=lambda f: (f.start, f.end, f.rule))),
            errors=tuple(errors),
            acquitted=acquitted,
        )

    def _is_unavailable(self, name: str) -> bool:
        """Whether no text may enter a filter, which is an error of this one."""
        if self._watch is None or not self._watch.hangs(name):
            return False
        self._errors.append(f"{name}: unavailable, too many texts hang in it")
        return True

    def _load(self, run: Run) -> None:
        """Weights load outside the time budget; a model that does not load fails again where it is asked."""
        for each in self._book.filters:
            if self._watch is not None and self._watch.hangs(each.name):
                continue
            run.at = each.name
            with suppress(Exception):
                getattr(each, "load", bool)()


def budgets(characters: int) -> float:
    """How many time budgets a text has: one, or one for each 5,000 characters, since a report is a book of its own."""
    return max(1.0, characters / CHARS_A_BUDGET)


class DatedRulebooks:
    """The rulebook of the day; called before each verdict, it costs a comparison of two days."""

    def __init__(
        self,
        shelf: PackShelf,
        filters: Callable[[RulePack], Sequence[Filter]],
        today: Callable[[], date],
        *,
        left_out: frozenset[str] = frozenset(),
    ) -> None:
        self._shelf = shelf
        self._filters = filters
        self._today = today
        self._left_out = left_out
        self._lock = threading.Lock()
        self._current: tuple[date, Rulebook] | None = None

    def __call__(self) -> Rulebook:
        """Raises what shelf and filters raise: the gate then fails closed."""
        day, current = self._today(), self._current
        if current and current[0] == day:
            return current[1]
        with self._lock:
            pack = self._shelf.on(day)
            if self._current and self._current[1].pack is pack:
                book = self._current[1]
            else:
                book = Rulebook.of(pack, self._filters(pack), left_out=self._left_out)
            self._current = (day, book)
            return book


def _told(error: Exception) -> str:
    """The kind of a failure; a model's own words too, which name no text and say what to install."""
    return str(error) if isinstance(error, ModelError) else type(error).__name__


def _without_echoes(findings: Sequence[Finding]) -> list[Finding]:
    """Without what the model repeats: where a rule's own words were found, its finding stands alone."""
    by_rules = [f for f in findings if f.by != SEMANTIC]
    return [
        f
        for f in findings
        if f.by != SEMANTIC or not any(f.rule == r.rule and r.start < f.end and f.start < r.end for r in by_rules)
    ]
