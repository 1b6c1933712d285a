"""Whether an Ogg file ends as its format says: its header claims no length, but its last page is marked as the last."""

from __future__ import annotations

from pathlib import Path

PAGE = b"OggS"
MOST_BYTES = 65_307  # of a page
LAST = 0x04  # flag of the last page of a stream
FLAGS_AT = 5  # of a page's first bytes


def breaks_off(path: Path) -> bool:
    """True for an Ogg file without a last page: the recorder died, or the copy was cut. False for anything else."""
    with path.open("rb") as file:
        if file.read(len(PAGE)) != PAGE:
            return False
        file.seek(max(0, file.seek(0, 2) - 2 * MOST_BYTES))
        tail = file.read()
    at = tail.rfind(PAGE)
    return at < 0 or len(tail) <= at + FLAGS_AT or not tail[at + FLAGS_AT] & LAST
