"""Marks without offsets, on what the log holds and on texts as they are given; a later mark replaces the earlier."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from compliance_filters.audit.erasure import Erasure
from compliance_filters.audit.log import AuditLog
from compliance_filters.audit.read import entries_of
from compliance_filters.context import context_from_meta
from compliance_filters.errors import MistakeError, ReviewQueueError, SealedError
from compliance_filters.finding import Draft, Filter, Outcome, ReviewContext, Target
from compliance_filters.gate import Gate
from compliance_filters.review.judged import Judged, judged_entry, judged_text
from compliance_filters.review.marking import Mark
from compliance_filters.review.mistake_files import current, training_lines, write_files
from compliance_filters.review.mistakes import Mistake, MistakeBook
from compliance_filters.review.queue import ReviewQueue
from compliance_filters.rules.pack import RulePack
from tests.compliance_filters.review.desk import ADVISOR, ANNA, BEN, INSIDER

PLAIN = ReviewContext(today=date(2026, 3, 1))
TWICE = "放心，这只稳赚不赔。听说下周要重组。"  # promise.return and source.rumor
CLIENT = {"today": "2026-03-01", "client_id": "k1", "client_level": "C2"}


@pytest.fixture
def gate(pack: RulePack, filters: tuple[Filter, ...], audit: AuditLog) -> Gate:
    return Gate(pack, filters, audit, queue=ReviewQueue(audit))


class Desk:
    """Marks, decisions and exports of two officers on texts that are given."""

    def __init__(self, gate: Gate, audit: AuditLog, pack: RulePack, *, two_persons: bool = True) -> None:
        self.gate, self.audit, self.pack = gate, audit, pack
        self.book = MistakeBook(audit, two_persons=two_persons)

    def given(self, text: str, **meta: Any) -> Judged:
        draft = Draft(text=text, target=Target.ADVISOR_MESSAGE, generated=False)
        context = context_from_meta({"today": "2026-03-01", **meta})
        return judged_text(draft, self.gate.judge(draft, context)[0], context)

    def mark(self, judged: Judged, kind: str, rule: str, names: tuple[str, ...] = (), **named: Any) -> Mistake:
        mark = Mark(kind=kind, rule=rule, **named)
        return self.book.mark(judged, mark, pack=self.pack, principal=ANNA, names=names)

    def approve(self, made: Mistake) -> Mistake:
        return self.book.decide(made.id, approve=True, principal=BEN)

    def case(self) -> Mistake:
        (only,) = current(self.book.to_export(principal=ANNA))
        return only

    def states(self) -> list[str]:
        return sorted(mistake.state for mistake in self.book.list(principal=ANNA))


@pytest.fixture
def desk(gate: Gate, audit: AuditLog, pack: RulePack) -> Desk:
    return Desk(gate, audit, pack)


def pairs(mistake: Mistake) -> list[tuple[str, str]]:
    return [(f["rule"], f["quote"]) for f in mistake.findings]


class TestWithoutOffsets:
    def test_the_only_finding_of_a_rule_needs_no_place(self, desk: Desk) -> None:
        made = desk.mark(desk.given(TWICE), "false_alarm", "source.rumor")
        assert (made.quote, pairs(made), made.verdict) == ("听说", [("promise.return", "稳赚不赔")], "block")

    def test_one_of_several_is_meant_by_its_words(self, desk: Desk) -> None:
        judged = desk.given("稳赚不赔的产品。这只保本。")
        with pytest.raises(MistakeError, match="2 places: quote"):
            desk.mark(judged, "false_alarm", "promise.return")
        made = desk.mark(judged, "false_alarm", "promise.return", quote="这只保本")
        assert pairs(made) == [("promise.return", "稳赚不赔")]

    def test_what_was_missed_is_the_quote_or_the_whole_text(self, desk: Desk) -> None:
        judged = desk.given("这钱放着，您睡得着。")
        assert desk.mark(judged, "missed", "promise.return", quote="睡得着").quote == "睡得着"
        other = desk.given("这钱您就当放在自家柜子里。")
        assert desk.mark(other, "missed", "promise.return").quote == "这钱您就当放在自家柜子里。"

    def test_the_words_must_stand_there(self, desk: Desk) -> None:
        with pytest.raises(MistakeError, match="does not stand in the text"):
            desk.mark(desk.given(TWICE), "missed", "disparagement", quote="别家都是坑")

    def test_a_place_where_the_rule_was_found_was_not_missed(self, desk: Desk) -> None:
        with pytest.raises(MistakeError, match="nothing was missed"):
            desk.mark(desk.given(TWICE), "missed", "promise.return", quote="稳赚")

    def test_half_an_offset_is_none(self, desk: Desk) -> None:
        with pytest.raises(MistakeError, match="both start and end"):
            desk.mark(desk.given(TWICE), "missed", "disparagement", start=3)


class TestFromTheLog:
    def test_a_wrong_block_by_its_audit_id(self, desk: Desk, gate: Gate, audit: AuditLog) -> None:
        draft = Draft(text="秦可欣女士，" + TWICE, target=Target.ADVISOR_MESSAGE)
        verdict = gate.review(draft, context_from_meta(CLIENT), principal=ADVISOR)
        assert verdict.outcome is Outcome.BLOCK
        judged = judged_entry(audit, verdict.audit_id or "", principal=ANNA)
        made = desk.mark(judged, "false_alarm", "promise.return", names=("秦可欣",))
        assert (made.audit_id, made.target, made.meta["client_level"]) == (verdict.audit_id, "advisor_message", "C2")
        assert made.text.startswith("某客户女士，"), "the client's name is masked, and nobody had to ask for it"
        assert audit.verify().ok

    def test_a_wrongly_passed_text_by_its_audit_id(self, desk: Desk, gate: Gate, audit: AuditLog) -> None:
        verdict = gate.review(Draft(text="您就当放进自家柜子。", target=Target.ANSWER), PLAIN, principal=ADVISOR)
        judged = judged_entry(audit, verdict.audit_id or "", principal=ANNA)
        made = desk.mark(judged, "missed", "promise.return", quote="自家柜子")
        assert made.verdict == "block"

    def test_what_is_no_verdict(self, audit: AuditLog) -> None:
        other = audit.append(event="e", actor="u", payload={"original": "x"})
        with pytest.raises(MistakeError, match="no verdict"):
            judged_entry(audit, other, principal=ANNA)
        with pytest.raises(MistakeError, match="a_x is no verdict"):
            judged_entry(audit, "a_x", principal=ANNA)

    def test_the_beginning_of_an_id_is_enough_where_it_begins_one(self, gate: Gate, audit: AuditLog) -> None:
        ids = [
            gate.review(Draft(text=f"您好{n}。", target=Target.ANSWER), PLAIN, principal=ADVISOR).audit_id or ""
            for n in range(2)
        ]
        assert judged_entry(audit, ids[0][:10], principal=ANNA).text == "您好0。"
        assert judged_entry(audit, ids[1][2:10], principal=ANNA).text == "您好1。"
        with pytest.raises(ReviewQueueError, match="several ids begin or end with a_"):
            judged_entry(audit, "a_", principal=ANNA)

    def test_never_an_escalation_about_oneself_and_never_a_sealed_text(self, gate: Gate, audit: AuditLog) -> None:
        draft = Draft(text=INSIDER, target=Target.ADVISOR_MESSAGE)
        verdict = gate.review(draft, context_from_meta(CLIENT), principal=ANNA)
        with pytest.raises(MistakeError, match="no verdict that you may mark"):
            judged_entry(audit, verdict.audit_id or "", principal=ANNA)
        assert judged_entry(audit, verdict.audit_id or "", principal=BEN).text == INSIDER
        Erasure(audit).seal("k1", reason="客户要求", principal=ANNA)
        with pytest.raises(SealedError):
            judged_entry(audit, verdict.audit_id or "", principal=BEN)


class TestLaterMarks:
    def test_two_false_alarms_on_one_text_lead_to_one_case_without_both(self, desk: Desk, audit: AuditLog) -> None:
        judged = desk.given(TWICE)
        first = desk.mark(judged, "false_alarm", "source.rumor")
        second = desk.mark(judged, "false_alarm", "promise.return")
        desk.approve(first)
        desk.approve(second)
        assert (pairs(desk.case()), desk.case().verdict, desk.states()) == ([], "pass", ["approved", "replaced"])
        lines = {line["text"]: line["rules"] for line in training_lines(desk.book.to_export(principal=ANNA), desk.pack)}
        assert lines == {"听说下周要重组": [], "放心，这只稳赚不赔": []}
        events = [entry.event for entry in entries_of(audit, None) if entry.event.startswith("mistake.")]
        assert events == ["mistake.marked", "mistake.marked", "mistake.approved", "mistake.approved"]
        assert audit.verify().ok

    def test_an_officer_who_changes_their_mind_is_believed(self, desk: Desk) -> None:
        judged = desk.given(TWICE)
        desk.approve(desk.mark(judged, "false_alarm", "promise.return"))
        with pytest.raises(MistakeError, match="not found there"):
            desk.mark(judged, "false_alarm", "promise.return")
        desk.approve(desk.mark(judged, "missed", "promise.return", quote="稳赚不赔"))
        assert ("promise.return", "稳赚不赔") in pairs(desk.case())
        (line,) = training_lines(desk.book.to_export(principal=ANNA), desk.pack)
        assert (line["rules"], line["tags"]) == (["promise.return"], ["officer", "violating"])

    def test_the_earlier_one_stands_until_the_later_is_approved(self, desk: Desk) -> None:
        judged = desk.given(TWICE)
        desk.approve(desk.mark(judged, "false_alarm", "source.rumor"))
        later = desk.mark(judged, "false_alarm", "promise.return")
        assert desk.case().rule == "source.rumor"
        desk.book.decide(later.id, approve=False, principal=BEN)
        assert (desk.case().rule, desk.states()) == ("source.rumor", ["approved", "rejected"])

    def test_an_earlier_proposal_cannot_come_back_over_a_later_one(self, desk: Desk) -> None:
        judged = desk.given(TWICE)
        first = desk.mark(judged, "false_alarm", "source.rumor")
        desk.approve(desk.mark(judged, "false_alarm", "promise.return"))
        with pytest.raises(MistakeError, match="cannot be decided"):
            desk.approve(first)

    def test_without_a_second_person_the_later_one_replaces_at_once(
        self, gate: Gate, audit: AuditLog, pack: RulePack
    ) -> None:
        desk = Desk(gate, audit, pack, two_persons=False)
        judged = desk.given(TWICE)
        desk.mark(judged, "false_alarm", "source.rumor")
        desk.mark(judged, "false_alarm", "promise.return")
        assert (desk.states(), pairs(desk.case())) == (["approved", "replaced"], [])

    def test_in_another_context_what_words_decide_is_taken_over_and_the_rest_is_judged_anew(self, desk: Desk) -> None:
        product = {"code": "990005", "name": "云岭稳健债券", "risk_level": "R4"}
        text = "推荐您买入云岭稳健债券，" + TWICE
        known = {"products": [product], "client_level_expires": "2026-12-31"}
        low = desk.given(text, client_id="k1", client_level="C2", **known)
        high = desk.given(text, client_id="k2", client_level="C5", **known)
        first = desk.mark(low, "false_alarm", "source.rumor")
        assert "suitability.mismatch" in {rule for rule, _ in pairs(first)}
        second = desk.mark(high, "false_alarm", "promise.return")
        assert {"suitability.mismatch", "source.rumor", "promise.return"}.isdisjoint({r for r, _ in pairs(second)})

    def test_files_hold_one_case_for_a_text(self, desk: Desk, tmp_path: Path) -> None:
        judged = desk.given(TWICE)
        for rule in ("source.rumor", "promise.return"):
            desk.approve(desk.mark(judged, "false_alarm", rule))
        written = write_files(desk.book.to_export(principal=ANNA), tmp_path / "c.jsonl", desk.pack)
        (case,) = [json.loads(line) for line in written.cases_file.read_text("utf-8").splitlines()]
        assert (written.cases, written.lines, case["verdict"], case["findings"]) == (1, 2, "pass", [])
