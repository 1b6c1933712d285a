"""Commands of the compliance officer: check a text, work on rules, verify the audit log."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json

if TYPE_CHECKING:
    from compliance_filters.finding import Target

rules_app = typer.Typer(help="Rule packs: lint, test, compare, explain.", no_args_is_help=True)
audit_app = typer.Typer(help="The audit log.", no_args_is_help=True)

Json = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
OUTCOME_ZH = {
    "pass": "通过",
    "revise": "已补充提示后通过",
    "return": "退回修改",
    "review": "待合规复核",
    "block": "拦截",
}


def check(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A text file in UTF-8, or - for standard input.")],
    target: Annotated[str, typer.Option(help="answer, report, advisor_message, advisor_speech, client_input.")] = (
        "advisor_message"
    ),
    client: Annotated[str | None, typer.Option(help="Client the text is meant for.")] = None,
    product: Annotated[list[str] | None, typer.Option(help="Code of a product the text speaks of.")] = None,
    channel: Annotated[str, typer.Option(help="sidebar (to the advisor), client or export.")] = "sidebar",
    by_hand: Annotated[bool, typer.Option("--by-hand", help="A person wrote every word: no AI label is due.")] = False,
    as_json: Json = False,
) -> None:
    """Judge a text by the compliance rules; the exit code is 2 when it may not be delivered."""
    from compliance_filters.finding import Draft

    shared = context.ensure_object(Context)
    text = _read(file)
    house = shared.house()
    principal = shared.principal(house)
    draft = Draft(text=text, target=_target(target), by=principal.user_id, generated=not by_hand)
    verdict = house.check(draft, client_id=client, product_codes=product or [], channel=channel, principal=principal)
    if as_json:
        from serve.routes.wire import VerdictOut

        print_json({**VerdictOut.of(verdict).model_dump(), "text": verdict.cleared and verdict.cleared.text})
    else:
        typer.echo(f"结论：{OUTCOME_ZH[verdict.outcome.word]}（{verdict.outcome.word}）")
        for finding in verdict.findings:
            typer.echo(f"  [{finding.rule}] 「{finding.quote}」{finding.reason}（{finding.law}）")
            if finding.suggestion:
                typer.echo(f"      可改为：{finding.suggestion}")
        for error in verdict.errors:
            typer.echo(f"  未能判断：{error}")
    if verdict.cleared is None:
        raise typer.Exit(2)


def _target(name: str) -> Target:
    from compliance_filters.finding import Target
    from serve.errors import ServeError

    if name not in set(Target):
        raise ServeError(f"There is no target {name}: choose from {', '.join(Target)}.")
    return Target(name)


def _read(file: str) -> str:
    from serve.errors import ServeError

    raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ServeError(f"{file} is not UTF-8 (byte {error.start}): convert it and run the command again.") from error
    if not text.strip():
        raise ServeError(f"{'Standard input' if file == '-' else file} is empty: there is nothing to check.")
    return text


@rules_app.command("lint")
def rules_lint(context: typer.Context) -> None:
    """Load the rule packs and check their form; a pack that breaks it is named with the place."""
    pack = context.ensure_object(Context).house().rule_pack
    typer.echo(f"{pack.label}: {len(pack.rules)} rules, well formed.")


@rules_app.command("test")
def rules_test(context: typer.Context) -> None:
    """Run each rule's own violating and compliant examples through the filters."""
    from compliance_filters.filters import standard_filters
    from compliance_filters.lint import lint

    house = context.ensure_object(Context).house()
    faults = lint(house.rule_pack, standard_filters(house.rule_pack, house.settings.compliance))
    for fault in faults:
        typer.echo(fault, err=True)
    tried = sum(len(rule.violating) + len(rule.compliant) for rule in house.rule_pack.rules.values())
    typer.echo(f"{tried} examples tried, {len(faults)} faults.")
    if faults:
        raise typer.Exit(1)


@rules_app.command("explain")
def rules_explain(context: typer.Context, rule_id: str) -> None:
    """What a rule forbids, by which law, with its examples."""
    rule = context.ensure_object(Context).house().rule_pack.rule(rule_id)
    typer.echo(f"{rule.id}  {rule.zh}  -> {rule.outcome.word}")
    typer.echo(f"依据：{rule.law}{'' if rule.law_confirmed else '（条文待核）'}")
    for title, examples in (("违规示例", rule.violating), ("合规示例", rule.compliant)):
        typer.echo(f"{title}：")
        for example in examples:
            typer.echo(f"  - {example.text}")


@rules_app.command("diff")
def rules_diff(
    context: typer.Context, other: Annotated[Path, typer.Argument(help="Another rule pack (YAML).")]
) -> None:
    """What changes when another pack is laid over the ones in force."""
    from compliance_filters.rules import load_pack

    house = context.ensure_object(Context).house()
    now, then = house.rule_pack, load_pack((*house.settings.compliance.rule_packs, other))
    for rule_id in sorted(now.rules.keys() | then.rules.keys()):
        before, after = now.rules.get(rule_id), then.rules.get(rule_id)
        if before is None or after is None:
            typer.echo(f"{'removed' if after is None else 'added'}: {rule_id}")
        elif before != after:
            typer.echo(f"changed: {rule_id} ({before.outcome.word} -> {after.outcome.word})")
    typer.echo(f"{now.label} -> {then.label}")


@audit_app.command("verify")
def audit_verify(
    context: typer.Context,
    checkpoint: Annotated[Path | None, typer.Option(help="Checkpoint to compare with, which shows truncation.")] = None,
    as_json: Json = False,
) -> None:
    """Walk the whole chain; any change, deletion, insertion or reordering is found."""
    from knowledge_base.access import Role

    shared = context.ensure_object(Context)
    house = shared.house()
    shared.principal(house).require("verify the audit log", Role.COMPLIANCE, Role.SYSTEM)
    report = house.audit.verify(checkpoint or house.settings.compliance.audit_checkpoint)
    if as_json:
        print_json({"ok": report.ok, "entries": report.entries, "problems": report.problems})
    else:
        typer.echo(f"{report.entries} entries: {'the chain is whole' if report.ok else '; '.join(report.problems)}")
    if not report.ok:
        raise typer.Exit(1)


@audit_app.command("checkpoint")
def audit_checkpoint(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to keep it, outside this machine.")],
) -> None:
    """Write the head of the chain to a file, against which a later truncation is found."""
    from knowledge_base.access import Role

    shared = context.ensure_object(Context)
    house = shared.house()
    shared.principal(house).require("write a checkpoint", Role.COMPLIANCE, Role.SYSTEM)
    house.audit.checkpoint(file)
    typer.echo(f"Checkpoint written to {file}; keep it where the writer of the log cannot reach it.")
