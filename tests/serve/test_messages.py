"""Sent = cleared: an archive is matched to clearings, the rest is judged, and said, cleared and sent stand together."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from starlette.testclient import TestClient

from compliance_filters.filters import standard_filters
from compliance_filters.finding import SEMANTIC, Draft, Finding, Outcome, ReviewContext, Target
from compliance_filters.gate import Gate
from compliance_filters.tables import compliance_review
from copilot.messages.archive import JsonlArchive
from copilot.messages.desk import Imported
from copilot.tables import archived_messages
from copilot.talks.talk import Channel
from knowledge_base.access import AccessDeniedError, Principal, Role
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import Tougu
from tests.serve.staff_cases import with_staff

FINE = "您持有的产品季报已发布，欢迎查阅。"
PROMISE = "这只产品稳赚不赔，您放心买。"
ANNA = {"tougu-as": "anna"}


@pytest.fixture
def staffed(house: House) -> House:
    with_staff(house)
    return house


def clear(house: House, text: str, client_id: str | None = "C0003", user: str = "A001") -> str:
    draft = Draft(text=text, target=Target.ADVISOR_MESSAGE, by=user, generated=False)
    verdict = house.check(
        draft, client_id=client_id, product_codes=(), channel="client", principal=house.users.principal(user)
    )
    assert verdict.outcome is Outcome.PASS, verdict.findings
    return str(verdict.audit_id)


def archive(folder: Path, *lines: tuple[str, str], user: str = "A001", client_id: str = "C0003") -> JsonlArchive:
    file = folder / "archive.jsonl"
    sent_at = datetime.now(UTC).isoformat(timespec="seconds")
    rows = [{"id": n, "from": user, "to": client_id, "sent_at": sent_at, "text": text, "channel": "wecom"}
            for n, text in lines]  # fmt: skip
    file.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return JsonlArchive(file)


def take(house: House, wanted: JsonlArchive) -> Imported:
    return house.messages.take(wanted, principal=OPERATOR)


def today(house: House) -> str:
    return house.today().isoformat()


def unmatched(house: House, client: TestClient) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(f"/v1/messages/unmatched?day={today(house)}", headers=ANNA).json()[
        "messages"
    ]
    return found


def test_what_was_cleared_is_matched_and_the_rest_is_judged(staffed: House, client: TestClient, tmp_path: Path) -> None:
    clear(staffed, FINE)
    done = take(
        staffed, archive(tmp_path, ("1", FINE), ("2", f"谷先生您好，{FINE}[微笑]"), ("3", PROMISE), ("4", "好的"))
    )
    assert (done.exact, done.near, done.unmatched) == (1, 1, 2)
    first, second = unmatched(staffed, client)
    assert (first["id"], first["outcome"], first["text"]) == ("3", "block", PROMISE)
    assert first["zh"]
    assert (second["id"], second["outcome"]) == ("4", "pass")


def test_the_same_archive_twice_changes_nothing(staffed: House, tmp_path: Path) -> None:
    wanted = archive(tmp_path, ("1", FINE), ("2", PROMISE))
    take(staffed, wanted)
    entries = staffed.audit.head().seq
    again = take(staffed, wanted)
    assert (again.added, again.known) == (0, 2)
    assert staffed.audit.head().seq == entries


def test_a_broken_archive_keeps_what_it_gave_and_goes_on(staffed: House, tmp_path: Path) -> None:
    file = tmp_path / "archive.jsonl"
    archive(tmp_path, *((str(n), f"{n}：{FINE}") for n in range(150)))
    whole = file.read_text("utf-8")
    file.write_text(whole[: len(whole) - 40], "utf-8")
    with pytest.raises(Exception, match="line 150"):
        take(staffed, JsonlArchive(file))
    file.write_text(whole, "utf-8")
    done = take(staffed, JsonlArchive(file))
    assert (done.known, done.added) == (100, 50)


def test_a_text_cleared_for_another_client_or_person_is_no_match(staffed: House, tmp_path: Path) -> None:
    clear(staffed, FINE, client_id="C0004")
    clear(staffed, FINE, client_id="C0007", user="A002")
    assert take(staffed, archive(tmp_path, ("1", FINE))).unmatched == 1


def test_a_text_cleared_without_a_client_is_told_apart(staffed: House, client: TestClient, tmp_path: Path) -> None:
    clear(staffed, FINE, client_id=None)
    assert take(staffed, archive(tmp_path, ("1", FINE))).exact == 1
    rows = client.get(f"/v1/messages/report?day={today(staffed)}", headers=ANNA).json()["clients"]
    assert next(row for row in rows if row["client_id"] == "C0003")["without_client"] == 1


def test_what_went_out_by_the_sidebar_is_known_after_its_texts_are_sealed(staffed: House, tmp_path: Path) -> None:
    talk = staffed.talks.open("C0003", principal=staffed.users.principal("A001"))
    draft = Draft(text=FINE, target=Target.ADVISOR_MESSAGE, by="A001", generated=False)
    verdict = staffed.check(
        draft, client_id="C0003", product_codes=(), channel="client", principal=staffed.users.principal("A001")
    )
    text = staffed.sending.judged(talk, verdict, turn_id=None)
    staffed.sending.sent(talk, text.id, Channel.WECOM)
    staffed.erasure.seal("C0003", reason="客户要求", principal=staffed.users.principal("anna"))
    done = take(staffed, archive(tmp_path, ("1", FINE), ("2", f"{FINE}稳赚。")))
    assert (done.exact, done.unmatched) == (1, 1)
    other = take(staffed, archive(tmp_path, ("3", FINE), client_id="C0004"))
    assert other.unmatched == 1, "sent to another client, it was cleared for nobody"


def test_what_a_talk_about_nobody_sent_is_told_apart(staffed: House, tmp_path: Path) -> None:
    talk = staffed.talks.open(None, principal=staffed.users.principal("A001"))
    draft = Draft(text=FINE, target=Target.ADVISOR_MESSAGE, by="A001", generated=False)
    verdict = staffed.check(
        draft, client_id=None, product_codes=(), channel="client", principal=staffed.users.principal("A001")
    )
    staffed.sending.sent(talk, staffed.sending.judged(talk, verdict, turn_id=None).id, Channel.CLIPBOARD)
    take(staffed, archive(tmp_path, ("1", FINE)))
    with staffed.engine.connect() as connection:
        row = connection.execute(select(archived_messages)).one()
    assert (row.how, row.cleared_id, row.for_client) == ("exact", verdict.audit_id, False)


def test_judging_afterwards_clears_nothing(staffed: House, tmp_path: Path) -> None:
    take(staffed, archive(tmp_path, ("1", FINE)))
    assert take(staffed, archive(tmp_path, ("2", FINE))).unmatched == 1


class Doubts:
    """Doubts a word, so that a text with it waits for an officer."""

    name = "doubts"

    def find(self, draft: Draft, context: ReviewContext) -> tuple[Finding, ...]:
        at = draft.text.find("查阅")
        if at < 0:
            return ()
        doubt = Finding(
            rule="disparagement", start=at, end=at + 2, quote="查阅", outcome=Outcome.REVIEW, reason="像是贬低。"
        )
        return (doubt,)


@pytest.mark.parametrize("forged", [False, True])
def test_what_an_officer_approved_is_cleared_and_what_a_row_alone_says_is_not(
    forged: bool, staffed: House, tmp_path: Path
) -> None:
    filters = (*standard_filters(staffed.rule_pack, staffed.settings.compliance), Doubts())
    staffed.gate = Gate(
        staffed.rule_pack, filters, staffed.audit, queue=staffed.review_queue, left_out=frozenset({SEMANTIC})
    )
    draft = Draft(text=FINE, target=Target.ADVISOR_MESSAGE, by="A001", generated=False)
    verdict = staffed.check(
        draft, client_id="C0003", product_codes=(), channel="client", principal=staffed.users.principal("A001")
    )
    assert verdict.review_id is not None
    if forged:
        values = {"state": "approved", "decision_id": verdict.audit_id}
        with staffed.engine.begin() as connection:
            connection.execute(update(compliance_review).values(**values))
    else:
        staffed.gate.release(verdict.review_id, reason="可以", principal=staffed.users.principal("anna"))
    done = take(staffed, archive(tmp_path, ("1", FINE)))
    assert (done.exact, done.unmatched) == ((0, 1) if forged else (1, 0))


def test_an_unknown_client_is_for_a_person_to_look_at(staffed: House, client: TestClient, tmp_path: Path) -> None:
    take(staffed, archive(tmp_path, ("1", FINE), client_id="nobody"))
    assert unmatched(staffed, client)[0]["outcome"] == "review"


def test_said_cleared_and_sent_stand_together(staffed: House, client: TestClient, tmp_path: Path) -> None:
    from tests.serve.staff_cases import BUY, record, wish

    clear(staffed, FINE)
    record(staffed, "k1", "C0003", wish("fund.buy", "lead", BUY))
    take(staffed, archive(tmp_path, ("1", FINE), ("2", PROMISE)))
    rows = client.get(f"/v1/messages/report?day={today(staffed)}", headers=ANNA).json()["clients"]
    row = next(each for each in rows if each["client_id"] == "C0003")
    assert {name: row[name] for name in ("calls", "cleared", "sent", "matched", "unmatched")} == {
        "calls": 1, "cleared": 1, "sent": 2, "matched": 1, "unmatched": 1,
    }  # fmt: skip


def test_who_may_read_and_import(staffed: House, client: TestClient, tmp_path: Path) -> None:
    for who, unmatched_status, report_status in (("A001", 403, 403), ("boss", 403, 200), ("anna", 200, 200)):
        headers = {"tougu-as": who}
        assert client.get("/v1/messages/unmatched", headers=headers).status_code == unmatched_status
        assert client.get("/v1/messages/report", headers=headers).status_code == report_status
    advisor = Principal(user_id="A001", roles=frozenset({Role.ADVISOR}))
    with pytest.raises(AccessDeniedError):
        staffed.messages.take(archive(tmp_path, ("1", FINE)), principal=advisor)


def test_the_texts_of_a_sealed_client_stay_closed(staffed: House, client: TestClient, tmp_path: Path) -> None:
    take(staffed, archive(tmp_path, ("1", PROMISE)))
    officer = staffed.users.principal("anna")
    staffed.erasure.seal("C0003", reason="客户书面要求", principal=officer)
    assert unmatched(staffed, client)[0]["text"] is None


def test_the_log_verifies_with_imported_messages(staffed: House, tmp_path: Path) -> None:
    take(staffed, archive(tmp_path, ("1", FINE), ("2", PROMISE)))
    assert staffed.audit.verify().problems == ()


def test_the_commands(tougu: Tougu, tmp_path: Path) -> None:
    archive(tmp_path, ("1", PROMISE))
    done = tougu("messages", "import", tmp_path / "archive.jsonl")
    assert (done.code, "1 never cleared" in done.out) == (0, True)
    day = (datetime.now(UTC) + timedelta(hours=8)).date().isoformat()
    assert PROMISE in tougu("messages", "unmatched", "--day", day).out
    assert "unmatched 1" in tougu("messages", "report", "--day", day).out
    assert "--contacts" in tougu("messages", "import", tmp_path / "archive.jsonl", "--format", "wecom").err
