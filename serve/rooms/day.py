"""The advisor's day: the list, the card of a product, outreach; and the messages that were sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serve.once import once
from serve.rooms.clients import ClientRooms

if TYPE_CHECKING:
    from copilot.day.desk import DayDesk
    from copilot.product_card import ProductCards


class DayRooms(ClientRooms):
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
