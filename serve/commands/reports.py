"""The command of the report way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serve.commands.context import Context, print_json, progress_bar

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def diagnose(
    context: typer.Context,
    fund: Annotated[str | None, typer.Argument(help="Code of a fund.")] = None,
    client: Annotated[str | None, typer.Option(help="Diagnose what this client holds.")] = None,
    clients: Annotated[Path | None, typer.Option(help="CSV with a column client_id: a report each.")] = None,
    segment: Annotated[str | None, typer.Option(help="Name of a segment: a report for each member.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="report.pdf, .docx, .html; a batch's folder.")] = None,
    nav: Annotated[Path | None, typer.Option(help="Folder of NAV files; default: copilot.nav_dir.")] = None,
    benchmark: Annotated[Path | None, typer.Option(help="Benchmark CSV date,close.")] = None,
    benchmark_name: Annotated[str | None, typer.Option(help="What the benchmark is called.")] = None,
    format: Annotated[str, typer.Option(help="Of a batch: pdf, html or docx.")] = "pdf",
    jobs: Annotated[int, typer.Option("--jobs", min=1, help="Of a batch: worker processes.")] = 1,
    retry_failed: Annotated[bool, typer.Option(help="Of a batch: try quarantined clients again.")] = False,
    as_json: Json = False,
) -> None:
    """Diagnose a fund, a client's holdings, or many clients; a report is written only when the gate has cleared it.

    A batch can be stopped and resumed: the same command goes on where it was.
    """
    from serve.errors import ServeError

    if sum(each is not None for each in (fund, client, clients, segment)) != 1:
        raise ServeError(
            "Name one of a fund's code, --client, --clients and --segment: `tougu diagnose 990002`, "
            "`tougu diagnose --client C0003` or `tougu diagnose --clients list.csv --out reports`."
        )
    shared = context.ensure_object(Context)
    if clients is not None or segment is not None:
        if out is None or out.is_file():
            raise ServeError("A batch writes into a folder: name it with --out.")
        _batch(shared, clients, segment, out, format, nav, benchmark, benchmark_name, jobs, retry_failed, as_json)
        return
    _one(shared, fund, client, out, nav, benchmark, benchmark_name, as_json)


def _batch(
    shared: Context, clients: Path | None, segment: str | None, out: Path, format: str, nav: Path | None,
    benchmark: Path | None, benchmark_name: str | None, jobs: int, retry_failed: bool, as_json: bool,
) -> None:  # fmt: skip
    import time
    from dataclasses import asdict

    from copilot.batch import BatchProgress, summary
    from copilot.batch_data import read_clients
    from serve.diagnose_batch import diagnose_batch

    house = shared.house()
    principal, began = shared.principal(house), time.monotonic()
    if clients is not None:
        listed = read_clients(clients)
    else:
        listed = list(house.segments.members(segment or "", principal=principal))
    with progress_bar() as bar:
        task, before = bar.add_task("diagnose", total=len(listed), note=""), -1

        def show(progress: BatchProgress) -> None:
            nonlocal before
            before = progress.finished if before < 0 else before  # what an earlier run made does not count as speed
            speed = (progress.finished - before) / max(time.monotonic() - began, 1e-3)
            note = f"{speed * 3600:,.0f} an hour, {progress.held} held, {progress.quarantined} failed"
            bar.update(task, completed=progress.finished, total=progress.total, note=note)

        outcomes = diagnose_batch(
            house, listed, out=out, format=format, nav=nav, benchmark=benchmark, benchmark_name=benchmark_name,
            workers=jobs, retry_failed=retry_failed, principal=principal, on_progress=show,
        )  # fmt: skip
    failed = [each for each in outcomes if each.reason]
    if as_json:
        print_json([asdict(each) for each in outcomes])
    else:
        typer.echo(f"{summary(outcomes, time.monotonic() - began)}; see {out / 'manifest.jsonl'}")
        for each in failed:
            typer.echo(f"  {each.client_id}: {each.reason}", err=True)
    if failed:
        raise typer.Exit(1)


def _one(
    shared: Context, fund: str | None, client: str | None, out: Path | None, nav: Path | None,
    benchmark: Path | None, benchmark_name: str | None, as_json: bool,
) -> None:  # fmt: skip
    house = shared.house()
    navs = house.nav_folder(nav, benchmark, benchmark_name)
    principal, today = shared.principal(house), house.today()
    if fund:
        judged = house.reports.fund(fund, principal=principal, today=today, navs=navs)
    else:
        judged = house.reports.client(client or "", principal=principal, today=today, navs=navs)
    if client and judged.verdict.cleared:
        seen, report = shared.seen(house), [(client, judged.verdict.audit_id or "")]
        (seen.export if out else seen.view)("report", report)
    if as_json:
        from dataclasses import asdict

        from serve.routes.wire import VerdictOut

        facts = [
            {"name": f.name, "value": str(f.value), "unit": f.unit, "period": f.period} for f in judged.report.facts
        ]
        measures = judged.report.measures.json() if judged.report.measures else None
        print_json({"text": judged.verdict.text if judged.verdict.cleared else None, "facts": facts,
                    "measures": measures,
                    "rewriting": asdict(judged.report.rewriting) if judged.report.rewriting else None,
                    "verdict": VerdictOut.of(judged.verdict, quotes=False).model_dump()})  # fmt: skip
    elif judged.verdict.cleared:
        typer.echo(judged.verdict.text)
    if out:
        typer.echo(f"{judged.write(out)}", err=True)
    elif judged.verdict.cleared is None:
        judged.write(Path("report.html"))  # raises with the reasons


def peers(
    context: typer.Context,
    nav: Annotated[Path | None, typer.Option(help="Folder of NAV files; default: copilot.nav_dir.")] = None,
) -> None:
    """Make the table of peers' returns from the NAV files, for ranks in reports: once a day is enough."""
    from copilot.diagnosis.data.peer_files import write_peers

    shared = context.ensure_object(Context)
    house = shared.house()
    kinds = {product.code: product.kind for product in house.products.all(principal=shared.principal(house))}
    written = write_peers(house.nav_folder(nav), kinds)
    typer.echo(f"{written.path}: {written.funds} funds, {written.unread} NAV files that could not be used")
