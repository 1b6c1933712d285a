"""Commands of the operator: settings, health, users, models, imports, backups."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json

if TYPE_CHECKING:
    from models.entries import ModelEntry

users_app = typer.Typer(help="People who use this installation, and their roles.", no_args_is_help=True)
models_app = typer.Typer(help="Weights: what is used, from where, under which licence.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def config(context: typer.Context, as_json: Json = False) -> None:
    """Print every setting with its effective value, meaning and unit; secrets are masked."""
    from serve.settings import DELIMITER, PREFIX, describe

    settings = context.ensure_object(Context).settings()
    rows = list(describe(settings))
    if as_json:
        print_json({key: str(value) if value is not None else None for key, _field, value in rows})
        return
    section = ""
    for (table, _, name), key, field, value in sorted(
        ((key.rpartition("."), key, field, value) for key, field, value in rows), key=lambda row: row[0]
    ):
        if table != section:
            section = table
            typer.echo(f"\n[{table}]")
        typer.echo(f"# {field.description}  ({PREFIX}{key.upper().replace('.', DELIMITER)})")
        typer.echo(toml_line(name, value))


def toml_line(name: str, value: object) -> str:
    """A setting as the file would hold it; one that is not set, or is a secret, stays a comment."""
    from pydantic import SecretStr

    if value is None:
        return f"# {name} ="
    return f"{'# ' if isinstance(value, SecretStr) else ''}{name} = {toml_value(value)}"


def toml_value(value: object) -> str:
    """A value as TOML would hold it; a secret's type prints stars."""
    import json

    from pydantic import BaseModel, SecretStr

    if isinstance(value, BaseModel):
        held = {k: v for k, v in dict(value).items() if v is not None and not isinstance(v, SecretStr)}
        return toml_value(held)
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, tuple | list | frozenset | set):
        return "[" + ", ".join(toml_value(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(k))} = {toml_value(v)}" for k, v in value.items()) + "}"
    return json.dumps(str(value), ensure_ascii=False)


def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Look at weights, database, disk, fonts, rules, index and model server; say what to do."""
    from serve.doctor import examine

    checks = examine(context.ensure_object(Context).settings())
    if as_json:
        print_json([{"name": c.name, "state": c.state, "detail": c.detail, "remedy": c.remedy} for c in checks])
    else:
        for check in checks:
            typer.echo(check.line())
    if any(check.state == "fail" for check in checks):
        raise typer.Exit(1)


@users_app.command("list")
def users_list(context: typer.Context, as_json: Json = False) -> None:
    """Users with their roles, branches and document labels."""
    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.users.list(principal=shared.principal(house))
    if as_json:
        print_json([{"id": u.id, "roles": u.roles, "branches": u.branches, "labels": u.labels} for u in found])
        return
    for user in found:
        typer.echo(f"{user.id}\t{','.join(user.roles)}\t{','.join(user.branches)}\t{','.join(user.labels)}")
    if not found:
        typer.echo("No users yet: every command runs as the operator. Add one with `tougu users add`.", err=True)


@users_app.command("add")
def users_add(
    context: typer.Context,
    user_id: Annotated[str, typer.Argument(help="Their id; an advisor's is the advisor_id of the client file.")],
    role: Annotated[
        list[str],
        typer.Option(help="advisor, supervisor, compliance, editor, operations, crm; administrator, security, audit."),
    ],
    branch: Annotated[list[str] | None, typer.Option(help="Branch a supervisor is responsible for.")] = None,
    label: Annotated[list[str] | None, typer.Option(help="Document label this person may read.")] = None,
    password_prompt: Annotated[bool, typer.Option("--password-prompt", help="Ask for a password to log in.")] = False,
) -> None:
    """Add a user or replace their roles."""
    from serve.commands.rights import ask_password, role_named

    shared = context.ensure_object(Context)
    house = shared.house()
    roles, principal = [role_named(name) for name in role], shared.principal(house)
    house.users.add(user_id, roles=roles, branches=branch or [], labels=label or [], principal=principal)
    told = {"user": user_id, "roles": sorted(role), "branches": branch or [], "labels": label or []}
    house.audit.append(event="user.changed", actor=principal.user_id, data=told)
    if password_prompt:
        ask_password(context, user_id)
    typer.echo(f"{user_id} may now act as {', '.join(role)}: tougu --as {user_id} ...")


@users_app.command("remove")
def users_remove(context: typer.Context, user_id: str) -> None:
    """Take a user's roles and logins away."""
    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    house.users.remove(user_id, principal=principal)
    house.audit.append(event="user.removed", actor=principal.user_id, data={"user": user_id})
    typer.echo(f"{user_id} was removed.")


@models_app.command("list")
def models_list(context: typer.Context, as_json: Json = False) -> None:
    """Every registered model with its licence, filing record and state."""
    store = context.ensure_object(Context).house().model_store
    rows = [(store.entry(name), store.check(name)) for name in store.names()]
    if as_json:
        print_json([{**_entry(entry), "ok": s.ok, "detail": s.detail, "remedy": s.remedy} for entry, s in rows])
        return
    for entry, state in rows:
        typer.echo(f"{'ok  ' if state.ok else 'MISS'} {entry.name}: {entry.task}; {entry.licence}; {entry.filing}")
        typer.echo(f"     {state.detail}{f' -> {state.remedy}' if state.remedy else ''}")


def _entry(entry: ModelEntry) -> dict[str, str]:
    return {name: getattr(entry, name) for name in ("name", "task", "source", "licence", "filing", "approver")}


@models_app.command("verify")
def models_verify(context: typer.Context) -> None:
    """Put every model in place and compare its files with their checksums."""
    store = context.ensure_object(Context).house().model_store
    states = [store.verify(name) for name in store.names()]
    for state in states:
        typer.echo(f"{'ok  ' if state.ok else 'FAIL'} {state.name}: {state.detail} {state.remedy}".rstrip())
    if not all(state.ok for state in states):
        raise typer.Exit(1)


def import_(
    context: typer.Context,
    kind: Annotated[
        str,
        typer.Argument(
            help="clients, holdings, transactions, insistence, advisors, products, events, restricted, "
            "dispositions, calls, call-records or phones."
        ),
    ],
    file: Annotated[Path, typer.Argument(help="CSV in UTF-8, or Parquet; columns in docs/import.md.")],
    as_json: Json = False,
) -> None:
    """Import a documented CSV or Parquet file; one with a bad row changes nothing."""
    shared = context.ensure_object(Context)
    house = shared.house()
    report = house.import_file(kind, file, principal=shared.principal(house))
    if as_json:
        print_json(report)
    else:
        typer.echo(f"{kind}: {report['added']} added, {report['replaced']} replaced.")
        if kind == "calls":
            typer.echo("`tougu worker` (or `tougu serve`) reads them in the background.", err=True)
        if report.get("late"):
            typer.echo(f"{report['late']} calls had been read before: what is told of them changes nothing.", err=True)
        if report.get("asked"):
            typer.echo(
                f"Nobody knows for certain whose {report['asked']} calls are: `tougu calls unassigned`.", err=True
            )


def backup(context: typer.Context, target: Annotated[Path, typer.Argument(help="New folder for the copy.")]) -> None:
    """Copy everything consistently, also while the service runs, and verify the copy."""
    from serve.backup import backup as copy_all

    shared = context.ensure_object(Context)
    house = shared.house()
    manifest = copy_all(house.settings.home, house.engine, target, principal=shared.principal(house))
    typer.echo(f"{len(manifest.files)} files copied to {target} and verified.")


def restore(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(help="Folder made by `tougu backup`.")],
    force: Annotated[bool, typer.Option(help="Replace what is in home; the old one is kept beside.")] = False,
) -> None:
    """Verify a backup and put it in place of an empty home; stop the service first."""
    from serve.backup import restore as put_back
    from serve.database import open_engine

    settings = context.ensure_object(Context).settings()
    server = open_engine(settings.url) if settings.database_url else None
    put_back(source, settings.home, force=force, engine=server)
    typer.echo(f"Restored into {settings.home}.")
