"""Segments over HTTP and on the command line: what is answered, refused, and left in the audit log."""

from __future__ import annotations

import json
import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select
from starlette.testclient import TestClient

from compliance_filters.tables import audit_log
from copilot.diagnosis.data.calendars import UNKNOWN_KIND
from intent.leads.tables import leads
from knowledge_base.access import Role
from knowledge_base.events import SHANGHAI
from serve.prices import NavPrices
from serve.users import OPERATOR
from serve.wiring import House
from tests.intent.scoring.made import lead_row
from tests.serve.conftest import Tougu

RICH = {"all_of": ["assets_500k"]}


@pytest.fixture
def tagged(house: House) -> House:
    for name, role in (("boss", Role.COMPLIANCE), ("ops", Role.OPERATIONS), ("A001", Role.ADVISOR)):
        house.users.add(name, roles=[role], branches=[], labels=[], principal=OPERATOR)
    house.tags.refresh(house.today(), principal=OPERATOR)
    return house


def as_(name: str) -> dict[str, str]:
    return {"tougu-as": name}


def saved(client: TestClient, house: House, name: str = "rich", who: str = "ops") -> dict[str, object]:
    body = {**RICH, "zh": "大客户", "expires_on": (house.today() + timedelta(days=30)).isoformat()}
    answer = client.put(f"/v1/segments/{name}", json=body, headers=as_(who))
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def events_of(house: House, *names: str) -> list[tuple[str, str]]:
    query = select(audit_log.c.event, audit_log.c.actor).where(audit_log.c.event.in_(names)).order_by(audit_log.c.seq)
    with house.engine.connect() as connection:
        return [(row.event, row.actor) for row in connection.execute(query)]


def test_tags_counts_and_members_are_those_of_ones_own_clients(client: TestClient, tagged: House) -> None:
    every = client.get("/v1/tags").json()
    assert every["as_of"] == tagged.today().isoformat()
    all_rich = client.post("/v1/segments/count", json=RICH).json()["clients"]
    assert {t["id"]: t["clients"] for t in every["tags"]}["assets_500k"] == all_rich == 11
    mine = client.post("/v1/segments/count", json=RICH, headers=as_("A001")).json()["clients"]
    assert 0 < mine < all_rich
    saved(client, tagged)
    page = client.get("/v1/segments/rich/members", params={"limit": 1}, headers=as_("A001")).json()
    more = client.get("/v1/segments/rich/members", params={"cursor": page["cursor"]}, headers=as_("A001")).json()
    assert len(page["clients"]) == 1
    assert len({*page["clients"], *more["clients"]}) == mine
    assert len(events_of(tagged, "access.view")) == mine, "one entry a client"
    shown = client.get(f"/v1/clients/{page['clients'][0]}/tags", headers=as_("A001")).json()
    assert "资产50万以上" in {tag["zh"] for tag in shown}
    other = next(c.id for c in tagged.clients.all(principal=OPERATOR) if c.advisor_id != "A001")
    assert client.get(f"/v1/clients/{other}/tags", headers=as_("A001")).status_code == 404


def test_what_is_wrong_is_a_problem_in_chinese(client: TestClient, tagged: House) -> None:
    answer = client.post("/v1/segments/count", json={"none_of": ["assets_500k"]})
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert "请至少选一个" in answer.json()["detail"]
    assert client.post("/v1/segments/count", json={"all_of": ["nobody"]}).status_code == 409
    assert client.get("/v1/segments/none/members").status_code == 404
    saved(client, tagged)
    body = {**RICH, "zh": "我的", "expires_on": tagged.today().isoformat()}
    assert client.put("/v1/segments/rich", json=body, headers=as_("A001")).status_code == 409
    assert client.delete("/v1/segments/rich", headers=as_("A001")).status_code == 409
    assert client.delete("/v1/segments/rich", headers=as_("ops")).status_code == 204


def test_a_list_is_asked_approved_by_another_fetched_and_logged(client: TestClient, tagged: House) -> None:
    small = tagged.settings.segments.model_copy(update={"free_export": 1})
    tagged.segments.settings = small
    saved(client, tagged)
    asked = client.post("/v1/segments/rich/lists", json={"reason": "年终回访"}, headers=as_("ops")).json()
    assert (asked["state"], asked["clients"]) == ("pending", 10)
    url = f"/v1/lists/{asked['id']}"
    assert client.get(f"{url}/file", headers=as_("ops")).status_code == 409
    verdict = {"approve": True, "reason": "已报备"}
    assert client.post(f"{url}/decision", json=verdict, headers=as_("ops")).status_code == 403
    assert client.post(f"{url}/decision", json=verdict, headers=as_("boss")).json()["decided_by"] == "boss"
    assert client.get(f"{url}/file", headers=as_("boss")).status_code == 404
    before = len(events_of(tagged, "access.export"))
    file = client.get(f"{url}/file", headers=as_("ops"))
    assert file.headers["content-disposition"] == f'attachment; filename="{asked["id"]}.csv"'
    assert len(file.content.decode("utf-8-sig").splitlines()) == 11
    assert len(events_of(tagged, "access.export")) == before + 10
    assert events_of(tagged, "segment.asked", "segment.approved") == [
        ("segment.asked", "ops"),
        ("segment.approved", "boss"),
    ]
    assert [each["state"] for each in client.get("/v1/lists", headers=as_("boss")).json()] == ["approved"]
    assert client.get("/v1/lists", headers=as_("A001")).json() == []


def test_the_scores_and_the_report_over_http(client: TestClient, tagged: House) -> None:
    assert client.get("/v1/leads/none/score").status_code == 404
    assert client.get("/v1/reports/drift", params={"week": "2026-W99"}).status_code == 409
    empty = client.get("/v1/reports/drift").json()
    assert (empty["rows"], empty["complete"]) == ([], False)
    assert client.get("/v1/reports/drift", headers=as_("A001")).status_code == 403


def test_why_a_lead_stands_where_it_stands_is_told_and_logged(client: TestClient, tagged: House) -> None:
    row = lead_row(1, "C0003", datetime.now(SHANGHAI), advisor_id="A001", confidence=0.8, urgency="high")
    with tagged.engine.begin() as connection:
        connection.execute(insert(leads), [row])
    tagged.scores.refresh(principal=OPERATOR)
    before = len(events_of(tagged, "access.view"))
    told = client.get(f"/v1/leads/{row['id']}/score", headers=as_("A001")).json()
    assert (told["by"], told["score"], told["reasons"]) == ("rule", 0.66, ["通话里的意愿把握 80%", "客户着急"])
    assert len(events_of(tagged, "access.view")) == before + 1


def test_a_price_is_the_last_nav_unless_it_is_old(house: House) -> None:
    prices = NavPrices(house.nav_folder())
    last = house.nav_folder().nav("990002", kind=UNKNOWN_KIND, today=None)
    assert float(prices.price("990002", last.last_day) or 0) == float(last.unit_nav[-1])
    assert prices.price("990002", last.last_day + timedelta(days=15)) is not None
    assert prices.price("990002", last.last_day + timedelta(days=16)) is None
    assert prices.price("123456", last.last_day) is None
    assert prices.price("../990002", last.last_day) is None


def test_the_commands_lint_pick_and_export(
    tougu: Tougu, hash_environment: Path, furnished: Path, tmp_path: Path
) -> None:
    shutil.copytree(furnished, hash_environment)
    assert tougu("segments", "refresh").code == 0
    assert tougu("segments", "lint").code == 0
    broken = tmp_path / "own.yaml"
    broken.write_text("tags:\n  - {id: x, zh: x, owner: o, expires: 2030-01-01, when: {field: asets_cny}}\n", "utf-8")
    wrong = tougu("segments", "lint", broken)
    assert (wrong.code, "perhaps you meant assets_cny" in wrong.out) == (2, True)
    assert tougu("segments", "count", "--all", "assets_500k").out.strip() == "11"
    assert (
        "11 clients"
        in tougu("segments", "save", "rich", "--title", "大客户", "--until", _ahead(30), "--all", "assets_500k").out
    )
    asked = json.loads(tougu("segments", "ask", "rich", "--reason", "回访", "--json").out)
    out = tmp_path / "list.csv"
    assert "10 clients written" in tougu("segments", "export", asked["id"], out).out
    assert len(out.read_text("utf-8-sig").splitlines()) == 11
    assert "rich" in tougu("segments", "list").out
    assert "assets_500k" in tougu("segments", "tags").out
    assert "There is no segment" in tougu("segments", "remove", "nobody").err
    assert "0 leads have an outcome" in tougu("leads", "train").err
    assert tougu("leads", "scorer").out.strip() == "* rule"
    assert "no trained score" in tougu("leads", "scorer", "--use", "score-1").err
    assert tougu("leads", "rescore").code == 0
    assert "No lead yet" in tougu("leads", "drift").err


def _ahead(days: int) -> str:
    return (datetime.now(SHANGHAI).date() + timedelta(days=days)).isoformat()
