"""Commands on a client's key: seal, open, hold, destroy, and where it stands.

Each step but the look is an officer's own, who is asked for their password: a name behind `--as` proves nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context
from serve.times import shown

if TYPE_CHECKING:
    from compliance_filters.audit.erasure import KeyStatus
    from compliance_filters.audit.opening import Opening
    from knowledge_base.access import Principal
    from serve.wiring import House

Client = Annotated[str, typer.Argument(help="Id of the client.")]
Reason = Annotated[str, typer.Option(help="Why; kept in the log.")]
STATES = {
    "active": "in use",
    "sealed": "sealed: kept, and nobody reads or uses the texts",
    "destroyed": "destroyed: nobody can read the texts any more",
}


def status(context: typer.Context, client: Client) -> None:
    """Where a client's key stands: in use, sealed, opened, held, destroyed, and until when texts must be kept."""
    house, principal = _who(context)
    _print(client, house.erasure.status(client, principal=principal))
    _print_opening(house.openings.status(client, principal=principal))


def seal(context: typer.Context, client: Client, reason: Reason) -> None:
    """A client asked for erasure: end all reading of their texts, which the law orders kept."""
    house, principal = _who(context)
    _confirm(house, principal, "seal a client's texts")
    _print(client, house.erasure.seal(client, reason=reason, principal=principal))


def open_(
    context: typer.Context,
    client: Client,
    reason: Reason,
    hours: Annotated[int | None, typer.Option(help="How long, 1 to 168 hours; default: 24.")] = None,
    end: Annotated[bool, typer.Option("--end", help="End the opening, or take the request back.")] = False,
) -> None:
    """Open sealed texts for exports and dossiers where the law asks for it: one officer asks, another confirms,
    each with their own password."""
    house, principal = _who(context)
    _confirm(house, principal, "end an opening" if end else "open sealed texts")
    if end:
        house.openings.end(client, reason=reason, principal=principal)
        typer.echo(f"{client}: the texts are sealed again.")
        return
    reached = house.openings.open(client, reason=reason, hours=hours, principal=principal)
    _print_opening(reached)
    if reached.state == "asked":
        typer.echo("Nothing was opened yet: another officer has to run the same command.")


def hold(
    context: typer.Context,
    client: Client,
    reason: Reason,
    lift: Annotated[bool, typer.Option("--lift", help="End the hold.")] = False,
) -> None:
    """Place a client under a legal hold, under which nothing is destroyed, or lift it."""
    house, principal = _who(context)
    _confirm(house, principal, "lift a legal hold" if lift else "place a legal hold")
    step = house.erasure.lift if lift else house.erasure.hold
    _print(client, step(client, reason=reason, principal=principal))


def destroy(context: typer.Context, client: Client) -> None:
    """After the retention date one officer asks, another confirms, each by password: the client's key is gone."""
    house, principal = _who(context)
    _confirm(house, principal, "destroy a client's key")
    reached = house.erasure.destroy(client, principal=principal)
    _print(client, reached)
    if reached.state != "destroyed":
        typer.echo("Nothing was destroyed yet: another officer has to run the same command.")


def _who(context: typer.Context) -> tuple[House, Principal]:
    shared = context.ensure_object(Context)
    house = shared.house()
    return house, shared.principal(house)


def _confirm(house: House, principal: Principal, act: str) -> None:
    """Ask for the officer's own password, and code: nobody acts in another's name, nor one person in two names.

    Raises AccessDeniedError, ServeError for an officer who has no password, LoginError, LockedError.
    """
    from knowledge_base.access import Role
    from serve.errors import ServeError
    from serve.rights.logins import Attempt

    principal.require(act, Role.COMPLIANCE)
    kept = house.credentials.of(principal.user_id)
    if kept.password is None:
        raise ServeError(
            f"{principal.user_id} has no password, by which this step knows who takes it: let them set one with the "
            f"link of `tougu users invite {principal.user_id}`."
        )
    typed = typer.prompt(f"Password of {principal.user_id}", hide_input=True, err=True)
    code = typer.prompt(f"Code of {principal.user_id}", err=True) if kept.secret is not None else ""
    attempt = Attempt(user_id=principal.user_id, password=typed, code=code, address="command line")
    house.logins.confirm(attempt, act=act)


def _print(client: str, status: KeyStatus) -> None:
    typer.echo(f"{client}: {STATES[status.state]}.")
    if status.retain_until and status.state != "destroyed":
        typer.echo(f"  kept at least until {status.retain_until:%Y-%m-%d}")
    if status.hold_by and status.hold_at:
        typer.echo(f"  legal hold since {status.hold_at:%Y-%m-%d} by {status.hold_by}: nothing is destroyed")
    if status.destroy_by and status.state != "destroyed":
        typer.echo(f"  destruction asked for by {status.destroy_by}; a second person has to confirm")


def _print_opening(opening: Opening) -> None:
    if opening.state == "asked" and opening.asked_at:
        typer.echo(f"  opening for {opening.hours} h asked for by {opening.asked_by} at {shown(opening.asked_at)}: "
                   f"{opening.reason}")  # fmt: skip
    if opening.state == "open" and opening.until:
        typer.echo(f"  open until {shown(opening.until)} by {opening.asked_by} and {opening.opened_by}: "
                   f"{opening.reason}")  # fmt: skip
