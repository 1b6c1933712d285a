"""The three ways on the sample content, as `tougu demo` shows them."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.settings import ModelSettings
from serve.demo import BENCHMARK, DemoResult, demo_home, run_demo
from serve.settings import Settings
from serve.users import OPERATOR
from serve.wiring import House
from tests.flows.conftest import LIMIT_S

pytestmark = [pytest.mark.weights, pytest.mark.slow, pytest.mark.timeout(LIMIT_S)]

Steps = dict[str, list[tuple[int, int]]]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, weights_cache: Path) -> House:
    models = ModelSettings(cache_dir=weights_cache)
    return House(Settings(home=tmp_path_factory.mktemp("demo"), models=models))


@pytest.fixture(scope="module")
def steps() -> Steps:
    return {}


@pytest.fixture(scope="module")
def shown(house: House, steps: Steps) -> DemoResult:
    def step(what: str, done: int, total: int) -> None:
        steps.setdefault(what, []).append((done, total))

    return run_demo(house, calls=1, step=step)


def test_every_way_reports_its_progress_to_the_end(shown: DemoResult, steps: Steps) -> None:
    assert set(steps) == {"documents", "report", "calls"}
    assert all(done[-1][0] == done[-1][1] for done in steps.values()), steps


def test_the_call_way(shown: DemoResult) -> None:
    assert shown.left_out is None
    ((call, reading),) = shown.calls
    assert call.id == shown.told
    assert len(call.transcript.turns) > 5
    assert {turn.speaker.value for turn in call.transcript.turns} >= {"advisor", "client"}
    for wish in reading.wishes:
        for evidence in wish.evidence:
            assert 0 <= evidence.start_s < evidence.end_s <= call.transcript.duration_s
            assert evidence.quote


def test_the_question_way(shown: DemoResult, house: House) -> None:
    reply = shown.reply
    assert reply.cleared is not None
    assert reply.answer is not None
    assert not reply.answer.abstained
    assert "%" in reply.answer.text
    later = house.at_home(demo_home(house))
    for citation in reply.answer.citations:
        text = later.open_document(citation.version_id, principal=OPERATOR).text
        assert text[citation.start : citation.end] == citation.quote
    later.close()


def test_the_gate(shown: DemoResult) -> None:
    assert shown.blocked.cleared is None
    assert shown.blocked.findings
    assert all(finding.reason for finding in shown.blocked.findings)


def test_the_report_way(shown: DemoResult) -> None:
    assert shown.report.verdict.cleared is not None
    assert shown.pdf.read_bytes().startswith(b"%PDF")


def test_the_home_of_the_demo_can_be_served(shown: DemoResult, house: House) -> None:
    later = house.at_home(demo_home(house))
    assert set(later.readiness().values()) == {"ok"}
    assert list(later.example_questions(principal=OPERATOR))
    later.close()


def test_every_composed_report_is_cleared_by_the_gate_as_shipped(shown: DemoResult, house: House) -> None:
    """What the program words itself must not look like a promise to the program's own rules, whatever the figures."""
    later = house.at_home(demo_home(house))
    navs = later.nav_folder(None, None, BENCHMARK)
    held, made = [], 0
    for client in later.clients.all(principal=OPERATOR):
        if not any(one.units > 0 for one in later.clients.holdings(client.id, principal=OPERATOR)):
            continue
        verdict = later.reports.client(client.id, principal=OPERATOR, today=later.today(), navs=navs).verdict
        made += 1
        held += [f"{client.id}: {f.rule}: {verdict.original[f.start : f.end]}" for f in verdict.findings]
    later.close()
    assert made > 20
    assert held == []
