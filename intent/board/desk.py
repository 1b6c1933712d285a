"""Leads for the people who work them: own leads by deadline, claim, outcome; a supervisor gives them to others."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Protocol

import yaml
from sqlalchemy import Connection, Row, Select, and_, or_, select

from intent.errors import LeadError, LeadNotFoundError
from intent.follow_ups.pages import by_deadline, decode, encode
from intent.leads.lead import ClientStanding, Lead, LeadState
from intent.leads.queue import LeadQueue, lead_of, visible
from intent.leads.tables import leads
from intent.settings import BoardSettings
from jobs.clock import database_now
from jobs.locks import begin_writing
from knowledge_base.access import AccessDeniedError, Principal, Role
from knowledge_base.clients import Clients

TO_DO = ("new", "offered", "claimed")  # nobody has spoken to the client yet: the clock runs
CONTACTED = ("contacted",)
OUTCOMES = ("won", "lost", "wrong")
VIEWS: Mapping[str, Sequence[str]] = {"todo": TO_DO, "contacted": CONTACTED, "done": OUTCOMES}
SUPERVISORS = (Role.SUPERVISOR, Role.SYSTEM)
NOBODY = "-"  # leads that no advisor has
_row = leads.c


class Standings(Protocol):
    """Looks many clients up at once; an unknown one is left out."""

    def standings(self, client_ids: Collection[str]) -> Mapping[str, ClientStanding]: ...


@dataclass(frozen=True, kw_only=True)
class BoardPage:
    """A page of leads, the earliest deadline first (of outcomes the latest); no cursor where it is the last."""

    leads: tuple[Lead, ...]
    cursor: str | None
    kept_back: int  # on this page: their clients may not be contacted any more


class BoardDesk:
    """Works on the queue that the CRM would use: same rights, same events, same messages."""

    def __init__(
        self, queue: LeadQueue, clients: Clients, standings: Standings, settings: BoardSettings | None = None
    ) -> None:
        self._queue, self._clients, self._standings = queue, clients, standings
        self.settings = settings or BoardSettings()

    def page(
        self,
        view: str,
        *,
        principal: Principal,
        advisor_id: str | None = None,
        cursor: str = "",
        limit: int | None = None,
    ) -> BoardPage:
        """Leads of one advisor, by default one's own. view: todo, contacted or done. Raises LeadError, CursorError.

        Who may not be contacted any more is not shown as something to do.
        """
        if view not in VIEWS:
            raise LeadError(f"There is no view {view}: use {', '.join(VIEWS)}.")
        count, place = limit or self.settings.page, decode(cursor)
        whose = advisor_id or principal.user_id
        with self._queue.engine.connect() as connection:
            read = _outcomes if view == "done" else _by_due
            rows = read(connection, whose, VIEWS[view], principal, place, count + 1)
        found = [lead_of(row) for row in rows[:count]]
        at = found[-1].updated_at if found and view == "done" else found[-1].due_at if found else None
        shown = found if view == "done" else self._offerable(found)
        return BoardPage(
            leads=tuple(shown),
            cursor=encode((at, found[-1].id)) if at and len(rows) > count else None,
            kept_back=len(found) - len(shown),
        )

    def claim(self, lead_id: str, *, principal: Principal) -> Lead:
        """Take one lead; again by its holder lengthens the lease. Raises LeadError where another has it.

        The client's standing is looked at again: what was withdrawn since the page was read counts.
        """
        principal.require("claim leads", Role.ADVISOR, *SUPERVISORS)
        with self._locked(lead_id, principal) as (connection, lead, now):
            withdrawn = lead.state is LeadState.WITHDRAWN  # what the client said meanwhile may have done it
            if not withdrawn and not _is_free(lead, principal.user_id, now):
                raise LeadError(f"The lead {lead_id} is {lead.state.value}: somebody was faster, read the list again.")
            if withdrawn or not self._offerable([lead]):
                raise LeadError("The client may not be contacted any more: the lead is kept back.")
            if not self._queue.may_have(connection, principal, lead.line):
                raise LeadError(f"The lead {lead_id} asks for advice: only a registered adviser may take it.")
            until = now + timedelta(seconds=self.settings.lease_s)
            return self._queue.change(
                connection, lead, now, "claimed", principal.user_id, "board",
                state=LeadState.CLAIMED, owner=principal.user_id, lease_until=until,
            )  # fmt: skip

    def outcome(self, lead_id: str, disposition: str, *, principal: Principal, reason: str = "") -> Lead:
        """Report what became of a claimed lead; wrong needs a reason, by its id of reasons.yaml or in words."""
        words = wrong_reasons().get(reason, reason).strip()
        if disposition == "wrong" and not words:
            raise LeadError("A wrong lead needs a reason: others learn from it.")
        return self._queue.ack(lead_id, principal=principal, disposition=disposition, reason=words)

    def reassign(self, lead_ids: Sequence[str], to: str, *, principal: Principal, why: str = "") -> tuple[Lead, ...]:
        """Give leads to another advisor whom the supervisor sees; all of them or none.

        What its client no longer allows is withdrawn instead. Raises AccessDeniedError, LeadNotFoundError, and
        LeadError for a lead that is closed, or an advisor who does not serve its line or may not give advice.
        """
        principal.require("give leads to another advisor", *SUPERVISORS)
        if self._clients.advisor(to, principal=principal) is None:
            raise AccessDeniedError(f"{principal.user_id} may not give leads to {to}: name an advisor of the branch.")
        with self._writing() as (connection, now):
            wanted = sorted(set(lead_ids))
            self._queue.take_clients(connection, {_get(connection, each, principal).client_id for each in wanted})
            found = [_get(connection, each, principal) for each in wanted]
            for lead in found:
                _refuse(lead)
            by = principal.user_id
            return tuple(
                self._queue.give(connection, lead, to, now, "reassigned", by, _moved(lead, to, why))
                for lead in sorted(found, key=lambda each: each.client_id)
            )

    def _offerable(self, found: Sequence[Lead]) -> list[Lead]:
        known = self._standings.standings({lead.client_id for lead in found})
        now = datetime.now(UTC)
        return [lead for lead in found if not self._queue.why_not(known.get(lead.client_id), lead.intent, now)]

    @contextmanager
    def _locked(self, lead_id: str, principal: Principal) -> Iterator[tuple[Connection, Lead, datetime]]:
        with self._writing() as (connection, now):
            self._queue.take_clients(connection, {_get(connection, lead_id, principal).client_id})
            yield connection, _get(connection, lead_id, principal), now

    @contextmanager
    def _writing(self) -> Iterator[tuple[Connection, datetime]]:
        with self._queue.engine.begin() as connection:
            begin_writing(connection)
            yield connection, database_now(connection)


@cache
def wrong_reasons() -> Mapping[str, str]:
    """Id and words of each reason for which a lead may be wrong."""
    told = yaml.safe_load((files("intent.board") / "reasons.yaml").read_text(encoding="utf-8"))
    return {each["id"]: each["zh"] for each in told["wrong"]}


def of_advisor(advisor_id: str, principal: Principal) -> Any:
    """The leads of one advisor, as far as the principal may see them; `-` are those of nobody."""
    if advisor_id == principal.user_id and principal.has(Role.ADVISOR):
        return _row.advisor_id == advisor_id
    return and_(
        _row.advisor_id.is_(None) if advisor_id == NOBODY else _row.advisor_id == advisor_id, visible(principal)
    )


def _by_due(
    connection: Connection, advisor_id: str, states: Sequence[str], principal: Principal, place: Any, limit: int
) -> list[Row[Any]]:
    def of_state(state: str) -> Select[Any]:
        return select(leads).where(of_advisor(advisor_id, principal), _row.state == state)

    return by_deadline(connection, of_state, states, _row.due_at, _row.id, place=place, limit=limit)


def _outcomes(
    connection: Connection, advisor_id: str, states: Sequence[str], principal: Principal, place: Any, limit: int
) -> list[Row[Any]]:
    """What was closed, the latest first; each disposition is read from its index."""
    found: list[Row[Any]] = []
    for state in states:
        query = select(leads).where(of_advisor(advisor_id, principal), _row.disposition == state)
        if place is not None:
            earlier = or_(_row.updated_at < place[0], _row.id < place[1])
            query = query.where(_row.updated_at <= place[0], earlier)
        found += connection.execute(query.order_by(_row.updated_at.desc(), _row.id.desc()).limit(limit)).all()
    return sorted(found, key=lambda row: (row.updated_at, row.id), reverse=True)[:limit]


def _moved(lead: Lead, to: str, why: str) -> str:
    return f"{lead.advisor_id or NOBODY} -> {to} {why}".strip()


def _is_free(lead: Lead, user_id: str, now: datetime) -> bool:
    if lead.state is LeadState.CLAIMED:
        return lead.owner == user_id or (lead.lease_until is not None and lead.lease_until <= now)
    return lead.state.value in TO_DO


def _refuse(lead: Lead) -> None:
    if lead.state.value not in (*TO_DO, *CONTACTED):
        raise LeadError(f"The lead {lead.id} is {lead.state.value}: only one that is open is given to another.")


def _get(connection: Connection, lead_id: str, principal: Principal) -> Lead:
    row = connection.execute(
        select(leads).where(_row.id == lead_id, visible(principal))
    ).one_or_none()  # fmt: skip
    if row is None:
        raise LeadNotFoundError(f"There is no lead {lead_id} that {principal.user_id} may see.")
    return lead_of(row)
