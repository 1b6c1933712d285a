"""A text that was rewritten, with an exact map of every character back to where it came from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import overload

Span = tuple[int, int]  # half-open [start, end), counted in characters (code points)


class EachItself(Sequence[Span]):
    """The spans of a text whose every character stands where it stood: (0, 1), (1, 2), ... without storing them.

    Most texts keep their length when they are normalised, so most maps cost nothing.
    """

    __slots__ = ("_length",)

    def __init__(self, length: int) -> None:
        self._length = length

    def __len__(self) -> int:
        return self._length

    @overload
    def __getitem__(self, index: int) -> Span: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Span]: ...
    def __getitem__(self, index: int | slice) -> Span | Sequence[Span]:
        places = range(self._length)[index]
        return (places, places + 1) if isinstance(places, int) else tuple((i, i + 1) for i in places)

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
        if isinstance(self.spans, EachItself) and len(self.text) == len(self.original) == len(self.spans):
            return
        if len(self.spans) != len(self.text):
            raise ValueError(f"{len(self.text)} characters need as many spans, got {len(self.spans)}")
        before = (0, 0)
        for span in self.spans:
            if not (before[0] <= span[0] <= span[1] <= len(self.original) and before[1] <= span[1]):
                raise ValueError(f"span {span} leaves the text or runs backwards after {before}")
            before = span

    @classmethod
    def identity(cls, text: str) -> Mapped:
        """Nothing changed: every character maps to itself."""
        return cls(text=text, original=text, spans=EachItself(len(text)))

    @property
    def in_place(self) -> bool:
        """Whether every character stands where it stood, rewritten or not."""
        return isinstance(self.spans, EachItself)

    @classmethod
    def from_edits(cls, original: str, edits: Iterable[Edit]) -> Mapped:
        """Apply edits, given in order and without overlap.

        A replacement of equal length maps character by character, any other one maps
        each of its characters to the whole replaced span. Raises ValueError on overlap.
        """
        pieces: list[str] = []
        spans: list[Span] = []
        position = 0
        wanted = tuple(edits)
        in_place = all(len(edit.replacement) == edit.end - edit.start for edit in wanted)
        for edit in wanted:
            if not position <= edit.start <= edit.end <= len(original):
                raise ValueError(f"edit {edit.start}-{edit.end} overlaps the one before or leaves the text")
            pieces += (original[position : edit.start], edit.replacement)
            if not in_place:
                spans += ((i, i + 1) for i in range(position, edit.start))
                spans += _edit_spans(edit)
            position = edit.end
        pieces.append(original[position:])
        if in_place:
            return cls(text="".join(pieces), original=original, spans=EachItself(len(original)))
        spans += ((i, i + 1) for i in range(position, len(original)))
        return cls(text="".join(pieces), original=original, spans=tuple(spans))

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

    def replace_each(self, pieces: Sequence[str]) -> Mapped:
        """Put `pieces[i]` (any length) in place of `text[i]`; one piece a character."""
        if len(pieces) != len(self.text):
            raise ValueError(f"{len(self.text)} characters need as many pieces, got {len(pieces)}")
        if all(len(piece) == 1 for piece in pieces):
            return Mapped(text="".join(pieces), original=self.original, spans=self.spans)
        spans = tuple(span for piece, span in zip(pieces, self.spans, strict=True) for _ in piece)
        return Mapped(text="".join(pieces), original=self.original, spans=spans)

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
        mine = self.spans
        spans = tuple(
            (mine[start][0], mine[end - 1][1]) if start < end else self.original_span(start, end)
            for start, end in later.spans
        )
        return Mapped(text=later.text, original=self.original, spans=spans)


def mapped(text: str | Mapped) -> Mapped:
    """A plain text as the identity map; a mapped text as it is."""
    return Mapped.identity(text) if isinstance(text, str) else text


def _edit_spans(edit: Edit) -> list[Span]:
    if len(edit.replacement) == edit.end - edit.start:
        return [(i, i + 1) for i in range(edit.start, edit.end)]
    return [(edit.start, edit.end)] * len(edit.replacement)
