"""Keeps the scores of leads on offer: changed ones soon, all on a new day, and with it the day's random slice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, case, delete, func, insert, or_, select, update

from intent.errors import LeadNotFoundError
from intent.leads.lead import Lead, LeadState
from intent.leads.queue import lead_of, visible
from intent.leads.scoring import features
from intent.leads.scoring.explore import explored
from intent.leads.scoring.scorer import LeadFacts, Scored, by_rule
from intent.leads.scoring.settings import ScoringSettings
from intent.leads.scoring.tables import lead_explorations, lead_scores, upkeep_marks
from intent.leads.scoring.trained import ActiveScorer
from intent.leads.tables import leads
from jobs.clock import database_now
from jobs.locks import begin_writing, hold
from knowledge_base.access import Principal, Role
from knowledge_base.batches import batches
from knowledge_base.events import china_day
from knowledge_base.tables import client_changes

KEEPERS = (Role.OPERATIONS, Role.SYSTEM)
MARK = "lead_scores"
PAGE = 500
NEAR = 0.0005  # scores nearer than this are the same
Progress = Callable[[int, int], None]
Owner = tuple[str | None, str | None]  # advisor, or the branch where there is none


@dataclass(frozen=True, kw_only=True)
class Rescored:
    """What a pass did."""

    day: date
    leads: int  # looked at
    moved: int  # whose place in the queue changed
    explored: int  # drawn into lists in this pass


@dataclass(frozen=True, kw_only=True)
class LeadScore:
    """The score of one lead, for people."""

    lead_id: str
    client_id: str
    scored: Scored
    at: datetime | None  # None: never looked at; the rule's score
    explored_today: bool


class ScoreDesk:
    """Scores of leads in the database."""

    def __init__(
        self, engine: Engine, scorer: ActiveScorer, *, intents: Sequence[str], settings: ScoringSettings | None = None
    ) -> None:
        self.engine, self.scorer = engine, scorer
        self.settings = settings or ScoringSettings()
        self._intents = tuple(intents)

    def refresh(
        self, *, principal: Principal, whole: bool = False, progress: Progress = lambda done, of: None
    ) -> Rescored:
        """Score leads on offer that are new or changed, or whose client did something; all of them on a new day.

        A score moves a lead in the queue; it is no event of the lead.
        """
        principal.require("score leads", *KEEPERS)
        with self.engine.connect() as connection:
            day = china_day(database_now(connection))
            mark = f"{day} {self.scorer.version}"  # another score begins the day anew
            begun = _mark(connection) == mark
            whole = whole or not begun
            of = int(connection.scalar(select(func.count()).select_from(leads).where(_on_offer())) or 0)
        done = moved = 0
        for page in self._pages(whole):
            moved += self._score(page, day)
            done += len(page)
            progress(done, max(of, done))
        drawn = 0 if begun else self._begin(day, mark)
        return Rescored(day=day, leads=done, moved=moved, explored=drawn)

    def of(self, lead_id: str, *, principal: Principal) -> LeadScore:
        """The score with its parts and reasons. Raises LeadNotFoundError."""
        with self.engine.connect() as connection:
            lead = connection.execute(select(leads).where(leads.c.id == lead_id, visible(principal))).one_or_none()
            if lead is None:
                raise LeadNotFoundError(f"There is no lead {lead_id} that {principal.user_id} may see.")
            kept = connection.execute(select(lead_scores).where(lead_scores.c.lead_id == lead_id)).one_or_none()
            day = china_day(database_now(connection))
            today = bool(_explored_on(connection, [lead_id], day))
        scored = by_rule(LeadFacts.of(lead_of(lead))) if kept is None else _scored(kept)
        return LeadScore(
            lead_id=lead_id, client_id=lead.client_id, scored=scored, at=kept.at if kept else None, explored_today=today
        )

    def explored(self, lead_ids: Sequence[str], day: date) -> frozenset[str]:
        """Which of the leads were drawn into the lists of a day."""
        with self.engine.connect() as connection:
            return frozenset(_explored_on(connection, lead_ids, day))

    def _pages(self, whole: bool) -> Iterator[list[Lead]]:
        query = select(leads).where(_on_offer())
        if not whole:
            scored = select(lead_scores.c.at).where(lead_scores.c.lead_id == leads.c.id).scalar_subquery()
            did = leads.c.client_id.in_(select(client_changes.c.client_id))  # events, until the tags have seen them
            query = query.where(or_(scored.is_(None), scored < leads.c.updated_at, did))
        after = ""
        while True:
            with self.engine.connect() as connection:
                found = connection.execute(query.where(leads.c.id > after).order_by(leads.c.id).limit(PAGE)).all()
            if not found:
                return
            yield [lead_of(row) for row in found]
            after = found[-1].id

    def _score(self, page: Sequence[Lead], day: date) -> int:
        facts = [LeadFacts.of(lead) for lead in page]
        trained = self.scorer.trained()
        with self.engine.begin() as connection:
            begin_writing(connection)
            now = database_now(connection)
            clients = features.clients_of(connection, [lead.client_id for lead in page], day=day)
            rows = [features.row_of(each, clients.get(each.client_id), day, self._intents) for each in facts]
            scored = trained.of_facts(facts, clients, day) if trained else tuple(map(by_rule, facts))
            _keep(connection, page, scored, rows, now)
            lifted = _explored_on(connection, [lead.id for lead in page], day)
            placed = {
                lead.id: max(each.score, lifted.get(lead.id, 0.0)) for lead, each in zip(page, scored, strict=True)
            }
            moved = {lead.id: placed[lead.id] for lead in page if abs(placed[lead.id] - lead.score) > NEAR}
            _place(connection, moved)
        return len(moved)

    def _begin(self, day: date, mark: str) -> int:
        """Draw the lists of a day, after all leads were scored on it; a pass that was cut off is begun again."""
        drawn = self._explore(day)
        with self.engine.begin() as connection:
            begin_writing(connection)
            connection.execute(delete(upkeep_marks).where(upkeep_marks.c.name == MARK))
            connection.execute(insert(upkeep_marks).values(name=MARK, value=mark))
        return drawn

    def _explore(self, day: date) -> int:
        """Draw each owner's slice of the day, each in a transaction of its own; a second time changes nothing."""
        if not self.settings.explore_share:
            return 0
        with self.engine.connect() as connection:
            branch = case((leads.c.advisor_id.is_(None), leads.c.branch))
            query = select(leads.c.advisor_id, branch).where(_on_offer()).distinct()
            owners: list[Owner] = [(row[0], row[1]) for row in connection.execute(query)]
        return sum(self._explore_for(owner, day) for owner in sorted(owners, key=str))

    def _explore_for(self, owner: Owner, day: date) -> int:
        advisor, branch = owner
        mine = leads.c.advisor_id == advisor if advisor is not None else leads.c.advisor_id.is_(None)
        if advisor is None:
            mine = mine & leads.c.branch.is_not_distinct_from(branch)
        with self.engine.begin() as connection:
            begin_writing(connection)
            hold(connection, f"explore:{advisor or branch}")
            own = func.coalesce(lead_scores.c.score, leads.c.score)  # not lifted by an earlier draw
            query = select(leads.c.id, own).outerjoin(lead_scores, lead_scores.c.lead_id == leads.c.id)
            offered = [(row[0], row[1]) for row in connection.execute(query.where(_on_offer(), mine))]
            done = _explored_on(connection, [lead_id for lead_id, _ in offered], day)
            chosen = explored(
                offered, day, capacity=self.settings.capacity, share=self.settings.explore_share,
                owner=str(advisor or branch),
            ) if not done else {}  # fmt: skip
            rows = [{"day": day, "lead_id": each, "order_score": score} for each, score in chosen.items()]
            if rows:
                connection.execute(insert(lead_explorations), rows)
            _place(connection, chosen)
        return len(chosen)


def _mark(connection: Connection) -> str | None:
    """The last day whose lists were drawn, and what scored on it."""
    return connection.scalar(select(upkeep_marks.c.value).where(upkeep_marks.c.name == MARK))


def _on_offer() -> Any:
    return leads.c.state == LeadState.NEW.value


def _explored_on(connection: Connection, lead_ids: Sequence[str], day: date) -> dict[str, float]:
    found: dict[str, float] = {}
    for part in batches(lead_ids, PAGE):
        query = select(lead_explorations.c.lead_id, lead_explorations.c.order_score).where(
            lead_explorations.c.day == day, lead_explorations.c.lead_id.in_(part)
        )
        found |= dict(connection.execute(query).tuples().all())
    return found


def _keep(
    connection: Connection,
    page: Sequence[Lead],
    scored: Sequence[Scored],
    rows: Sequence[Sequence[float]],
    now: datetime,
) -> None:
    connection.execute(delete(lead_scores).where(lead_scores.c.lead_id.in_([lead.id for lead in page])))
    connection.execute(
        insert(lead_scores),
        [
            {
                "lead_id": lead.id, "score": each.score, "right": each.right, "ready": each.ready, "value": each.value,
                "by": each.by, "reasons": list(each.reasons), "features": features.pack(row),
                "layout": features.layout(), "at": now,
            }
            for lead, each, row in zip(page, scored, rows, strict=True)
        ],
    )  # fmt: skip


def _place(connection: Connection, scores: Mapping[str, float]) -> None:
    """Move leads that are still on offer; one that was claimed meanwhile keeps what it was claimed by."""
    statement = (
        update(leads)
        .where(leads.c.id == bindparam("lead"), leads.c.state == LeadState.NEW.value)
        .values(score=bindparam("to"))
    )
    for part in batches(sorted(scores.items()), PAGE):
        connection.execute(statement, [{"lead": lead_id, "to": score} for lead_id, score in part])


def _scored(row: Row[Any]) -> Scored:
    return Scored(
        score=row.score, right=row.right, ready=row.ready, value=row.value, by=row.by, reasons=tuple(row.reasons)
    )
