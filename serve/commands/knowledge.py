"""Commands of the question way: bring documents in, search, ask."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json, progress_bar
from serve.commands.wording import app as wording_app

if TYPE_CHECKING:
    from copilot.session import Reply
    from knowledge_base.sync import SyncReport

app = typer.Typer(help="The knowledge base: documents in, passages out.", no_args_is_help=True)
app.add_typer(wording_app, name="wording")
Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


@app.command("sync")
def kb_sync(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Folder of html, pdf, docx, xlsx, pptx, eml, md, txt, csv.")],
    delete: Annotated[bool, typer.Option(help="Remove what is no longer in the folder.")] = False,
    queue: Annotated[bool, typer.Option("--queue", help="Put each file before `tougu worker` instead.")] = False,
    reindex: Annotated[bool, typer.Option(help="Encode everything again, e.g. after another encoder was set.")] = False,
    as_json: Json = False,
) -> None:
    """Bring the knowledge base to the state of a folder; unchanged files cost nothing."""
    shared = context.ensure_object(Context)
    house = shared.house()
    if queue:
        from knowledge_base.catalog import WRITERS

        shared.principal(house).require("sync documents", *WRITERS)
        ids = house.document_queue.put_folder(folder)
        typer.echo(f"{len(ids)} documents wait for `tougu worker`: {house.jobs.counts('documents')}")
        return
    if reindex:
        house.index.clear()
    with progress_bar() as bar:
        task = bar.add_task("sync", total=None, note="")
        report = house.sync(
            folder,
            delete=delete,
            principal=shared.principal(house),
            progress=lambda done, total, path: bar.update(task, completed=done, total=total, note=Path(path).name),
        )
    _print_report(report, as_json=as_json)


def _print_report(report: SyncReport, *, as_json: bool) -> None:
    if as_json:
        print_json([asdict(row) for row in report.rows])
    else:
        counts = Counter(row.outcome for row in report.rows)
        typer.echo(
            ", ".join(f"{count} {outcome}" for outcome, count in counts.items()) or "The folder holds no documents."
        )
        for row in report.rows:
            for line in filter(None, (row.reason, *row.warnings)):
                typer.echo(f"  {row.outcome}: {row.path}: {line}", err=True)
    if report.failed:
        raise typer.Exit(1)


@app.command("add")
def kb_add(context: typer.Context, files: Annotated[list[Path], typer.Argument(help="Documents to add.")]) -> None:
    """Copy single documents into home and add them."""
    shared = context.ensure_object(Context)
    house = shared.house()
    report = house.add_documents(files, principal=shared.principal(house), progress=lambda *_: None)
    names = {file.name for file in files}
    _print_report(replace(report, rows=tuple(r for r in report.rows if r.path in names)), as_json=False)


@app.command("search")
def kb_search(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help="What to look for.")],
    k: Annotated[int, typer.Option(help="Passages to show.")] = 5,
    as_json: Json = False,
) -> None:
    """The best passages for a query, with their places."""
    shared = context.ensure_object(Context)
    house = shared.house()
    passages = house.search(query, k=k, principal=shared.principal(house))
    if as_json:
        print_json([{"title": p.chunk.title, "version_id": p.chunk.version_id, "start": p.chunk.start,
                     "end": p.chunk.end, "score": p.score, "text": p.chunk.text} for p in passages])  # fmt: skip
        return
    for n, passage in enumerate(passages, 1):
        typer.echo(f"{n}. {passage.chunk.title}  [{passage.chunk.start}-{passage.chunk.end}]  {passage.score:.3f}")
        typer.echo(f"   {' '.join(passage.chunk.text.split())[:160]}")


@app.command("conflicts")
def kb_conflicts(
    context: typer.Context,
    settled: Annotated[bool, typer.Option("--settled", help="Those that were settled, too.")] = False,
    as_json: Json = False,
) -> None:
    """Documents in force that contradict each other, both places side by side; `kb settle` decides."""
    from serve.routes.knowledge import conflict_json
    from serve.users import OPERATOR

    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    house.find_conflicts(principal=OPERATOR)
    found = house.conflict_queue.list(principal=principal, state=None if settled else "open")
    found = tuple(kept for kept in found if kept.state != "gone")
    if as_json:
        print_json([conflict_json(kept) for kept in found])
        return
    for kept in found:
        typer.echo(f"{kept.id} {kept.conflict.type}: {kept.conflict.about}")
        for name, side in (("left", kept.conflict.left), ("right", kept.conflict.right)):
            quote = " ".join(side.quote.split())[:120]
            typer.echo(f"  {name}: 《{side.title}》 {side.start}-{side.end}：{quote}")
        if kept.holds:
            typer.echo(f"  settled: {kept.holds}, by {kept.settled_by}: {kept.why}")
    if not found:
        typer.echo("No conflicts among the documents in force.")


@app.command("settle")
def kb_settle(
    context: typer.Context,
    conflict_id: Annotated[str, typer.Argument(help="Id, as `kb conflicts` prints it.")],
    holds: Annotated[str, typer.Option(help="left, right or both.")],
    why: Annotated[str, typer.Option(help="Why; kept in the audit log.")],
) -> None:
    """Settle a contradiction: which place holds, and why."""
    from serve.errors import ServeError
    from serve.knowledge_desk import KnowledgeDesk

    if holds not in ("left", "right", "both"):
        raise ServeError(f"--holds {holds} is no side: write left, right or both.")
    shared = context.ensure_object(Context)
    house = shared.house()
    done = KnowledgeDesk(house, shared.principal(house)).settle(conflict_id, holds=holds, why=why)  # type: ignore[arg-type]
    typer.echo(f"{done.id} settled: {done.holds}.")


@app.command("unanswered")
def kb_unanswered(
    context: typer.Context,
    weeks: Annotated[int, typer.Option(min=1, help="The last so many weeks.")] = 12,
    as_json: Json = False,
) -> None:
    """What was asked and not found, counted by week, without who asked."""
    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.unanswered.list(principal=shared.principal(house), weeks=weeks)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    for one in found:
        typer.echo(f"{one.week} {one.times:4d}  {one.question}")
    if not found:
        typer.echo("Nothing was asked that found no answer.")


@app.command("mcp")
def kb_mcp(context: typer.Context) -> None:
    """Offer search, read and facts to a program over MCP (stdio), with the rights of `--as USER`."""
    from serve.mcp_server import mcp_server

    shared = context.ensure_object(Context)
    house = shared.house()
    mcp_server(house, shared.principal(house)).run()


def ask(
    context: typer.Context,
    question: Annotated[str, typer.Argument(help="An advisor's question, in Chinese.")],
    client: Annotated[str | None, typer.Option(help="Client on whose behalf it is asked.")] = None,
    as_of: Annotated[str | None, typer.Option(help="Answer from what was in force on YYYY-MM-DD.")] = None,
    as_json: Json = False,
) -> None:
    """Answer a question with citations, cleared by the gate."""
    from serve.errors import ServeError
    from serve.wiring import as_day

    if not question.strip():
        raise ServeError("The question is empty: put it in quotes after `tougu ask`.")
    shared = context.ensure_object(Context)
    house = shared.house()
    reply = house.session.ask(
        question,
        principal=shared.principal(house),
        today=house.today(),
        client_id=client,
        on=as_day(as_of),
    )
    if client:
        shared.seen(house).search("question", [(client, reply.verdict.audit_id or "")])
    if as_json:
        from serve.routes.questions import ReplyOut

        print_json(ReplyOut.of(reply).model_dump())
    else:
        print_reply(reply)
    if reply.cleared is None:
        raise typer.Exit(2)


def print_reply(reply: Reply) -> None:
    """The cleared answer with its sources, or the reasons why there is none."""
    if reply.text is None or reply.answer is None:
        typer.echo("这条回答没有通过合规检查：")
        for finding in reply.verdict.findings:
            typer.echo(f"  [{finding.rule}] {finding.reason}")
        for error in reply.verdict.errors:
            typer.echo(f"  未能判断：{error}")
        if reply.verdict.review_id:
            typer.echo(f"  复核编号：{reply.verdict.review_id}")
        return
    typer.echo(reply.text)
    if reply.answer.note:
        typer.echo(f"说明：{reply.answer.note}")
    for risk in reply.answer.risks:
        typer.echo(f"  {risk.text}")
    for citation in reply.answer.citations:
        quote = " ".join(citation.quote.split())
        place = f"第{citation.page}页 " if citation.page else ""
        typer.echo(f"  [{citation.n}] 《{citation.title}》{place}{citation.start}-{citation.end}：{quote[:80]}")
