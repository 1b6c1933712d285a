"""Benchmarks at toy size: every named metric is there, measured or null, beside a baseline."""

from __future__ import annotations

import time
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from eval.bench.measure import open_loop, poisson_arrivals, quotient
from eval.result import Result
from serve.wiring import House


def own(name: str) -> Path:
    return Path(str(files("eval") / "cases" / name))


def quiet(*_: object) -> None:
    """Progress that nobody watches."""


def metrics(result: Result, *named: str) -> dict[str, Any]:
    body = result.as_json()
    assert set(named) <= set(body["metrics"]), sorted(body["metrics"])
    assert body["parameters"]["machine"]["cores"]
    assert body["data"]["path"]
    return dict(body["metrics"])


def test_latency_counts_from_the_scheduled_time() -> None:
    # four arrivals at once on one thread: the last one waited for three others
    ms, errors = open_loop([0.0] * 4, lambda _: time.sleep(0.05), threads=1)
    assert errors == 0
    assert max(ms) > 150
    assert min(ms) < 130


def test_failures_are_counted_and_have_no_latency() -> None:
    def work(i: int) -> None:
        if i % 2:
            raise RuntimeError("no")

    ms, errors = open_loop([0.0, 0.0, 0.0], work)
    assert (len(ms), errors) == (2, 1)


def test_arrivals_have_the_asked_rate_and_are_the_same_again() -> None:
    arrivals = poisson_arrivals(50, 20)
    assert arrivals == poisson_arrivals(50, 20)
    assert arrivals == sorted(arrivals)
    assert 850 < len(arrivals) < 1150


def test_a_ratio_without_a_side_is_none() -> None:
    assert quotient(1.0, None) is None
    assert quotient(1.0, 0.0) is None
    assert quotient(1.0, 4.0) == 0.25


def test_retrieval(house: House) -> None:
    from eval.bench.retrieval import bench_retrieval

    told: list[str] = []
    found = metrics(
        bench_retrieval(house, sizes=[2000], queries=5, progress=lambda done, total, note: told.append(note)),
        "query_p95_ms_10k", "query_p95_ms_100k", "query_p95_ms_1m", "recall_at_10", "recall_at_10_labels",
        "recall_at_10_product", "recall_at_10_filtered", "encode_ms", "build_s", "rss_mb", "peak_mb",
        "baseline_exact_p95_ms", "ratio",
    )  # fmt: skip
    assert found["query_p95_ms_10k"] is None
    assert min(found[f"query_p95_ms_2000{let}"] for let in ("", "_labels", "_product")) > 0
    assert {found[f"recall_at_10{let}"] for let in ("", "_labels", "_product", "_filtered")} == {1.0}
    assert (found["admitted"], found["admitted_labels"]) == (1800, 1000)
    assert 0 < found["admitted_product"] <= 200
    assert "2000 chunks: written" in told


def test_sync(house: House, tmp_path: Path) -> None:
    from eval.bench.sync import bench_sync
    from tests.knowledge_base.test_pdf import made

    (tmp_path / "a.md").write_text("# 赎回\n\n赎回款两个工作日内到账。\n", encoding="utf-8")
    (tmp_path / "b.pdf").write_bytes(b"%PDF-1.7 broken")
    (tmp_path / "c.pdf").write_bytes(made("Confirmed after one day.\n#pagebreak()\nTwo days."))
    found = metrics(
        bench_sync(house, corpus=tmp_path, progress=quiet),
        "sync_s", "sync_again_s", "failed", "chunks", "parse_s", "pdf_pages", "pdf_300_pages_s", "baseline_encode_s",
        "ratio", "peak_mb",
    )  # fmt: skip
    assert (found["failed"], found["pdf_pages"]) == (1, 2)
    assert min(found["chunks"], found["pdf_300_pages_s"], found["ratio"]) > 0


def test_shares(house: House) -> None:
    from eval.bench.shares import KINDS, bench_shares, made_shares

    assert len({share.id for share in made_shares(5000)}) == len({share.name for share in made_shares(5000)}) == 5000
    told = [f"{name}_{kind}" for kind in KINDS for name in ("resolve_p95_ms", "first_ms", "found")]
    found = metrics(
        bench_shares(house, shares=40, questions=8, progress=quiet),
        *told, "import_s", "import_again_s", "names_mb", "baseline_resolve_p95_ms", "ratio",
    )  # fmt: skip
    assert {kind for kind in KINDS if found[f"found_{kind}"] != 1.0} <= {"initials"}  # 8 of 40 names: may be two's


def test_progress_is_lines_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    from eval.output import bar

    with bar("retrieval") as progress:
        for done in range(4):
            progress(done, 3, "a/b chunks")
    assert capsys.readouterr().err.splitlines() == ["retrieval 0/3 b chunks", "retrieval 3/3 b chunks"]


def test_compliance(house: House) -> None:
    from eval.bench.texts import answer_texts, bench_compliance

    cases = own("compliance_sentences.jsonl")
    texts = answer_texts(cases, 10)
    assert all(300 <= len(text) < 500 for text in texts)
    found = metrics(
        bench_compliance(house, cases, answers=10, progress=quiet, audit_appends=20, audit_entries=1_000),
        "us_per_char", "mb_per_s_clean", "s_100k_chars", "p95_ms_rules", "p95_ms_semantic", "p95_ms_all",
        "baseline_us_per_char", "ratio", "audit_append_ms", "audit_append_alone_ms", "audit_verify_per_s",
        "audit_verify_chain_per_s",
    )  # fmt: skip
    assert found["ratio"] > 1
    assert found["audit_verify_per_s"] > 0


def test_intent(house: House) -> None:
    from eval.bench.texts import bench_intent

    found = metrics(
        bench_intent(house, own("intent.jsonl"), lines=16, singles=4, progress=quiet),
        "utterances_per_s", "utterances_per_s_context", "p95_ms_single", "baseline_encoder_texts_per_s", "ratio",
        "ms_call_40_turns",
    )  # fmt: skip
    assert min(found.values()) > 0


def test_leads_on_sqlite(house: House) -> None:
    from eval.bench.lead_load import Load
    from eval.bench.leads import bench_leads

    load = Load(consumers=20, think_s=1.0, seconds=1.0)
    found = metrics(
        bench_leads(house, leads=80, database="sqlite", load=load, progress=quiet),
        "insert_per_s", "merge_per_s", "claim_p95_ms", "claim_p99_ms", "ack_p95_ms", "http_claim_p95_ms",
        "double_offers", "growth", "baseline_commits_per_s", "ratio",
    )  # fmt: skip
    assert found["double_offers"] == 0
    assert found["claim_p95_ms"] > 0
    assert found["http_claim_p95_ms"] > 0


@pytest.mark.slow
@pytest.mark.postgres
def test_leads_at_a_tenth_of_the_full_size(house: House) -> None:
    from eval.bench.lead_load import Load
    from eval.bench.leads import bench_leads

    load = Load(consumers=100, think_s=5.0, seconds=5.0)
    result = bench_leads(house, leads=754_000, database="postgres", load=load, http_consumers=20, progress=quiet)
    found = metrics(result, "insert_per_s", "merge_per_s", "claim_p99_ms", "ack_p95_ms", "http_claim_p95_ms", "growth")
    assert found.pop("double_offers") == 0
    assert result.parameters["errors"] == 0
    assert result.parameters["claimed"] > 50
    assert min(found.values()) > 0


@pytest.mark.slow
def test_the_board_on_sqlite(house: House) -> None:
    from eval.bench.board import PAGES, bench_board

    found = metrics(
        bench_board(house, leads=2000, database="sqlite", progress=quiet),
        *(f"{name}_{what}" for name in PAGES for what in ("p95_ms", "growth")),
    )
    assert min(found.values()) > 0


@pytest.mark.postgres
def test_the_own_postgres_commits_durably() -> None:
    from sqlalchemy import create_engine, text

    from eval.bench.own_postgres import own_postgres

    with own_postgres() as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            settings = [connection.execute(text(f"SHOW {name}")).scalar() for name in ("fsync", "synchronous_commit")]
        engine.dispose()
    assert settings == ["on", "on"]


def test_report(house: House) -> None:
    from eval.bench.report import bench_report

    found = metrics(
        bench_report(house, reports=1, progress=quiet),
        "metrics_s", "pdf_s", "reports_per_hour", "reports_per_hour_cached", "rss_mb", "ratio",
    )  # fmt: skip
    assert found["reports_per_hour_cached"] > 0
    assert found["reports_per_hour"] > 0


def test_chat_sessions_ask_once_a_minute() -> None:
    from eval.bench.chat import _asks

    once = _asks(20, 60)
    assert len(once) == 20
    assert len(_asks(20, 120)) == 40
    assert max(once) < 60


def test_a_scripted_model_answers_in_the_openai_protocol() -> None:
    import httpx

    from eval.bench.chat import _scripted_model, _settings

    with _scripted_model() as server:
        address = f"{_settings(server).base_url}/chat/completions"
        asked = {"messages": [{"role": "user", "content": "没有资料"}]}
        whole = httpx.post(address, json=asked)
        streamed = httpx.post(address, json={**asked, "stream": True})
    assert whole.json()["choices"][0]["message"]["content"] == "无"
    assert streamed.text.count("[1]") == 2
    assert streamed.text.endswith("data: [DONE]\n\n")
