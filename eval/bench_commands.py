"""`tougu bench`: light to import, heavy only when run. Defaults suit two cores; larger sizes are options."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eval.output import Json, bar, own_cases, print_result, shared

if TYPE_CHECKING:
    from eval.result import Result
    from serve.wiring import House

bench_app = typer.Typer(help="Time the product against a baseline in the same run.", no_args_is_help=True)


class Database(StrEnum):
    """Where leads are kept."""

    SQLITE = "sqlite"
    POSTGRES = "postgres"


def _run(context: typer.Context, title: str, json: str | None, work: Callable[[House, Progress], Result]) -> None:
    with bar(title) as progress:
        result = work(shared(context).house(), progress)
    print_result(context, result, json, None)


Progress = Callable[[int, int, str], None]


@bench_app.command()
def asr(
    context: typer.Context,
    stereo: Annotated[int, typer.Option(min=1, help="Stereo sample calls.")] = 1,
    mono: Annotated[int, typer.Option(min=1, help="Mono sample calls.")] = 1,
    json: Json = None,
) -> None:
    """The whole speech way against the bare engine on the same channels."""
    from eval.bench.speech import bench_asr

    _run(context, "asr", json, lambda house, go: bench_asr(house, stereo=stereo, mono=mono, progress=go))


@bench_app.command()
def archive(
    context: typer.Context,
    files: Annotated[int, typer.Option(min=2, help="Whole calls of the batch.")] = 2,
    clips: Annotated[int, typer.Option(min=0, help="Files of 3-6 s for its memory; a slope needs eight.")] = 8,
    json: Json = None,
) -> None:
    """The batch with one and two workers, killed and started again; its memory over many short files."""
    from eval.bench.archive import bench_archive

    _run(context, "archive", json, lambda house, go: bench_archive(house, files=files, clips=clips, progress=go))


@bench_app.command()
def calls(
    context: typer.Context,
    calls: Annotated[int, typer.Option(min=2, help="Calls that end while it is measured.")] = 6,
    a_day: Annotated[int, typer.Option(min=10, help="Calls of a day, which set the pace.")] = 2000,
    archive: Annotated[int, typer.Option(min=0, help="Recordings of the archive beside.")] = 4,
    hurry: Annotated[float, typer.Option(min=1, help="How many times faster than the clock calls end.")] = 1.0,
    paced: Annotated[
        float | None, typer.Option(min=0, help="Seconds of work for a second of sound, instead of the real engine.")
    ] = None,
    json: Json = None,
) -> None:
    """From the end of a call to its leads, at the pace of a day's busiest minutes, beside a running archive."""
    from eval.bench.lane import Load, bench_calls

    load = Load(calls=calls, a_day=a_day, archive=archive, hurry=hurry, paced=paced)
    _run(context, "calls", json, lambda house, go: bench_calls(house, load=load, progress=go))


@bench_app.command()
def intent(
    context: typer.Context,
    lines: Annotated[int, typer.Option(min=8, help="Utterances read in batches.")] = 282,
    singles: Annotated[int, typer.Option(min=1, help="Utterances read one at a time.")] = 60,
    json: Json = None,
) -> None:
    """Utterances a second, against the bare encoder."""
    from eval.bench.texts import bench_intent

    cases = own_cases("intent.jsonl")
    _run(
        context,
        "intent",
        json,
        lambda house, go: bench_intent(house, cases, lines=lines, singles=singles, progress=go),
    )


@bench_app.command()
def retrieval(
    context: typer.Context,
    sizes: Annotated[str, typer.Option(help="Numbers of vectors, by commas: 10000,100000,1000000.")] = "10000",
    queries: Annotated[int, typer.Option(min=1, help="Queries at each size.")] = 100,
    chunks: Annotated[int, typer.Option(help="One size, in place of --sizes: 1000000.")] = 0,
    json: Json = None,
) -> None:
    """Vector search at size, with and without a filter, against exact search."""
    from eval.bench.retrieval import bench_retrieval
    from eval.case import EvalError

    try:
        wanted = [chunks] if chunks else [int(size) for size in sizes.split(",")]
    except ValueError as error:
        raise EvalError(f"--sizes {sizes} is no list of numbers: write for example 10000,100000.") from error
    if min(wanted) < 1000:
        raise EvalError(f"--sizes {min(wanted)} is too small to say anything: take 1000 or more.")
    _run(
        context, "retrieval", json, lambda house, go: bench_retrieval(house, sizes=wanted, queries=queries, progress=go)
    )


@bench_app.command()
def sync(
    context: typer.Context,
    corpus: Annotated[Path | None, typer.Option(help="Folder of documents; default: the sample documents.")] = None,
    json: Json = None,
) -> None:
    """A folder into an empty knowledge base, against the bare encoder; pages of PDF parsed without OCR."""
    from eval.bench.conflicts import sample_documents
    from eval.bench.sync import bench_sync

    folder = corpus or sample_documents()
    _run(context, "sync", json, lambda house, go: bench_sync(house, corpus=folder, progress=go))


@bench_app.command()
def shares(
    context: typer.Context,
    shares: Annotated[int, typer.Option(min=10, help="Listed shares of the master.")] = 5000,
    questions: Annotated[int, typer.Option(min=2, help="Questions of each kind.")] = 200,
    json: Json = None,
) -> None:
    """A share master of the size of the market: import, and questions by code, name, part, pinyin and sound."""
    from eval.bench.shares import bench_shares

    _run(
        context, "shares", json, lambda house, go: bench_shares(house, shares=shares, questions=questions, progress=go)
    )


@bench_app.command()
def conflicts(
    context: typer.Context,
    corpus: Annotated[Path | None, typer.Option(help="Folder of documents; default: the sample documents.")] = None,
    seeds: Annotated[int, typer.Option(min=4, help="Documents that are copied with an edit.")] = 200,
    json: Json = None,
) -> None:
    """Documents copied with seeded edits: which pairs are told to contradict each other, and which falsely."""
    from eval.bench.conflicts import bench_conflicts, sample_documents

    folder = corpus or sample_documents()
    _run(context, "conflicts", json, lambda house, go: bench_conflicts(house, corpus=folder, seeds=seeds, progress=go))


@bench_app.command()
def compliance(
    context: typer.Context,
    answers: Annotated[int, typer.Option(min=10, help="Answers of 300 characters.")] = 200,
    json: Json = None,
) -> None:
    """Answers of 300 characters through the rules and the gate, against a bare Aho-Corasick pass."""
    from eval.bench.texts import bench_compliance

    cases = own_cases("compliance_sentences.jsonl")
    _run(context, "compliance", json, lambda house, go: bench_compliance(house, cases, answers=answers, progress=go))


@bench_app.command()
def leads(
    context: typer.Context,
    leads: Annotated[int, typer.Option(min=1000, help="Leads in the queue at full size.")] = 20_000,
    database: Annotated[Database, typer.Option(help="postgres starts a server of its own.")] = Database.POSTGRES,
    consumers: Annotated[int, typer.Option(min=1, help="People who claim leads.")] = 50,
    think_s: Annotated[float, typer.Option(help="Mean seconds between two claims of one of them.")] = 5.0,
    http_consumers: Annotated[int | None, typer.Option(min=1, help="Those over HTTP; as many when not given.")] = None,
    seconds: Annotated[float, typer.Option(help="Length of each load, in seconds.")] = 20.0,
    json: Json = None,
) -> None:
    """The lead queue at size: insert, merge, claim and acknowledge, through repository and API."""
    from eval.bench.lead_load import Load
    from eval.bench.leads import bench_leads

    load = Load(consumers=consumers, think_s=think_s, seconds=seconds)
    _run(
        context,
        "leads",
        json,
        lambda house, go: bench_leads(
            house, leads=leads, database=database.value, load=load, progress=go, http_consumers=http_consumers
        ),
    )


@bench_app.command()
def board(
    context: typer.Context,
    leads: Annotated[int, typer.Option(min=1000, help="Leads in the queue at full size.")] = 100_000,
    database: Annotated[Database, typer.Option(help="postgres starts a server of its own.")] = Database.POSTGRES,
    json: Json = None,
) -> None:
    """The pages of the board at size, as an advisor and as a supervisor."""
    from eval.bench.board import bench_board

    _run(
        context,
        "board",
        json,
        lambda house, go: bench_board(house, leads=leads, database=database.value, progress=go),
    )


@bench_app.command()
def chat(
    context: typer.Context,
    sessions: Annotated[int, typer.Option(min=1, help="Sessions that ask one question a minute each.")] = 20,
    seconds: Annotated[float, typer.Option(help="Length of the load, in seconds.")] = 60.0,
    chunks: Annotated[int, typer.Option(min=0, help="Made passages in the index beside the sample documents.")] = 0,
    json: Json = None,
) -> None:
    """Open sessions and a burst over HTTP, extractive and with a scripted model server."""
    from eval.bench.chat import bench_chat

    cases = own_cases("rag.jsonl")
    _run(
        context,
        "chat",
        json,
        lambda house, go: bench_chat(house, cases, sessions=sessions, seconds=seconds, chunks=chunks, progress=go),
    )


@bench_app.command()
def report(
    context: typer.Context,
    reports: Annotated[int, typer.Option(min=1, help="Reports made; medians are shown.")] = 5,
    processes: Annotated[int, typer.Option(min=1, help="Also measure so many processes at once.")] = 1,
    json: Json = None,
) -> None:
    """A client with twenty funds of five years: metrics, gate and PDF."""
    from eval.bench.report import bench_report

    _run(
        context,
        "report",
        json,
        lambda house, go: bench_report(house, reports=reports, progress=go, processes=processes),
    )
