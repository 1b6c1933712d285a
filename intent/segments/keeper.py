"""Keeps the tags of clients: of all at first, then of those of whom something changed or whose day has come."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, func, insert, or_, select, tuple_

from intent.errors import SegmentError
from intent.leads.scoring.tables import upkeep_marks
from intent.leads.tables import lead_events, leads
from intent.segments.conditions import earliest
from intent.segments.facts import Item, NoPrices, Prices, load_items
from intent.segments.rules import TagRules
from intent.segments.tables import client_tag_days, client_tags, tag_digests
from jobs.locks import begin_writing, hold
from knowledge_base.access import Principal, Role
from knowledge_base.batches import batches
from knowledge_base.client_facts import BATCH
from knowledge_base.tables import client_changes, clients

KEEPERS = (Role.OPERATIONS, Role.SYSTEM)
LEAD_MARK = "lead_events"  # the id up to which changes of leads were looked at
OVERLAP_NS = 600 * 10**9  # looked at again: a transaction may commit after one that began later
ROWS = 400  # of one statement
Progress = Callable[[int, int], None]


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """What a refresh did."""

    day: date
    clients: int  # looked at
    tagged: int  # tags set
    untagged: int  # tags taken away
    whole: bool  # every client was looked at


class TagKeeper:
    """Sets tags by the rules; a refresh that was cut off is made good by the next."""

    def __init__(self, engine: Engine, rules: TagRules, prices: Prices | None = None) -> None:
        self.engine, self.rules = engine, rules
        self._prices = prices or NoPrices()

    def refresh(
        self, day: date, *, principal: Principal, whole: bool = False, progress: Progress = lambda done, of: None
    ) -> Refreshed:
        """Bring the tags to `day`; every client is looked at when asked, or when a rule is new or another.

        Raises SegmentError for a day before that of the last refresh. progress: clients done, and of how many.
        """
        principal.require("refresh tags", *KEEPERS)
        digests = self.rules.digest(day)
        with self.engine.connect() as connection:
            self._refuse_going_back(connection, day)
            kept = dict(connection.execute(select(tag_digests.c.tag, tag_digests.c.digest)).tuples().all())
            mark = self._newest_lead_event(connection)
            whole = whole or any(kept.get(name) != digest for name, digest in digests.items())
            of = self._count(connection, day, whole)
        done = tagged = untagged = 0
        for ids in self._whom(day, whole):
            more, fewer = self._look_at(ids, day)
            done, tagged, untagged = done + len(ids), tagged + more, untagged + fewer
            progress(done, max(of, done))
        ended = self._settle(digests, mark)
        return Refreshed(day=day, clients=done, tagged=tagged, untagged=untagged + ended, whole=whole)

    def explain(self, client_id: str, day: date) -> tuple[str, ...]:
        """Ids of the tags a client has on a day by what is known now, whatever was stored."""
        with self.engine.connect() as connection:
            item = self._items(connection, [client_id], day).get(client_id)
        return () if item is None else tuple(self._tags(item, day))

    def _tags(self, item: Item, day: date) -> Iterator[str]:
        return (name for name, rule in self.rules.in_force(day).items() if rule.when.judge(item, day))

    def _items(self, connection: Connection, ids: Sequence[str], day: date) -> Mapping[str, Item]:
        return load_items(
            connection, ids, day=day, event_days=self.rules.days_back("event"),
            intent_days=self.rules.days_back("intent"), prices=self._prices,
        )  # fmt: skip

    def _look_at(self, ids: Sequence[str], day: date) -> tuple[int, int]:
        """Set the tags of one batch in a transaction of its own; how many came and went."""
        with self.engine.begin() as connection:
            begin_writing(connection)
            hold(connection, "client_tags")
            seen = _changes(connection, ids)
            items = self._items(connection, ids, day)
            had = set(
                connection.execute(
                    select(client_tags.c.client_id, client_tags.c.tag).where(client_tags.c.client_id.in_(ids))
                ).tuples()
            )
            has = {(client, tag) for client, item in items.items() for tag in self._tags(item, day)}
            _drop(connection, had - has)
            rows = [{"client_id": client, "tag": tag, "since": day} for client, tag in sorted(has - had)]
            _insert(connection, client_tags, rows)
            connection.execute(delete(client_tag_days).where(client_tag_days.c.client_id.in_(ids)))
            days = [{"client_id": c, "day": day, "next_day": self._next_day(i, day)} for c, i in items.items()]
            _insert(connection, client_tag_days, days)
            _forget(connection, seen)
        return len(has - had), len(had - has)

    def _next_day(self, item: Item, day: date) -> date | None:
        return earliest(rule.when.next_day(item, day) for rule in self.rules.in_force(day).values())

    def _whom(self, day: date, whole: bool) -> Iterator[tuple[str, ...]]:
        if whole:
            yield from self._pages(select(clients.c.id), clients.c.id)
            return
        due = select(client_tag_days.c.client_id).where(client_tag_days.c.next_day <= day)
        yield from self._pages(due, client_tag_days.c.client_id)
        yield from self._pages(select(client_changes.c.client_id), client_changes.c.client_id)
        with self.engine.connect() as connection:
            found = connection.execute(self._of_changed_leads(connection)).scalars().all()
        yield from batches(sorted(found), BATCH)

    def _pages(self, query: Any, key: Any) -> Iterator[tuple[str, ...]]:
        """Ids page by page, each read after the page before was worked on: no cursor stays open."""
        after = ""
        while True:
            with self.engine.connect() as connection:
                page = connection.execute(query.where(key > after).order_by(key).limit(BATCH)).scalars().all()
            if not page:
                return
            yield tuple(page)
            after = page[-1]

    def _of_changed_leads(self, connection: Connection) -> Any:
        mark = connection.scalar(select(upkeep_marks.c.value).where(upkeep_marks.c.name == LEAD_MARK)) or ""
        return (
            select(leads.c.client_id)
            .join(lead_events, lead_events.c.lead_id == leads.c.id)
            .where(lead_events.c.id > mark)
            .distinct()
        )

    def _newest_lead_event(self, connection: Connection) -> str:
        """An id safely before the newest: ids begin with their nanosecond in hexadecimal."""
        newest = connection.scalar(select(func.max(lead_events.c.id)))
        return f"{max(0, int(newest[:16], 16) - OVERLAP_NS):016x}" if newest else ""

    def _count(self, connection: Connection, day: date, whole: bool) -> int:
        """How many clients a refresh will look at; some may be counted twice."""
        if whole:
            return int(connection.scalar(select(func.count()).select_from(clients)) or 0)
        due = select(func.count()).where(client_tag_days.c.next_day <= day)
        changed = select(func.count()).select_from(client_changes)
        return int(connection.scalar(due) or 0) + int(connection.scalar(changed) or 0)

    def _refuse_going_back(self, connection: Connection, day: date) -> None:
        last = connection.scalar(select(func.max(client_tag_days.c.day)))
        if last is not None and day < last:
            raise SegmentError(f"The tags are those of {last}: refresh them for that day or a later one.")

    def _settle(self, digests: Mapping[str, str], mark: str) -> int:
        """Take away tags without a rule in force, and remember by what the clients were looked at."""
        with self.engine.begin() as connection:
            begin_writing(connection)
            ended = connection.execute(delete(client_tags).where(client_tags.c.tag.not_in(list(digests)))).rowcount
            connection.execute(delete(tag_digests))
            _insert(connection, tag_digests, [{"tag": name, "digest": digest} for name, digest in digests.items()])
            connection.execute(delete(upkeep_marks).where(upkeep_marks.c.name == LEAD_MARK))
            connection.execute(insert(upkeep_marks).values(name=LEAD_MARK, value=mark))
        return int(ended)


def _changes(connection: Connection, ids: Sequence[str]) -> Sequence[tuple[str, datetime]]:
    query = select(client_changes.c.client_id, client_changes.c.at).where(client_changes.c.client_id.in_(ids))
    return [(row.client_id, row.at) for row in connection.execute(query)]


def _forget(connection: Connection, seen: Iterable[tuple[str, datetime]]) -> None:
    """A change that came after the client was looked at has another moment, and stays."""
    for part in batches(seen, ROWS):
        same = or_(*(and_(client_changes.c.client_id == each, client_changes.c.at == at) for each, at in part))
        connection.execute(delete(client_changes).where(same))


def _drop(connection: Connection, gone: Iterable[tuple[str, str]]) -> None:
    for part in batches(sorted(gone), ROWS):
        connection.execute(delete(client_tags).where(tuple_(client_tags.c.client_id, client_tags.c.tag).in_(part)))


def _insert(connection: Connection, table: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    for part in batches(rows, ROWS):
        connection.execute(insert(table), list(part))
