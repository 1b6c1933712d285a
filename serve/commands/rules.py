"""Work on rules and their packs: list, lint, test, compare."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json

if TYPE_CHECKING:
    from compliance_filters.finding import Filter
    from compliance_filters.rulebook import Rulebook
    from compliance_filters.rules.changes import Change, Turned
    from compliance_filters.rules.pack import RulePack
    from serve.wiring import House

app = typer.Typer(help="Rules and their packs: list, lint, test, compare, explain, sign.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
Day = Annotated[str | None, typer.Option("--day", help="Rules in force on this day (YYYY-MM-DD); default: today.")]
Model = Annotated[bool, typer.Option("--with-model", help="Judge with the semantic model, too.")]
LONGEST_SHOWN = 100  # characters of a pattern or a setting on one line
LONGEST_FAULT = 240  # characters of a fault; --json gives all of it


@app.command("list")
def list_(context: typer.Context, day: Day = None, as_json: Json = False) -> None:
    """All rules in force: id, verdict, name, source and pack; 条文待核 where the article has yet to be checked."""
    from serve.wiring import as_day

    house = context.ensure_object(Context).house()
    chosen = as_day(day) or house.today()
    pack, origins = house.rule_shelf.on(chosen), house.rule_shelf.origins(chosen)
    if as_json:
        return print_json({"label": pack.label, "rules": [
            {"id": rule.id, "verdict": rule.outcome.word, "name": rule.zh, "source": rule.law,
             "pending": not rule.law_confirmed, "pack": origins[rule.id].name, "version": origins[rule.id].version,
             "in_force": str(rule.validity)}
            for rule in pack.rules.values()
        ]})  # fmt: skip
    for rule in pack.rules.values():
        typer.echo(f"{rule.id:<28} {rule.outcome.word:<7} {rule.zh}  {rule.source}  [{origins[rule.id].name}]")


@app.command("packs")
def packs(context: typer.Context, as_json: Json = False) -> None:
    """The rule packs of the settings: version, days in force, who signed; and when other rules come into force."""
    house = context.ensure_object(Context).house()
    shelf, today = house.rule_shelf, house.today()
    pack, applied, turns = shelf.on(today), shelf.applied(today), shelf.turns(today)
    if as_json:
        files = [
            {"pack": file.name, "version": file.version, "place": file.place, "in_force": str(file.validity),
             "applied": file in applied, "signed_by": list(file.signers)}
            for file in shelf.files
        ]  # fmt: skip
        return print_json({"label": pack.label, "packs": files, "turns": turns})
    for file in shelf.files:
        mark, signed = "*" if file in applied else " ", f", signed by {', '.join(file.signers)}" if file.signers else ""
        typer.echo(f"{mark} {file.name} {file.version}  {file.validity}{signed}  {file.place}")
    typer.echo(f"today: {pack.label}, {len(pack.rules)} rules")
    for turn in turns:
        typer.echo(f"from {turn}: {shelf.on(turn).label}")


@app.command("lint")
def lint_(
    context: typer.Context,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 on warnings, too.")] = False,
    own: Annotated[bool, typer.Option("--own", help="Only the packs of the settings, not the shipped one.")] = False,
    day: Day = None,
    as_json: Json = False,
) -> None:
    """Check the packs: form, patterns' work, anchors, examples, what no example exercises, what no filter applies."""
    from compliance_filters.rules.lint import lint, of_files
    from serve.errors import ServeError

    house = context.ensure_object(Context).house()
    mine = house.rule_shelf.files[2:]
    if own and not mine:
        raise ServeError("There is no pack of your own: name its file in compliance.rule_packs.")
    pack = _pack(house, day)
    faults = lint(pack, _filters(house, pack))
    if own:
        faults = of_files(faults, mine)
    errors = sum(fault.error for fault in faults)
    if as_json:
        print_json({"label": pack.label, "faults": [asdict(fault) for fault in faults]})
    else:
        for fault in faults:
            typer.echo(shortened(str(fault), LONGEST_FAULT), err=True)
        typer.echo(
            f"{pack.label}: {len(pack.rules)} rules, well formed; {errors} errors, {len(faults) - errors} warnings."
        )
    if errors or (strict and faults):
        raise typer.Exit(1)


@app.command("test")
def try_(
    context: typer.Context,
    cases: Annotated[
        list[Path] | None,
        typer.Option("--cases", help="Cases in the evaluation format (JSON Lines), such as officers' mistakes."),
    ] = None,
    day: Day = None,
    with_model: Model = False,
    as_json: Json = False,
) -> None:
    """Run each rule's own violating and compliant examples through all filters, and files of cases."""
    from compliance_filters.rules.trials import read_cases, try_case, try_examples

    house = context.ensure_object(Context).house()
    book = book_of(house, _pack(house, day), with_model=with_model)
    trials = try_examples(book.pack, book.filters)
    tried = [case for path in cases or () for case in read_cases(path)]
    failed = {case.id: wrong for case in tried if (wrong := try_case(case, book))}
    faults = [*(f for trial in trials for f in trial.faults), *(f for each in failed.values() for f in each)]
    if as_json:
        print_json({"label": book.pack.label, "rules": [asdict(trial) for trial in trials],
                    "cases": len(tried), "failed_cases": failed})  # fmt: skip
    else:
        for fault in faults:
            typer.echo(fault, err=True)
        for trial in trials:
            typer.echo(f"{trial.rule:<28} {trial.violating:>3} violating {trial.compliant:>3} compliant"
                       f"{f'  {len(trial.faults)} wrong' if trial.faults else ''}")  # fmt: skip
        typer.echo(f"{sum(t.violating + t.compliant for t in trials)} examples and {len(tried)} cases tried, "
                   f"{len(faults)} faults.")  # fmt: skip
    if faults:
        raise typer.Exit(1)


@app.command("diff")
def diff(
    context: typer.Context,
    other: Annotated[Path, typer.Argument(help="Another rule pack (YAML).")],
    on: Annotated[
        Path | None, typer.Option("--on", help="Texts (JSON Lines): show which of them change their verdict.")
    ] = None,
    as_json: Json = False,
) -> None:
    """What changes when another pack is laid over the ones in force, on the day it comes into force."""
    from compliance_filters.rules.changes import changes, read_texts, turned
    from compliance_filters.rules.shelf import PackShelf

    house = context.ensure_object(Context).house()
    shelf = PackShelf((*house.settings.compliance.rule_packs, other))
    day = max(house.today(), shelf.files[-1].validity.first or date.min)
    now, then = house.rule_shelf.on(day), shelf.on(day)
    different = list(changes(now, then))
    texts: list[Turned] = []
    if on:
        texts = list(turned(read_texts(on), book_of(house, now), book_of(house, then)))
    if as_json:
        return print_json({"day": day, "now": now.label, "then": then.label,
                           "changes": [asdict(c) for c in different], "texts": [asdict(t) for t in texts]})  # fmt: skip
    for change in different:
        typer.echo(_change_line(change))
    for each in texts:
        moved = " ".join((*(f"-{rule}" for rule in each.gone), *(f"+{rule}" for rule in each.new)))
        typer.echo(f"{each.id}: {each.before} -> {each.after}  {moved}  {each.text}")
    typer.echo(f"{now.label} -> {then.label} on {day}: {len(different)} changes"
               + (f", {len(texts)} texts judged otherwise" if on else ""))  # fmt: skip


def _pack(house: House, day: str | None) -> RulePack:
    from serve.wiring import as_day

    return house.rule_shelf.on(as_day(day) or house.today())


def _filters(house: House, pack: RulePack, *, with_model: bool = False) -> tuple[Filter, ...]:
    from compliance_filters.filters import standard_filters

    return standard_filters(pack, house.settings.compliance, house.semantic_filter(pack) if with_model else None)


def book_of(house: House, pack: RulePack, *, with_model: bool = False) -> Rulebook:
    """The filters of the settings over a pack; the semantic model only where it is asked for."""
    from compliance_filters.finding import SEMANTIC
    from compliance_filters.rulebook import Rulebook

    left_out = house.left_out if with_model else frozenset({SEMANTIC})
    return Rulebook.of(pack, _filters(house, pack, with_model=with_model), left_out=left_out)


def _change_line(change: Change) -> str:
    where = change.rule if change.field == "rule" else f"{change.rule}, {change.field}"
    if change.before is None:
        return f"added: {where}: {shortened(change.after or '')}"
    if change.after is None:
        return f"removed: {where}: {shortened(change.before)}"
    return f"changed: {where}: {shortened(change.before)} -> {shortened(change.after)}"


def shortened(text: str, length: int = LONGEST_SHOWN) -> str:
    """Enough of a pattern or a setting for one line."""
    return text if len(text) <= length else f"{text[:length]}…"
