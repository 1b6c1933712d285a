"""A score learnt from outcomes: what it learns, how it is split, calibrated and judged."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, create_engine

from intent.classifier.taxonomy import load_taxonomy
from intent.errors import ScoreError
from intent.leads.scoring import features
from intent.leads.scoring.calibrate import Calibration, brier, calibrate, calibration_error
from intent.leads.scoring.card import card_markdown
from intent.leads.scoring.dataset import labelled_leads, split
from intent.leads.scoring.gate import judge, precision_at
from intent.leads.scoring.model import ScoreShelf
from intent.leads.scoring.scorer import LeadFacts, by_rule, value_weight
from intent.leads.scoring.settings import ScoringSettings
from intent.leads.scoring.train import Trained, train
from intent.leads.scoring.trained import ActiveScorer
from tests.intent.scoring.made import START, tables_on, with_outcomes

pytest.importorskip("lightgbm", reason="expected: needs tougu[score]")
TAXONOMY = load_taxonomy()
SETTINGS = ScoringSettings(min_outcomes=1000, min_each=50)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('outcomes') / 'o.db'}")
    tables_on(engine)
    with_outcomes(engine)
    return engine


@pytest.fixture(scope="module")
def trained(outcomes: Engine) -> Trained:
    return train(outcomes, TAXONOMY.ids, SETTINGS, at=START)


def test_slices_share_no_client_and_follow_each_other(outcomes: Engine) -> None:
    found = labelled_leads(outcomes, TAXONOMY.ids)
    slices = split(found)
    parts = (slices.train, slices.calibration, slices.held_back)
    assert sum(map(len, parts)) + slices.dropped == len(found) == 2400
    for before, after in pairwise(parts):
        assert max(before.days) < min(after.days)
        assert not set(before.clients) & set(after.clients)
    assert not set(slices.train.clients) & set(slices.held_back.clients)


def test_it_learns_the_law_and_the_gate_lets_it_pass(trained: Trained) -> None:
    verdict, card = trained.verdict, trained.model.card
    assert verdict.passed
    assert verdict.trained > verdict.rule + 0.1 > verdict.base
    assert next(iter(card["importance"]["right"])) == "confidence"
    assert next(iter(card["importance"]["ready"])).startswith(("logins", "days_since_login"))
    for head in ("right", "ready"):
        quality = card["quality"][head]
        assert quality["brier"] < quality["brier_of_base"]
        assert quality["calibration_error"] < 0.1
    text = card_markdown(trained.model.version, card)
    assert "Gate: passed" in text
    assert "None" not in text.replace("None of them had been drawn", "")


def test_noise_does_not_pass_the_gate(engine: Engine) -> None:
    tables_on(engine)
    with_outcomes(engine, 1600, law=False)
    assert not train(engine, TAXONOMY.ids, SETTINGS).verdict.passed


def test_too_few_outcomes_are_refused_in_one_sentence(engine: Engine) -> None:
    tables_on(engine)
    with pytest.raises(ScoreError, match=r"0 leads have an outcome, 2000 are needed"):
        train(engine, TAXONOMY.ids, ScoringSettings())
    with_outcomes(engine, 400)
    with pytest.raises(ScoreError, match=r"are needed \(scoring.min_each"):
        train(engine, TAXONOMY.ids, ScoringSettings(min_outcomes=100, min_each=390))


def test_a_missing_library_is_one_sentence(outcomes: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "lightgbm", None)
    with pytest.raises(ScoreError, match=r"pip install 'tougu\[score\]'"):
        train(outcomes, TAXONOMY.ids, SETTINGS)


def test_saved_loaded_and_activated_it_scores_the_same_and_says_why(
    trained: Trained, outcomes: Engine, tmp_path: Path
) -> None:
    shelf = ScoreShelf(tmp_path / "scores")
    scorer = ActiveScorer(shelf, TAXONOMY)
    facts = [
        LeadFacts(client_id="C0000", intent="fund.buy", confidence=c, urgency="high", amount_cny=None, calls=1)
        for c in (0.95, 0.45)
    ]
    with outcomes.connect() as connection:
        assert scorer.scores(connection, facts, START) == tuple(map(by_rule, facts))
        version = trained.model.version
        trained.model.save(shelf.folder / version, card_markdown(version, trained.model.card))
        assert shelf.versions() == [version]
        assert shelf.active() is None, "a model that lies there does not score"
        shelf.activate(version)
        sure, unsure = scorer.scores(connection, facts, START)
        assert sure.by == version
        assert sure.score == pytest.approx(sure.right * sure.ready * sure.value, abs=2e-3)
        assert sure.right > unsure.right
        assert any("意愿明确（把握 95%）" in reason for reason in sure.reasons)
        assert any("不够明确" in reason for reason in unsure.reasons)
        shelf.activate(None)
        assert scorer.scores(connection, facts, START)[0].by == "rule"
    assert {p.name for p in (shelf.folder / version).iterdir()} == {"right.txt", "ready.txt", "card.json", "CARD.md"}


def test_a_score_that_did_not_pass_is_not_activated_and_a_broken_one_never_stops_a_lead(
    trained: Trained, outcomes: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from dataclasses import replace

    shelf = ScoreShelf(tmp_path / "scores")
    worse = replace(trained.model, version="worse", card={**trained.model.card, "gate": {"passed": False}})
    worse.save(shelf.folder / "worse", "")
    with pytest.raises(ScoreError, match="not better than the rule"):
        shelf.activate("worse")
    with pytest.raises(ScoreError, match="no trained score"):
        shelf.activate("nobody")
    trained.model.save(shelf.folder / "good", "")
    shelf.activate("good")
    (shelf.folder / "good" / "right.txt").write_text("broken", "utf-8")
    facts = [LeadFacts(client_id="C0000", intent="fund.buy", confidence=0.9, urgency="low", amount_cny=None, calls=1)]
    with outcomes.connect() as connection:
        assert ActiveScorer(shelf, TAXONOMY).scores(connection, facts, START)[0].by == "rule"
    assert "is broken" in caplog.text


@pytest.mark.parametrize("n", [300, 4000])
def test_calibration_tells_the_truth_and_keeps_the_order(n: int) -> None:
    dice = np.random.default_rng(3)
    raw = dice.normal(0, 2, n + 6000)
    hit = dice.random(n + 6000) < 1 / (1 + np.exp(-(0.5 * raw - 1)))  # overconfident by a factor of two
    curve = calibrate(raw[:n], hit[:n])
    assert curve.method == ("platt" if n == 300 else "isotonic")
    told = curve(raw[n:])
    assert calibration_error(told, hit[n:]) < (0.06 if n == 300 else 0.03)
    assert brier(told, hit[n:]) < brier(1 / (1 + np.exp(-raw[n:])), hit[n:])
    assert (np.diff(told[np.argsort(raw[n:])]) >= 0).all()
    assert Calibration.from_json(curve.as_json()) == curve
    assert 0 < told.min() <= told.max() < 1


def test_precision_at_capacity_by_hand() -> None:
    won = np.array([1, 0, 0, 1, 0, 0], bool)
    weeks = [np.array([0, 1, 2]), np.array([3, 4, 5])]
    assert precision_at(np.array([0.9, 0.1, 0.2, 0.1, 0.9, 0.2]), won, weeks, 1 / 3) == 0.5
    assert precision_at(np.array([0.9, 0.1, 0.2, 0.9, 0.1, 0.2]), won, weeks, 1 / 3) == 1.0
    days = [START.date()] * 3 + [START.date().replace(month=4)] * 3
    same = np.array([0.9, 0.1, 0.2, 0.9, 0.1, 0.2])
    verdict = judge(
        clients=list("abcdef"), days=days, won=won, trained=same, rule=same, explored=won, share=1 / 3
    )  # fmt: skip
    assert (verdict.passed, verdict.explored_leads, verdict.explored_base) == (False, 2, 1.0)


def test_value_steps_and_reasons_in_words() -> None:
    from decimal import Decimal

    assert value_weight(Decimal(2_000_000), None) == 1.0
    assert value_weight(None, Decimal(200_000)) == value_weight(Decimal(20_000), None)
    assert value_weight(None, None) < value_weight(Decimal(100_000), None)
    facts = LeadFacts(client_id="C1", intent="fund.buy", confidence=0.83, urgency="high", amount_cny=None, calls=2)
    row = features.row_of(facts, None, START.date(), TAXONOMY.ids)
    names = features.names()
    why = [0.0] * len(names)
    why[names.index("intent")], why[names.index("days_since_login")], why[names.index("calls")] = 1.0, -0.5, 0.2
    zh = {n: TAXONOMY[i].zh for n, i in enumerate(TAXONOMY.ids)}
    assert features.reasons(row, why, zh) == ("“申购基金”类线索过去成交较多", "90天内没有登录", "在 2 次通话里提到")
    assert features.unpack(features.pack(row)).shape == (len(names),)
