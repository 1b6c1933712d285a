"""What is kept of clients beside the ways: scores of their leads, tags, and segments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serve.once import once
from serve.rooms.report import ReportRooms

if TYPE_CHECKING:
    from intent.leads.scoring.desk import ScoreDesk
    from intent.segments.exports import ListExports
    from intent.segments.keeper import TagKeeper
    from intent.segments.rules import TagRules
    from intent.segments.store import SegmentStore


class ClientRooms(ReportRooms):
    """Behaviour to scores, tags and lists."""

    @once
    def scores(self) -> ScoreDesk:
        from intent.leads.scoring.desk import ScoreDesk

        return ScoreDesk(
            self.engine, self.scorer, intents=self.taxonomy.ids, settings=self.settings.scoring
        )  # fmt: skip

    @once
    def tag_rules(self) -> TagRules:
        from intent.segments.rules import load_rules

        return load_rules(self.settings.segments.tags)

    @once
    def tags(self) -> TagKeeper:
        from intent.segments.keeper import TagKeeper
        from serve.prices import NavPrices

        return TagKeeper(self.engine, self.tag_rules, NavPrices(self.nav_folder()))

    @once
    def segments(self) -> SegmentStore:
        from intent.segments.store import SegmentStore

        return SegmentStore(self.engine, self.tag_rules, self.settings.segments)

    @once
    def lists(self) -> ListExports:
        from intent.segments.exports import ListExports

        return ListExports(self.segments)
