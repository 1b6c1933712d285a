from __future__ import annotations

import copy
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from intent.classifier.taxonomy import load_taxonomy
from intent.corpus.calls import SHIPPED_TURNS, call_of, check_calls, load_calls
from intent.corpus.lines import LineError
from intent.errors import TrainingDataError

TAXONOMY = load_taxonomy()
RULES = frozenset({"promise.return"})
CALL: dict[str, Any] = {
    "id": "k1",
    "client_id": "C1",
    "advisor_id": "A1",
    "started_at": "2026-09-14T10:22:05+08:00",
    "split": "dev",
    "tags": ["withdrawn"],
    "turns": [
        {"i": 0, "role": "advisor", "text": "这只保证赚", "start": 0.4, "end": 2.0},
        {"i": 1, "role": "client", "text": "那我买二十万", "start": 2.1, "end": 4.0},
        {"i": 2, "role": "client", "text": "再不成我就把户销了", "start": 3.9, "end": 6.0},
    ],
    "gold": {
        "leads": [
            {"intent": "fund.buy", "evidence": [1], "product": None, "amount": 200000, "urgency": "high"},
            {"intent": "churn.transfer_out", "evidence": [2]},
        ],
        "tickets": [{"intent": "churn.transfer_out", "evidence": [2]}],
        "not_leads": [{"intent": "fund.sip", "why": "withdrawn"}],
        "neutral": ["cash.repo"],
        "advisor_violations": [{"turn": 0, "rule": "promise.return"}],
        "summary_points": ["要买"],
        "next_action": "回电",
    },
}


def changed(change: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    call = copy.deepcopy(CALL)
    change(call)
    return call


def test_a_call_is_read_with_its_gold(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(json.dumps(CALL), "utf-8")
    found = load_calls(TAXONOMY, path, rules=RULES)
    (call,) = found.of("dev")
    assert found.of("test") == ()
    assert call.gold.leads[0].amount_cny == Decimal(200_000)
    assert call.gold.tickets[0].intent == "churn.transfer_out"  # by `also` of the taxonomy
    assert call.gold.not_leads[0].why == "withdrawn"
    assert [turn.index for turn in call.turns] == [0, 1, 2]
    assert call.started_at is not None
    assert call.started_at.utcoffset() is not None


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c: c["gold"]["leads"][0].update(intent="fund.bye"), "no intent fund.bye"),
        (lambda c: c["gold"]["leads"][0].update(intent="complaint"), "complaint stands in leads: .* goes to case"),
        (lambda c: c["gold"]["leads"][0].update(evidence=[0]), "turn 0 of the advisor"),
        (lambda c: c["gold"]["leads"][0].update(evidence=[9]), "names turn 9"),
        (lambda c: c["gold"]["leads"][0].update(evidence=[]), "no evidence"),
        (lambda c: c["gold"]["leads"][0].update(urgency="soon"), "no urgency soon"),
        (lambda c: c["gold"]["leads"][0].update(amount="二十万"), "amount 二十万"),
        (lambda c: c["gold"]["leads"][0].update(amount=-1), "no sum of money"),
        (lambda c: c["gold"]["leads"].append({"intent": "fund.buy", "evidence": [1]}), "twice in leads"),
        (lambda c: c["gold"]["not_leads"].append({"intent": "fund.buy", "why": "x"}), "is a lead and none"),
        (lambda c: c["gold"]["neutral"].append("x.y"), "no intent x.y"),
        (lambda c: c["gold"]["advisor_violations"][0].update(turn=1), "name a turn of the advisor"),
        (lambda c: c["gold"]["advisor_violations"][0].update(rule="promise.x"), "no rule promise.x"),
        (lambda c: c["turns"][2].update(start=1.0), "time of turn 2 runs backwards"),
        (lambda c: c["turns"][2].update(end=3.0), "time of turn 2 runs backwards"),
        (lambda c: c["turns"][2].update(end=float("nan")), "time of turn 2 runs backwards"),
        (lambda c: c["turns"][2].update(i=1), "same i"),
        (lambda c: c["turns"][2].update(text=" "), "turn 2 has no text"),
        (lambda c: c.update(turns=[]), "no turn"),
        (lambda c: c.update(split="exam"), "no split exam"),
    ],
)
def test_a_bad_call_is_refused_with_a_remedy(change: Callable[[dict[str, Any]], object], says: str) -> None:
    with pytest.raises(LineError, match=says):
        call_of(changed(change), TAXONOMY, rules=RULES)


def test_calls_of_ones_own_may_be_short_and_name_rules_that_are_not_given() -> None:
    call_of(CALL, TAXONOMY)
    with pytest.raises(LineError, match="has 3 turns: a call of the corpus has 12 to 60"):
        call_of(CALL, TAXONOMY, lengths=SHIPPED_TURNS)


def test_bad_calls_are_named_by_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "calls.jsonl"
    path.write_text(f"{json.dumps(CALL)}\n{{}}\n{json.dumps(CALL)}\n", "utf-8")
    assert [m.line for m in check_calls(TAXONOMY, path).mistakes] == [2, 3]
    with pytest.raises(TrainingDataError, match=r"calls.jsonl, line 2: the field turns is missing"):
        load_calls(TAXONOMY, path)
