"""Metrics of intents, calls and compliance against values worked out by hand."""

from __future__ import annotations

from decimal import Decimal

import pytest

from eval.metrics import calls, compliance, intent

LEADS = frozenset({"fund.buy", "fund.sip", "margin.open"})


def scored(gold: str, predicted: str, *, confidence: float = 0.9) -> intent.Scored:
    """Pairs such as `fund.buy+ fund.sip-`; + interest, - decline, = existing."""
    words = {"+": "interest", "-": "decline", "=": "existing"}
    pairs = [frozenset((w[:-1], words[w[-1]]) for w in text.split()) for text in (gold, predicted)]
    return intent.Scored(gold=pairs[0], predicted=pairs[1], confidences=tuple((pair, confidence) for pair in pairs[1]))


UTTERANCES = [
    scored("fund.buy+", "fund.buy+"),
    scored("fund.sip-", "fund.sip+"),  # polarity wrong: a false lead
    scored("", "margin.open+"),  # a false lead
    scored("complaint+", ""),
    scored("fund.buy=", "fund.buy-"),  # interest or not is right
]


def test_pairs_count_interest_against_not() -> None:
    # pairs: 1 right, 1 wrong both ways, 1 false, 1 missed, 1 right
    assert intent.micro_f1(UTTERANCES) == pytest.approx(2 * 2 / (2 * 2 + 2 + 2))
    assert intent.intent_micro_f1(UTTERANCES) == pytest.approx(2 * 3 / (2 * 3 + 1 + 1))
    assert intent.polarity_accuracy(UTTERANCES) == pytest.approx(2 / 3)


def test_macro_f1_weighs_each_pair_of_gold_alike() -> None:
    # fund.buy wanted 1, fund.buy not wanted 1, fund.sip not wanted 0, complaint 0
    assert intent.macro_f1_of_pairs(UTTERANCES) == pytest.approx(0.5)


def test_leads_are_wishes_of_lead_intents() -> None:
    assert intent.lead_precision(LEADS)(UTTERANCES) == pytest.approx(1 / 3)
    assert intent.lead_recall(LEADS)(UTTERANCES) == 1.0
    assert intent.false_lead_rate(LEADS)(UTTERANCES) == pytest.approx(2 / 4)
    assert intent.case_recall(frozenset({"complaint"}))(UTTERANCES) == 0.0


def test_calibration_error_is_the_gap_weighted_by_predictions() -> None:
    items = [
        scored("a+", "a+", confidence=0.8),
        scored("b+", "a+", confidence=0.8),
        scored("a+", "a+", confidence=0.25),
    ]
    # bin of 0.8: confidence 0.8, right 0.5, two of three; bin of 0.25: right 1, one of three
    assert intent.ece(items) == pytest.approx(2 / 3 * 0.3 + 1 / 3 * 0.75)
    assert intent.ece([scored("a+", "")]) is None


def lead(name: str, *turns: int, amount: int | None = None) -> calls.LeadSeen:
    return calls.LeadSeen(intent=name, evidence=frozenset(turns), amount=None if amount is None else Decimal(amount))


CALL = calls.ScoredCall(
    gold=(lead("fund.buy", 3, amount=20000), lead("fund.sip", 5)),
    predicted=(lead("fund.buy", 3, 4, amount=20000), lead("margin.open", 9), lead("etf.trade", 1)),
    neutral=frozenset({"etf.trade"}),
    gold_violations=frozenset({(2, "promise.return"), (8, "missing.source")}),
    violations=frozenset({(2, "promise.return"), (6, "source.rumor"), (7, "number.unverified")}),
)
QUIET = calls.ScoredCall(gold=(), predicted=(lead("etf.trade", 1),), neutral=frozenset({"etf.trade"}))
NOISY = calls.ScoredCall(gold=(), predicted=(lead("fund.buy", 1),))


def test_calls_match_leads_by_intent_and_leave_neutral_ones_out() -> None:
    assert calls.lead_precision([CALL]) == 0.5
    assert calls.lead_recall([CALL]) == 0.5
    assert calls.lead_f1([CALL]) == 0.5
    assert calls.evidence_hit([CALL]) == 1.0
    assert calls.amount_exact([CALL]) == 1.0
    assert calls.calls_without_lead_clean([CALL, QUIET, NOISY]) == 0.5


def test_two_leads_of_one_intent_match_if_either_does() -> None:
    call = calls.ScoredCall(
        gold=(lead("fund.buy", 3, amount=5),), predicted=(lead("fund.buy", 3, amount=5), lead("fund.buy", 9, amount=1))
    )
    assert calls.evidence_hit([call]) == calls.amount_exact([call]) == 1.0


def test_missing_and_number_rules_are_not_scored_in_speech() -> None:
    assert calls.violation_precision([CALL]) == 0.5
    assert calls.violation_recall([CALL]) == 1.0


def judged(gold: str, predicted: str, **more: object) -> compliance.Judged:
    """Marks such as `promise.return:2-6`; without a span the rule alone."""

    def marks(text: str) -> tuple[compliance.Mark, ...]:
        found = []
        for word in text.split():
            rule, _, place = word.partition(":")
            start, _, end = place.partition("-")
            found.append(compliance.Mark(rule=rule, span=(int(start), int(end)) if place else None))
        return tuple(found)

    fields: dict[str, object] = {"gold_verdict": "block", "verdict": "block", **more}
    return compliance.Judged(gold=marks(gold), predicted=marks(predicted), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ("promise.return:2-6", "promise.return:5-9", (1, 0, 0)),
        ("promise.return:2-6", "promise.return:6-9", (0, 1, 1)),  # spans touch, they do not overlap
        ("promise.return", "promise.return:6-9", (1, 0, 0)),  # gold without a quote
        ("promise.return:2-6", "pii.leak:2-6", (0, 1, 1)),
        ("", "pii.leak:1-2 pii.leak:3-4", (0, 1, 0)),  # one false alarm a rule
    ],
)
def test_findings_match_by_rule_and_overlap(gold: str, predicted: str, expected: tuple[int, int, int]) -> None:
    counts = compliance.counts(judged(gold, predicted))
    assert (counts.tp, counts.fp, counts.fn) == expected


def test_an_alternative_is_neither_miss_nor_alarm() -> None:
    item = judged("promise.return:0-4", "certainty.market:0-4", alternatives=frozenset({"certainty.market"}))
    counts = compliance.counts(item)
    assert (counts.tp, counts.fp, counts.fn) == (0, 0, 1)


def test_verdict_metrics() -> None:
    items = [
        judged("promise.return", "promise.return"),
        judged("promise.return", "", verdict="pass", tags=frozenset({"paraphrase"})),
        judged("", "pii.leak", gold_verdict="pass", tags=frozenset({"compliant", "negation"})),
        judged("", "", gold_verdict="revise", verdict="revise", tags=frozenset({"compliant"})),
    ]
    assert compliance.block_recall(items) == 0.5
    assert compliance.false_block_rate(items) == 0.5
    assert compliance.needless_review_rate(items) == 0.0
    assert compliance.needless_review_rate([*items, judged("", "", gold_verdict="pass", verdict="review")]) == 1 / 3
    assert compliance.verdict_accuracy(items) == 0.5
    assert compliance.negation_accuracy(items) == 0.0
    assert compliance.compliant_not_passed_rate(items) == 0.5
    assert compliance.found_with_tag("paraphrase")(items) == 0.0
    assert compliance.f1_of("pii.")(items) == 0.0
    assert compliance.rule_macro_f1(items) == pytest.approx(2 / 3)
    assert compliance.altered_number_recall(items) is None
