"""Commands of the prompt templates: what is in use, whether it passes its cases, what the firm changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json

if TYPE_CHECKING:
    from prompts.chat import ChatModel
    from prompts.library import PromptTemplate

app = typer.Typer(help="Prompt templates: shipped ones, and the firm's own over them.", no_args_is_help=True)
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
TASK_OF = {  # which task of the chat model a template is for; one of the firm's own is asked of the first model
    "answer": "answer", "answer_again": "answer", "gather": "answer", "rewrite_question": "rewrite",
    "lead_check": "verify", "intent_labels": "verify", "call_note": "note", "report_prose": "report",
}  # fmt: skip


@app.command("list")
def list_(context: typer.Context, as_json: Json = False) -> None:
    """Templates in use with version, content hash and origin; then own ones that were refused, and why."""
    library = context.ensure_object(Context).house().prompts
    rows = [
        {
            "name": t.name, "task": t.front.task, "version": t.front.version, "sha256": t.sha256,
            "own": library.is_own(t.name), "cases": len(t.front.tests), "refused": library.refused.get(t.name),
        }
        for t in library.list()
    ]  # fmt: skip
    if as_json:
        print_json(rows)
        return
    for row in rows:
        origin = "own" if row["own"] else "shipped"
        typer.echo(f"{row['name']}\tv{row['version']}\t{str(row['sha256'])[:12]}\t{origin}\t{row['task']}")
    for name, why in library.refused.items():
        typer.echo(f"{name}: not in use: {why}", err=True)


@app.command()
def show(context: typer.Context, name: str) -> None:
    """A template as it stands in its file."""
    typer.echo(context.ensure_object(Context).house().prompts.get(name).text)


@app.command("test")
def try_(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="One template; by default all.")] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Try this folder of own templates before it is in the settings.")
    ] = None,
    with_model: Annotated[bool, typer.Option("--model", help="Also ask the chat model each case.")] = False,
) -> None:
    """Run the cases of the templates; own ones that were refused fail too."""
    from prompts.library import PromptLibrary

    house = context.ensure_object(Context).house()
    library = PromptLibrary(folder) if folder else house.prompts
    wanted = [library.get(name)] if name and name not in library.refused else [] if name else library.list()
    found = [why for of, why in library.refused.items() if name in (None, of)]
    found += [each for template in wanted for each in template.failures()]
    if with_model:
        from prompts.cases import asked

        found += [each for template in wanted for each in asked(template, _model(context, template))]
    for each in found:
        typer.echo(each, err=True)
    if found:
        raise typer.Exit(1)
    typer.echo(f"{len(wanted)} templates pass their cases.")


@app.command()
def diff(
    context: typer.Context,
    name: str,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="A folder of own templates that is not in the settings yet.")
    ] = None,
) -> None:
    """What the firm's own template of that name changes in the shipped one."""
    from prompts.library import PromptLibrary

    library = PromptLibrary(folder) if folder else context.ensure_object(Context).house().prompts
    if name in library.refused:
        typer.echo(f"{name}: not in use: {library.refused[name]}", err=True)
    typer.echo(library.diff(name) or "The shipped template is in use, unchanged.")


def _model(context: typer.Context, template: PromptTemplate) -> ChatModel:
    from prompts.settings import ChatTask
    from serve.errors import ServeError

    task = ChatTask(TASK_OF.get(template.name, "answer"))
    model = context.ensure_object(Context).house().chat(task)
    if model is None:
        raise ServeError(f"No chat model is set for the task {task}: set chat.base_url and chat.model first.")
    return model
