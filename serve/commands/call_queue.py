"""Calls on their way: what waits and where, whose calls they are, which are kept, and another try of what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json, progress_bar
from serve.times import shown

if TYPE_CHECKING:
    from intent.call_records.row import CallRow
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


def waiting(context: typer.Context, as_json: Json = False) -> None:
    """Calls on their way: how many stand where, how fast they are read, and what lies in the watched folder."""
    from datetime import UTC, datetime

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.call_lane.overview(datetime.now(UTC), principal=shared.principal(house))
    if as_json:
        print_json(found)
        return
    typer.echo("  ".join(f"{count} {state}" for state, count in found["counts"].items()))
    speed = found["end_to_leads"]
    if speed["calls"]:
        typer.echo(
            f"end of call to leads, last {speed['hours']:.0f} h: p50 {speed['p50_s'] / 60:.1f} min, "
            f"p95 {speed['p95_s'] / 60:.1f} min, {speed['calls']} calls"
        )
    folder = found["folder"]
    if folder is None:
        typer.echo("No folder is watched: set calls.watch.", err=True)
        return
    typer.echo(folder["away"] or f"watched folder: {folder['waiting_count']} files not taken yet")
    for name in folder["waiting"]:
        typer.echo(f"  {name}")
    for each in folder["refused"]:
        typer.echo(f"  refused {each['file']}: {each['reason']}")


def unassigned(context: typer.Context, as_json: Json = False) -> None:
    """Calls of which nobody knows for certain whose they are; answer with `tougu calls assign`."""
    _parked(context, "unassigned", as_json)


def kept(context: typer.Context, as_json: Json = False) -> None:
    """Calls that are kept and not analysed, with the reason; `tougu calls again` has one looked at once more."""
    _parked(context, "kept", as_json)


def _parked(context: typer.Context, state: str, as_json: bool) -> None:
    from intent.call_records.row import CallState
    from serve.call_lane import REASONS

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.call_records.parked(CallState(state), principal=shared.principal(house))
    shared.seen(house).view("waiting call", [(row.client_id, row.call_id) for row in found])
    if as_json:
        print_json([_waiting(row) for row in found])
        return
    for row in found:
        lines = "  ".join(f"{side['role']} …{side['tail']}" for side in row.sides)
        typer.echo(f"{row.call_id}  {shown(row.started_at or row.arrived_at or row.updated_at)}  {lines}".rstrip())
        may = ", ".join(f"{who}: {' '.join(ids)}" for who, ids in row.candidates.items() if len(ids) > 1)
        typer.echo(f"  {REASONS[row.reason]}{f' ({may})' if may else ''}")
    if not found:
        typer.echo(f"No call is {state}.", err=True)


def assign(
    context: typer.Context,
    call: Annotated[str, typer.Argument(help="Id of the call, see `tougu calls unassigned`.")],
    client: Annotated[str, typer.Option("--client", help="Whose call it is.")],
    advisor: Annotated[str | None, typer.Option("--advisor", help="The advisor on the line, where known.")] = None,
    why: Annotated[str, typer.Option("--why", help="How that is known; kept.")] = "",
) -> None:
    """Say whose call it is; the worker reads it then, if the client agreed to AI analysis."""
    shared = context.ensure_object(Context)
    house = shared.house()
    house.call_lane.assign(call, client_id=client, advisor_id=advisor, why=why, principal=shared.principal(house))
    typer.echo(f"{call} is a call of {client}; it is read in the background.")


def aside(
    context: typer.Context,
    call: Annotated[str, typer.Argument(help="Id of the call, see `tougu calls unassigned`.")],
    why: Annotated[str, typer.Option("--why", help="Why it is no client's; kept.")],
) -> None:
    """Say that a call is no client's: it is kept and not asked about again."""
    shared = context.ensure_object(Context)
    house = shared.house()
    house.call_lane.set_aside(call, why=why, principal=shared.principal(house))
    typer.echo(f"{call} is kept and not read.")


def again(
    context: typer.Context,
    calls: Annotated[list[str], typer.Argument(help="Ids of calls, see `tougu calls kept`.")],
) -> None:
    """Look at kept calls once more, e.g. when their clients have agreed since; without consent they are kept again."""
    shared = context.ensure_object(Context)
    house = shared.house()
    for call in calls:
        house.call_lane.read_again(call, principal=shared.principal(house))
        typer.echo(f"{call} is looked at again in the background.")


def _waiting(row: CallRow) -> dict[str, object]:
    return {
        "id": row.call_id,
        "state": row.state.value,
        "reason": row.reason,
        "client_id": row.client_id,
        "advisor_id": row.advisor_id,
        "started_at": row.started_at,
        "arrived_at": row.arrived_at,
        "lines": [{"role": side["role"], "tail": side["tail"]} for side in row.sides],
        "candidates": row.candidates,
    }


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


def mask(context: typer.Context) -> None:
    """Mask identifiers in what is stored of calls that were read before masks were, or before they found so much.

    Leads, notes, tasks, cases, tickets and findings; the words are kept under the client's key, and their ids printed.
    Stopped at any moment, the same command goes on where it was.
    """
    import threading

    from jobs.progress import reporting
    from serve.stored_masks import MaskRun, StoredMasks

    shared = context.ensure_object(Context)
    house = shared.house()
    stored = StoredMasks(house)
    stored.enqueue(principal=shared.principal(house))
    known = set(stored.changed())
    with progress_bar() as bar:
        task = bar.add_task("calls", total=None, note="")

        def show(run: MaskRun) -> None:
            bar.update(task, total=run.total, completed=run.done + run.failed)

        with reporting(stored, show):
            stored.run(stop=threading.Event())
        show(stored.progress())
    for each in stored.changed():
        if each not in known:  # masks that find more are kept under an id of their own
            typer.echo(f"{each.call_id}  {each.originals}")
    ended = stored.progress()
    typer.echo(f"{ended.done} calls looked at, {ended.failed} failed.", err=True)
    if ended.failed:
        raise typer.Exit(1)
