"""What follows from calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serve.once import once
from serve.rooms.scores import ScoreRooms
from serve.users import OPERATOR

if TYPE_CHECKING:
    from intent.board.desk import BoardDesk
    from intent.board.team import TeamDesk
    from intent.follow_ups.consents import ConsentDesk
    from intent.follow_ups.desk import FollowUpDesk
    from intent.follow_ups.incidents import IncidentDesk
    from intent.follow_ups.register import Register
    from intent.leads.clock import LeadClock
    from intent.leads.directory import KnowledgeBaseDirectory
    from intent.leads.endpoints import Endpoints
    from intent.leads.spoken import SpokenDesk
    from intent.leads.store import LeadStore
    from intent.notes.desk import NoteDesk
    from knowledge_base.consents import ConsentLedger


class LeadRooms(ScoreRooms):
    """The lead queue and the desks beside it."""

    @once
    def consent_ledger(self) -> ConsentLedger:
        from knowledge_base.consents import ConsentLedger

        return ConsentLedger(self.engine)

    @once
    def register(self) -> Register:
        from intent.follow_ups.register import Register

        return Register(self.taxonomy, self.consent_ledger, self.settings.follow_ups)

    @once
    def directory(self) -> KnowledgeBaseDirectory:
        from intent.leads.directory import KnowledgeBaseDirectory

        return KnowledgeBaseDirectory(self.clients, OPERATOR)

    @once
    def leads(self) -> LeadStore:
        from intent.leads.store import LeadStore

        return LeadStore(
            self.engine,
            taxonomy=self.taxonomy,
            settings=self.settings.leads,
            directory=self.directory,
            register=self.register,
            scorer=self.scorer,
        )

    @once
    def lead_clock(self) -> LeadClock:
        from intent.leads.clock import LeadClock

        return LeadClock(self.leads)

    @once
    def endpoints(self) -> Endpoints:
        from intent.leads.endpoints import Endpoints

        return Endpoints(self.engine)

    @once
    def notes(self) -> NoteDesk:
        from intent.notes.desk import NoteDesk

        return NoteDesk(self.leads)

    @once
    def spoken(self) -> SpokenDesk:
        from intent.leads.spoken import SpokenDesk

        return SpokenDesk(self.leads)

    @once
    def follow_ups(self) -> FollowUpDesk:
        from intent.follow_ups.desk import FollowUpDesk

        return FollowUpDesk(self.engine, taxonomy=self.taxonomy, deadlines=self.register.deadlines)

    @once
    def incidents(self) -> IncidentDesk:
        from intent.follow_ups.incidents import IncidentDesk

        return IncidentDesk(self.engine)

    @once
    def consents(self) -> ConsentDesk:
        from intent.follow_ups.consents import ConsentDesk

        return ConsentDesk(self.engine, self.consent_ledger, self.leads)

    @once
    def board(self) -> BoardDesk:
        from intent.board.desk import BoardDesk

        return BoardDesk(self.leads, self.clients, self.directory, self.settings.board)

    @once
    def team(self) -> TeamDesk:
        from intent.board.team import TeamDesk

        return TeamDesk(self.leads, self.clients, self.settings.board)
