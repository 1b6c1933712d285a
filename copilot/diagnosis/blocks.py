"""What a report is made of: a few kinds of blocks, each with the very words that the gate judges.

Every rendering walks the same blocks, so that no format can show what another lacks or what nobody has judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from copilot.diagnosis.charts import Chart
from copilot.diagnosis.findings import Observation


class Look(StrEnum):
    """How lines are set."""

    SUMMARY = "summary"  # large, shaded: the first thing that is read; its last line, what to do, stands out
    LIST = "list"
    PLAIN = "plain"
    BOX = "box"
    SMALL = "small"


@dataclass(frozen=True, kw_only=True)
class Opening:
    """The beginning of a chapter: on a new page where there are pages."""

    title: str
    note: str = ""  # under the title
    one_page: bool = False  # in print its charts shrink so that everything up to the next opening fits

    def told(self) -> Iterator[str]:
        yield f"【{self.title}】"
        if self.note:
            yield self.note


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Sentences."""

    title: str = ""
    lines: tuple[str, ...]
    look: Look = Look.PLAIN

    def told(self) -> Iterator[str]:
        if self.title:
            yield f"【{self.title}】"
        yield from self.lines


@dataclass(frozen=True, kw_only=True)
class Seen:
    """Findings, the most serious first."""

    title: str
    observations: tuple[Observation, ...]

    def told(self) -> Iterator[str]:
        yield f"【{self.title}】"
        yield from (f"{one.title}（{one.severity.word}）：{one.words}" for one in self.observations)


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table; `sentences` say the same in words, which is what the gate reads and a listener hears."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: int  # the first columns hold words, the others numbers, set to the right
    sentences: tuple[str, ...]
    widths: tuple[float, ...] = ()  # relative; empty = even
    marked: tuple[int, ...] = ()  # rows that are set in bold: what is suggested

    def told(self) -> Iterator[str]:
        yield f"【{self.title}】"
        yield from self.sentences


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Charts; two halves stand side by side where there is room."""

    title: str = ""
    charts: tuple[Chart, ...]

    def told(self) -> Iterator[str]:
        if self.title:
            yield f"【{self.title}】"
        yield from (f"{chart.title}：{chart.alt}" for chart in self.charts)


Block = Opening | Lines | Seen | Sheet | Pictures


def levels(blocks: Sequence[Block]) -> Iterator[tuple[Block, int]]:
    """Each block with the level of its heading: 1 for chapters and for what stands before the first, else 2."""
    opened = False
    for block in blocks:
        opened = opened or isinstance(block, Opening)
        yield block, 2 if opened and not isinstance(block, Opening) else 1


def filled(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks that say something."""
    for block in blocks:
        if isinstance(block, Opening):
            yield block
        elif isinstance(block, Lines):
            yield from [block] if block.lines else []
        elif isinstance(block, Seen):
            yield from [block] if block.observations else []
        elif isinstance(block, Sheet):
            yield from [block] if block.rows else []
        elif block.charts:
            yield block
