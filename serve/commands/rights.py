"""Commands of logins and keys; who runs them is the machine's operator, or acts as somebody with the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json

if TYPE_CHECKING:
    from knowledge_base.access import Role

keys_app = typer.Typer(help="API keys of programs.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def ask_password(context: typer.Context, user_id: str) -> None:
    """Ask for a password twice, unseen, and set it."""
    shared = context.ensure_object(Context)
    house = shared.house()
    typed = typer.prompt(f"Password of {user_id}", hide_input=True, confirmation_prompt=True, err=True)
    house.logins.set_password(user_id, typed, principal=shared.principal(house))


def password(context: typer.Context, user_id: str) -> None:
    """Set a user's password; their logins end."""
    ask_password(context, user_id)
    typer.echo(f"{user_id} has a new password; their logins have ended.")


def invite(context: typer.Context, user_id: str) -> None:
    """Print a one-time link by which a user sets their password and authenticator."""
    from serve.times import iso

    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    token, until = house.credentials.invite(user_id, principal=principal)
    house.audit.append(event="login.invited", actor=principal.user_id, data={"user": user_id})
    server = house.settings.server
    base = server.url.rstrip("/") or f"http://{server.host}:{server.port}"
    typer.echo(f"{base}/login/setup#{token}")
    typer.echo(f"Good once, until {iso(until)}: give it to {user_id} and to nobody else.", err=True)


def authenticator(
    context: typer.Context,
    user_id: str,
    off: Annotated[bool, typer.Option("--off", help="Take it away, e.g. from a lost phone.")] = False,
) -> None:
    """Give a user a new authenticator, whose secret is shown this once; or take it away."""
    from knowledge_base.access import Role
    from serve.rights import totp

    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    principal.require("set up authenticators", Role.SECURITY, Role.SYSTEM)
    secret = None if off else totp.new_secret()
    house.credentials.set_totp(user_id, secret)
    told = {"user": user_id, "set": not off}
    house.audit.append(event="login.authenticator", actor=principal.user_id, data=told)
    typer.echo(f"{user_id} has no authenticator now." if secret is None else totp.uri(secret, user_id))


def sessions(context: typer.Context, as_json: Json = False) -> None:
    """Who is logged in, since when and from where."""
    from dataclasses import asdict

    from serve.times import iso

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.sessions.list(principal=shared.principal(house))
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        typer.echo(
            f"{each.id}\t{each.user_id}\t{each.how}\t{each.address}\t{iso(each.created_at)}\t{iso(each.seen_at)}"
        )


def logout(context: typer.Context, user_id: str) -> None:
    """End every login of a user."""
    from knowledge_base.access import Role

    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    principal.require("end logins of others", Role.SECURITY, Role.SYSTEM)
    count = house.sessions.end_all(user_id)
    house.audit.append(event="login.ended", actor=principal.user_id, data={"user": user_id, "count": count})
    typer.echo(f"{count} logins of {user_id} ended.")


def lockouts(context: typer.Context, as_json: Json = False) -> None:
    """Accounts and addresses that have to wait after failed logins."""
    from serve.times import iso

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.lockouts.list(principal=shared.principal(house))
    rows = [{"shown": e.shown, "failures": e.failures, "locked_until": iso(e.locked_until)} for e in found]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['shown'] or '(no such user)'}\t{row['failures']} failures\tuntil {row['locked_until']}")


def unlock(context: typer.Context, name: Annotated[str, typer.Argument(help="A user's id, or an address.")]) -> None:
    """Let an account or an address try again at once."""
    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    house.lockouts.unlock(name, principal=principal)
    house.audit.append(event="login.unlocked", actor=principal.user_id, data={"name": name[:80]})
    typer.echo(f"{name} may try again.")


@keys_app.command("add")
def keys_add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the program is called, e.g. crm-pull.")],
    role: Annotated[str, typer.Option(help="Its role, e.g. crm.")],
    group: Annotated[list[str], typer.Option(help="Group of routes that it opens; see `tougu keys groups`.")],
    days: Annotated[int, typer.Option(help="Days until it ends.")] = 90,
    branch: Annotated[list[str] | None, typer.Option(help="Branch whose clients it sees.")] = None,
    label: Annotated[list[str] | None, typer.Option(help="Document label that it reads.")] = None,
) -> None:
    """Make a key and print it, this once."""
    shared = context.ensure_object(Context)
    house = shared.house()
    made = house.api_keys.add(
        name, role=role_named(role), groups=group, days=days, branches=branch or [], labels=label or [],
        principal=shared.principal(house),
    )  # fmt: skip
    typer.echo(made)
    typer.echo("Send it as `Authorization: Bearer ...`. It is not kept here and not shown again.", err=True)


@keys_app.command("list")
def keys_list(context: typer.Context, as_json: Json = False) -> None:
    """Keys with scope, end and last use."""
    from dataclasses import asdict

    from serve.times import iso

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.api_keys.list(principal=shared.principal(house))
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for key in found:
        end = f"revoked {iso(key.revoked_at)}" if key.revoked_at else f"until {iso(key.expires_at)}"
        used = f"used {iso(key.used_at)} from {key.used_from}" if key.used_at else "never used"
        typer.echo(f"{key.id}\t{key.name}\t{key.role.value}\t{','.join(key.groups)}\t{end}\t{used}")


@keys_app.command("revoke")
def keys_revoke(context: typer.Context, key_id: str) -> None:
    """End a key for good."""
    shared = context.ensure_object(Context)
    house = shared.house()
    house.api_keys.revoke(key_id, principal=shared.principal(house))
    typer.echo(f"The key {key_id} opens nothing any more.")


@keys_app.command("groups")
def keys_groups(context: typer.Context) -> None:
    """Groups of routes: what each opens, and to which roles."""
    for group in context.ensure_object(Context).house().route_groups.groups:
        typer.echo(f"{group.name}\t{group.about}\t{','.join(sorted(group.roles))}")


def role_named(name: str) -> Role:
    """A role by its name. Raises ServeError for none."""
    from knowledge_base.access import Role
    from serve.errors import ServeError

    held = [role.value for role in Role if role is not Role.SYSTEM]
    if name not in held:
        raise ServeError(f"There is no role {name} that can be given: choose from {', '.join(held)}.")
    return Role(name)
