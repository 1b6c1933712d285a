"""Chinese sentences as spans, so that what is quoted is always a slice of the document."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SENTENCE = re.compile(r"[^。！？；!?;\n]*[。！？；!?;\n]+[”’』」）)]*|[^。！？；!?;\n]+$")
ENUMERATED = re.compile(r"^(?:第[一二三四五六]|[一二三四五六][是、]|其[一二三]|[（(]?[1-6一二三四五六][)）、.])")
MOST_ENUMERATED = 6  # sentences of a section that counts its points


def whole_spans(text: str, *, offset: int = 0, longest: int) -> Iterator[tuple[int, int]]:
    """Sentences to their full stop: clauses parted by ；stay together while they are `longest` characters at most.

    A quote that ends at ；leaves out what the sentence goes on to say.
    """
    open_span: tuple[int, int] | None = None
    for start, end in sentence_spans(text, offset=offset):
        if open_span is not None and (
            end - open_span[0] > longest or "\n" in text[open_span[1] - offset : start - offset]
        ):
            yield open_span
            open_span = None
        open_span = (open_span[0] if open_span is not None else start, end)
        if text[end - offset - 1] not in "；;":
            yield open_span
            open_span = None
    if open_span is not None:
        yield open_span


def sentence_spans(text: str, *, offset: int = 0) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every sentence of `text`, without surrounding space, shifted by `offset`."""
    for match in _SENTENCE.finditer(text):
        raw = match.group()
        body = raw.strip()
        if body:
            start = offset + match.start() + len(raw) - len(raw.lstrip())
            yield start, start + len(body)
