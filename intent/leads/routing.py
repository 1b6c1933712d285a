"""Whom a lead is given to: the client's own advisor, else a colleague of the branch, else nobody yet."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection

from intent.errors import LeadRulesError
from intent.leads.honour import read_rules
from intent.leads.lead import ClientDirectory, ClientStanding, Staff, StaffDirectory

KNOWN_S = 30.0  # who works where is read anew after this; whether somebody may have a lead in hand is always read
LOAD_AGE_S = 30.0  # a count of somebody's open leads is believed this long; own assignments are added meanwhile


@dataclass(frozen=True, kw_only=True)
class Tier:
    """One class of clients."""

    id: str
    zh: str
    assets_cny: Decimal
    revenue_cny: Decimal
    own: float  # how much longer than capacity the own advisor's list may become, share
    branch: bool  # whether a colleague of the branch is asked at all


@dataclass(frozen=True, kw_only=True)
class RoutingRules:
    """Tiers from the highest, the lowest tier of each kind of account, and lines that ask for advice."""

    tiers: tuple[Tier, ...]
    at_least: tuple[tuple[str, str], ...]  # kind of account, id of its lowest tier
    registered_adviser: frozenset[str]

    def tier(self, standing: ClientStanding) -> Tier:
        """The first tier whose assets or revenue the client reaches, not below that of the kind of account."""
        assets, revenue = standing.assets_cny or Decimal(0), standing.revenue_cny or Decimal(0)
        last = len(self.tiers) - 1
        reached = (n for n, t in enumerate(self.tiers) if assets >= t.assets_cny or revenue >= t.revenue_cny)
        lowest = dict(self.at_least).get(standing.kind)
        floor = next((n for n, t in enumerate(self.tiers) if t.id == lowest), last)
        return self.tiers[min(next(reached, last), floor)]


@cache
def load_routing(path: Path | None = None) -> RoutingRules:
    """The rules of a file, the shipped ones by default. Raises LeadRulesError naming it."""
    raw, name = read_rules(path, "routing.yaml"), path or "routing.yaml"
    try:
        tiers = tuple(
            Tier(
                id=str(t["id"]), zh=str(t["zh"]), assets_cny=Decimal(str(t["assets_cny"])),
                revenue_cny=Decimal(str(t["revenue_cny"])), own=float(t["own"]), branch=bool(t["branch"]),
            )
            for t in raw["tiers"]
        )  # fmt: skip
        at_least = tuple((kind, rule["at_least"]) for kind, rule in raw["kinds"].items() if "at_least" in rule)
        rules = RoutingRules(tiers=tiers, at_least=at_least, registered_adviser=frozenset(raw["registered_adviser"]))
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise LeadRulesError(f"The routing rules ({name}) are broken at {error}: correct them.") from error
    if not rules.tiers or {tier for _, tier in at_least} - {tier.id for tier in tiers}:
        raise LeadRulesError(f"The routing rules ({name}) name a tier that is not there: correct them.")
    return rules


Waiting = Callable[[Connection, Mapping[str, int]], Mapping[str, int]]  # people with a bound each, to their counts


class Router:
    """Chooses by rules, licences and how much everybody has open already."""

    def __init__(
        self, directory: ClientDirectory | None, rules: RoutingRules, *, capacity: int, waiting: Waiting
    ) -> None:
        """capacity: open leads of one person at a time; 0 = no limit. waiting: counts how many each has, to a bound."""
        self._waiting = waiting
        self._staff: StaffDirectory | None = directory if isinstance(directory, StaffDirectory) else None
        self.rules, self._capacity = rules, capacity
        self._people: dict[str, tuple[Staff, float]] = {}
        self._teams: dict[str, tuple[Sequence[Staff], float]] = {}
        self._loads: dict[str, tuple[int, float]] = {}  # open leads, and when they were counted
        self._lock = Lock()

    def prepare(self, connection: Connection, user_ids: Collection[str]) -> None:
        """Read what `route` will ask of these people at once, as far as it is not known: an archive names hundreds."""
        if self._staff is None:
            return
        now = time.monotonic()
        unknown = [each for each in set(user_ids) if not _fresh(self._people.get(each), KNOWN_S, now)]
        if unknown:
            found = self._staff.staff_of(unknown, connection)
            self._people.update({each: (found.get(each) or Staff(id=each), now) for each in unknown})
        limits = {each: self._capacity_of(self._people[each][0]) for each in set(user_ids)}
        self._count(connection, {each: limit for each, limit in limits.items() if limit is not None})

    def route(
        self,
        connection: Connection,
        standing: ClientStanding,
        line: str,
        *,
        fallback: str | None,
        tier: Tier | None = None,
        but: str | None = None,
    ) -> str | None:
        """User id of who gets a lead of this line, None where it waits for the branch.

        fallback: who had the call, for clients without an advisor; asked like an own advisor. tier: of the client,
        where the caller knows it. but: who is not asked, since they were just found to lack the licence.
        """
        own = standing.advisor_id or fallback
        if self._staff is None:
            return own
        tier = tier or self.rules.tier(standing)
        if own is not None and own != but:
            who = self._one(connection, own)
            if self.may_take(who, line) and self._room(connection, who, stretch=tier.own) > 0:
                return self._given(own)
        if not tier.branch or standing.branch is None:
            return None
        colleagues = [each for each in self._team(connection, standing.branch) if each.id not in (own, but)]
        rooms = [(self._room(connection, each), each.id) for each in colleagues if self.may_take(each, line)]
        room, best = max(rooms, default=(0.0, None))
        return self._given(best) if room > 0 else None

    def may_take(self, who: Staff, line: str) -> bool:
        """Whether somebody serves the line, and may advise where the line asks for advice."""
        licensed = who.registered_adviser or line not in self.rules.registered_adviser
        return licensed and (not who.lines or line in who.lines)

    def may_claim(self, connection: Connection, user_id: str, line: str) -> bool:
        """Whether a member of staff may have a lead of this line in hand; one whom nobody knows may not advise."""
        if self._staff is None or line not in self.rules.registered_adviser:
            return True
        return self._serves(connection, self._staff, user_id, line)

    def barred(self, connection: Connection, user_id: str) -> tuple[str, ...]:
        """Lines whose leads this member of staff may not have in hand."""
        lines = sorted(self.rules.registered_adviser)
        return tuple(line for line in lines if not self.may_claim(connection, user_id, line))

    def may_be_given(self, connection: Connection, user_id: str, line: str) -> bool:
        """Whether a lead of this line may be put before somebody; only staff that is known."""
        return self._staff is None or self._serves(connection, self._staff, user_id, line)

    def _serves(self, connection: Connection, staff: StaffDirectory, user_id: str, line: str) -> bool:
        found = staff.staff_of([user_id], connection).get(user_id)
        return found is not None and self.may_take(found, line)

    def _one(self, connection: Connection, user_id: str) -> Staff:
        """A member of staff; one whom nobody knows has no licence and no limit of their own."""
        if not _fresh(self._people.get(user_id), KNOWN_S, time.monotonic()):
            self.prepare(connection, [user_id])
        return self._people[user_id][0]

    def _team(self, connection: Connection, branch: str) -> Sequence[Staff]:
        known = self._teams.get(branch)
        if known is None or not _fresh(known, KNOWN_S, time.monotonic()):
            assert self._staff is not None
            known = tuple(self._staff.staff(branch, connection)), time.monotonic()
            self._teams[branch] = known
        return known[0]

    def _capacity_of(self, who: Staff) -> int | None:
        """Open leads at a time; None for no limit."""
        return who.capacity if who.capacity is not None else self._capacity or None

    def _room(self, connection: Connection, who: Staff, *, stretch: float = 0.0) -> float:
        """How many more leads fit; without a limit the fewer somebody has, the more."""
        capacity = self._capacity_of(who)
        if capacity is None:
            return float("inf")
        self._count(connection, {who.id: capacity})
        with self._lock:
            return capacity * (1 + stretch) - self._loads[who.id][0]

    def _count(self, connection: Connection, capacities: Mapping[str, int]) -> None:
        """Count what everybody has open, where that is not known, and not beyond what any tier allows."""
        now = time.monotonic()
        widest = 1 + max(tier.own for tier in self.rules.tiers)
        with self._lock:
            unknown = [each for each in capacities if not _fresh(self._loads.get(each), LOAD_AGE_S, now)]
        if unknown:
            counts = self._waiting(connection, {each: int(capacities[each] * widest) + 1 for each in unknown})
            with self._lock:
                self._loads.update({each: (count, now) for each, count in counts.items()})

    def _given(self, user_id: str | None) -> str | None:
        with self._lock:
            if user_id in self._loads:
                count, at = self._loads[user_id]
                self._loads[user_id] = (count + 1, at)
        return user_id


def _fresh(known: tuple[Any, float] | None, age_s: float, now: float) -> bool:
    """Whether something read at a monotonic second is young enough to be believed."""
    return known is not None and now - known[1] <= age_s
