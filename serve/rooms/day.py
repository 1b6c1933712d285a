"""The advisor's day: the list, the card of a product, service tasks, outreach; and the messages that were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serve.once import once
from serve.rooms.rights import RightsRooms

if TYPE_CHECKING:
    from copilot.day.desk import DayDesk
    from copilot.day.service import ServiceTasks
    from copilot.messages.desk import MessageDesk
    from copilot.outreach import OutreachDesk
    from copilot.product_card import ProductCards
    from serve.ports import MessageContexts


class DayRooms(RightsRooms):
    """What an advisor works with from the morning on."""

    @once
    def day(self) -> DayDesk:
        from copilot.day.desk import DayDesk

        return DayDesk(
            self.engine,
            board=self.board,
            notes=self.notes,
            clients=self.clients,
            products=self.products,
            catalog=self.catalog,
            taxonomy=self.taxonomy,
        )

    @once
    def product_cards(self) -> ProductCards:
        from copilot.product_card import ProductCards

        return ProductCards(
            products=self.products, facts=self.facts, catalog=self.catalog, wordings=self.wordings
        )  # fmt: skip

    @once
    def service_tasks(self) -> ServiceTasks:
        from copilot.day.service import ServiceTasks

        return ServiceTasks(self.audit, segments=self.segments, clients=self.clients)

    @property
    def messages(self) -> MessageDesk:
        """A desk for one piece of work: what it has looked up of the audit log it keeps for that time alone."""
        from copilot.messages.cleared import AuditClearedTexts
        from copilot.messages.desk import MessageDesk

        return MessageDesk(self.audit, AuditClearedTexts(self.audit), self.gate, self.message_contexts)

    @property
    def message_contexts(self) -> MessageContexts:
        """As of today."""
        from serve.ports import MessageContexts

        return MessageContexts(self.review_facts, self.products, self.today())

    @property
    def outreach(self) -> OutreachDesk:
        from copilot.outreach import OutreachDesk

        return OutreachDesk(
            self.audit,
            segments=self.segments,
            clients=self.clients,
            wordings=self.wordings,
            gate=self.gate,
            contexts=self.message_contexts,
        )
