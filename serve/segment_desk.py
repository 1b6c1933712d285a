"""Segments and lists with their trace: what leaves the house stands in the audit log before it leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from serve.seen import Seen

if TYPE_CHECKING:
    from intent.segments.exports import ListExport
    from intent.segments.pick import Pick
    from knowledge_base.access import Principal
    from serve.rooms import Rooms


class SegmentDesk:
    """What one person does with segments. Each method raises AuditError where the log cannot be written."""

    def __init__(self, house: Rooms, principal: Principal) -> None:
        self._house, self._principal = house, principal
        self._seen = Seen(house, principal)

    def members(self, name: str, *, after: str = "", limit: int = 1000) -> tuple[str, ...]:
        """Ids of a page of a segment's clients whom the person may see, logged as seen."""
        found = [each for each in self._house.segments.members(name, principal=self._principal) if each > after]
        page = tuple(found[:limit])
        self._seen.page("segment", [(client_id, name) for client_id in page])
        return page

    def ask(self, name: str, *, reason: str) -> ListExport:
        """Ask for a list."""
        asked = self._house.lists.ask(name, reason=reason, principal=self._principal)
        self._log("segment.asked", asked, {"reason": reason})
        return asked

    def decide(self, export_id: str, *, approve: bool, reason: str) -> ListExport:
        """Approve or refuse another person's list."""
        decided = self._house.lists.decide(export_id, approve=approve, reason=reason, principal=self._principal)
        self._log("segment.approved" if approve else "segment.refused", decided, {"reason": reason})
        return decided

    def write_csv(self, export_id: str, file: TextIO) -> int:
        """Write an approved list; each part is logged, client by client, before it is written.

        Rows of one that was small enough to need nobody's yes count as rows shown: many small lists make a large one.
        """
        asked = self._house.lists.asked(principal=self._principal)
        decided = any(each.id == export_id and each.decided_by for each in asked)

        def log(rows: Sequence[Mapping[str, str]]) -> None:
            self._house.row_budget.take(0 if decided else len(rows), principal=self._principal)
            self._seen.export("segment", [(row["client_id"], export_id) for row in rows])

        return self._house.lists.write_csv(export_id, file, principal=self._principal, before=log)

    def _log(self, event: str, export: ListExport, payload: Mapping[str, Any]) -> None:
        self._house.audit.append(
            event=event,
            actor=self._principal.user_id,
            data={
                "list": export.id, "segment": export.segment, "state": export.state, "clients": export.clients,
                "left_out": export.left_out, "asked_by": export.asked_by, **pick_json(export.pick),
            },
            payload=payload,
        )  # fmt: skip


def pick_json(pick: Pick) -> dict[str, list[str]]:
    """A pick as JSON."""
    return {"all_of": list(pick.all_of), "any_of": list(pick.any_of), "none_of": list(pick.none_of)}
