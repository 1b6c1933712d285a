"""`tougu kb wording`: approved wording, written by one person and approved by an officer who is another."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from serve.commands.context import Context, print_json

app = typer.Typer(help="Approved wording: what is said, word for word, to recurring questions.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name of the wording, e.g. capital-guarantee.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the audit log.")]


@app.command("list")
def list_(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="Only draft, approved, refused or retired ones.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Every version, the newest of each first."""
    from serve.routes.knowledge import wording_json

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.wordings.all(principal=shared.principal(house), state=state or None)
    if as_json:
        print_json([wording_json(one) for one in found])
        return
    for one in found:
        until = f" to {one.effective_to}" if one.effective_to else ""
        by = f", {one.decided_by}" if one.decided_by else ""
        typer.echo(f"{one.id} {one.version}  {one.state}{by}  from {one.effective_from}{until}  {one.question}")
        typer.echo(f"   {one.text}")
    if not found:
        typer.echo("There is no wording yet: `tougu kb wording propose FILE`.")


@app.command("propose")
def propose(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="YAML: a list of id, question, variants, text, effective_from ...")],
) -> None:
    """Write drafts, or next versions; an officer who is another person approves them."""
    from knowledge_base.wordings import read_drafts
    from serve.knowledge_desk import KnowledgeDesk

    shared = context.ensure_object(Context)
    house = shared.house()
    desk = KnowledgeDesk(house, shared.principal(house))
    for draft in read_drafts(file):
        made = desk.propose(draft)
        typer.echo(f"{made.id} {made.version}  draft  {made.question}")


@app.command("approve")
def approve(
    context: typer.Context,
    name: Name,
    version: Annotated[int, typer.Argument(help="Version, as `list` prints it.")],
    reason: Reason,
    refuse: Annotated[bool, typer.Option("--refuse", help="Refuse it instead.")] = False,
) -> None:
    """Approve a draft as an officer (`tougu --as OFFICER kb wording approve ...`)."""
    from serve.knowledge_desk import KnowledgeDesk

    shared = context.ensure_object(Context)
    house = shared.house()
    done = KnowledgeDesk(house, shared.principal(house)).decide(name, version, approve=not refuse, reason=reason)
    typer.echo(f"{done.id} {done.version} is {done.state}, from {done.effective_from}.")


@app.command("retire")
def retire(context: typer.Context, name: Name, reason: Reason) -> None:
    """Serve a wording no more."""
    from serve.knowledge_desk import KnowledgeDesk

    shared = context.ensure_object(Context)
    house = shared.house()
    done = KnowledgeDesk(house, shared.principal(house)).retire(name, reason=reason)
    typer.echo(f"{name} is retired ({len(done)} versions).")
