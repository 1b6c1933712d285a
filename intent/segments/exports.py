"""Lists of clients that leave the house: asked for, above a size approved by another person, then fetched.

What is approved is what was listed when it was asked for: clients who joined the segment since are not in it, and those
who left it, or may no longer be contacted, are taken out when it is fetched.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TextIO

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from intent.errors import SegmentError, SegmentNotFoundError
from intent.segments.pick import Pick, ids_of
from intent.segments.store import SegmentStore
from intent.segments.tables import client_tags, segment_export_clients, segment_exports
from jobs.clock import database_now
from jobs.locks import begin_writing
from jobs.tables import new_id
from knowledge_base.access import Principal, Role
from knowledge_base.batches import batches
from knowledge_base.clients import visible_clients
from knowledge_base.consents import Purpose, joined, latest, refusals
from knowledge_base.tables import clients

REFUSED = frozenset({Purpose.CONTACT, Purpose.MARKETING, Purpose.PERSONALISED})  # by those who are in no list
APPROVERS = (Role.SUPERVISOR, Role.COMPLIANCE, Role.SYSTEM)
COLUMNS = ("client_id", "name", "advisor_id", "branch", "risk_level", "tags", "export")
PAGE = 500
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a cell that begins so is run by spreadsheets


@dataclass(frozen=True, kw_only=True)
class ListExport:
    """A list that was asked for."""

    id: str
    segment: str
    zh: str
    pick: Pick
    state: str  # pending | approved | refused
    clients: int  # listed
    left_out: int  # in the segment, and not to be contacted
    reason: str
    asked_by: str
    asked_at: datetime
    decided_by: str | None  # None where the size needs no approval
    decided_at: datetime | None
    decision: str
    fetch_until: datetime | None
    fetched_at: datetime | None


ListRow = dict[str, str]
Before = Callable[[Sequence[ListRow]], None]


class ListExports:
    """Lists of segments, from asking to fetching."""

    def __init__(self, store: SegmentStore) -> None:
        self._store, self.engine = store, store.engine

    def ask(self, segment: str, *, reason: str, principal: Principal) -> ListExport:
        """Ask for a list of those of a segment's clients whom the principal may see and the firm may contact.

        It is approved at once up to `free_export` clients. Raises SegmentError for no reason, or nobody to list.
        """
        if not reason.strip():
            raise SegmentError("No reason is given: write what the list is for.", zh="请填写名单用途。")
        found = self._store.get(segment)
        ids = self._store.members(segment, principal=principal)
        with self.engine.begin() as connection:
            begin_writing(connection)
            now = database_now(connection)
            good = [each for each, may in _contactable(connection, ids) if may]
            if not good:
                raise SegmentError(
                    f"Nobody of the segment {segment} may be listed: {len(ids)} must not be contacted.",
                    zh=f"客群里没有可以列入名单的客户（{len(ids)} 人不可联系）。",
                )
            free = len(good) <= self._store.settings.free_export
            export_id = new_id()
            connection.execute(
                insert(segment_exports).values(
                    id=export_id, segment=segment, zh=found.zh, state="approved" if free else "pending",
                    pick={"all_of": found.pick.all_of, "any_of": found.pick.any_of, "none_of": found.pick.none_of},
                    clients=len(good), left_out=len(ids) - len(good), reason=reason.strip(),
                    asked_by=principal.user_id, asked_at=now, decision="",
                    fetch_until=now + self._valid() if free else None,
                )
            )  # fmt: skip
            for part in batches(good, PAGE):
                rows = [{"export_id": export_id, "client_id": each} for each in part]
                connection.execute(insert(segment_export_clients), rows)
            return _export(_row(connection, export_id))

    def decide(self, export_id: str, *, approve: bool, reason: str, principal: Principal) -> ListExport:
        """Approve or refuse: never the person who asked, and only who may see every client listed."""
        principal.require("approve lists of clients", *APPROVERS)
        with self.engine.begin() as connection:
            begin_writing(connection)
            row = _row(connection, export_id, lock=True)
            if row.state != "pending":
                raise SegmentError(
                    f"The list {export_id} is {row.state} already: it cannot be decided again.", zh="这份名单已审批过。"
                )
            if row.asked_by == principal.user_id:
                raise SegmentError(
                    "Who asks for a list never approves it: let another person decide.",
                    zh="申请人不能审批自己的名单，请由另一人审批。",
                )
            if not reason.strip():
                raise SegmentError("No reason is given: write why.", zh="请填写审批意见。")
            if approve:
                _require_sight(connection, export_id, row.clients, principal)
            now = database_now(connection)
            values = {
                "state": "approved" if approve else "refused", "decided_by": principal.user_id, "decided_at": now,
                "decision": reason.strip(), "fetch_until": now + self._valid() if approve else None,
            }  # fmt: skip
            connection.execute(update(segment_exports).where(segment_exports.c.id == export_id).values(values))
            if not approve:
                connection.execute(
                    delete(segment_export_clients).where(segment_export_clients.c.export_id == export_id)
                )
            return _export(_row(connection, export_id))

    def asked(self, *, principal: Principal, limit: int = 100) -> tuple[ListExport, ...]:
        """The newest first: one's own, and all of them for those who approve."""
        query = select(segment_exports).order_by(segment_exports.c.id.desc()).limit(limit)
        if not principal.has(*APPROVERS):
            query = query.where(segment_exports.c.asked_by == principal.user_id)
        with self.engine.connect() as connection:
            return tuple(map(_export, connection.execute(query)))

    def write_csv(
        self, export_id: str, file: TextIO, *, principal: Principal, before: Before = lambda rows: None
    ) -> int:
        """Write an approved list for the person who asked; returns how many clients. The column `export` of every row
        tells the list, who fetched it and when.

        before: called with each part before it is written, to log it. Raises SegmentError, SegmentNotFoundError.
        """
        pick, fetched_at = self._fetchable(export_id, principal)
        mark = f"{export_id} {principal.user_id} {fetched_at:%Y-%m-%dT%H:%MZ}"
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        count = 0
        for rows in self._parts(export_id, pick, principal):
            before(rows)
            writer.writerows({name: _inert(value) for name, value in {**row, "export": mark}.items()} for row in rows)
            count += len(rows)
        return count

    def _fetchable(self, export_id: str, principal: Principal) -> tuple[Pick, datetime]:
        with self.engine.begin() as connection:
            begin_writing(connection)
            row = _row(connection, export_id, lock=True)
            now = database_now(connection)
            if row.asked_by != principal.user_id:
                raise SegmentNotFoundError(
                    f"There is no list {export_id} that you asked for.", zh="没有您申请过的这份名单。"
                )
            if row.state != "approved":
                raise SegmentError(
                    f"The list {export_id} is {row.state}: only an approved one can be fetched.",
                    zh="这份名单还没有获批，不能下载。",
                )
            if row.fetch_until < now:
                raise SegmentError(
                    f"The list {export_id} could be fetched until {row.fetch_until:%Y-%m-%d}: ask anew.",
                    zh="这份名单已过下载期限，请重新申请。",
                )
            connection.execute(update(segment_exports).where(segment_exports.c.id == export_id).values(fetched_at=now))
            return _pick(row), now

    def _parts(self, export_id: str, pick: Pick, principal: Principal) -> Iterator[list[ListRow]]:
        after = ""
        while True:
            with self.engine.connect() as connection:
                listed = connection.execute(
                    select(segment_export_clients.c.client_id)
                    .where(
                        segment_export_clients.c.export_id == export_id, segment_export_clients.c.client_id > after
                    )
                    .order_by(segment_export_clients.c.client_id)
                    .limit(PAGE)
                ).scalars().all()  # fmt: skip
                if not listed:
                    return
                still = set(connection.execute(ids_of(pick, principal, listed)).scalars())
                good = [each for each, may in _contactable(connection, sorted(still)) if may]
                rows = _rows(connection, good)
            if rows:
                yield rows
            after = listed[-1]

    def _valid(self) -> timedelta:
        return timedelta(days=self._store.settings.approval_days)


def _contactable(connection: Connection, ids: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Each client, and whether the firm may approach them: account not closed, and nothing of `REFUSED` refused, in the
    client file or in the ledger of consents."""
    about = (clients.c.id, clients.c.consents, clients.c.opt_outs, clients.c.account_state)
    for part in batches(ids, PAGE):
        rows = connection.execute(select(*about).where(clients.c.id.in_(part)).order_by(clients.c.id)).all()
        told = latest(connection, part)
        for row in rows:
            refused = refusals(joined(row.consents, row.opt_outs, told.get(row.id, {})))
            yield row.id, row.account_state != "closed" and REFUSED.isdisjoint(refused)


def _rows(connection: Connection, ids: Sequence[str]) -> list[ListRow]:
    tags: dict[str, list[str]] = {}
    query = select(client_tags.c.client_id, client_tags.c.tag).where(client_tags.c.client_id.in_(ids))
    for client_id, tag in connection.execute(query.order_by(client_tags.c.tag)):
        tags.setdefault(client_id, []).append(tag)
    columns = ("id", *COLUMNS[1:-2])
    found = connection.execute(select(*(clients.c[n] for n in columns)).where(clients.c.id.in_(ids)).order_by("id"))
    return [
        {"client_id": row.id, **{n: getattr(row, n) or "" for n in columns[1:]}, "tags": ";".join(tags.get(row.id, ()))}
        for row in found
    ]


def _require_sight(connection: Connection, export_id: str, listed: int, principal: Principal) -> None:
    query = (
        select(func.count())
        .select_from(segment_export_clients.join(clients, clients.c.id == segment_export_clients.c.client_id))
        .where(segment_export_clients.c.export_id == export_id, visible_clients(principal))
    )
    if int(connection.scalar(query) or 0) < listed:
        raise SegmentError(
            "The list holds clients whom you may not see: somebody who may see them all must decide.",
            zh="名单里有您无权查看的客户，请由有权查看全部客户的人审批。",
        )


def _row(connection: Connection, export_id: str, *, lock: bool = False) -> Row[Any]:
    query = select(segment_exports).where(segment_exports.c.id == export_id)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise SegmentNotFoundError(f"There is no list {export_id}.")
    return row


def _pick(row: Row[Any]) -> Pick:
    return Pick(**{name: tuple(tags) for name, tags in row.pick.items()})


def _export(row: Row[Any]) -> ListExport:
    return ListExport(**{**row._mapping, "pick": _pick(row)})


def _inert(value: str) -> str:
    """A value that no spreadsheet runs as a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value
