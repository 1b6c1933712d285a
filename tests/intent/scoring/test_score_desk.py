"""Scores kept over days: new and changed leads, the random slice of a day's list, and what is stored to learn from."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event, insert, select, update

from intent.classifier.taxonomy import load_taxonomy
from intent.errors import LeadNotFoundError
from intent.leads.queue import LeadQueue
from intent.leads.scoring import features
from intent.leads.scoring.dataset import labelled_leads
from intent.leads.scoring.desk import ScoreDesk
from intent.leads.scoring.explore import draw, explored
from intent.leads.scoring.model import ScoreShelf
from intent.leads.scoring.settings import ScoringSettings
from intent.leads.scoring.tables import lead_explorations, lead_scores
from intent.leads.scoring.trained import ActiveScorer
from intent.leads.tables import leads
from knowledge_base import tables as kb
from knowledge_base.clients import BehaviourEvent
from knowledge_base.events import EventStore
from tests.intent.scoring.made import client_row, lead_row, tables_on
from tests.intent.segments.firm import ADVISOR, OTHER, SYSTEM

DAY = date(2026, 11, 22)
TAXONOMY = load_taxonomy()


def desk_on(engine: Engine, folder: Path, **settings: Any) -> ScoreDesk:
    tables_on(engine)
    scorer = ActiveScorer(ScoreShelf(folder), TAXONOMY)
    return ScoreDesk(engine, scorer, intents=TAXONOMY.ids, settings=ScoringSettings(**settings))


def fill(engine: Engine, n: int) -> None:
    now = datetime.now(UTC) - timedelta(hours=1)
    with engine.begin() as connection:
        connection.execute(insert(kb.clients), [client_row(f"C{i}") for i in range(n)])
        rows = [lead_row(i, f"C{i}", now, confidence=0.3 + 0.6 * i / n, score=0.0) for i in range(n)]
        connection.execute(insert(leads), rows)


def scores(engine: Engine) -> dict[str, float]:
    with engine.connect() as connection:
        return dict(connection.execute(select(leads.c.client_id, leads.c.score)).tuples().all())


def test_a_draw_depends_on_lead_and_day_alone_and_is_even() -> None:
    ids = [f"{n:032x}" for n in range(20_000)]
    drawn = {each for each in ids if draw(each, DAY) < 0.05}
    assert drawn == {each for each in reversed(ids) if draw(each, DAY) < 0.05}
    assert len(drawn) == pytest.approx(1000, rel=0.12)
    tomorrow = {each for each in ids if draw(each, DAY + timedelta(days=1)) < 0.05}
    assert len(drawn & tomorrow) < 100


def test_the_slice_is_a_share_of_the_list_and_of_all_leads_alike() -> None:
    offered = [(f"{n:032x}", n / 200) for n in range(200)]
    seen: Counter[str] = Counter()
    places: list[int] = []
    for n in range(400):
        day = DAY + timedelta(days=n)
        chosen = explored(offered, day, capacity=20, share=0.05, owner="A1")
        assert len(chosen) == 1
        seen.update(chosen)
        ((lead_id, order),) = chosen.items()
        lifted = {**dict(offered), lead_id: order}
        best = sorted(lifted, key=lambda each: -lifted[each])[:21]
        assert lead_id in best
        places.append(best.index(lead_id))
    liked = sum(seen[lead_id] for lead_id, score in offered if score >= 0.9)
    assert liked == pytest.approx(400 * 20 / 200, abs=20), "drawn from all leads, not from those the score likes"
    assert len(set(places)) > 10
    part = [len(explored(offered, DAY + timedelta(days=n), capacity=5, share=0.05, owner="A1")) for n in range(400)]
    assert sum(part) == pytest.approx(100, abs=35), "a quarter of a lead is a lead on every fourth day"


def test_new_leads_are_scored_and_the_days_list_is_drawn_once(engine: Engine, tmp_path: Path) -> None:
    desk = desk_on(engine, tmp_path, capacity=10, explore_share=0.2)
    fill(engine, 60)
    first = desk.refresh(principal=SYSTEM)
    assert (first.leads, first.explored) == (60, 2)
    with engine.connect() as connection:
        drawn = dict(
            connection.execute(select(lead_explorations.c.lead_id, lead_explorations.c.order_score)).tuples().all()
        )
    again = desk.refresh(principal=SYSTEM)
    assert (again.leads, again.moved, again.explored) == (0, 0, 0)
    best = sorted(LeadQueue(engine).list(principal=SYSTEM), key=lambda lead: -lead.score)[:12]
    assert set(drawn) <= {lead.id for lead in best}
    assert desk.explored(list(drawn), first.day) == set(drawn)
    whole = desk.refresh(principal=SYSTEM, whole=True)
    assert (whole.leads, whole.moved) == (60, 0), "the draw of the day stays"
    assert desk.of(next(iter(drawn)), principal=SYSTEM).explored_today
    with pytest.raises(LeadNotFoundError):
        desk.of(next(iter(drawn)), principal=OTHER)


def test_what_a_client_does_has_its_lead_looked_at_again(engine: Engine, tmp_path: Path) -> None:
    desk = desk_on(engine, tmp_path)
    fill(engine, 5)
    desk.refresh(principal=SYSTEM)
    login = BehaviourEvent(id="E1", client_id="C3", kind="login", at=datetime.now(UTC))
    EventStore(engine).add([login], principal=SYSTEM)
    assert desk.refresh(principal=SYSTEM).leads == 1
    with engine.connect() as connection:
        query = select(lead_scores.c.features).join(leads, leads.c.id == lead_scores.c.lead_id)
        row = features.unpack(connection.execute(query.where(leads.c.client_id == "C3")).scalar_one())
    assert row[features.names().index("logins_7d")] == 1


def test_a_claimed_lead_keeps_what_it_was_claimed_by_and_teaches_as_it_was_offered(
    engine: Engine, tmp_path: Path
) -> None:
    desk = desk_on(engine, tmp_path, explore_share=0)
    fill(engine, 3)
    desk.refresh(principal=SYSTEM)
    before = scores(engine)
    queue = LeadQueue(engine)
    taken = queue.claim(principal=ADVISOR, limit=1)[0]
    with engine.begin() as connection:
        connection.execute(update(kb.clients).values(assets_cny=9_000_000))  # bought something since
    queue.ack(taken.id, principal=ADVISOR, disposition="won")
    desk.refresh(principal=SYSTEM, whole=True)
    assert scores(engine)[taken.client_id] == before[taken.client_id]
    found = labelled_leads(engine, TAXONOMY.ids)
    assert (len(found), bool(found.won[0])) == (1, True)
    assert str(found.matrix[0, features.names().index("assets_cny")]) == "nan"


def test_a_page_takes_a_fixed_number_of_statements(engine: Engine, tmp_path: Path) -> None:
    desk = desk_on(engine, tmp_path, explore_share=0)
    fill(engine, 300)
    seen: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
    assert desk.refresh(principal=SYSTEM).leads == 300
    assert len(seen) < 25
