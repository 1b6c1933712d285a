"""`tougu eval`: light to import, heavy only when run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from eval.bench_commands import bench_app
from eval.output import Json, Predictions, bar, own_cases, print_result, shared

__all__ = ["bench_app", "eval_app"]
SAMPLE_DAY = "2026-11-20"  # the project's own questions were written for this day

eval_app = typer.Typer(help="Measure the product on labelled data; without a suite, all on the project's own cases.")

Data = Annotated[Path | None, typer.Option("--data", help="JSON Lines file; default: the project's own cases.")]
Split = Annotated[
    str | None,
    typer.Option(help="Only this split (train, calibration, dev, test); default: test of the project's own data."),
]
Limit = Annotated[int | None, typer.Option(min=1, help="Only the first N items, for a quick look.")]


@eval_app.callback(invoke_without_command=True)
def every_suite(context: typer.Context) -> None:
    """Without a suite: run all of them on the project's own cases, one table each."""
    if context.invoked_subcommand is None:
        for run in (intent, calls, compliance, rag):
            run(context)
        notes(context)
        funds(context)
        asr(context)


@eval_app.command()
def intent(
    context: typer.Context, data: Data = None, split: Split = None, json: Json = None, predictions: Predictions = None
) -> None:
    """Single utterances: intents, polarity, leads. `--split cases` takes the project's small set."""
    from eval.suites.intent import run

    print_result(context, run(shared(context).house(), data, split), json, predictions)


@eval_app.command()
def calls(
    context: typer.Context, data: Data = None, split: Split = None, json: Json = None, predictions: Predictions = None
) -> None:
    """Whole calls as text: leads, cases, evidence, amounts, violations. `--split sample` takes the sample calls."""
    from eval.suites.calls import run

    print_result(context, run(shared(context).house(), data, split), json, predictions)


@eval_app.command()
def notes(
    context: typer.Context, data: Data = None, split: Split = None, json: Json = None, predictions: Predictions = None
) -> None:
    """Call notes: advisors' promises by turn, their due days, figures of the summary. `--split dev` by default."""
    from eval.suites.notes import run

    print_result(context, run(data, split), json, predictions)


@eval_app.command()
def wordings(
    context: typer.Context, data: Data = None, split: Split = None, json: Json = None, predictions: Predictions = None
) -> None:
    """Approved wording: which questions are served one, and rightly. Thresholds were chosen on `--split dev`."""
    from eval.suites.wordings import run

    print_result(context, run(shared(context).house(), data, split), json, predictions)


@eval_app.command()
def asr(
    context: typer.Context,
    data: Data = None,
    limit: Limit = None,
    mono: Annotated[bool, typer.Option("--mono", help="Add the channels of each recording up first.")] = False,
    json: Json = None,
    predictions: Predictions = None,
) -> None:
    """Recordings: character error beside the bare engine, roles, diarization."""
    from eval.suites.asr import run

    with bar("asr") as progress:
        result = run(
            shared(context).house(), data, limit=limit, mono=mono, progress=lambda done, n: progress(done, n, "")
        )
    print_result(context, result, json, predictions)


@eval_app.command()
def repair(
    context: typer.Context, data: Data = None, split: Split = None, json: Json = None, predictions: Predictions = None
) -> None:
    """Names and terms put right by their sound: false repairs in calls as they were said, misheard terms recovered."""
    from eval.suites.repair import run

    print_result(context, run(shared(context).house(), data, split), json, predictions)


@eval_app.command()
def rag(
    context: typer.Context,
    corpus: Annotated[Path | None, typer.Option(help="Folder of documents; default: the sample documents.")] = None,
    data: Data = None,
    on: Annotated[str | None, typer.Option(help="Day to answer for, YYYY-MM-DD; default: today.")] = None,
    json: Json = None,
    predictions: Predictions = None,
) -> None:
    """Questions over documents: passages, numbers, citations, refusals."""
    from eval.suites.rag import run
    from serve.sample import sample_folder
    from serve.wiring import as_day

    if (corpus is None) != (data is None):
        raise typer.BadParameter("--corpus and --data belong together: give both or neither.")
    day = as_day(on or (SAMPLE_DAY if data is None else None))
    documents, questions = corpus or sample_folder() / "documents", data or own_cases("rag.jsonl")
    with bar("sync") as progress:
        result = run(shared(context).house(), documents, questions, on=day, progress=progress)
    print_result(context, result, json, predictions)


@eval_app.command()
def compliance(
    context: typer.Context,
    sentences: Annotated[Path | None, typer.Option(help="Sentences, JSON Lines.")] = None,
    documents: Annotated[Path | None, typer.Option(help="Documents with metadata, JSON Lines.")] = None,
    json: Json = None,
    predictions: Predictions = None,
) -> None:
    """Sentences and documents through the gate."""
    from eval.suites.compliance import run

    if sentences is None and documents is None:
        sentences, documents = own_cases("compliance_sentences.jsonl"), own_cases("compliance_documents.jsonl")
    print_result(context, run(shared(context).house(), sentences, documents), json, predictions)


@eval_app.command()
def funds(
    context: typer.Context,
    nav: Annotated[Path | None, typer.Option(help="Folder of NAV files; default: the sample funds.")] = None,
    benchmark: Annotated[Path | None, typer.Option(help="Benchmark CSV; default: benchmark.csv there.")] = None,
    json: Json = None,
    predictions: Predictions = None,
) -> None:
    """Raw metrics against empyrical-reloaded."""
    from eval.suites.funds import run
    from serve.sample import sample_folder

    folder = nav or sample_folder() / "funds" / "nav"
    with bar("funds") as progress:
        result = run(folder, benchmark or folder / "benchmark.csv", progress=lambda done, n: progress(done, n, ""))
    print_result(context, result, json, predictions)


@eval_app.command()
def public(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="banking77, clinc150, smp2017, smp2019, rgb or fincuge.")],
    data: Annotated[Path, typer.Option("--data", help="Folder of the published files.")],
    limit: Limit = None,
    json: Json = None,
    predictions: Predictions = None,
) -> None:
    """Published test sets beside published figures."""
    from eval.suites.public import run

    with bar(name) as progress:
        result = run(shared(context).house(), name, data, limit=limit, progress=progress)
    print_result(context, result, json, predictions)
