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
    state: Annotated[str | None, typer.Option(help="new, offered, claimed, contacted, won, lost, wrong ...")] = None,
    escalated: Annotated[bool, typer.Option("--escalated", help="Only those whose clock ran out.")] = False,
    limit: Annotated[int, typer.Option(help="Leads to show.", min=1, max=1000)] = 50,
    as_json: Json = False,
) -> None:
    """The oldest leads that you may see, the best of them first; `claim` takes the best of all."""
    from intent.leads.queue import body

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.leads.list(
        principal=shared.principal(house), states=[state] if state else (), escalated=escalated, limit=limit
    )
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
        narrowed = state is not None or escalated
        typer.echo("No such lead." if narrowed else "No leads. Run `tougu calls` on recordings first.", err=True)


@app.command("cases")
def cases_list(
    context: typer.Context,
    kind: Annotated[str, typer.Option(help="case, ticket or consent.")] = "case",
    limit: Annotated[int, typer.Option(help="How many to show, at most 200.")] = 100,
    as_json: Json = False,
) -> None:
    """Unfinished cases, tickets and changes of consent; a case is hidden from the advisors it concerns."""
    from dataclasses import asdict

    from intent.follow_ups.item import Escalation
    from serve.times import shown

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.follow_ups.list(kind, principal=shared.principal(house), limit=limit).items
    shared.seen(house).view(kind, [(item.client_id, item.id) for item in found])
    if as_json:
        print_json([asdict(item) for item in found])
        return
    for item in found:
        late = "  OVERDUE" if item.escalation == Escalation.PASSED else ""
        named, who = item.number or item.id, item.client_id or "-"
        typer.echo(f"{named:<32}  {item.state:<9} {item.intent:<20} {who:<8} due {shown(item.due_at)}{late}")


@app.command("export")
def leads_export(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="File to write: .csv, .xlsx or .parquet.")]
) -> None:
    """Export the leads that you may see, without what was said; the export is written into the audit log."""
    from intent.leads.export import export_leads
    from serve.rights.exports import LEADS

    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    seen = shared.seen(house)
    mark = house.exports.allow(LEADS, rows=house.leads.count(principal=principal), principal=principal)
    count = export_leads(
        house.leads, file, taxonomy=house.taxonomy, principal=principal, mark=mark,
        before=lambda page: seen.export("lead", [(lead.client_id, lead.id) for lead in page]),
    )  # fmt: skip
    typer.echo(f"{count} leads written to {file}")


@app.command("claim")
def leads_claim(
    context: typer.Context,
    limit: Annotated[int, typer.Option(help="Leads to take at most.")] = 10,
    line: Annotated[list[str] | None, typer.Option(help="Only this product line; more than once for several.")] = None,
    intent: Annotated[list[str] | None, typer.Option(help="Only this intent; more than once for several.")] = None,
    lease_s: Annotated[
        int | None, typer.Option(help="Seconds until they return to the queue.", min=10, max=86_400)
    ] = None,
    as_json: Json = False,
) -> None:
    """Take the best offered leads; they return to the queue when the lease runs out."""
    from intent.leads.queue import body
    from intent.leads.sql.rows import Wanted
    from serve.times import shown

    shared = context.ensure_object(Context)
    house = shared.house()
    wanted = Wanted(lines=tuple(line or ()), intents=tuple(intent or ()))
    taken = house.leads.claim(principal=shared.principal(house), limit=limit, lease_s=lease_s, wanted=wanted)
    shared.seen(house).view("lead", [(lead.client_id, lead.id) for lead in taken])
    if as_json:
        print_json([body(lead) for lead in taken])
    else:
        for lead in taken:
            until = shown(lead.lease_until) if lead.lease_until else "-"
            typer.echo(f"{lead.id}  {lead.score:.2f}  {lead.client_id:<8} {lead.intent}  until {until}")


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


@app.command("back")
def leads_back(
    context: typer.Context,
    lead_id: str,
    why: Annotated[str, typer.Option(help="Reason, kept with the lead.")] = "",
) -> None:
    """Give a claimed lead back to the queue."""
    shared = context.ensure_object(Context)
    house = shared.house()
    lead = house.leads.nack(lead_id, principal=shared.principal(house), why=why)
    typer.echo(f"{lead.id} is {lead.state.value} again.")


@app.command("offer")
def leads_offer(
    context: typer.Context,
    lead_id: str,
    to: Annotated[str, typer.Argument(help="User id of the member of staff.")],
    why: Annotated[str, typer.Option(help="Reason, kept with the lead.")] = "",
) -> None:
    """Put a waiting lead before another member of staff; advice goes to registered advisers alone."""
    shared = context.ensure_object(Context)
    house = shared.house()
    lead = house.leads.offer(lead_id, to, principal=shared.principal(house), why=why)
    typer.echo(f"{lead.id} is {lead.state.value}, with {lead.advisor_id or 'nobody'}.")


@app.command("events")
def leads_events(context: typer.Context, lead_id: str, as_json: Json = False) -> None:
    """What happened to a lead: when, who, why."""
    from dataclasses import asdict

    from serve.times import shown

    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    lead = house.leads.get(lead_id, principal=principal)
    shared.seen(house).view("lead", [(lead.client_id, lead.id)])
    told = house.leads.events(lead_id, principal=principal)
    if as_json:
        print_json([asdict(event) for event in told])
        return
    for event in told:
        typer.echo(f"{shown(event.at)}  {event.event:<12} {event.state.value:<10} {event.by:<12} {event.why}")


@app.command("sweep")
def leads_sweep(context: typer.Context, as_json: Json = False) -> None:
    """What the worker does by itself: leases end, clocks run out, old leads expire, waiting ones are given."""
    from dataclasses import asdict

    house = context.ensure_object(Context).house()
    done = asdict(house.lead_clock.sweep())
    if as_json:
        print_json(done)
        return
    typer.echo(", ".join(f"{name.replace('_', ' ')} {count}" for name, count in done.items()))


@app.command("dead")
def leads_dead(
    context: typer.Context,
    replay: Annotated[list[str] | None, typer.Option(help="Deliver this message after all, by id.")] = None,
    replay_all: Annotated[bool, typer.Option("--replay-all", help="Deliver all of them after all.")] = False,
    enable: Annotated[bool, typer.Option("--enable", help="Send to a receiver again that had said 410.")] = False,
    as_json: Json = False,
) -> None:
    """Messages that were given up, and whether the receiver is sent anything; delivers them again when asked."""
    from intent.leads.endpoints import KEEPERS
    from intent.leads.queue import TOPIC
    from serve.times import shown

    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    principal.require("read dead letters", *KEEPERS)
    if enable:
        house.endpoints.enable(TOPIC, principal=principal)
    for message_id in replay or ():
        house.outbox.replay(message_id)
    replayed = len(replay or ()) + (house.outbox.replay_all(TOPIC) if replay_all else 0)
    off, letters = house.endpoints.disabled(TOPIC), house.outbox.dead(topic=TOPIC)
    rows = [
        {
            "id": letter.id, "type": letter.payload.get("type"), "lead": letter.payload.get("id"),
            "attempts": letter.attempt, "why": house.outbox.attempts(letter.id)[-1].detail,
        }
        for letter in letters
    ]  # fmt: skip
    if as_json:
        print_json({"disabled": off.why if off else None, "replayed": replayed, "dead": rows})
        return
    if replayed:
        typer.echo(f"{replayed} will be delivered again.")
    if off:
        typer.echo(f"The receiver is disabled since {shown(off.disabled_at)}: {off.why}. Use --enable.")
    for row in rows:
        typer.echo(f"{row['id']}  {row['type']:<16} {row['lead']}  after {row['attempts']}: {row['why']}")
    if not rows and not replayed:
        typer.echo("No message was given up.", err=True)
