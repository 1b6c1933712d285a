"""Approved wording: versions, two persons, and what is served on which day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Engine

from knowledge_base.access import AccessDeniedError, Principal, Role
from knowledge_base.editor_tables import metadata
from knowledge_base.errors import EditorError, UnknownWordingError
from knowledge_base.wordings import WordingDraft, Wordings, read_drafts
from tests.knowledge_base.made import SYSTEM, advisor

EDITOR = Principal(user_id="E1", roles=frozenset({Role.EDITOR}))
OFFICER = Principal(user_id="O1", roles=frozenset({Role.COMPLIANCE}))
BOTH = Principal(user_id="B1", roles=frozenset({Role.EDITOR, Role.COMPLIANCE}))
DRAFT = WordingDraft(
    id="capital", question="保本吗", variants=("会亏吗",), text="基金不保本。", effective_from=date(2026, 1, 1)
)


@pytest.fixture
def kept(engine: Engine) -> Wordings:
    metadata.create_all(engine)
    return Wordings(engine)


def approve(kept: Wordings, draft: WordingDraft = DRAFT, by: Principal = OFFICER) -> int:
    made = kept.propose(draft, principal=EDITOR)
    return kept.decide(made.id, made.version, approve=True, reason="可用", principal=by).version


def test_nothing_is_served_before_another_person_approved_it(kept: Wordings) -> None:
    made = kept.propose(DRAFT, principal=BOTH)
    assert kept.in_force(date(2026, 6, 1)) == ()
    with pytest.raises(EditorError, match="never approves"):
        kept.decide("capital", 1, approve=True, reason="可用", principal=BOTH)
    for person in (EDITOR, SYSTEM, advisor()):
        with pytest.raises(AccessDeniedError):
            kept.decide("capital", 1, approve=True, reason="可用", principal=person)
    with pytest.raises(EditorError, match="No reason"):
        kept.decide("capital", 1, approve=True, reason="", principal=OFFICER)
    done = kept.decide("capital", 1, approve=True, reason="可用", principal=OFFICER)
    assert (made.state, done.state, done.decided_by, done.author) == ("draft", "approved", "O1", "B1")
    assert [one.version for one in kept.in_force(date(2026, 6, 1))] == [1]
    with pytest.raises(EditorError, match="already"):
        kept.decide("capital", 1, approve=False, reason="x", principal=OFFICER)


def test_a_new_version_takes_over_on_its_first_day(kept: Wordings) -> None:
    approve(kept)
    assert approve(kept, replace(DRAFT, text="基金不保本，可能亏损。", effective_from=date(2026, 7, 1))) == 2
    served = {day: [one.version for one in kept.in_force(day)] for day in (date(2026, 6, 30), date(2026, 7, 1))}
    assert served == {date(2026, 6, 30): [1], date(2026, 7, 1): [2]}
    assert kept.in_force(date(2025, 12, 31)) == ()


def test_after_its_last_day_it_is_not_served_and_the_one_before_does_not_come_back(kept: Wordings) -> None:
    approve(kept)
    approve(kept, replace(DRAFT, effective_from=date(2026, 7, 1), effective_to=date(2026, 8, 1)))
    assert kept.in_force(date(2026, 8, 2)) == ()


def test_a_retired_wording_is_served_no_more(kept: Wordings) -> None:
    approve(kept)
    with pytest.raises(AccessDeniedError):
        kept.retire("capital", reason="停用", principal=EDITOR)
    kept.retire("capital", reason="停用", principal=OFFICER)
    assert kept.in_force(date(2026, 6, 1)) == ()
    with pytest.raises(UnknownWordingError):
        kept.retire("capital", reason="停用", principal=OFFICER)
    assert kept.get("capital", 1, principal=advisor()).state == "retired", "what was said once can be looked up"


def test_a_new_draft_replaces_the_one_that_waits_and_advisors_see_none(kept: Wordings) -> None:
    kept.propose(DRAFT, principal=EDITOR)
    kept.propose(replace(DRAFT, text="新稿"), principal=EDITOR)
    assert [(one.version, one.state) for one in kept.all(principal=EDITOR)] == [(2, "draft"), (1, "refused")]
    with pytest.raises(UnknownWordingError):
        kept.get("capital", 2, principal=advisor())
    with pytest.raises(AccessDeniedError):
        kept.all(principal=advisor())


@pytest.mark.parametrize(
    "spoil",
    [
        lambda d: replace(d, id="大写"),
        lambda d: replace(d, text=" "),
        lambda d: replace(d, text="长" * 1001),
        lambda d: replace(d, effective_to=date(2025, 1, 1)),
    ],
)
def test_what_cannot_be_kept_says_why(kept: Wordings, spoil: Callable[[WordingDraft], WordingDraft]) -> None:
    with pytest.raises(EditorError) as told:
        kept.propose(spoil(DRAFT), principal=EDITOR)
    assert told.value.zh.endswith("。")


def test_drafts_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "w.yaml"
    file.write_text(
        "- {id: a-b, question: 问, text: 答, effective_from: 2026-01-01, variants: [问法]}\n", encoding="utf-8"
    )
    assert read_drafts(file) == (
        WordingDraft(id="a-b", question="问", text="答", variants=("问法",), effective_from=date(2026, 1, 1)),
    )
    file.write_text("- {id: a-b, question: 问, colour: red}\n", encoding="utf-8")
    with pytest.raises(EditorError, match="colour"):
        read_drafts(file)
