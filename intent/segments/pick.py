"""Clients picked by tags, as one SQL query: counts need no list, and rights are part of the query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

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


def ids_of(pick: Pick, principal: Principal) -> Select[Any]:
    """Ids of the clients picked whom the principal may see; unordered."""
    query = select(clients.c.id).where(visible_clients(principal))
    for tag in pick.all_of:
        query = query.where(clients.c.id.in_(_with([tag])))
    if pick.any_of:
        query = query.where(clients.c.id.in_(_with(pick.any_of)))
    if pick.none_of:
        query = query.where(clients.c.id.not_in(_with(pick.none_of)))
    return query


def count(connection: Connection, pick: Pick, principal: Principal) -> int:
    """How many clients are picked."""
    picked = ids_of(pick, principal).subquery()
    return int(connection.scalar(select(func.count()).select_from(picked)) or 0)


def tag_counts(connection: Connection, principal: Principal) -> Mapping[str, int]:
    """Clients with each tag whom the principal may see; a tag that nobody has is left out."""
    query = select(client_tags.c.tag, func.count()).group_by(client_tags.c.tag)
    if not principal.has(*SEES_EVERY_CLIENT):
        query = query.join(clients, clients.c.id == client_tags.c.client_id).where(visible_clients(principal))
    return {tag: int(n) for tag, n in connection.execute(query)}


def members(connection: Connection, pick: Pick, principal: Principal) -> tuple[str, ...]:
    """Ids in order."""
    return tuple(connection.execute(ids_of(pick, principal).order_by(clients.c.id)).scalars())


def _with(tags: Sequence[str]) -> Select[Any]:
    return select(client_tags.c.client_id).where(client_tags.c.tag.in_(tags))
