"""What every scorer of leads keeps: order, bounds, one statement for many, the same one by one."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, insert

from intent.classifier.taxonomy import load_taxonomy
from intent.leads.scoring.model import ScoreShelf
from intent.leads.scoring.scorer import LeadFacts, LeadScorer, RuleScorer
from intent.leads.scoring.settings import ScoringSettings
from intent.leads.scoring.train import train
from intent.leads.scoring.trained import ActiveScorer
from knowledge_base.tables import clients
from tests.intent.scoring.made import client_row, tables_on, with_outcomes

NOW = datetime(2026, 7, 1, tzinfo=UTC)
TAXONOMY = load_taxonomy()


class TestLeadScorer:
    @pytest.fixture(params=["rule", "active without a score", "trained"])
    def scorer(self, request: pytest.FixtureRequest, engine: Engine, tmp_path: Path) -> LeadScorer:
        tables_on(engine)
        if request.param == "rule":
            return RuleScorer()
        shelf = ScoreShelf(tmp_path / "scores")
        if request.param == "trained":
            pytest.importorskip("lightgbm", reason="expected: needs tougu[score]")
            with_outcomes(engine, 2000)
            found = train(engine, TAXONOMY.ids, ScoringSettings(min_outcomes=1000, min_each=50))
            found.model.save(shelf.folder / found.model.version, "")
            shelf.activate(found.model.version)
        return ActiveScorer(shelf, TAXONOMY)

    def facts(self, n: int = 40) -> list[LeadFacts]:
        return [
            LeadFacts(
                client_id=f"N{i}", intent="fund.buy" if i % 2 else "no.such", confidence=0.4 + i / 100,
                urgency=("high", "normal", "low")[i % 3], amount_cny=Decimal(i * 10_000) if i % 4 else None,
                calls=1 + i % 3,
            )
            for i in range(n)
        ]  # fmt: skip

    def test_each_gets_a_score_with_reasons_in_its_place(self, scorer: LeadScorer, engine: Engine) -> None:
        with engine.begin() as connection:
            connection.execute(insert(clients), [client_row(f"N{i}") for i in range(20)])
            facts = self.facts()
            found = scorer.scores(connection, facts, NOW)
            turned = scorer.scores(connection, facts[::-1], NOW)
            assert scorer.scores(connection, [], NOW) == ()
        assert found == turned[::-1]
        assert all(0 <= each.score <= 1 and each.reasons for each in found)

    def test_one_by_one_is_the_same(self, scorer: LeadScorer, engine: Engine) -> None:
        facts = self.facts()
        with engine.connect() as connection:
            score = scorer.for_clients(connection, [each.client_id for each in facts], NOW)
            assert [score(each) for each in facts] == [each.score for each in scorer.scores(connection, facts, NOW)]

    def test_many_take_as_few_statements_as_one(self, scorer: LeadScorer, engine: Engine) -> None:
        seen: list[str] = []
        event.listen(engine, "before_cursor_execute", lambda *a: seen.append(a[2]))
        with engine.connect() as connection:
            scorer.scores(connection, self.facts(1), NOW)
            one = len(seen)
            scorer.scores(connection, self.facts(400), NOW)
        assert len(seen) - one <= one
