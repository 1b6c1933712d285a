"""Samples, risk indicators, and mistakes that become cases."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from compliance_filters.audit.log import AuditEvent, AuditLog
from compliance_filters.context import context_from_meta
from compliance_filters.errors import MistakeError
from compliance_filters.finding import Draft, Filter, Outcome, ReviewContext, Target
from compliance_filters.gate import Gate
from compliance_filters.review.indicators import CALL_READ, SHANGHAI, VERDICT, Indicators, monday
from compliance_filters.review.item import ReviewPolicy, View
from compliance_filters.review.judged import Judged, judged_item
from compliance_filters.review.marking import Mark, masked
from compliance_filters.review.mistake_files import write_files
from compliance_filters.review.mistakes import MistakeBook
from compliance_filters.review.queue import ReviewQueue
from compliance_filters.rules.pack import RulePack
from compliance_filters.semantic.dataset import load_sentences
from compliance_filters.tables import audit_log, compliance_tally
from knowledge_base.access import AccessDeniedError, Principal, Role

ADVISOR = Principal(user_id="u1", roles=frozenset({Role.ADVISOR}), branches=frozenset({"B1"}))
ANNA, BEN = (Principal(user_id=name, roles=frozenset({Role.COMPLIANCE})) for name in ("anna", "ben"))
TODAY = datetime.now(SHANGHAI).date()
PLAIN = ReviewContext(today=date(2026, 3, 1))


def gate_of(
    pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog, share: float = 0.0
) -> tuple[Gate, ReviewQueue]:
    queue = ReviewQueue(audit, ReviewPolicy(sample_share=share))
    return Gate(pack, filters, audit, queue=queue), queue


class TestSamples:
    def test_every_delivered_text_and_no_other_at_a_share_of_one(
        self, pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog
    ) -> None:
        gate, queue = gate_of(pack, filters, audit, share=1.0)
        for text, target in (
            ("您好。", Target.ANSWER), ("放心，稳赚不赔。", Target.ANSWER), ("您好，请讲。", Target.CLIENT_INPUT),
        ):  # fmt: skip
            verdict = gate.review(Draft(text=text, target=target), PLAIN, principal=ADVISOR)
            assert verdict.errors == (), "a sample leaves no trace in the verdict"
        assert [item.outcome for item in queue.page(View.SAMPLES, principal=ANNA).items] == ["pass"]
        assert queue.page(principal=ANNA).items == ()
        assert queue.mine(principal=ADVISOR) == ()

    def test_the_log_alone_tells_what_was_drawn(self, audit: AuditLog) -> None:
        queue = ReviewQueue(audit, ReviewPolicy(sample_share=0.1))
        ids = [f"a_{n}" for n in range(3_000)]
        drawn = {each for each in ids if queue.is_sampled(each)}
        assert 200 < len(drawn) < 400
        assert drawn == {each for each in ids if queue.is_sampled(each)}
        other = ReviewQueue(AuditLog(audit.engine, b"x" * 32), ReviewPolicy(sample_share=0.1))
        assert drawn != {each for each in ids if other.is_sampled(each)}, "who lacks the key cannot tell"


def verdict_event(actor: str, outcome: str, *findings: tuple[str, str], branch: str = "B1") -> AuditEvent:
    found = [[rule, 0, 2, word, "rules"] for rule, word in findings]
    data = {"outcome": outcome, "target": "answer", "findings": found, "branches": [branch], "edit_of": None}
    return AuditEvent(event=VERDICT, actor=actor, data=data)


class TestIndicators:
    def test_a_week_by_rule_advisor_branch_and_week(self, audit: AuditLog) -> None:
        audit.append_many([verdict_event("u1", "pass")] * 18)
        audit.append_many([verdict_event("u1", "block", ("promise.return", "block"), ("promise.return", "review"))] * 3)
        audit.append_many([verdict_event("u2", "return", ("source.rumor", "return"), branch="B2")])
        audit.append(
            event=CALL_READ, actor="operator", data={"advisor": "u2", "branch": "B2", "rules": ["certainty.market"]}
        )
        audit.append(event=VERDICT, actor="anna", data={"edit_of": "rv_1", "outcome": "block", "findings": []})
        indicators = Indicators(audit)
        by_rule = {row.key: row.week for row in indicators.by("rule", week=TODAY, principal=ANNA)}
        assert {key: (week.texts, week.found) for key, week in by_rule.items()} == {
            "promise.return": (23, 3), "source.rumor": (23, 1), "certainty.market": (23, 1),
        }  # fmt: skip
        people = {row.key: row.week for row in indicators.by("advisor", week=TODAY, principal=ANNA)}
        assert (people["u1"].texts, people["u1"].found, people["u1"].rate) == (21, 3, 0.1429)
        assert (people["u2"].texts, people["u2"].found, people["u2"].rate) == (2, 2, None), "too few for a rate"
        assert "anna" not in people, "an officer's edit is nobody's text"
        branches = {row.key: row.week.texts for row in indicators.by("branch", week=TODAY, principal=ANNA)}
        assert branches == {"B1": 21, "B2": 2}
        (week,) = indicators.by("week", week=TODAY, principal=ANNA)
        assert (week.key, week.week.blocked, week.week.returned) == (monday(TODAY).isoformat(), 3, 1)

    def test_each_entry_is_counted_once(self, audit: AuditLog) -> None:
        indicators = Indicators(audit)
        audit.append_many([verdict_event("u1", "pass")] * 7)
        assert (indicators.refresh(), indicators.refresh()) == (7, 0)
        audit.append_many([verdict_event("u1", "pass")] * 2)
        assert indicators.refresh() == 2
        with audit.engine.connect() as connection:
            assert connection.execute(select(compliance_tally.c["count"])).scalars().all() == [9]

    def test_a_week_is_compared_with_the_four_before(self, audit: AuditLog) -> None:
        audit.append_many([verdict_event("u1", "block", ("promise.return", "block"))] * 10)
        audit.append_many([verdict_event("u1", "pass")] * 30)
        later = TODAY + timedelta(weeks=1)
        indicators = Indicators(audit)
        (row,) = indicators.by("advisor", week=later, principal=ANNA)
        assert (row.week.texts, row.before.texts, row.before.rate, row.change) == (0, 40, 0.25, None)
        (row,) = indicators.by("advisor", week=later + timedelta(weeks=3), principal=ANNA)
        assert row.before.texts == 40
        assert indicators.by("advisor", week=later + timedelta(weeks=4), principal=ANNA) == ()

    def test_only_compliance_reads_them(self, audit: AuditLog) -> None:
        for role in (Role.ADVISOR, Role.SUPERVISOR, Role.SYSTEM):
            with pytest.raises(AccessDeniedError):
                Indicators(audit).by("rule", week=TODAY, principal=Principal(user_id="x", roles=frozenset({role})))


CLIENT = {"today": "2026-03-01", "client_id": "k1", "client_level": "C2", "client_names": ["秦可欣"]}
TEXT = "秦可欣女士您好。您的手机13800138000已登记。听说下周要重组。基金经理换人了。"


@pytest.fixture
def item(pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog) -> Judged:
    """A text in doubt with a rumour and the client's own phone number in it."""
    gate, queue = gate_of(pack, filters[:-1], audit)
    gate.review(Draft(text=TEXT, target=Target.ADVISOR_MESSAGE), context_from_meta(CLIENT), principal=ADVISOR)
    (waiting,) = queue.page(principal=ANNA).items
    found = queue.get(waiting.id, principal=ANNA)
    assert {f.rule for f in found.findings} >= {"source.rumor", "pii.leak"}
    return judged_item(found)


class TestMistakes:
    def test_a_false_alarm_becomes_a_case_after_a_second_officer(
        self, item: Judged, pack: RulePack, audit: AuditLog, tmp_path: Path
    ) -> None:
        book = MistakeBook(audit)
        rumour = next(f for f in item.findings if f.rule == "source.rumor")
        mark = Mark(kind="false_alarm", rule=rumour.rule, start=rumour.start, end=rumour.end, note="已公告")
        made = book.mark(item, mark, pack=pack, principal=ANNA)
        assert made.state == "proposed"
        assert book.to_export(principal=ANNA) == ()
        with pytest.raises(MistakeError):
            book.decide(made.id, approve=True, principal=ANNA)
        book.decide(made.id, approve=True, principal=BEN)
        with pytest.raises(MistakeError):
            book.decide(made.id, approve=False, principal=BEN)
        written = write_files(book.to_export(principal=ANNA), tmp_path / "cases.jsonl", pack)
        (case,) = [json.loads(line) for line in written.cases_file.read_text("utf-8").splitlines()]
        assert "source.rumor" not in {f["rule"] for f in case["findings"]}
        assert all(f["quote"] in case["text"] for f in case["findings"])
        assert (case["meta"]["client_level"], case["tags"]) == ("C2", ["officer", "false_alarm"])
        lines = load_sentences(written.lines_file, known=pack.rules)
        assert [(x.text, x.rules, x.topic) for x in lines.items] == [("听说下周要重组", (), "source.rumor")]
        everything = written.cases_file.read_text("utf-8") + written.lines_file.read_text("utf-8")
        for secret in ("13800138000", "秦可欣", "k1"):
            assert secret not in everything

    def test_what_was_missed(self, item: Judged, pack: RulePack, audit: AuditLog) -> None:
        book = MistakeBook(audit, two_persons=False)
        at = TEXT.index("基金经理换人了")
        mark = Mark(kind="missed", rule="insider.information", start=at, end=at + 7)
        made = book.mark(item, mark, pack=pack, principal=ANNA)
        assert (made.state, made.verdict, made.quote) == ("approved", Outcome.BLOCK.word, "基金经理换人了")
        assert {"rule": "insider.information", "quote": "基金经理换人了"} in [dict(f) for f in made.findings]

    @pytest.mark.parametrize(("changes", "words"), [
        ({"rule": "no.rule"}, "no rule"), ({"rule": "pii.leak"}, "made-up"), ({"verdict": "maybe"}, "no verdict"),
        ({"end": 10_000}, "outside"), ({"kind": "odd"}, "no mistake"), ({"start": 0, "end": 2}, "not found there"),
    ])  # fmt: skip
    def test_what_is_no_mistake(
        self, item: Judged, pack: RulePack, audit: AuditLog, changes: dict[str, object], words: str
    ) -> None:
        rumour = next(f for f in item.findings if f.rule == "source.rumor")
        values = {"kind": "false_alarm", "rule": rumour.rule, "start": rumour.start, "end": rumour.end, **changes}
        with pytest.raises(MistakeError, match=words):
            MistakeBook(audit).mark(item, Mark(**values), pack=pack, principal=ANNA)  # type: ignore[arg-type]

    def test_only_officers_mark(self, item: Judged, pack: RulePack, audit: AuditLog) -> None:
        mark = Mark(kind="missed", rule="disparagement", start=0, end=2)
        with pytest.raises(AccessDeniedError):
            MistakeBook(audit).mark(item, mark, pack=pack, principal=ADVISOR)

    def test_masking_moves_spans_with_the_text(self) -> None:
        text = "秦可欣，您的手机13800138000已登记，秦可欣女士稳赚不赔。"
        at = text.index("稳赚不赔")
        hidden, ((start, end), (first, last)) = masked(text, ["秦可欣"], [(at, at + 4), (1, 2)])
        assert hidden[start:end] == "稳赚不赔"
        assert hidden[first:last] == "某客户"
        assert "秦" not in hidden
        assert "0013" not in hidden


def test_counting_reads_no_payload(audit: AuditLog) -> None:
    audit.append(
        event=VERDICT, actor="u1", data={"outcome": "pass", "target": "answer", "findings": []}, payload={"x": 1}
    )
    with audit.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM audit_payload")
        assert connection.execute(select(audit_log.c.id)).all()
    assert Indicators(audit).refresh() == 1
