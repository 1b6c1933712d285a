"""Calls written as lines, for the tests of the note."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from intent.call import Call, Speaker, Transcript, Turn
from intent.classifier.taxonomy import load_taxonomy
from intent.notes.note import CallNote
from intent.notes.write import NoteMaker

TUESDAY = datetime(2026, 9, 15, 10, 20, tzinfo=ZoneInfo("Asia/Shanghai"))
TAXONOMY = load_taxonomy()
ROLES = {"a": Speaker.ADVISOR, "c": Speaker.CLIENT, "?": Speaker.UNKNOWN}


def call(*said: str, started_at: datetime | None = TUESDAY) -> Call:
    """Turns written as `a:text` and `c:text`, five seconds each."""
    turns = tuple(
        Turn(index=i, speaker=ROLES[line[0]], text=line[2:], start_s=5.0 * i, end_s=5.0 * i + 4)
        for i, line in enumerate(said)
    )
    transcript = Transcript(turns=turns, duration_s=5.0 * len(turns))
    return Call(id="c1", transcript=transcript, client_id="C1", advisor_id="A1", started_at=started_at)


def note_of(*said: str, started_at: datetime | None = TUESDAY, products: tuple[str, ...] = ()) -> CallNote:
    """The extractive note of such a call, without wishes."""
    return NoteMaker(TAXONOMY, products).note(call(*said, started_at=started_at), ())
