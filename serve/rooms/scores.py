"""What orders the leads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from serve.once import once
from serve.rooms.call import CallRooms

if TYPE_CHECKING:
    from intent.leads.scoring.model import ScoreShelf
    from intent.leads.scoring.trained import ActiveScorer


class ScoreRooms(CallRooms):
    """The score in use, trained or by rule."""

    @once
    def score_shelf(self) -> ScoreShelf:
        from intent.leads.scoring.model import ScoreShelf

        folder = self.settings.scoring.folder
        return ScoreShelf(Path(folder).expanduser() if folder else self.settings.home / "lead_score")

    @once
    def scorer(self) -> ActiveScorer:
        from intent.leads.scoring.trained import ActiveScorer

        return ActiveScorer(self.score_shelf, self.taxonomy)
