"""Outcomes of leads as labels: only what staff found meant becomes one; the rest waits, and is refused until read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from intent.call import Polarity
from intent.classifier.taxonomy import load_taxonomy
from intent.corpus.outcomes import candidates
from intent.corpus.utterances import as_json, check_labelled
from intent.leads.lead import Lead, LeadState

TAXONOMY = load_taxonomy()
NOW = datetime(2026, 11, 20, tzinfo=UTC)


def lead(state: LeadState, *quotes: str, intent: str = "fund.buy", reason: str = "") -> Lead:
    evidence: tuple[dict[str, Any], ...] = tuple(
        {"call": "k1", "turn": n, "quote": quote, "start_s": 1.0, "end_s": 2.0} for n, quote in enumerate(quotes)
    )
    return Lead(
        id="L1", client_id="C1", advisor_id=None, branch=None, intent=intent, product="", line="fund", state=state,
        confidence=0.9, score=0.9, amount_cny=None, urgency="normal", evidence=evidence, held_because=None, sequence=1,
        owner=None, lease_until=None, disposition=state.value, reason=reason, due_at=NOW, first_seen_at=NOW,
        last_seen_at=NOW, updated_at=NOW,
    )  # fmt: skip


def rows(*leads: Lead) -> list[dict[str, Any]]:
    return candidates(leads, lambda text: text.replace("甄海棠", "某客户"), TAXONOMY)


@pytest.mark.parametrize("state", [LeadState.WON, LeadState.LOST, LeadState.CONTACTED])
def test_a_wish_that_was_real_is_a_label(tmp_path: Path, state: LeadState) -> None:
    (row,) = rows(lead(state, "我甄海棠想买二十万的基金"))
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row, ensure_ascii=False), "utf-8")
    (item,) = check_labelled(TAXONOMY, path).required()
    assert item.utterance.text == "我某客户想买二十万的基金"
    assert (item.gold, item.tags) == ((("fund.buy", Polarity.INTEREST),), ("disposition", state.value))


def test_a_wrong_lead_waits_for_a_person_and_is_refused_until_then(tmp_path: Path) -> None:
    (row,) = rows(lead(LeadState.WRONG, "我随便问问这个基金", reason="甄海棠只是问问"))
    assert (row["review"], row["intents"], row["raised"]) == (True, [], ["fund.buy"])
    assert (row["why"], row["reasons"]) == ("staff found fund.buy wrong", ["某客户只是问问"])
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row), "utf-8")
    (mistake,) = check_labelled(TAXONOMY, path).mistakes
    remedy = "read it, fill intents and reviewed_by, and remove review"
    assert str(mistake) == f"line 1: the line waits for a person: {remedy}."
    del row["review"]
    path.write_text(json.dumps({**row, "intents": [{"id": "none"}]}), "utf-8")
    (mistake,) = check_labelled(TAXONOMY, path).mistakes
    assert "nobody says who read the line" in str(mistake)
    path.write_text(json.dumps({**row, "intents": [{"id": "none"}], "reviewed_by": "kong"}), "utf-8")
    (item,) = check_labelled(TAXONOMY, path).required()
    assert (item.gold, item.reviewed_by, as_json(item)["reviewed_by"]) == ((), "kong", "kong")


def test_short_answers_wait_since_nobody_knows_what_they_answer() -> None:
    (row,) = rows(lead(LeadState.WON, "行，可以"))
    assert row["why"] == "too short without what was said before"


def test_words_that_prove_two_leads_make_one_line() -> None:
    said = "基金我要，定投也给我办上"
    (row,) = rows(lead(LeadState.WON, said), lead(LeadState.LOST, said, intent="fund.sip"))
    assert [label["id"] for label in row["intents"]] == ["fund.buy", "fund.sip"]
    (row,) = rows(lead(LeadState.WON, said), lead(LeadState.WRONG, said, intent="fund.sip"))
    assert row["review"]


def test_leads_without_an_outcome_say_nothing() -> None:
    assert rows(lead(LeadState.NEW, "我想买二十万的基金"), lead(LeadState.HELD, "我想买二十万的基金")) == []
    assert rows(lead(LeadState.WON, "我想买二十万的基金", intent="own.intent")) == []
