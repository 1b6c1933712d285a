"""What people are shown of clients: written into the audit log before it is shown.

Every route and command that shows, plays, finds or exports client data passes here; when the log cannot be
written, nothing is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from compliance_filters.audit.log import Access

if TYPE_CHECKING:
    from knowledge_base.access import Principal
    from serve.rooms import Rooms

Item = tuple[str | None, str]  # id of the client where one is known, id of what is shown


class Seen:
    """The access log of one principal. Each method raises AuditError where the log cannot be written."""

    def __init__(self, house: Rooms, principal: Principal) -> None:
        self._house, self._principal = house, principal

    def view(self, what: str, items: Iterable[Item]) -> None:
        self._log(Access.VIEW, what, items)

    def page(self, what: str, items: Iterable[Item]) -> None:
        """A view of a list that can be read page after page: its rows count (serve/rights/rows.py).

        Raises ExportError beyond the day's rows.
        """
        listed = list(items)
        self._house.row_budget.take(len(listed), principal=self._principal)
        self._log(Access.VIEW, what, listed)

    def playback(self, what: str, items: Iterable[Item]) -> None:
        self._log(Access.PLAYBACK, what, items)

    def search(self, what: str, items: Iterable[Item]) -> None:
        self._log(Access.SEARCH, what, items)

    def export(self, what: str, items: Iterable[Item]) -> None:
        self._log(Access.EXPORT, what, items)

    def _log(self, kind: Access, what: str, items: Iterable[Item]) -> None:
        listed = list(items)
        if listed:
            self._house.audit.access(kind, actor=self._principal.user_id, what=what, items=listed)
