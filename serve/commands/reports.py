"""The command of the report way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serve.commands.context import Context, print_json

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def diagnose(
    context: typer.Context,
    fund: Annotated[str | None, typer.Argument(help="Code of a fund.")] = None,
    client: Annotated[str | None, typer.Option(help="Diagnose what this client holds.")] = None,
    out: Annotated[Path | None, typer.Option("--out", help="report.pdf, .docx or .html")] = None,
    nav: Annotated[Path | None, typer.Option(help="Folder of NAV files; default: copilot.nav_dir.")] = None,
    benchmark: Annotated[Path | None, typer.Option(help="Benchmark CSV date,close.")] = None,
    benchmark_name: Annotated[str | None, typer.Option(help="What the benchmark is called.")] = None,
    as_json: Json = False,
) -> None:
    """Diagnose a fund or a client's holdings; the report is written only when the gate has cleared it."""
    from serve.errors import ServeError

    if (fund is None) == (client is None):
        raise ServeError("Name either a fund's code or --client: `tougu diagnose 990002` or `--client C0003`.")
    shared = context.ensure_object(Context)
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
        from serve.routes.wire import VerdictOut

        facts = [
            {"name": f.name, "value": str(f.value), "unit": f.unit, "period": f.period} for f in judged.report.facts
        ]
        measures = judged.report.measures.json() if judged.report.measures else None
        print_json({"text": judged.verdict.text if judged.verdict.cleared else None, "facts": facts,
                    "measures": measures,
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
