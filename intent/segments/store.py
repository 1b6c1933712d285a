"""Segments: clients picked by tags under a name, with an owner and a last day."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, delete, insert, select, update

from intent.errors import SegmentError, SegmentNotFoundError
from intent.segments import pick as picking
from intent.segments.pick import Pick
from intent.segments.rules import TagRules
from intent.segments.settings import SegmentSettings
from intent.segments.tables import client_tag_days, client_tags, segments
from jobs.clock import database_now
from jobs.locks import begin_writing
from knowledge_base.access import Principal, Role
from knowledge_base.clients import visible_clients
from knowledge_base.events import china_day
from knowledge_base.tables import clients

PICKERS = (Role.ADVISOR, Role.SUPERVISOR, Role.OPERATIONS, Role.CRM, Role.COMPLIANCE, Role.SYSTEM)
MASTERS = (Role.OPERATIONS, Role.COMPLIANCE, Role.SYSTEM)  # may change what others own
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")


@dataclass(frozen=True, kw_only=True)
class Segment:
    """A pick that was kept."""

    name: str
    zh: str
    pick: Pick
    owner: str
    expires_on: date
    created_at: datetime
    updated_at: datetime

    def expired(self, today: date) -> bool:
        return self.expires_on < today


@dataclass(frozen=True, kw_only=True)
class TagCount:
    """A tag with how many clients have it whom the reader may see."""

    id: str
    zh: str
    about: str
    owner: str
    expires: date
    clients: int


class SegmentStore:
    """Segments in the database. Whom they hold is asked anew each time, and of what the principal may see."""

    def __init__(self, engine: Engine, rules: TagRules, settings: SegmentSettings | None = None) -> None:
        self.engine, self.rules = engine, rules
        self.settings = settings or SegmentSettings()

    def tags(self, *, principal: Principal) -> tuple[TagCount, ...]:
        """Tags in force with their counts, in the order of their files."""
        principal.require("read tags", *PICKERS)
        with self.engine.connect() as connection:
            counts = picking.tag_counts(connection, principal)
            rules = self.rules.in_force(_today(connection))
        return tuple(
            TagCount(
                id=r.id, zh=r.zh, about=r.about, owner=r.owner, expires=r.expires, clients=counts.get(r.id, 0)
            )
            for r in rules.values()
        )  # fmt: skip

    def tags_of(self, client_id: str, *, principal: Principal) -> Mapping[str, date]:
        """Tags of one client and since when; none for a client whom the principal may not see."""
        query = (
            select(client_tags.c.tag, client_tags.c.since)
            .join(clients, clients.c.id == client_tags.c.client_id)
            .where(client_tags.c.client_id == client_id, visible_clients(principal))
            .order_by(client_tags.c.since.desc(), client_tags.c.tag)
        )
        with self.engine.connect() as connection:
            return dict(connection.execute(query).tuples().all())

    def as_of(self) -> date | None:
        """The latest day that tags were brought to; None where nobody refreshed them yet."""
        query = select(client_tag_days.c.day).order_by(client_tag_days.c.day.desc()).limit(1)
        with self.engine.connect() as connection:
            return connection.scalar(query)

    def count(self, pick: Pick, *, principal: Principal) -> int:
        """How many clients a pick would hold. Raises SegmentError for a pick that is none."""
        principal.require("count clients by tags", *PICKERS)
        with self.engine.connect() as connection:
            return picking.count(connection, self._checked(connection, pick), principal)

    def save(
        self, name: str, *, zh: str, pick: Pick, expires_on: date, principal: Principal, owner: str = ""
    ) -> Segment:
        """Keep a pick under a name; its owner, or operations, may change it.

        owner: user id, by default the principal's. Raises SegmentError.
        """
        principal.require("save segments", *PICKERS)
        if not _NAME.fullmatch(name):
            raise SegmentError(
                f"{name!r} is no name of a segment: use small Latin letters, digits, - and _.",
                zh="名称只能用小写英文字母、数字、-和_，不超过60个。",
            )
        if not zh.strip():
            raise SegmentError("The segment has no title: write what it is for.", zh="请填写客群标题。")
        with self.engine.begin() as connection:
            begin_writing(connection)
            now = database_now(connection)
            self._checked(connection, pick)
            self._check_day(expires_on, china_day(now))
            row = connection.execute(select(segments).where(segments.c.name == name).with_for_update()).one_or_none()
            values: dict[str, Any] = {
                "zh": zh.strip(), "all_of": list(pick.all_of), "any_of": list(pick.any_of),
                "none_of": list(pick.none_of), "expires_on": expires_on, "updated_at": now,
                "owner": owner or (row.owner if row else principal.user_id),
            }  # fmt: skip
            if row is None:
                connection.execute(insert(segments).values(name=name, created_at=now, **values))
            else:
                _require_owner(row, principal)
                connection.execute(update(segments).where(segments.c.name == name).values(values))
            return _segment(connection.execute(select(segments).where(segments.c.name == name)).one())

    def all(self) -> tuple[Segment, ...]:
        """Every segment, by name; what it picks by says nothing of a client."""
        with self.engine.connect() as connection:
            return tuple(map(_segment, connection.execute(select(segments).order_by(segments.c.name))))

    def get(self, name: str) -> Segment:
        """Raises SegmentNotFoundError."""
        with self.engine.connect() as connection:
            row = connection.execute(select(segments).where(segments.c.name == name)).one_or_none()
        if row is None:
            raise _unknown(name)
        return _segment(row)

    def remove(self, name: str, *, principal: Principal) -> None:
        """Raises SegmentError for somebody else's."""
        with self.engine.begin() as connection:
            begin_writing(connection)
            row = connection.execute(select(segments).where(segments.c.name == name)).one_or_none()
            if row is None:
                raise _unknown(name)
            _require_owner(row, principal)
            connection.execute(delete(segments).where(segments.c.name == name))

    def members(self, name: str, *, principal: Principal) -> tuple[str, ...]:
        """Ids of a segment's clients whom the principal may see, in order. Raises SegmentError once it has expired."""
        principal.require("read members of segments", *PICKERS)
        segment = self.get(name)
        with self.engine.connect() as connection:
            if segment.expired(_today(connection)):
                raise SegmentError(
                    f"The segment {name} ended on {segment.expires_on}: save it with a later day.",
                    zh=f"客群 {name} 已于 {segment.expires_on} 到期，请改晚到期日再保存。",
                )
            return picking.members(connection, self._checked(connection, segment.pick), principal)

    def _checked(self, connection: Connection, pick: Pick) -> Pick:
        return pick.check(self.rules.in_force(_today(connection)))

    def _check_day(self, expires_on: date, today: date) -> None:
        last = today + timedelta(days=self.settings.longest_days)
        if not today <= expires_on <= last:
            raise SegmentError(
                f"A segment cannot end on {expires_on}: choose a day from {today} to {last}.",
                zh=f"到期日须在 {today} 到 {last} 之间。",
            )


def _unknown(name: str) -> SegmentNotFoundError:
    return SegmentNotFoundError(
        f"There is no segment {name}: `tougu segments list` names them.", zh=f"没有客群 {name}，可能已被删除。"
    )


def _today(connection: Connection) -> date:
    return china_day(database_now(connection))


def _require_owner(row: Row[Any], principal: Principal) -> None:
    if row.owner != principal.user_id and not principal.has(*MASTERS):
        raise SegmentError(
            f"The segment {row.name} belongs to {row.owner}: ask them, or save it under another name.",
            zh=f"客群 {row.name} 属于 {row.owner}，请联系其修改，或另存为别的名称。",
        )


def _segment(row: Row[Any]) -> Segment:
    pick = Pick(all_of=tuple(row.all_of), any_of=tuple(row.any_of), none_of=tuple(row.none_of))
    return Segment(
        name=row.name, zh=row.zh, pick=pick, owner=row.owner, expires_on=row.expires_on,
        created_at=row.created_at, updated_at=row.updated_at,
    )  # fmt: skip
