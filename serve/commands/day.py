"""`tougu day`: whom an advisor speaks to today, and why; `tougu product`: a product's card."""

from __future__ import annotations

from typing import Annotated

import typer

from serve.commands.context import Context, print_json

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def day(
    context: typer.Context,
    advisor: Annotated[str | None, typer.Option("--advisor", help="Whose list; by default one's own.")] = None,
    as_json: Json = False,
) -> None:
    """Own clients to speak to today with the reasons, the most pressing first."""
    from serve.routes.day import day_json

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.day.of(principal=shared.principal(house), today=house.today(), advisor_id=advisor)
    shared.seen(house).view("day", [(each.client.id, each.client.id) for each in found.clients])
    if as_json:
        print_json(day_json(found))
        return
    for place, each in enumerate(found.clients, 1):
        typer.echo(f"{place:>2}  {each.client.id} {each.client.name}  {each.points}")
        for reason in each.reasons:
            typer.echo(f"      {reason.zh}")
    if not found.clients:
        typer.echo(f"Nobody to call today for {found.advisor_id}: name an advisor with --advisor or --as.", err=True)
    if found.more or found.kept_back:
        typer.echo(f"{found.more} more had a reason; {found.kept_back} do not wish to be contacted.", err=True)


def product(
    context: typer.Context,
    typed: Annotated[str, typer.Argument(help="Code, name, pinyin or its initials.")],
    as_json: Json = False,
) -> None:
    """A product's card: risk level, shelf, facts with their sources, approved wording."""
    from serve.errors import NotFoundError
    from serve.routes.day import card_json

    shared = context.ensure_object(Context)
    house = shared.house()
    principal = shared.principal(house)
    found = house.product_cards.find(typed, principal=principal)
    if not found:
        raise NotFoundError(f"No product is known by {typed}: try its code, its name or the initials of its pinyin.")
    card = card_json(house.product_cards.card(found[0].code, principal=principal, today=house.today()))
    if as_json:
        print_json(card)
        return
    shelf = "restricted" if card["restricted"] else "on the shelf" if card["on_shelf"] else "not on the shelf"
    typer.echo(f"{card['code']} {card['name']}  {card['risk_level'] or '-'}  {shelf}")
    for fact in card["facts"]:
        typer.echo(f"  {fact['label']} {fact['value']}  {fact['period'] or ''}  {fact['source']}")
    for other in found[1:]:
        typer.echo(f"or: {other.code} {other.name}", err=True)
