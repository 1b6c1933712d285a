"""`tougu deliveries`: what became of reports that were sent to clients."""

from __future__ import annotations

from typing import Annotated

import typer

from serve.commands.context import Context, print_json

app = typer.Typer(no_args_is_help=True, help="Reports sent to clients: links, reactions, tasks, effect.")
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


@app.command("list")
def list_(
    context: typer.Context,
    client: Annotated[str | None, typer.Option(help="Of this client alone.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="How many, the newest first.")] = 50,
    as_json: Json = False,
) -> None:
    """Links to reports, with what clients did where they agreed to its record."""
    from serve.routes.deliveries import link_json
    from serve.times import shown

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.links.list(principal=shared.principal(house), client_id=client, limit=limit)
    shared.seen(house).view("delivery", [(each.client_id, each.id) for each in found])
    if as_json:
        print_json([link_json(house, each) for each in found])
        return
    for each in found:
        did = house.reactions.of(each)
        said = f"{len(did)} reactions" if each.consent == "yes" else "no consent, nothing is recorded"
        typer.echo(f"{each.id}  {each.client_id}  {each.state}  until {shown(each.expires_at)}  {said}")
        for one in did:
            extra = " ".join(str(part) for part in (one.part, one.value, one.words) if part not in (None, ""))
            typer.echo(f"  {shown(one.at)}  {one.kind}  {extra}")


@app.command()
def revoke(
    context: typer.Context,
    link: Annotated[str, typer.Argument(help="Id of the link, rl_...")],
    reason: Annotated[str, typer.Option(help="Why it is closed.")],
) -> None:
    """Close a link at once and for good."""
    shared = context.ensure_object(Context)
    house = shared.house()
    closed = house.links.revoke(link, reason=reason, principal=shared.principal(house))
    typer.echo(f"{closed.id}: {closed.state}")


@app.command()
def tasks(
    context: typer.Context,
    advisor: Annotated[str | None, typer.Option(help="Of this advisor alone.")] = None,
    as_json: Json = False,
) -> None:
    """What advisors are to do after sending, the first due first."""
    from serve.routes.deliveries import task_json
    from serve.times import shown

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.report_tasks.list(principal=shared.principal(house), advisor_id=advisor)
    shared.seen(house).view("delivery_task", [(each.client_id, each.id) for each in found])
    if as_json:
        print_json([task_json(each) for each in found])
        return
    for each in found:
        typer.echo(f"{each.id}  {each.client_id}  {each.advisor_id or '-'}  due {shown(each.due_at)}  {each.what}")
        if each.words:
            typer.echo(f"  {each.words}")


@app.command()
def effect(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=365, help="Days after sending.")] = 30,
    as_json: Json = False,
) -> None:
    """Clients who were sent a report against comparable ones who were not; an observation, no experiment."""
    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.effect_study.run(days=days, today=house.today(), principal=shared.principal(house))
    if as_json:
        print_json(found.json())
        return
    typer.echo(
        f"{found.days} days after sending: {found.served} clients served, {found.matched} of them with comparable "
        f"clients, {found.controls} comparable clients"
    )
    for each in found.measures:
        if each.n == 0:
            typer.echo(f"  {each.label}: unknown")
            continue
        interval = f"95 % {each.low:,} to {each.high:,}" if each.low is not None else "too few for an interval"
        typer.echo(
            f"  {each.label}: served {each.served:,}, others {each.others:,}, difference {each.difference:,} "
            f"({interval}, n={each.n})"
        )
    typer.echo(found.caution)
