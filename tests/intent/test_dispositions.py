"""Outcomes from the CRM's file: all or nothing, the same twice changes nothing, the later one stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine

from intent.leads.dispositions import import_dispositions
from intent.leads.lead import LeadState
from intent.leads.store import LeadStore
from jobs.outbox import Outbox
from knowledge_base.access import AccessDeniedError
from knowledge_base.errors import ImportFileError
from tests.intent.test_leads import ADVISOR, CRM, OFFICER, SYSTEM, record, store_on, wish


@pytest.fixture
def store(engine: Engine) -> LeadStore:
    return store_on(engine)


def written(path: Path, *rows: str, header: str = "lead_id,disposition,reason,at") -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")
    return path


def moment(minutes: float) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


def test_outcomes_are_written_with_event_and_message(store: LeadStore, tmp_path: Path) -> None:
    lead = record(store, wish()).leads[0]
    file = written(tmp_path / "d.csv", f"{lead.id},won,开好了,")
    report = import_dispositions(store, file, principal=CRM)
    assert (report.ok, report.added, report.replaced) == (True, 1, 0)
    now = store.get(lead.id, principal=SYSTEM)
    assert (now.state, now.disposition, now.reason) == (LeadState.WON, "won", "开好了")
    assert now.sequence == lead.sequence + 1
    last = store.events(lead.id, principal=SYSTEM)[-1]
    assert (last.event, last.by, last.why) == ("imported", CRM.user_id, "开好了")
    assert Outbox(store.engine).pending()[-1].payload["type"] == "lead.won"
    again = import_dispositions(store, file, principal=CRM)
    assert (again.ok, again.added, again.replaced) == (True, 0, 0)
    assert store.get(lead.id, principal=SYSTEM).sequence == now.sequence


def test_a_bad_row_keeps_the_whole_file_out(store: LeadStore, tmp_path: Path) -> None:
    first, second = record(store, wish(), wish("margin.open")).leads
    file = written(
        tmp_path / "d.csv",
        f"{first.id},won,,",
        "nobody,won,,",
        f"{second.id},bought,,",
        f"{second.id},lost,,{moment(60)}",
    )
    report = import_dispositions(store, file, principal=CRM)
    assert [(row.line, row.column) for row in report.bad] == [(3, "lead_id"), (4, "disposition"), (5, "at")]
    assert (report.added, store.get(first.id, principal=SYSTEM).state) == (0, LeadState.NEW)


def test_an_earlier_outcome_does_not_undo_a_later_one(store: LeadStore, tmp_path: Path) -> None:
    lead = record(store, wish()).leads[0]
    import_dispositions(store, written(tmp_path / "d.csv", f"{lead.id},won,,"), principal=CRM)
    early = store.get(lead.id, principal=SYSTEM).first_seen_at.isoformat()
    report = import_dispositions(store, written(tmp_path / "e.csv", f"{lead.id},lost,,{early}"), principal=CRM)
    assert (report.ok, report.replaced, store.get(lead.id, principal=SYSTEM).state) == (True, 0, LeadState.WON)
    report = import_dispositions(store, written(tmp_path / "f.csv", f"{lead.id},lost,退了,"), principal=CRM)
    assert (report.replaced, store.get(lead.id, principal=SYSTEM).state) == (1, LeadState.LOST)


def test_a_held_lead_is_refused(store: LeadStore, tmp_path: Path) -> None:
    lead = record(store, wish(held_because="won by a promise")).leads[0]
    report = import_dispositions(store, written(tmp_path / "d.csv", f"{lead.id},won,,"), principal=CRM)
    assert "held" in report.bad[0].problem
    assert store.get(lead.id, principal=SYSTEM).state is LeadState.HELD


def test_who_may_and_what_is_no_file(store: LeadStore, tmp_path: Path) -> None:
    lead = record(store, wish()).leads[0]
    file = written(tmp_path / "d.csv", f"{lead.id},won,,")
    for principal in (ADVISOR, OFFICER):
        with pytest.raises(AccessDeniedError):
            import_dispositions(store, file, principal=principal)
    with pytest.raises(ImportFileError, match="lacks disposition"):
        import_dispositions(store, written(tmp_path / "e.csv", lead.id, header="lead_id"), principal=CRM)
