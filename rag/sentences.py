"""Chinese sentences as spans, so that what is quoted is always a slice of the document."""

from __future__ import annotations

import re
from collections.abc import Iterator

_SENTENCE = re.compile(r"[^。！？；!?;\n]*[。！？；!?;\n]+[”’』」）)]*|[^。！？；!?;\n]+$")


def sentence_spans(text: str, *, offset: int = 0) -> Iterator[tuple[int, int]]:
    """Yield (start, end) of every sentence of `text`, without surrounding space, shifted by `offset`."""
    for match in _SENTENCE.finditer(text):
        raw = match.group()
        body = raw.strip()
        if body:
            start = offset + match.start() + len(raw) - len(raw.lstrip())
            yield start, start + len(body)
