"""All that is known of a client's holdings together: findings, pages and notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from compliance_filters.finding import BoundFact
from copilot.diagnosis.account import alike_observations, habit_judgement
from copilot.diagnosis.data.ledger import Ledger
from copilot.diagnosis.diagnose import judge_fund, missing_notes
from copilot.diagnosis.findings import Judgement, Measure, Observation, judge
from copilot.diagnosis.fund_pages import fund_page
from copilot.diagnosis.match.advise import Held
from copilot.diagnosis.measured.whole import ReportMeasures
from copilot.diagnosis.parts import FundPage, HoldingRow
from copilot.diagnosis.series import DataNote, NoteLevel
from copilot.diagnosis.shared import FundStudy
from copilot.diagnosis.suitability import LEVEL_RULE, level_labels, level_measure

MOST_PAGES = 30  # funds with a page of their own, the largest holdings; the table and the findings speak of all
_ORDER = ["serious", "warning", "notice"]


@dataclass(frozen=True, kw_only=True)
class Whole:
    """All that is known of the holdings."""

    rows: tuple[HoldingRow, ...]
    studies: Mapping[str, FundStudy]
    level: str | None
    measures: ReportMeasures

    @property
    def paged(self) -> list[HoldingRow]:
        """The largest holdings of which something is known."""
        return [row for row in self.rows if row.code in self.studies][:MOST_PAGES]

    def observations(self) -> tuple[Observation, ...]:
        """Findings on the whole, then on each product; a product's words open with its name."""
        assert self.measures.portfolio is not None
        by_code = {row.code: row for row in self.rows}
        found = [*_concentration(self.rows), *alike_observations(self.measures.portfolio, by_code)]
        found += habit_judgement(self.measures.account).observations
        for row in self.rows:
            own = self.judgement(row).observations
            found += [_named(one, row) for one in (*_level_judgement(row, self.level).observations, *own)]
        return tuple(sorted(found, key=lambda one: _ORDER.index(one.severity.value)))

    def judgement(self, row: HoldingRow) -> Judgement:
        found = self.studies.get(row.code)
        return judge_fund(found.analysis, None) if found else Judgement(observations=(), unjudged=())

    def held(self, seen: Sequence[Observation], books: Ledger | None) -> list[Held]:
        """The holdings as the match needs them."""
        return [
            Held(
                code=row.code,
                name=row.name,
                amount_cny=row.amount_cny,
                weight=row.weight,
                observations=tuple(one for one in seen if one.entity == row.code),
                analysis=self.studies[row.code].analysis if row.code in self.studies else None,
                lots=tuple(lot for lot in books.lots if lot.code == row.code)
                if books and row.code not in books.broken
                else (),
            )
            for row in self.rows
        ]

    def pages(self, seen: Sequence[Observation]) -> tuple[FundPage, ...]:
        """A page for each of the largest holdings."""
        return tuple(
            fund_page(
                row,
                self.studies[row.code],
                [one for one in seen if one.entity == row.code],
                self.judgement(row),
            )
            for row in self.paged
        )

    def notes(self) -> Iterator[DataNote]:
        """What must be known of the data of each holding."""
        for row in self.rows:
            found = self.studies.get(row.code)
            if found is None:
                text = f"{row.name}（{row.code}）没有可用的净值，未作业绩与风险判断。"
                yield DataNote(kind="no_nav", level=NoteLevel.WARNING, text=text)
                continue
            clear = Judgement(observations=(), unjudged=())  # what could not be judged stands on the fund's page
            for note in (*found.analysis.fund.nav.notes, *missing_notes(found.analysis, clear)):
                yield replace(note, text=f"{row.code}：{note.text}")
        unrated = [row.code for row in self.rows if self.level and not row.risk_level]
        if unrated:
            text = f"以下产品没有风险等级，未作适当性判断：{'、'.join(unrated)}。"
            yield DataNote(kind="product_level", level=NoteLevel.SERIOUS, text=text)
        left = len([row for row in self.rows if row.code in self.studies]) - len(self.paged)
        if left > 0:
            fact = BoundFact(name="未单独成页的产品数", value=Decimal(left), unit="只")
            text = f"市值较小的{left}只产品没有单独成页，其主要指标见持仓明细，判断见诊断发现。"
            yield DataNote(kind="no_page", level=NoteLevel.INFO, text=text, facts=(fact,))


def _concentration(rows: Sequence[HoldingRow]) -> tuple[Observation, ...]:
    largest = max(rows, key=lambda row: row.weight)
    weight = Measure(name="largest_weight", label="占持仓比例", value=largest.weight, unit="%", entity=largest.code)
    labels = {"largest_name": largest.name}
    return judge({weight.name: weight}, labels, only=("concentrated",), entity=largest.code).observations


def _level_judgement(row: HoldingRow, level: str | None) -> Judgement:
    if not level:
        return Judgement(observations=(), unjudged=())
    measures, labels = level_measure(level, row.risk_level, row.code), level_labels(level, row.risk_level)
    return judge(measures, labels, only=(LEVEL_RULE,), entity=row.code)


def _named(seen: Observation, row: HoldingRow) -> Observation:
    return replace(seen, words=f"{row.name}（{row.code}）：{seen.words}")
