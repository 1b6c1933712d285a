"""Commands of the lead score: train it, look at it, let it score, score anew; and the weekly drift report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json, progress_bar

if TYPE_CHECKING:
    from intent.leads.drift import DriftRow

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]


def train(
    context: typer.Context,
    activate: Annotated[bool, typer.Option(help="Let it score at once, where its gate lets it pass.")] = False,
    as_json: Json = False,
) -> None:
    """Learn a score from what became of leads; it may score only where it is better than the rule at capacity."""
    from intent.leads.scoring.card import card_markdown
    from intent.leads.scoring.settings import ScoringSettings
    from intent.leads.scoring.train import train as learn
    from knowledge_base.access import Role

    house = context.ensure_object(Context).house()
    principal = context.ensure_object(Context).principal(house)
    principal.require("train scores", Role.OPERATIONS, Role.SYSTEM)
    settings: ScoringSettings = house.settings.scoring
    found = learn(house.engine, house.taxonomy.ids, settings)
    shelf, version = house.score_shelf, found.model.version
    text = card_markdown(version, found.model.card)
    found.model.save(shelf.folder / version, text)
    if activate and found.verdict.passed:
        shelf.activate(version)
    if as_json:
        print_json({**found.model.card, "version": version, "active": shelf.active() == version})
        return
    typer.echo(text)
    typer.echo(f"Written to {shelf.folder / version}.", err=True)
    if not found.verdict.passed:
        typer.echo("It is not better than the rule at capacity: the queue is ordered as before.", err=True)
    elif shelf.active() != version:
        typer.echo(f"`tougu leads scorer --use {version}` lets it score.", err=True)


def scorer(
    context: typer.Context,
    use: Annotated[str | None, typer.Option(help="A version that passed its gate, or `rule`.")] = None,
    as_json: Json = False,
) -> None:
    """What scores leads, and which trained scores there are; --use changes it for every process at once."""
    from intent.leads.scoring.model import read_card
    from intent.leads.scoring.scorer import RULE
    from knowledge_base.access import Role

    shared = context.ensure_object(Context)
    house = shared.house()
    shelf = house.score_shelf
    if use is not None:
        shared.principal(house).require("change what scores leads", Role.OPERATIONS, Role.SYSTEM)
        shelf.activate(None if use == RULE else use)
    cards = {version: read_card(shelf.folder / version) for version in shelf.versions()}
    active = shelf.active() or RULE
    if as_json:
        print_json({"active": active, "versions": {version: card["gate"] for version, card in cards.items()}})
        return
    typer.echo(f"{'*' if active == RULE else ' '} rule")
    for version, card in cards.items():
        gate = card["gate"]
        verdict = "passed" if gate["passed"] else "not better than the rule"
        figures = f"{gate['trained']:.3f} won at capacity, the rule {gate['rule']:.3f}"
        typer.echo(f"{'*' if active == version else ' '} {version}  {figures}  {verdict}")


def rescore(
    context: typer.Context,
    whole: Annotated[bool, typer.Option("--all", help="Every lead on offer, not only new and changed ones.")] = False,
    as_json: Json = False,
) -> None:
    """Score leads on offer, and draw the random slice of today's lists; the worker does it by itself."""
    from dataclasses import asdict

    shared = context.ensure_object(Context)
    house = shared.house()
    with progress_bar() as bar:
        task = bar.add_task("leads", total=None, note="")
        done = house.scores.refresh(
            principal=shared.principal(house), whole=whole,
            progress=lambda n, of: bar.update(task, completed=n, total=of),
        )  # fmt: skip
    if as_json:
        print_json(asdict(done))
    else:
        typer.echo(f"{done.leads} leads scored, {done.moved} moved, {done.explored} drawn into today's lists.")


def explain(context: typer.Context, lead_id: str, as_json: Json = False) -> None:
    """Why a lead stands where it stands."""
    from dataclasses import asdict

    shared = context.ensure_object(Context)
    house = shared.house()
    found = house.scores.of(lead_id, principal=shared.principal(house))
    shared.seen(house).view("lead", [(found.client_id, lead_id)])
    if as_json:
        print_json(asdict(found))
        return
    scored = found.scored
    typer.echo(
        f"{found.lead_id}  {scored.score:.3f} = {scored.right:.3f} right x {scored.ready:.3f} ready x "
        f"{scored.value:.2f} value, by {scored.by}{', drawn at random today' if found.explored_today else ''}"
    )
    for reason in scored.reasons:
        typer.echo(f"  {reason}")


def drift(
    context: typer.Context,
    week: Annotated[str | None, typer.Option(help="ISO week, e.g. 2026-W47; default: the last whole one.")] = None,
    as_json: Json = False,
) -> None:
    """How many leads there were in a week, how many were right, and what moved beyond chance."""
    from datetime import timedelta

    from intent.leads.drift import drift_report, week_of
    from serve.routes.scores import drift_json

    shared = context.ensure_object(Context)
    house = shared.house()
    today = house.today()
    found = drift_report(
        house.engine, week=week or week_of(today - timedelta(days=7)), today=today, taxonomy=house.taxonomy,
        principal=shared.principal(house),
    )  # fmt: skip
    if as_json:
        print_json(drift_json(found))
        return
    typer.echo(f"{found.week}, {found.first} to {found.last}{'' if found.complete else ', not over yet'}; against "
               f"{found.weeks_before} weeks before; ! moved beyond chance")  # fmt: skip
    for row in found.rows:
        typer.echo(_line(row))
    if not found.rows:
        typer.echo("No lead yet.", err=True)


def _line(row: DriftRow) -> str:
    volume, precision = row.volume, row.precision
    expected = "" if volume.low is None else f" ({volume.low:.0f}-{volume.high:.0f})"
    right = "-" if precision.now is None else f"{precision.now:.1%} ({precision.low:.1%}-{precision.high:.1%})"
    before = "-" if precision.before is None else f"{precision.before:.1%}"
    name = f"{row.by} {row.key}".strip()
    return (
        f"{name:<40} leads {volume.now}{expected}{' !' if volume.moved else ''}  "
        f"right {right}, before {before}{' !' if precision.moved else ''}"
    )
