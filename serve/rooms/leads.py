"""What follows from calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serve.once import once
from serve.rooms.scores import ScoreRooms
from serve.users import OPERATOR

if TYPE_CHECKING:
    from intent.leads.spoken import SpokenDesk
    from intent.leads.store import LeadStore
    from intent.notes.desk import NoteDesk


class LeadRooms(ScoreRooms):
    """The lead queue and the desks beside it."""

    @once
    def leads(self) -> LeadStore:
        from intent.leads.directory import KnowledgeBaseDirectory
        from intent.leads.store import LeadStore

        return LeadStore(
            self.engine,
            taxonomy=self.taxonomy,
            settings=self.settings.leads,
            directory=KnowledgeBaseDirectory(self.clients, OPERATOR),
        )

    @once
    def notes(self) -> NoteDesk:
        from intent.notes.desk import NoteDesk

        return NoteDesk(self.leads)

    @once
    def spoken(self) -> SpokenDesk:
        from intent.leads.spoken import SpokenDesk

        return SpokenDesk(self.leads)
