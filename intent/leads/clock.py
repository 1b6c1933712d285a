"""What time does to leads: leases end, clocks run out, what nobody took expires, what waited for somebody is given.

Every step is idempotent and small: a sweep that was killed is simply made again, and two side by side share the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from intent.leads.lead import Lead, LeadState, standings_of
from intent.leads.queue import CLOCK, FREE, LeadQueue, locked
from intent.leads.tables import CLOCK_RUNS, ESCALATED, OFFERED, UNASSIGNED, leads

MOST = 500  # leads a step and transaction
ROUNDS = 200  # transactions of one step in one sweep at most


@dataclass(frozen=True, kw_only=True)
class Swept:
    """What one sweep did."""

    taken_back: int = 0
    escalated: int = 0
    expired: int = 0
    withdrawn: int = 0
    given: int = 0


class LeadClock:
    """Sweeps the queue; a worker does it every `leads.clock_every_s`."""

    def __init__(self, queue: LeadQueue) -> None:
        self._queue = queue

    def sweep(self) -> Swept:
        """Every step until it finds nothing more."""
        given, withdrawn = self._give()
        return Swept(
            taken_back=_all(self._queue.take_back),
            escalated=_all(self._escalate),
            expired=_all(self._expire),
            given=given,
            withdrawn=withdrawn,
        )

    def _escalate(self) -> int:
        """Whose time of the first contact passed goes to the supervisors' list, once; it stays in the queue as well."""
        with self._queue._writing() as (connection, now):
            late = locked(connection, CLOCK_RUNS, leads.c.due_at <= now, most=MOST, order=leads.c.due_at)
            values = {"escalated_at": now}
            changes = [
                (lead, values, f"nobody spoke with the client by {lead.due_at:%Y-%m-%d %H:%M} UTC") for lead in late
            ]
            self._queue.change_many(connection, changes, now, "escalated", CLOCK)
            return len(late)

    def _expire(self) -> int:
        """What nobody took for long after its time leaves the queue; new words of the client make a new lead."""
        with self._queue._writing() as (connection, now):
            days = self._queue.settings.expire_days
            before = now - timedelta(days=days)
            which = (ESCALATED, OFFERED, leads.c.due_at <= before, leads.c.last_seen_at <= before)
            old = locked(connection, *which, most=MOST, order=leads.c.due_at)
            values: Mapping[str, Any] = {**FREE, "state": LeadState.EXPIRED}
            changes = [(lead, values, f"nobody took it for {days} days after its time") for lead in old]
            self._queue.change_many(connection, changes, now, "expired", CLOCK)
            return len(old)

    def _give(self) -> tuple[int, int]:
        """Look again for somebody who can take what waits for its branch; returns how many were given and withdrawn."""
        given = withdrawn = 0
        after = ""
        for _ in range(ROUNDS):
            with self._queue._writing() as (connection, now):
                nobody = (UNASSIGNED, leads.c.id > after)
                waiting = locked(connection, *nobody, most=MOST, order=leads.c.id)
                if not waiting:
                    break
                after = waiting[-1].id
                known = standings_of(self._queue.directory, {lead.client_id for lead in waiting}, connection)
                noes = {lead.id: self._queue.why_not(known.get(lead.client_id), lead.intent, now) for lead in waiting}
                refused = [(lead, noes[lead.id]) for lead in waiting if noes[lead.id]]
                withdrawn += len(self._queue.withdraw(connection, refused, now))
                found: list[tuple[Lead, Mapping[str, Any], str]] = []
                for lead in waiting:
                    to = None if noes[lead.id] else self._queue.whom(connection, known[lead.client_id], lead)
                    if to is not None:
                        found.append((lead, {**FREE, "advisor_id": to}, "a place became free"))
                self._queue.change_many(connection, found, now, "offered", CLOCK)
                given += len(found)
        return given, withdrawn


def _all(step: Any) -> int:
    """Do a step until it finds less than it may."""
    total = 0
    for _ in range(ROUNDS):
        done = step()
        total += done
        if done < MOST:
            break
    return total
