"""Commands on mistakes: mark what was wrong about a verdict, decide on marks, export them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json
from serve.commands.review import Json, who

if TYPE_CHECKING:
    from compliance_filters.review.judged import Judged
    from knowledge_base.access import Principal
    from serve.wiring import House


def mark(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="Id of a review item or sample, audit id of a verdict (a_...), or a file with the text "
            "(- for standard input); the beginning or end of an id is enough.",
        ),
    ],
    kind: Annotated[str, typer.Argument(help="false_alarm or missed.")],
    rule: Annotated[str, typer.Argument(help="Id of the rule (`tougu rules list`).")],
    quote: Annotated[
        str, typer.Option(help="The words that are meant; default: the rule's only finding, or the whole text.")
    ] = "",
    start: Annotated[int | None, typer.Option(help="Offset of the first character, in place of the words.")] = None,
    end: Annotated[int | None, typer.Option(help="Offset after the last one.")] = None,
    verdict: Annotated[str | None, typer.Option(help="The right verdict; default: what the findings lead to.")] = None,
    note: Annotated[str, typer.Option(help="Why.")] = "",
    target: Annotated[str, typer.Option(help="Of a text that is given: what kind it is.")] = "advisor_message",
    client: Annotated[str | None, typer.Option(help="Of a text that is given: client it was meant for.")] = None,
    product: Annotated[list[str] | None, typer.Option(help="Of a text that is given: code of a product.")] = None,
    channel: Annotated[str, typer.Option(help="Of a text that is given: sidebar, client or export.")] = "sidebar",
) -> None:
    """Mark a finding as a false alarm, or what was missed; a later mark on a text replaces the earlier one."""
    from compliance_filters.finding import Draft
    from compliance_filters.review.marking import Mark
    from serve import marks
    from serve.commands.compliance import channel_of, read_text, target_of

    house, principal = who(context)
    if what == "-" or Path(what).is_file():
        draft = Draft(text=read_text(what), target=target_of(target), by=principal.user_id)
        judged = marks.of_text(
            house, draft, client_id=client, product_codes=product or [], channel=channel_of(channel),
            principal=principal,
        )  # fmt: skip
    else:
        judged = _of_id(context, house, what, principal)
    meant = Mark(kind=kind, rule=rule, quote=quote, start=start, end=end, verdict=verdict, note=note)
    made = marks.write(house, judged, meant, principal=principal)
    typer.echo(f"{made.id}: {made.state}; 「{made.quote}」 -> {made.verdict}")


def mistakes(
    context: typer.Context,
    export: Annotated[Path | None, typer.Option(help="Write approved ones: cases here, training lines beside.")] = None,
    approve: Annotated[str | None, typer.Option(help="Approve the mistake of this id (or its end).")] = None,
    reject: Annotated[str | None, typer.Option(help="Reject the mistake of this id.")] = None,
    state: Annotated[str | None, typer.Option(help="proposed, approved, rejected or replaced.")] = None,
    as_json: Json = False,
) -> None:
    """What officers marked as wrong: list, approve, reject, or export it."""
    house, principal = who(context)
    if export is not None:
        _export(context, house, principal, export)
    elif approve or reject:
        mistake_id = house.mistakes.full_id(str(approve or reject), principal=principal)
        done = house.mistakes.decide(mistake_id, approve=bool(approve), principal=principal)
        typer.echo(f"{done.id}: {done.state}.")
    else:
        _list(house, principal, state, as_json)


def _of_id(context: typer.Context, house: House, what: str, principal: Principal) -> Judged:
    from serve import marks

    seen = context.ensure_object(Context).seen(house)
    if what.startswith("a_"):
        return marks.of_verdict(house, what, seen=seen, principal=principal)
    return marks.of_item(house, what, seen=seen, principal=principal)


def _export(context: typer.Context, house: House, principal: Principal, file: Path) -> None:
    from compliance_filters.review.mistake_files import current, write_files
    from serve.rights.exports import MISTAKES

    found = house.mistakes.to_export(principal=principal)
    seen = context.ensure_object(Context).seen(house)
    cases = current(found)
    mark = house.exports.allow(MISTAKES, rows=len(cases), principal=principal)
    seen.export("mistake", [(None, mistake.id) for mistake in cases])
    written = write_files(found, file, house.rule_pack, mark=mark)
    typer.echo(f"{written.cases} cases: {written.cases_file}; {written.lines} training lines: {written.lines_file}")


def _list(house: House, principal: Principal, state: str | None, as_json: bool) -> None:
    from dataclasses import asdict

    found = house.mistakes.list(principal=principal, state=state)
    if as_json:
        print_json([asdict(mistake) for mistake in found])
        return
    for each in found:
        typer.echo(f"{each.id}  {each.state:<8} {each.kind:<11} {each.rule}  「{each.quote}」-> {each.verdict}")
