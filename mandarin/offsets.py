"""A text that was rewritten, with an exact map of every character back to where it came from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import overload

Span = tuple[int, int]  # half-open [start, end), counted in characters (code points)
Run = tuple[int, int, int | None]


class Runs(Sequence[Span]):
    """The spans of a text, stored by runs of characters: a text of few edits costs few entries, however long it is.

    A run `(at, start, end)` begins at character `at`. Its characters come from `start`, `start + 1`, ... one by one
    where `end` is None, else each of them from the whole of `start`..`end`.
    """

    __slots__ = ("_begins", "_length", "_runs")

    def __init__(self, runs: Iterable[Run], length: int) -> None:
        """`runs` in order of their characters, none of them empty; one that goes on with the last is joined to it."""
        self._runs: list[Run] = []
        for at, start, end in runs:
            last = self._runs[-1] if self._runs else None
            if last is None or end is not None or last[2] is not None or start - at != last[1] - last[0]:
                self._runs.append((at, start, end))
        self._begins = [at for at, _, _ in self._runs]
        self._length = length

    @classmethod
    def of(cls, spans: Sequence[Span]) -> Runs:
        """Any spans in this form."""
        return spans if isinstance(spans, Runs) else cls(((i, *span) for i, span in enumerate(spans)), len(spans))

    @property
    def each_itself(self) -> bool:
        """Whether the spans are (0, 1), (1, 2), ..."""
        return not self._runs or (len(self._runs) == 1 and self._runs[0] == (0, 0, None))

    def between(self, start: int, end: int) -> Iterator[tuple[int, Run]]:
        """The runs of characters `start`..`end`, cut to them, each with its end."""
        for index in range(max(0, bisect_right(self._begins, start) - 1), len(self._runs)):
            at, first, last = self._runs[index]
            if at >= end:
                return
            stop = self._begins[index + 1] if index + 1 < len(self._runs) else self._length
            skipped = max(0, start - at)
            yield min(stop, end), (at + skipped, first + skipped if last is None else first, last)

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Span: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Span]: ...
    def __getitem__(self, index: int | slice) -> Span | Sequence[Span]:
        place = range(self._length)[index]
        if not isinstance(place, int):
            return tuple(self[i] for i in place)
        at, start, end = self._runs[bisect_right(self._begins, place) - 1]
        return (start + place - at, start + place - at + 1) if end is None else (start, end)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(other) == self._length and all(map(tuple.__eq__, self, other))

    def __hash__(self) -> int:
        return hash(tuple(self))


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Replace `original[start:end]` by `replacement` (empty = delete)."""

    start: int
    end: int
    replacement: str


@dataclass(frozen=True, kw_only=True)
class Mapped:
    """`text` made from `original`; `spans[i]` is the place in `original` that `text[i]` came from.

    Starts and ends of `spans` never decrease, so any slice of `text` has one place in `original`.
    Raises ValueError when the spans do not fit the texts.
    """

    text: str
    original: str
    spans: Sequence[Span]

    def __post_init__(self) -> None:
        if len(self.spans) != len(self.text):
            raise ValueError(f"{len(self.text)} characters need as many spans, got {len(self.spans)}")
        if isinstance(self.spans, Runs):
            return  # made here, of edits that were checked
        before = (0, 0)
        for span in self.spans:
            if not (before[0] <= span[0] <= span[1] <= len(self.original) and before[1] <= span[1]):
                raise ValueError(f"span {span} leaves the text or runs backwards after {before}")
            before = span

    @classmethod
    def identity(cls, text: str) -> Mapped:
        """Nothing changed: every character maps to itself."""
        return cls(text=text, original=text, spans=Runs([(0, 0, None)], len(text)))

    @property
    def in_place(self) -> bool:
        """Whether every character stands where it stood, rewritten or not."""
        return isinstance(self.spans, Runs) and self.spans.each_itself and len(self.text) == len(self.original)

    @classmethod
    def from_edits(cls, original: str, edits: Iterable[Edit]) -> Mapped:
        """Apply edits, given in order and without overlap.

        A replacement of equal length maps character by character, any other one maps
        each of its characters to the whole replaced span. Raises ValueError on overlap.
        """
        pieces: list[str] = []
        runs: list[Run] = []
        position = length = 0
        for edit in edits:
            if not position <= edit.start <= edit.end <= len(original):
                raise ValueError(f"edit {edit.start}-{edit.end} overlaps the one before or leaves the text")
            pieces += (original[position : edit.start], edit.replacement)
            if position < edit.start:
                runs.append((length, position, None))
                length += edit.start - position
            if edit.replacement:
                one_by_one = len(edit.replacement) == edit.end - edit.start
                runs.append((length, edit.start, None if one_by_one else edit.end))
                length += len(edit.replacement)
            position = edit.end
        if position < len(original):
            runs.append((length, position, None))
            length += len(original) - position
        pieces.append(original[position:])
        return cls(text="".join(pieces), original=original, spans=Runs(runs, length))

    def original_span(self, start: int, end: int) -> Span:
        """Where `text[start:end]` lies in `original`; an empty slice gives an empty span.

        Raises IndexError when the slice leaves the text.
        """
        if not 0 <= start <= end <= len(self.text):
            raise IndexError(f"slice {start}-{end} leaves a text of {len(self.text)} characters")
        if start < end:
            return self.spans[start][0], self.spans[end - 1][1]
        at = self.spans[start][0] if start < len(self.spans) else len(self.original)
        return at, at

    def original_text(self, start: int, end: int) -> str:
        """What stood in `original` where `text[start:end]` stands now."""
        first, last = self.original_span(start, end)
        return self.original[first:last]

    def edit(self, edits: Iterable[Edit]) -> Mapped:
        """Apply edits (offsets into `text`); without any, this very object comes back."""
        wanted = tuple(edits)
        return self.compose(Mapped.from_edits(self.text, wanted)) if wanted else self

    def then(self, step: Callable[[str], Mapped]) -> Mapped:
        """Apply a further step to `text` and keep the map back to the first original."""
        return self.compose(step(self.text))

    def compose(self, later: Mapped) -> Mapped:
        """Chain a step that was already taken. Raises ValueError unless it was taken on `text`."""
        if later.original != self.text:
            raise ValueError("these steps do not chain: the later one was made from another text")
        if self.in_place:
            return Mapped(text=later.text, original=self.original, spans=later.spans)
        if later.in_place:
            return Mapped(text=later.text, original=self.original, spans=self.spans)
        runs = Runs(self._through(Runs.of(later.spans)), len(later.text))
        return Mapped(text=later.text, original=self.original, spans=runs)

    def _through(self, later: Runs) -> Iterator[Run]:
        """The runs of a step taken on `text`, led back to `original`."""
        mine = Runs.of(self.spans)
        for end, (at, start, stop) in later.between(0, len(later)):
            if stop is None:
                for _, (here, first, last) in mine.between(start, start + end - at):
                    yield at + here - start, first, last
            else:
                yield at, *self.original_span(start, stop)


def mapped(text: str | Mapped) -> Mapped:
    """A plain text as the identity map; a mapped text as it is."""
    return Mapped.identity(text) if isinstance(text, str) else text
