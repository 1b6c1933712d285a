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
OUTCOME_ZH = {"pass": "通过", "revise": "已补充提示后通过", "return": "退回修改", "review": "待合规复核", "block": "拦截"}


def check(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="A text file in UTF-8, or - for standard input.")],
    target: Annotated[str, typer.Option(help="answer, report, advisor_message, advisor_speech, client_input.")] = (
        "advisor_message"
    ),
    client: Annotated[str | None, typer.Option(help="Client the text is meant for.")] = None,
    product: Annotated[list[str] | None, typer.Option(help="Code of a product the text speaks of.")] = None,
    channel: Annotated[str, typer.Option(help="sidebar (to the advisor), client or export.")] = "sidebar",
    as_json: Json = False,
) -> None:
    """Judge a text by the compliance rules; the exit code is 2 when it may not be delivered."""
    from compliance_filters.finding import Draft

    shared = context.ensure_object(Context)
    text = _read(file)
    house = shared.house()
    principal = shared.principal(house)
    draft = Draft(text=text, target=_target(target), by=principal.user_id)
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
    """Check the form of the rule packs and that every rule has its own examples."""
    from compliance_filters.rules import lint

    problems = lint(context.ensure_object(Context).house().rule_pack)
    for problem in problems:
        typer.echo(problem, err=True)
    if problems:
        raise typer.Exit(1)
    typer.echo("The rule packs are well formed.")


@rules_app.command("test")
def rules_test(context: typer.Context) -> None:
    """Run each rule's violating and compliant examples."""
    house = context.ensure_object(Context).house()
    tried, failures = house.test_rules()
    for failure in failures:
        typer.echo(failure, err=True)
    typer.echo(f"{tried - len(failures)} of {tried} examples are judged as their rules say.")
    if failures:
        raise typer.Exit(1)


@rules_app.command("explain")
def rules_explain(context: typer.Context, rule_id: str) -> None:
    """What a rule forbids, by which law, with its examples."""
    from serve.errors import NotFoundError

    pack = context.ensure_object(Context).house().rule_pack
    rule = next((rule for rule in pack.rules if rule.id == rule_id), None)
    if rule is None:
        raise NotFoundError(f"There is no rule {rule_id}: the pack has {', '.join(r.id for r in pack.rules)}.")
    typer.echo(f"{rule.id}  {rule.zh}  -> {rule.outcome.word}")
    typer.echo(f"依据：{rule.law}{'' if rule.law_confirmed else '（条文待核）'}")
    for title, examples in (("违规示例", rule.violating), ("合规示例", rule.compliant)):
        typer.echo(f"{title}：")
        for example in examples:
            typer.echo(f"  - {example}")


@rules_app.command("diff")
def rules_diff(
    context: typer.Context, other: Annotated[Path, typer.Argument(help="Another rule pack (YAML).")]
) -> None:
    """Which rules another pack adds, removes or changes."""
    from compliance_filters.rules import diff, load_pack

    for line in diff(context.ensure_object(Context).house().rule_pack, load_pack(other)):
        typer.echo(line)


@audit_app.command("verify")
def audit_verify(context: typer.Context, as_json: Json = False) -> None:
    """Walk the whole chain; any change, deletion, insertion or reordering is found."""
    shared = context.ensure_object(Context)
    house = shared.house()
    report = house.audit.verify(principal=shared.principal(house))
    if as_json:
        print_json({"ok": report.ok, "entries": report.entries, "problem": report.problem})
    else:
        typer.echo(f"{report.entries} entries: {'the chain is whole' if report.ok else report.problem}")
    if not report.ok:
        raise typer.Exit(1)


@audit_app.command("checkpoint")
def audit_checkpoint(
    context: typer.Context, file: Annotated[Path, typer.Argument(help="Where to keep it, outside this machine.")]
) -> None:
    """Write the head of the chain to a file, against which a later truncation is found."""
    shared = context.ensure_object(Context)
    house = shared.house()
    house.audit.checkpoint(file, principal=shared.principal(house))
    typer.echo(f"Checkpoint written to {file}; keep it where the writer of the log cannot reach it.")
