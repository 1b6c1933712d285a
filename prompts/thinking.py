"""Drops what a reasoning model thinks aloud: `<think>...</think>`, also when it arrives in pieces."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

OPEN, CLOSE = "<think>", "</think>"


def without_thinking(
    pieces: Iterable[str], *, thought: Callable[[str], None] = lambda text: None, begun: bool = False
) -> Iterator[str]:
    """The pieces' text outside the tags, without white space at its beginning; `thought` gets what is inside.

    An opening tag that is never closed hides the rest. Pieces are not kept in their borders. begun: the opening tag
    was in the prompt, so that the text begins within it.
    """
    spoken, started = _outside(pieces, thought, begun), False
    for piece in spoken:
        text = piece if started else piece.lstrip()
        if text:
            started = True
            yield text


def split_thinking(text: str) -> tuple[str, str]:
    """Thinking and reply of a whole text; some servers swallow the opening tag, so what stands
    before a lone closing one is thinking too."""
    head, tag, _ = text.partition(CLOSE)
    if tag and OPEN not in head:
        text = f"{OPEN}{text}"
    thought = [part.partition(CLOSE)[0].strip() for part in text.split(OPEN)[1:]]
    return "\n".join(filter(None, thought)), "".join(without_thinking([text])).strip()


def _outside(pieces: Iterable[str], thought: Callable[[str], None], thinking: bool) -> Iterator[str]:
    waiting = ""
    for piece in pieces:
        waiting += piece
        while (at := waiting.find(CLOSE if thinking else OPEN)) >= 0:
            if thinking:
                thought(waiting[:at])
            elif at:
                yield waiting[:at]
            waiting = waiting[at + len(CLOSE if thinking else OPEN) :]
            thinking = not thinking
        kept = _begun_tag(waiting, CLOSE if thinking else OPEN)
        if thinking:
            thought(waiting[: len(waiting) - kept])
        elif len(waiting) > kept:
            yield waiting[: len(waiting) - kept]
        waiting = waiting[len(waiting) - kept :]
    if thinking:
        thought(waiting)
    elif waiting:
        yield waiting


def _begun_tag(text: str, tag: str) -> int:
    """How many characters at the end of `text` begin `tag`."""
    return next((n for n in range(min(len(tag) - 1, len(text)), 0, -1) if tag.startswith(text[-n:])), 0)
