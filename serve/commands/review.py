"""Commands of the compliance officer on the review queue, samples, spoken words and indicators."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json
from serve.times import shown

if TYPE_CHECKING:
    from compliance_filters.review.indicators import Period
    from knowledge_base.access import Principal
    from serve.wiring import House

app = typer.Typer(help="The review queue: decide, sample, supervise. Name yourself with --as.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Reason = Annotated[str, typer.Option(help="Why; kept, and told to the writer.")]
Item = Annotated[str, typer.Argument(help="Id of a review item; its beginning or end is enough.")]


@app.command("list")
def review_list(
    context: typer.Context,
    view: Annotated[str, typer.Option(help="open, overdue, decided, samples or confidential.")] = "open",
    after: Annotated[str, typer.Option(help="Cursor of the page before.")] = "",
    limit: Annotated[int, typer.Option(help="Items to show.")] = 50,
    as_json: Json = False,
) -> None:
    """Texts in doubt, the nearest deadline first; no text is shown here."""
    from compliance_filters.review.item import View
    from serve.errors import ServeError
    from serve.routes.review import summary_json

    if view not in set(View):
        raise ServeError(f"There is no view {view}: choose from {', '.join(View)}.")
    house, principal = who(context)
    page = house.review_queue.page(View(view), principal=principal, after=after, limit=limit)
    if as_json:
        print_json({"items": [summary_json(item) for item in page.items], "cursor": page.cursor})
        return
    for item in page.items:
        late = "OVERDUE " if item.overdue else ""
        why = ", ".join((*item.rules, *item.errors)) or "-"
        typer.echo(f"{item.id}  {item.state.value:<8} {late}due {shown(item.due_at)}  {item.created_by}  {why}")
    if not page.items:
        typer.echo(f"nothing {'more ' if after else ''}in the view {view}", err=True)
    if page.cursor:
        typer.echo(f"more: --after '{page.cursor}'", err=True)


@app.command("show")
def review_show(context: typer.Context, item_id: Item, as_json: Json = False) -> None:
    """One item: text, findings, context and history. Looking at it is written into the audit log."""
    from serve.routes.review import item_json

    shared = context.ensure_object(Context)
    house, principal = who(context)
    item = house.review_queue.get(_full(house, principal, item_id), principal=principal)
    shared.seen(house).view("review", [(item.client_id, item.id)])
    told = item_json(item, house.rule_pack)
    if as_json:
        print_json(told)
        return
    typer.echo(f"{item.id}  {item.kind.value}  {item.state.value}  {item.target.value} by {item.written_by}")
    typer.echo(item.text)
    if item.edited is not None:
        typer.echo(f"--- edited ---\n{item.edited}")
    for found in told["findings"]:
        typer.echo(f"  [{found['rule']}] 「{found['quote']}」{found['reason']}（{found['law']}）")
    for error in item.errors:
        typer.echo(f"  未能判断：{error}")
    for step in item.history:
        typer.echo(f"  {shown(step.at)}  {step.by}  {step.act}  {step.reason}")


@app.command("approve")
def review_approve(context: typer.Context, item_id: Item, reason: Reason) -> None:
    """Approve a text as it stands."""
    house, principal = who(context)
    item_id = _full(house, principal, item_id)
    cleared = house.gate.release(item_id, reason=reason, principal=principal)
    typer.echo(f"{item_id}: {'approved' if cleared else 'approved by you; a second officer is needed'}.")


@app.command("edit")
def review_edit(
    context: typer.Context,
    item_id: Item,
    file: Annotated[str, typer.Argument(help="The new text in UTF-8, or - for standard input.")],
    reason: Reason,
) -> None:
    """Approve another text; it is judged first, and the exit code is 2 when it is held."""
    from serve.commands.compliance import read_text

    house, principal = who(context)
    item_id = _full(house, principal, item_id)
    verdict = house.gate.edit(item_id, text=read_text(file), reason=reason, principal=principal)
    if verdict.outcome.word in ("return", "block"):
        for found in verdict.findings:
            typer.echo(f"  [{found.rule}] 「{found.quote}」{found.reason}")
        typer.echo(f"{item_id}: the new text is held ({verdict.outcome.word}); nothing was approved.", err=True)
        raise typer.Exit(2)
    typer.echo(f"{item_id}: {'approved' if verdict.cleared else 'approved by you; a second officer is needed'}.")


@app.command("reject")
def review_reject(context: typer.Context, item_id: Item, reason: Reason) -> None:
    """Reject a text; its writer sees the reason."""
    house, principal = who(context)
    item_id = _full(house, principal, item_id)
    house.gate.reject(item_id, reason=reason, principal=principal)
    typer.echo(f"{item_id}: rejected.")


@app.command("close")
def review_close(context: typer.Context, item_id: Item, reason: Reason) -> None:
    """Deal with a confidential escalation."""
    house, principal = who(context)
    item_id = _full(house, principal, item_id)
    house.decisions.close(item_id, reason=reason, principal=principal)
    typer.echo(f"{item_id}: closed.")


@app.command("sample")
def review_sample(
    context: typer.Context,
    item_id: Annotated[str, typer.Argument(help="Id of a sample (`tougu review list --view samples`).")],
    fine: Annotated[bool, typer.Option("--fine/--mistake", help="Whether the text was rightly delivered.")] = True,
    reason: Annotated[str, typer.Option(help="Why; required for a mistake.")] = "",
) -> None:
    """Judge a text that was delivered and drawn for a look afterwards."""
    house, principal = who(context)
    item_id = _full(house, principal, item_id)
    done = house.decisions.judge_sample(item_id, fine=fine, reason=reason, principal=principal)
    typer.echo(f"{item_id}: {done.state.value}.")


@app.command("mine")
def review_mine(context: typer.Context, as_json: Json = False) -> None:
    """What became of your own texts in doubt."""
    from serve.routes.review import answered_json

    shared = context.ensure_object(Context)
    house, principal = who(context)
    found = house.review_queue.mine(principal=principal)
    shared.seen(house).view("review", [(item.client_id, item.id) for item in found if item.text is not None])
    if as_json:
        print_json([answered_json(item) for item in found])
        return
    for item in found:
        typer.echo(f"{item.id}  {item.state.value:<8} {item.reason or ''}")


@app.command("spoken")
def review_spoken(
    context: typer.Context,
    state: Annotated[str, typer.Option(help="open, registered, called_back, trained, dismissed or all.")] = "open",
    as_json: Json = False,
) -> None:
    """What advisors said that a rule forbids, with the second where it is heard."""
    from dataclasses import asdict

    shared = context.ensure_object(Context)
    house, principal = who(context)
    found = house.spoken.list(principal=principal, state=None if state == "all" else state, limit=200)
    shared.seen(house).view("spoken", [(finding.client_id, finding.id) for finding in found])
    if as_json:
        print_json([asdict(finding) for finding in found])
        return
    for f in found:
        at = timedelta(seconds=round(f.start_s))
        typer.echo(f"{f.id}  {f.call_id} {at}  {f.severity:<6} {f.disposition:<9} {f.state}  [{f.rule}] 「{f.quote}」")


@app.command("dispose")
def review_dispose(
    context: typer.Context,
    finding_id: Annotated[str, typer.Argument(help="Id of a spoken finding.")],
    how: Annotated[str, typer.Argument(help="registered, called_back, trained or dismissed.")],
    note: Annotated[str, typer.Option(help="What was done.")],
    lead: Annotated[str, typer.Option(help="release or close: the leads that the words held.")] = "release",
) -> None:
    """Dispose of a spoken finding; leads that nothing holds any more go on, or end."""
    from compliance_filters.review.short_ids import the_id
    from intent.leads.tables import spoken_findings

    house, principal = who(context)
    finding_id = the_id(house.engine, spoken_findings.c.id, finding_id)
    done = house.dispose_spoken(finding_id, how=how, note=note, lead=lead, principal=principal)
    typer.echo(f"{finding_id}: {how}; {len(done.released)} leads released, {len(done.closed)} closed.")


@app.command("indicators")
def review_indicators(
    context: typer.Context,
    by: Annotated[str, typer.Option(help="rule, advisor, branch or week.")] = "rule",
    week: Annotated[str | None, typer.Option(help="A day of the week, YYYY-MM-DD; default: this week.")] = None,
    as_json: Json = False,
) -> None:
    """A week against the four before it; a rate is shown from 20 texts on."""
    from compliance_filters.review.indicators import GROUPS
    from serve.errors import ServeError
    from serve.routes.supervision import indicator_json
    from serve.wiring import as_day

    if by not in GROUPS:
        raise ServeError(f"There are no indicators by {by}: choose from {', '.join(GROUPS)}.")
    house, principal = who(context)
    found = house.indicators.by(by, week=as_day(week) or house.today(), principal=principal)
    if as_json:
        print_json([indicator_json(indicator) for indicator in found])
        return
    for indicator in found:
        change = f"  x{indicator.change}" if indicator.change is not None else ""
        typer.echo(f"{indicator.key or '-':<28} {_told(indicator.week)}  before {_told(indicator.before)}{change}")


def _told(period: Period) -> str:
    rate = f" ({period.rate:.1%})" if period.rate is not None else ""
    return f"{period.found}/{period.texts}{rate}"


def _full(house: House, principal: Principal, item_id: str) -> str:
    return house.review_queue.full_id(item_id, principal=principal)


def who(context: typer.Context) -> tuple[House, Principal]:
    """The house, and the officer who was named."""
    shared = context.ensure_object(Context)
    house = shared.house()
    return house, shared.principal(house)
