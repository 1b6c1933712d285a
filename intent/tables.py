"""Every table of this package: importing it makes the metadata whole."""

from __future__ import annotations

from intent.board import tables as board
from intent.call_records import tables as call_records
from intent.leads.scoring import tables as scoring
from intent.notes import tables as notes
from intent.segments import tables as segments

metadata = notes.metadata
assert board.metadata is call_records.metadata is scoring.metadata is segments.metadata is metadata, (
    "the tables of this package belong to one metadata"
)
