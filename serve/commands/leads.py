"""Commands of the lead queue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serve.commands.context import Context, print_json

app = typer.Typer(help="The lead queue: list, export, report outcomes, offer again.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


@app.command("list")
def leads_list(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help="new, claimed, contacted, won, lost, wrong, held ...")] = None,
    limit: Annotated[int, typer.Option(help="Leads to show.")] = 50,
    as_json: Json = False,
) -> None:
    """Leads that you may see, the best first."""
    from intent.leads.queue import body

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.leads.list(principal=shared.principal(house), states=[state] if state else (), limit=limit)
    found = tuple(sorted(found, key=lambda lead: -lead.score))
    shared.seen(house).view("lead", [(lead.client_id, lead.id) for lead in found])
    if as_json:
        print_json([body(lead) for lead in found])
        return
    for lead in found:
        product = lead.product or "-"
        typer.echo(
            f"{lead.id}  {lead.score:.2f}  {lead.state.value:<9} {lead.client_id:<8} {lead.intent:<22} {product}"
        )
    if not found:
        typer.echo("No leads. Run `tougu calls` on recordings first.", err=True)


@app.command("cases")
def cases_list(
    context: typer.Context,
    kind: Annotated[str, typer.Option(help="case, ticket or consent.")] = "case",
    as_json: Json = False,
) -> None:
    """Cases, tickets and changes of consent; a case is hidden from the advisor it concerns."""
    from dataclasses import asdict

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.leads.follow_ups(kind, principal=shared.principal(house))
    shared.seen(house).view(kind, [(item.client_id, item.id) for item in found])
    if as_json:
        print_json([asdict(item) for item in found])
        return
    for item in found:
        typer.echo(f"{item.id}  {item.intent:<20} {item.client_id or '-':<8} due {item.due_at:%Y-%m-%d %H:%M}")


@app.command("export")
def leads_export(context: typer.Context, file: Annotated[Path, typer.Argument(help="CSV file to write.")]) -> None:
    """Export the leads that you may see as CSV; the export is written into the audit log."""
    from intent.leads.export import export_csv

    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    seen = shared.seen(house)
    count = export_csv(
        house.leads, file, taxonomy=house.taxonomy, principal=principal,
        before=lambda page: seen.export("lead", [(lead.client_id, lead.id) for lead in page]),
    )  # fmt: skip
    typer.echo(f"{count} leads written to {file}")


@app.command("claim")
def leads_claim(
    context: typer.Context,
    limit: Annotated[int, typer.Option(help="Leads to take at most.")] = 10,
    as_json: Json = False,
) -> None:
    """Take the best offered leads; they return to the queue when the lease runs out."""
    from intent.leads.queue import body

    shared = context.ensure_object(Context)
    house = shared.house()
    taken = house.leads.claim(principal=shared.principal(house), limit=limit)
    shared.seen(house).view("lead", [(lead.client_id, lead.id) for lead in taken])
    if as_json:
        print_json([body(lead) for lead in taken])
    else:
        for lead in taken:
            typer.echo(f"{lead.id}  {lead.score:.2f}  {lead.client_id:<8} {lead.intent}  until {lead.lease_until}")


@app.command("requeue")
def leads_requeue(
    context: typer.Context,
    lead_id: str,
    why: Annotated[str, typer.Option(help="Reason, kept with the lead.")],
) -> None:
    """Offer a lead again; a held one needs a compliance officer."""
    shared = context.ensure_object(Context)
    house = shared.house()
    lead = house.leads.requeue(lead_id, principal=shared.principal(house), why=why)
    typer.echo(f"{lead.id} is {lead.state.value} again.")


@app.command("done")
def leads_done(
    context: typer.Context,
    lead_id: str,
    outcome: Annotated[str, typer.Argument(help="contacted, won, lost or wrong.")],
    reason: Annotated[str, typer.Option(help="Why, above all for wrong.")] = "",
) -> None:
    """Report what became of a claimed lead."""
    shared = context.ensure_object(Context)
    house = shared.house()
    lead = house.leads.ack(lead_id, disposition=outcome, reason=reason, principal=shared.principal(house))
    typer.echo(f"{lead.id} is {lead.state.value}.")
