"""`tougu calls note` and `tougu calls tasks`: what was promised in calls, confirmed and kept."""

from __future__ import annotations

from datetime import datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json
from serve.times import SHANGHAI, shown

if TYPE_CHECKING:
    from intent.notes.desk import Task

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def note(
    context: typer.Context,
    call_id: Annotated[str, typer.Argument(help="Id of the call.")],
    confirm: Annotated[bool, typer.Option("--confirm", help="Put the note in force and send it to the CRM.")] = False,
    text: Annotated[
        Path | None, typer.Option("--text", help="With --confirm: a file with the note in your words, UTF-8.")
    ] = None,
    version: Annotated[
        int | None, typer.Option("--version", help="The version you read; needed to change a confirmed note.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The note of a call; with --confirm it goes to the CRM."""
    from serve.errors import ServeError
    from serve.routes.notes import note_json

    if text is not None and not confirm:
        raise ServeError("--text changes nothing by itself: add --confirm.")
    words = _read(text) if text else None
    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    if confirm:
        found = house.notes.confirm(call_id, principal=principal, text=words, version=version)
    else:
        found = house.notes.get(call_id, principal=principal)
    shared.seen(house).view("note", [(found.client_id, call_id)])
    if as_json:
        print_json(note_json(found))
        return
    by = f" by {found.confirmed_by}" if found.confirmed_by else ""
    typer.echo(f"{found.call_id}  {found.state}{by}  version {found.version}")
    typer.echo(found.text)


def tasks(
    context: typer.Context,
    advisor: Annotated[str | None, typer.Option("--advisor", help="Only the tasks of this advisor.")] = None,
    due_before: Annotated[str | None, typer.Option("--due-before", help="Only what is due before YYYY-MM-DD.")] = None,
    done: Annotated[str | None, typer.Option("--done", help="Close the task with this id.")] = None,
    wrong: Annotated[bool, typer.Option("--wrong", help="With --done: nobody promised it.")] = False,
    limit: Annotated[int, typer.Option(help="Tasks to show.")] = 50,
    as_json: Json = False,
) -> None:
    """What advisors promised in calls, the first due first; --done closes one."""
    from serve.routes.notes import task_json

    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    found: tuple[Task, ...]
    if done:
        found = (house.notes.close(done, principal=principal, outcome="wrong" if wrong else "done"),)
    else:
        found = house.notes.tasks(
            principal=principal, advisor_id=advisor, due_before=_midnight(due_before), limit=limit
        )
    shared.seen(house).view("task", [(task.client_id, task.id) for task in found])
    if as_json:
        print_json([task_json(task) for task in found])
        return
    for task in found:
        typer.echo(_line(task))
    if not found:
        typer.echo("No tasks.", err=True)


def _line(task: Task) -> str:
    due = shown(task.due_at) if task.due_at else "-"
    return f"{task.id}  {task.state:<5} {due:<16}  {task.advisor_id or '-':<8} {task.client_id or '-':<8} {task.what}"


def _midnight(day: str | None) -> datetime | None:
    """The beginning of a day in China."""
    from serve.wiring import as_day

    found = as_day(day)
    return datetime.combine(found, time(), SHANGHAI) if found else None


def _read(path: Path) -> str:
    from serve.errors import ServeError

    try:
        words = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ServeError(f"{path} cannot be read ({error}): name a text file in UTF-8.") from error
    if not words.strip():
        raise ServeError(f"{path} is empty: write the note into it.")
    return words
