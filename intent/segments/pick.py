"""Clients picked by tags, as one SQL query: counts need no list, and rights are part of the query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, func, select

from intent.errors import SegmentError
from intent.segments.tables import client_tags
from knowledge_base.access import SEES_EVERY_CLIENT, Principal
from knowledge_base.clients import visible_clients
from knowledge_base.tables import clients

MOST_TAGS = 50


@dataclass(frozen=True, kw_only=True)
class Pick:
    """Clients with every tag of `all_of`, one of `any_of` where there are any, and none of `none_of`."""

    all_of: tuple[str, ...] = ()
    any_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        return (*self.all_of, *self.any_of, *self.none_of)

    def check(self, known: Mapping[str, Any]) -> Pick:
        """Itself. Raises SegmentError for no tag, too many, one that is unknown, or one that stands twice."""
        if not self.all_of and not self.any_of:
            raise SegmentError(
                "No tag is chosen: choose one that clients must have; tags to exclude alone pick nobody.",
                zh="请至少选一个“必须”或“任一”的标签；只有“排除”选不出客户。",
            )
        if len(self.tags) > MOST_TAGS:
            raise SegmentError(
                f"{len(self.tags)} tags are too many: choose at most {MOST_TAGS}.",
                zh=f"标签太多，最多选 {MOST_TAGS} 个。",
            )
        unknown = [tag for tag in self.tags if tag not in known]
        if unknown:
            raise SegmentError(
                f"There is no tag {unknown[0]} in force: `tougu segments tags` lists them.",
                zh=f"没有生效的标签 {unknown[0]}，请重新选择。",
            )
        twice = [tag for tag in self.tags if self.tags.count(tag) > 1]
        if twice:
            raise SegmentError(
                f"The tag {twice[0]} is chosen twice: choose it once.", zh=f"标签 {twice[0]} 选了两次，请只选一次。"
            )
        return self


def ids_of(pick: Pick, principal: Principal, among: Sequence[str] | None = None) -> Select[Any]:
    """Ids (column `id`) of the clients picked whom the principal may see, unordered; of `among` where it is given.

    Who sees every client starts from a tag, anybody else from their own clients: neither reads all of both.
    """
    if principal.has(*SEES_EVERY_CLIENT):
        first = client_tags.alias()
        key = first.c.client_id
        query = select(key.label("id")).where(first.c.tag.in_(pick.all_of[:1] or pick.any_of))
        query = query if pick.all_of else query.distinct()
        all_of, any_of = pick.all_of[1:], pick.any_of if pick.all_of else ()
    else:
        key, all_of, any_of = clients.c.id, pick.all_of, pick.any_of
        query = select(key.label("id")).where(visible_clients(principal))
    for tag in all_of:
        query = query.where(_has(key, [tag]))
    if any_of:
        query = query.where(_has(key, any_of))
    if pick.none_of:
        query = query.where(~_has(key, pick.none_of))
    return query if among is None else query.where(key.in_(among))


def count(connection: Connection, pick: Pick, principal: Principal) -> int:
    """How many clients are picked."""
    picked = ids_of(pick, principal).subquery()
    return int(connection.scalar(select(func.count()).select_from(picked)) or 0)


def tag_counts(connection: Connection, principal: Principal) -> Mapping[str, int]:
    """Clients with each tag whom the principal may see; a tag that nobody has is left out."""
    query = select(client_tags.c.tag, func.count()).group_by(client_tags.c.tag)
    if not principal.has(*SEES_EVERY_CLIENT):
        query = query.where(client_tags.c.client_id.in_(select(clients.c.id).where(visible_clients(principal))))
    return {tag: int(n) for tag, n in connection.execute(query)}


def members(connection: Connection, pick: Pick, principal: Principal) -> tuple[str, ...]:
    """Ids in order."""
    return tuple(connection.execute(ids_of(pick, principal).order_by("id")).scalars())


def _has(key: ColumnElement[Any], tags: Sequence[str]) -> ColumnElement[bool]:
    tag = client_tags.alias()
    return exists().where(tag.c.client_id == key, tag.c.tag.in_(tags))
