"""`tougu deliveries`, and the loop on PostgreSQL."""

from __future__ import annotations

import json
import shutil
import threading
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import delete, insert, update

from copilot.tables import report_links
from knowledge_base.tables import transactions
from serve.sample import import_people
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import Tougu
from tests.serve.loop_cases import CLIENT, Firm, loop_settings, path_of, with_navs
from tests.serve.test_seen import seen_of


@pytest.fixture
def used(hash_environment: Path, furnished: Path) -> dict[str, Any]:
    """A home in which a report was sent and its client asked something; gives the link."""
    shutil.copytree(furnished, hash_environment)
    firm = Firm(House(loop_settings(with_navs(hash_environment))))
    link = firm.sent()
    reader, path = firm.inside(link)
    reader.post(f"{path}/consent", data={"answer": "yes"})
    reader.get(path)
    reader.post(f"{path}/question", data={"question": "费用是多少？"})
    firm.house.close()
    return link


def test_links_reactions_and_tasks_are_listed_and_logged(
    tougu: Tougu, used: dict[str, str], hash_environment: Path
) -> None:
    listed = tougu("deliveries", "list")
    assert listed.code == 0, listed.err
    assert used["id"] in listed.out
    assert "费用是多少？" in listed.out
    assert "question" in listed.out
    (held,) = json.loads(tougu("deliveries", "list", "--client", CLIENT, "--json").out)
    assert [each["kind"] for each in held["reactions"]] == ["opened", "question"]
    assert json.loads(tougu("deliveries", "list", "--client", "C0002", "--json").out) == []
    tasks = json.loads(tougu("deliveries", "tasks", "--json").out)
    assert [(each["why"], each["words"]) for each in tasks] == [("question", "费用是多少？"), ("visit", None)]
    assert "回答客户" in tougu("deliveries", "tasks").out
    house = House(loop_settings(hash_environment))
    assert ("view", "delivery", [used["id"]]) in seen_of(house, CLIENT)
    house.close()


def test_a_link_is_revoked(tougu: Tougu, used: dict[str, str]) -> None:
    assert "revoked" in tougu("deliveries", "revoke", used["id"], "--reason", "发错版本").out
    assert tougu("deliveries", "revoke", "rl_nobody", "--reason", "x").code == 1


def test_the_effect_is_told_with_its_caution(tougu: Tougu, used: dict[str, str], hash_environment: Path) -> None:
    house = House(loop_settings(hash_environment))
    with house.engine.begin() as connection:
        connection.execute(delete(transactions))
    assert "没有导入任何交易" in tougu("deliveries", "effect").err
    today = house.today()
    sent = today - timedelta(days=40)
    with house.engine.begin() as connection:
        at = house.links.get(used["id"], principal=OPERATOR).created_at - timedelta(days=40)
        connection.execute(update(report_links).values(created_at=at))
        connection.execute(
            insert(transactions).values(
                id="t1", client_id=CLIENT, product_code="990003", kind="buy", day=sent + timedelta(days=3),
                units=Decimal(1000), amount_cny=Decimal(2500),
            )
        )  # fmt: skip
    house.close()
    told = tougu("deliveries", "effect", "--days", "30", "--json")
    assert told.code == 0, told.err
    found = json.loads(told.out)
    assert (found["served"], found["days"]) == (1, 30)
    assert found["matched"] == 1, "the sample has clients of the same level and tier"
    net, hhi, findings = found["measures"]
    assert (net["served"], net["others"]) == (2500.0, 0.0)
    assert hhi["n"] == findings["n"] == 1
    assert abs(hhi["difference"]) < 0.2
    assert "不是随机试验" in tougu("deliveries", "effect").out
    assert json.loads(tougu("deliveries", "effect", "--days", "90", "--json").out)["served"] == 0


@pytest.mark.postgres
def test_the_loop_runs_on_postgresql(home: Path, postgres_url: str) -> None:
    settings = loop_settings(with_navs(home)).model_copy(update={"database_url": SecretStr(postgres_url)})
    house = House(settings)
    import_people(house)
    firm = Firm(house)
    link = firm.sent()
    reader, path = firm.inside(link)
    assert "甄海棠" in reader.get(path).text
    reader.post(f"{path}/consent", data={"answer": "yes"})
    reader.get(f"{path}/s/1")
    assert [each.kind for each in firm.reactions(link)] == ["section"]
    code = firm.code(firm.reader(), path_of(link))
    found, steps = house.links.get(link["id"], principal=OPERATOR), []

    def guess(text: str) -> None:
        steps.append(house.codes.enter(found, text).step.value)

    threads = [threading.Thread(target=guess, args=(f"{(int(code) + n) % 1_000_000:06d}",)) for n in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(steps) == ["locked"] * 4 + ["wrong"] * 4
    assert house.audit.verify().ok
    house.close()
