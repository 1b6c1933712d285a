"""Figures computed from rows that the words name: what (份额总额), of when (比二季末) and how (减少, 占, 户均).

Only rows of just these names are computed with, never some two numbers that happen to give a figure: the level that
a change is of stands right before it, or its name does; the other level has the same name in the same source and is
of the moment that the words say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import chain, pairwise

from compliance_filters.numbers import cues, levels
from compliance_filters.numbers.arithmetic import EXACT, Result
from compliance_filters.numbers.claims import Claim
from compliance_filters.numbers.evidence import Evidence, Known
from compliance_filters.numbers.mentions import Mention
from compliance_filters.numbers.moments import Moment, moments_in
from compliance_filters.numbers.pages import Page
from compliance_filters.numbers.rows import Row, Rows, rows_of
from mandarin.chinese_number import read_number

_BACK = 4  # figures before one in which the level and the moment are looked for
_PART_ENDS = re.compile("[；;。！？\n]")
_SENTENCE_ENDS = re.compile("[。！？\n]")
_AGAINST_BEFORE = re.compile("[同环]比")  # …；同比增加286.4亿元 goes on with what its sentence is of
_COMPARES = re.compile("比(?![例重率])|较|与|同比|环比|相比|少增|多增|[前初末底]")
_COMPARED = re.compile("(?P<noun>[\u4e00-\u9fff]{2,8})(?:比|较)(?![例重率])")
_SAME_MONTH_OF_A_YEAR_AGO = re.compile("[少多]增")
_TOTAL = re.compile("总|合计|资产净值|规模|净资产")
_OF_TOTAL = re.compile("占(?:比|到|了)?(?:基金)?(?P<of>净值|总份额|总规模|规模|总资产|资产净值|份额)?")
_HEADS = {"户": re.compile("户均|每户|平均每户"), "人": re.compile("人均|平均每人")}
_OF_LIST = re.compile(
    "(?P<side>前|后)(?P<n>[二两三四五六七八九十]|\\d{1,2})(?:大|个|名|只|家|位|项)[^，,。；;\\d]{0,12}$"
)
_RATE_OF_EXCHANGE = re.compile("中间价|汇率|即期")
_SIMILAR = Decimal("0.6")  # of a row's name that must stand in the words
_LEAST, _LEAST_LIST = 2, 3
_POINTS = 100
_PLAIN_CHANGE = re.compile("相差|差距|变动|变化|之差")


class NamedRows:
    """Computes with the rows that the words of one page's figures name."""

    def __init__(
        self, page: Page, known: Known, products: Sequence[Mention], bound: Callable[[int], Evidence | None]
    ) -> None:
        """`bound` gives the known number that a shown figure (by index) states."""
        self._page, self._known, self._products, self._bound = page, known, products, bound

    @cached_property
    def _rows(self) -> Rows:
        return rows_of(self._known)

    def gives(self, claim: Claim, index: int) -> bool | None:
        """Whether rows that a figure's words name give it, in the direction that they say; None where none are named.

        False only where both levels of a change are named and it is another one.
        """
        if not self._known.sources or claim.figure.label:
            return None
        changes = [found for found in self._changes(claim, index) if found is not None]
        changes += [[result] for result in self._former(claim, index)]
        if claim.meets(chain.from_iterable(changes)) or claim.meets(self._results(claim, index)):
            return True
        return False if changes else None

    def _former(self, claim: Claim, index: int) -> Iterator[Result]:
        if levels.asks_level(claim):
            yield from levels.before_named(claim, levels.told_moment(claim), self._levels(claim, index), self._rows)

    def _results(self, claim: Claim, index: int) -> Iterator[Result]:
        if claim.unit == "%" and cues.PART.search(claim.near):
            yield from self._shares(claim, index)
        if (heads := _HEADS.get("户")) and heads.search(claim.near):
            yield from self._each(claim, index)
        if claim.unit == "%":
            yield from self._of_list(claim)

    def _changes(self, claim: Claim, index: int) -> Iterator[list[Result] | None]:
        if not any(words.search(claim.near) for words in (cues.DIFFERENCE, cues.GROWTH, cues.NET)):
            return
        told = self._told(claim, index)
        if told is None:
            return
        for now in self._levels(claim, index):
            for then in self._rows.alike(now):
                if then.moment != now.moment and then.moment.is_named_by(told, now.moment):
                    yield _change(claim, now, then)

    def _told(self, claim: Claim, index: int) -> Moment | None:
        """The moment that a change is told from: in the words of the figure, or of one right before it."""
        if _SAME_MONTH_OF_A_YEAR_AGO.search(claim.near):
            return Moment(steps=frozenset({"year"}))
        if cues.NET.search(claim.near):
            return Moment(steps=frozenset({"opening"}))
        for words in self._words_back(claim, index):
            found = list(moments_in(words))
            if found and _COMPARES.search(words):
                return found[-1][2]
        return None

    def _words_back(self, claim: Claim, index: int) -> Iterator[str]:
        """The words before a figure and before those that lead up to it in its part of the sentence."""
        yield claim.before
        figures, text = self._page.figures, self._page.text
        for i in range(index - 1, max(-1, index - _BACK), -1):
            if figures[i].end < claim.figure.sentence or _PART_ENDS.search(text, figures[i].end, claim.figure.start):
                return
            if self._bound(i) is None:  # what a level is of is told before it, and not of a change from it
                yield text[figures[i].previous_end : figures[i].start]

    def _levels(self, claim: Claim, index: int) -> list[Row]:
        """The rows that a change may be of: those that its own words name, else the one shown right before."""
        return self._named(claim, index) or self._called(claim, index) or self._shown(claim, index)

    def _called(self, claim: Claim, index: int) -> list[Row]:
        """The rows of the one name of a source that holds what is compared: 份额 of 份额比期初下降 in 基金份额总额."""
        asked = _COMPARED.search(claim.before)
        told = self._told(claim, index) if asked else None
        if asked is None or told is None:
            return []
        units = _units(claim)
        rows = [
            row
            for row in self._rows.all
            if asked["noun"] in row.name
            and (row.quantity.unit in units if units else row.quantity.unit not in ("%", "pp"))
            and self._may_be(row, index)
            and any(
                then.moment != row.moment and then.moment.is_named_by(told, row.moment)
                for then in self._rows.alike(row)
            )
        ]
        rows = [row for row in rows if all(other.moment.is_before(row.moment) for other in self._rows.alike(row))]
        return rows if len({(row.source, row.name) for row in rows}) == 1 else []

    def _named(self, claim: Claim, index: int) -> list[Row]:
        units = _units(claim)
        shared = {
            (name, unit): _shared(name, claim.before)
            for name, unit in self._rows.names
            if (unit in units if units else unit not in ("%", "pp"))
        }
        best = max(shared.values(), default=0)
        if best < _LEAST:
            return []
        names = {(name, unit) for (name, unit), n in shared.items() if n == best and n >= len(name) * _SIMILAR}
        rows = [row for row in self._rows.all if (row.name, row.quantity.unit) in names and self._may_be(row, index)]
        return [row for row in rows if all(other.moment.is_before(row.moment) for other in self._rows.alike(row))]

    def _may_be(self, row: Row, index: int) -> bool:
        """Whether a row's source may speak of the product that a figure is of."""
        entity, _ = self._page.entity(index, self._products) if self._products else (None, False)
        held = next(held for held in self._known.sources if held.source.n == row.source)
        return entity is None or not held.products or entity in {mention.value for mention in held.products}

    def _shown(self, claim: Claim, index: int) -> list[Row]:
        figures, text = self._page.figures, self._page.text
        units = _units(claim)
        ends = _SENTENCE_ENDS if _AGAINST_BEFORE.search(claim.before) else _PART_ENDS
        for i in range(index - 1, max(-1, index - _BACK), -1):
            if figures[i].end < claim.figure.sentence or ends.search(text, figures[i].end, claim.figure.start):
                break
            if (units and figures[i].quantity.unit not in units) or not figures[i].said:
                continue
            rows = self._rows_of(i)
            if rows:
                return rows
        return []

    def _rows_of(self, index: int) -> list[Row]:
        """The rows that a shown figure states."""
        told = self._bound(index)
        if told is None or told.source is None:
            return []
        rows = self._rows.by_size.get((told.quantity.value, told.quantity.unit), [])
        return [row for row in rows if row.source == told.source]

    def _shares(self, claim: Claim, index: int) -> Iterator[Result]:
        """What the number right before is of a total of its moment: 机构持有3.42亿份，占38.0%."""
        part = index - 1
        figures = self._page.figures
        if part < 0 or figures[part].end < claim.figure.sentence or figures[part].quantity.unit in ("%", "pp"):
            return
        asked = _OF_TOTAL.search(claim.near)
        of = (asked["of"] or "") if asked else ""
        for row in self._rows_of(part):
            for whole in self._totals(row, row.quantity.unit):
                if of in whole.name and whole.quantity.value >= row.quantity.value:
                    yield row.quantity.value / whole.quantity.value * _POINTS, EXACT

    def _totals(self, row: Row, unit: str) -> Iterator[Row]:
        """Totals of a unit and of the moment of a row, in its source."""
        for whole in self._rows.of_source[row.source]:
            of_total = whole is not row and whole.quantity.unit == unit and _TOTAL.search(whole.name)
            if of_total and whole.moment == row.moment and whole.quantity.value:
                yield whole

    def _each(self, claim: Claim, index: int) -> Iterator[Result]:
        """A total by how many hold it: 持有人户数21,460户，户均持有4.19万份."""
        for i in range(index - 1, max(-1, index - _BACK), -1):
            if self._page.figures[i].quantity.unit == "户" and self._page.figures[i].end >= claim.figure.sentence:
                for row in self._rows_of(i):
                    yield from (
                        (whole.quantity.value / row.quantity.value, EXACT)
                        for whole in self._totals(row, claim.unit)
                        if row.quantity.value
                    )
                return

    def _of_list(self, claim: Claim) -> Iterator[Result]:
        """The first or last so many of a list from the largest to the smallest: 前五大合计25.65%."""
        asked = _OF_LIST.search(claim.near)
        if asked is None:
            return
        count = int(read_number(asked["n"]).value)
        for run in self._lists:
            if _LEAST <= count <= len(run):
                chosen = run[:count] if asked["side"] == "前" else run[-count:]
                yield sum((row.quantity.value for row in chosen), EXACT), EXACT

    @cached_property
    def _lists(self) -> list[list[Row]]:
        """Runs of shares in one sentence of a source, each with a name of its own, from the largest on."""
        runs: list[list[Row]] = []
        for rows in self._rows.of_source.values():
            run: list[Row] = []
            for before, row in pairwise([None, *rows]):
                assert row is not None
                if row.quantity.unit != "%" or not row.own:
                    run = []
                    continue
                if before is None or not run or not _follows(before, row):
                    run = []
                    runs.append(run)
                run.append(row)
        return [run for run in runs if len(run) >= _LEAST_LIST]


def _follows(before: Row, row: Row) -> bool:
    alike = before.sentence == row.sentence and before.name != row.name
    return alike and before.quantity.value >= row.quantity.value


def _units(claim: Claim) -> frozenset[str]:
    """Units of the levels that a change is of; empty for any but rates."""
    unit = claim.unit
    if unit == "pp":
        return frozenset({"%", ""})
    return frozenset() if unit in ("%", "倍") else frozenset({unit})


def _change(claim: Claim, now: Row, then: Row) -> list[Result] | None:
    """How far two levels lie apart, or by how much of itself one changed; empty where words tell another direction.

    None where a change of these is no figure of this kind.
    """
    change, unit = _signed(now) - _signed(then), now.quantity.unit
    if not unit and claim.unit == "pp":  # a rise of the yuan is a fall of what a dollar costs
        return [(abs(change) * _POINTS, EXACT)] if _RATE_OF_EXCHANGE.search(now.name) else None
    if claim.unit in ("%", "倍"):
        return None if not _signed(then) or unit in ("%", "pp") else _relative(claim, change / _signed(then))
    if not claim.direction:
        return [(abs(change), EXACT)] if _PLAIN_CHANGE.search(claim.near) else None
    return [(abs(change), EXACT)] if (change > 0) == (claim.direction > 0) else []


def _relative(claim: Claim, growth: Decimal) -> list[Result]:
    if claim.unit == "倍":
        return [(growth if cues.MULTIPLIED.search(claim.near) else growth + 1, EXACT)]
    told = claim.growth == "?" or (growth > 0) == (claim.growth == "+")
    return [(abs(growth) * _POINTS, EXACT)] if told else []


def _signed(row: Row) -> Decimal:
    return -row.quantity.value if row.quantity.sign == "-" else row.quantity.value


def _shared(name: str, words: str) -> int:
    """How many neighbouring characters of a row's name stand in the words."""
    most = 0
    for start in range(len(name)):
        while start + most < len(name) and name[start : start + most + 1] in words:
            most += 1
    return most
