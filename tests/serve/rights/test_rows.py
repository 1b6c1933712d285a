"""Page after page no list is a way round the approval of an export: rows are counted by person and day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import insert, select
from starlette.testclient import TestClient

from knowledge_base.access import Role
from serve.rights.settings import LimitSettings
from serve.settings import Settings
from serve.tables import rows_shown
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.rights.conftest import EAST, add, log_in, told, with_auth
from tests.serve.staff_cases import BUY, record, wish

PEOPLE = {"boss": Role.SUPERVISOR, "anna": Role.COMPLIANCE, "aud": Role.AUDIT, "A001": Role.ADVISOR}


@pytest.fixture
def tight(settings: Settings) -> Iterator[House]:
    """Two rows a person and day, and two leads."""
    limits = LimitSettings(person_rows_a_day=2, key_rows_a_day=3)
    made = House(with_auth(settings).model_copy(update={"limits": limits}))
    for user_id, role in PEOPLE.items():
        add(made, user_id, role, branches=(EAST,))
    record(made, "k1", "C0003", wish("fund.buy", "lead", BUY), wish("permission.hk", "lead", "开通港股通"))
    yield made
    made.close()


def pages(browser: TestClient, path: str, name: str, back: str) -> list[int]:
    """Statuses of reading a list page after page, one row each, until it ends or is refused."""
    statuses, after = [], {}
    for _ in range(5):
        answer = browser.get(path, params={"limit": 1, **after})
        statuses.append(answer.status_code)
        if answer.status_code != 200 or not (cursor := answer.json()[name]):
            return statuses
        after = {back: cursor}
    return statuses


def test_leads_page_after_page_end_where_the_day_does_and_others_read_on(tight: House) -> None:
    boss = log_in(tight, "boss")
    assert pages(boss, "/v1/leads", "cursor", "cursor") == [200, 200, 200], "two rows and the empty page"
    refused = boss.get("/v1/leads")
    assert (refused.status_code, refused.json()["needs"]) == (403, "approval")
    assert "另一人审批" in refused.json()["detail"]
    assert told(tight, "refused") == [{"event": "refused", "actor": "boss", "route": "GET /v1/leads", "status": 403}]
    assert log_in(tight, "anna").get("/v1/leads").status_code == 200


@pytest.mark.parametrize(
    ("who", "path", "name"), [("aud", "/v1/audit", "before"), ("anna", "/v1/audit/entries", "cursor")]
)
def test_the_log_page_after_page_ends_too(tight: House, who: str, path: str, name: str) -> None:
    advisor = log_in(tight, "A001")
    assert {advisor.get(f"/v1/leads/none-{n}").status_code for n in range(4)} == {404}  # refusals stand in the log
    assert pages(log_in(tight, who), path, name, "before") == [200, 200, 403]


def test_what_another_approved_is_shown_on_top(tight: House) -> None:
    boss, anna = log_in(tight, "boss"), log_in(tight, "anna")
    boss.get("/v1/leads")
    asked = boss.post("/v1/exports", json={"what": "lists", "rows": 2, "reason": "月度复盘"}).json()
    assert boss.get("/v1/leads").status_code == 403, "asked for is not approved"
    decision = {"approve": True, "reason": "可以"}
    assert boss.post(f"/v1/exports/{asked['id']}/decision", json=decision).status_code == 403
    assert anna.post(f"/v1/exports/{asked['id']}/decision", json=decision).status_code == 200
    assert boss.get("/v1/leads").status_code == 200
    assert boss.get("/v1/leads").status_code == 403


def test_the_day_of_yesterday_does_not_count(tight: House) -> None:
    with tight.engine.begin() as connection:
        for days in (1, 9):
            day = tight.today() - timedelta(days=days)
            connection.execute(insert(rows_shown).values(user_id="boss", day=day, rows=99))
    assert log_in(tight, "boss").get("/v1/leads").status_code == 200
    with tight.engine.connect() as connection:
        kept = connection.execute(select(rows_shown.c.day).where(rows_shown.c.user_id == "boss")).scalars().all()
    assert len(kept) == 2, "older days are forgotten"


def test_a_key_has_its_own_number_and_the_operator_none(tight: House) -> None:
    key = tight.api_keys.add("crm-pull", role=Role.CRM, groups=["leads"], days=1, principal=OPERATOR)
    program = TestClient(log_in(tight, "boss").app, base_url="http://127.0.0.1:8600")
    program.headers["authorization"] = f"Bearer {key}"
    assert [program.get("/v1/leads", params={"limit": 1}).status_code for _ in range(4)] == [200, 200, 200, 403]
    tight.row_budget.take(10_000, principal=OPERATOR)


def test_the_board_counts_only_who_reads_on(tight: House) -> None:
    advisor = log_in(tight, "A001")
    assert {advisor.get("/v1/board").status_code for _ in range(4)} == {200}
    assert len(advisor.get("/v1/board").json()["leads"]) == 2


def test_what_one_may_not_see_is_written_down_as_refused(tight: House) -> None:
    advisor = log_in(tight, "A001")
    paths = ("leads/none", "calls/none", "outreach/none", "sessions/none", "diagnoses/none/versions", "jobs/none")
    assert [advisor.get(f"/v1/{path}").status_code for path in paths] == [404] * len(paths)
    assert len(told(tight, "refused")) == len(paths)
