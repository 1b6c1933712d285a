"""Commands of tags and segments: check rules, set tags, pick clients by tags, lists with their approval."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json, progress_bar

if TYPE_CHECKING:
    from intent.segments.pick import Pick

app = typer.Typer(help="Tags of clients as rules, and segments picked by tags.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
All = Annotated[list[str] | None, typer.Option("--all", help="Tag that clients must have; again for more.")]
AnyOf = Annotated[list[str] | None, typer.Option("--any", help="Tags of which clients must have one.")]
NoneOf = Annotated[list[str] | None, typer.Option("--none", help="Tag that clients must not have.")]


@app.command()
def lint(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="A rule file; default: those in use.")] = None,
) -> None:
    """Check tag rules: every mistake with its place and what to do, and tags that have ended."""
    from intent.segments.rules import check_rules

    house = context.ensure_object(Context).house()
    files = [file] if file else [None, *filter(None, [house.settings.segments.tags])]
    good = bad = 0
    for each in files:
        rules, mistakes = check_rules(each, today=house.today())
        for mistake in mistakes:
            typer.echo(f"{each or 'shipped'}, {mistake}")
        good, bad = good + len(rules.by_id), bad + len(mistakes)
    typer.echo(f"{good} tags can be read, {bad} mistakes.", err=True)
    if bad:
        raise typer.Exit(2)


@app.command()
def refresh(
    context: typer.Context,
    whole: Annotated[bool, typer.Option("--all", help="Look at every client.")] = False,
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Set them as of a later day.")] = None,
    as_json: Json = False,
) -> None:
    """Set the tags of clients of whom something changed or whose day has come; the worker does it by itself."""
    from dataclasses import asdict

    shared = context.ensure_object(Context)
    house = shared.house()
    with progress_bar() as bar:
        task = bar.add_task("clients", total=None, note="")
        done = house.tags.refresh(
            day.date() if day else house.today(), principal=shared.principal(house), whole=whole,
            progress=lambda n, of: bar.update(task, completed=n, total=of),
        )  # fmt: skip
    if as_json:
        print_json(asdict(done))
    else:
        typer.echo(f"{done.day}: {done.clients} clients looked at, {done.tagged} tags set, {done.untagged} taken away.")


@app.command()
def tags(
    context: typer.Context,
    client: Annotated[str | None, typer.Option(help="Tags of this client.")] = None,
    as_json: Json = False,
) -> None:
    """Tags in force, with how many of your clients have them; or those of one client."""
    from dataclasses import asdict

    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    if client is not None:
        house.clients.get(client, principal=principal)
        found = house.segments.tags_of(client, principal=principal)
        shared.seen(house).view("tags", [(client, tag) for tag in found])
        if as_json:
            print_json(found)
        for tag, since in [] if as_json else found.items():
            typer.echo(f"{tag:<28} since {since}")
        return
    counted = house.segments.tags(principal=principal)
    if as_json:
        print_json([asdict(each) for each in counted])
        return
    for each in counted:
        typer.echo(f"{each.clients:>9}  {each.id:<28} {each.zh}  ({each.owner}, until {each.expires})")
    if house.segments.as_of() is None:
        typer.echo("No tag was set yet: run `tougu segments refresh`.", err=True)


@app.command()
def count(context: typer.Context, all_of: All = None, any_of: AnyOf = None, none_of: NoneOf = None) -> None:
    """How many of your clients a pick by tags would hold."""
    shared = context.ensure_object(Context)
    house = shared.house()
    typer.echo(house.segments.count(_pick(all_of, any_of, none_of), principal=shared.principal(house)))


@app.command()
def save(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Small Latin letters, digits, - and _.")],
    title: Annotated[str, typer.Option(help="What it is for, for people.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day, YYYY-MM-DD.")],
    all_of: All = None,
    any_of: AnyOf = None,
    none_of: NoneOf = None,
    owner: Annotated[str, typer.Option(help="User who answers for it; default: you.")] = "",
) -> None:
    """Keep a pick under a name; only its owner, or operations, may change it."""
    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    pick = _pick(all_of, any_of, none_of)
    saved = house.segments.save(
        name, zh=title, pick=pick, expires_on=until.date(), owner=owner, principal=principal
    )  # fmt: skip
    n = house.segments.count(pick, principal=principal)
    typer.echo(f"{saved.name}: {n} clients, owned by {saved.owner} until {saved.expires_on}.")


@app.command("list")
def segments_list(context: typer.Context, as_json: Json = False) -> None:
    """Every segment."""
    from serve.routes.segments import segment_json

    house = context.ensure_object(Context).house()
    rows = [segment_json(each, house.today()) for each in house.segments.all()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        picked = " ".join(
            f"{word} {','.join(row[key])}" for word, key in (("all", "all_of"), ("any", "any_of"), ("none", "none_of"))
            if row[key]
        )  # fmt: skip
        ended = " (ended)" if row["expired"] else ""
        typer.echo(f"{row['name']:<24} {row['zh']}  {picked}  ({row['owner']}, until {row['expires_on']}{ended})")
    if not rows:
        typer.echo("No segment yet: keep one with `tougu segments save`.", err=True)


@app.command()
def remove(context: typer.Context, name: str) -> None:
    """Forget a segment."""
    shared = context.ensure_object(Context)
    house = shared.house()
    house.segments.remove(name, principal=shared.principal(house))
    typer.echo(f"{name} was removed.")


@app.command()
def ask(
    context: typer.Context,
    name: str,
    reason: Annotated[str, typer.Option(help="What the list is for; kept in the audit log.")],
    as_json: Json = False,
) -> None:
    """Ask for a list of a segment's clients; above a size another person approves it first."""
    from serve.routes.segments import list_json
    from serve.segment_desk import SegmentDesk

    shared = context.ensure_object(Context)
    house = shared.house()
    asked = SegmentDesk(house, shared.principal(house)).ask(name, reason=reason)
    if as_json:
        print_json(list_json(asked))
        return
    typer.echo(f"{asked.id}: {asked.clients} clients, {asked.left_out} not to be contacted left out; {asked.state}.")
    if asked.state == "pending":
        typer.echo(
            f"Another person decides: tougu --as USER segments decide {asked.id} --approve --reason ...", err=True
        )


@app.command()
def lists(context: typer.Context, as_json: Json = False) -> None:
    """Lists that you asked for, and all of them for those who approve."""
    from serve.routes.segments import list_json

    shared = context.ensure_object(Context)
    house = shared.house()
    rows = [list_json(each) for each in house.lists.asked(principal=shared.principal(house))]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(
            f"{row['id']}  {row['state']:<9} {row['clients']:>8}  {row['segment']}  {row['asked_by']}: {row['reason']}"
        )


@app.command()
def decide(
    context: typer.Context,
    list_id: str,
    approve: Annotated[bool, typer.Option("--approve/--refuse", help="What you decide.")],
    reason: Annotated[str, typer.Option(help="Why; kept in the audit log.")],
) -> None:
    """Approve or refuse another person's list."""
    from serve.segment_desk import SegmentDesk

    shared = context.ensure_object(Context)
    house = shared.house()
    done = SegmentDesk(house, shared.principal(house)).decide(list_id, approve=approve, reason=reason)
    typer.echo(f"{done.id} is {done.state}.")


@app.command()
def export(
    context: typer.Context,
    list_id: str,
    file: Annotated[Path, typer.Argument(help="CSV file to write.")],
) -> None:
    """Write an approved list as CSV; every client of it is written into the audit log first."""
    from serve.segment_desk import SegmentDesk

    shared = context.ensure_object(Context)
    house = shared.house()
    beside = file.with_name(f".{file.name}.new")
    try:
        with beside.open("w", encoding="utf-8-sig", newline="") as out:  # the mark makes Excel read UTF-8
            n = SegmentDesk(house, shared.principal(house)).write_csv(list_id, out)
        beside.replace(file)
    finally:
        beside.unlink(missing_ok=True)
    typer.echo(f"{n} clients written to {file}")


def _pick(all_of: list[str] | None, any_of: list[str] | None, none_of: list[str] | None) -> Pick:
    from intent.segments.pick import Pick

    return Pick(all_of=tuple(all_of or ()), any_of=tuple(any_of or ()), none_of=tuple(none_of or ()))
