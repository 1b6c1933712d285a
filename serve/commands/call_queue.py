"""`tougu calls failed` and `tougu calls requeue`: calls that the worker gave up, and another try."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json
from serve.times import shown

if TYPE_CHECKING:
    from jobs.leases import Job

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def failed(context: typer.Context, as_json: Json = False) -> None:
    """Calls that the background worker gave up, the oldest first, each with its reason."""
    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.call_queue.failed(principal=shared.principal(house))
    if as_json:
        print_json([_plain(job) for job in found])
        return
    for job in found:
        typer.echo(f"{job.id}  {job.payload['call_id']}  {shown(job.updated_at)}\n  {job.error}")
    if not found:
        typer.echo("No call failed.", err=True)


def requeue(
    context: typer.Context,
    jobs: Annotated[list[str] | None, typer.Argument(help="Ids of jobs, see `tougu calls failed`.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every call that failed.")] = False,
) -> None:
    """Try failed calls again; what was transcribed of them is not transcribed again."""
    from serve.errors import ServeError

    if bool(jobs) == every:
        raise ServeError("Nothing was named: give ids of jobs, or --all.")
    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    if every:
        typer.echo(f"{house.call_queue.requeue_failed(principal=principal)} calls are tried again.")
        return
    for job_id in jobs or ():
        job = house.call_queue.requeue(job_id, principal=principal)
        typer.echo(f"{job.payload['call_id']} is tried again.")


def _plain(job: Job) -> dict[str, object]:
    return {
        "job": job.id,
        "call_id": job.payload["call_id"],
        "path": job.payload["path"],
        "attempts": job.attempts,
        "failed_at": job.updated_at,
        "reason": job.error,
    }


def forget(context: typer.Context) -> None:
    """Remove recordings whose time is over now; the worker does it by itself, four times a day."""
    from datetime import UTC, datetime

    from knowledge_base.access import Role

    shared = context.ensure_object(Context)
    house = shared.house()
    shared.principal(house).require("remove recordings", Role.OPERATIONS, Role.COMPLIANCE, Role.SYSTEM)
    swept = house.recording_keeper.sweep(datetime.now(UTC))
    typer.echo(f"{swept.removed} recordings were removed, {swept.held} are under a legal hold.")
