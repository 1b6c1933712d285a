"""`tougu rules explain`: what a rule forbids, and why a text is found or not found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serve.commands.context import Context, print_json
from serve.commands.rules import Json, book_of, shortened

if TYPE_CHECKING:
    from compliance_filters.finding import Finding
    from compliance_filters.rules.pack import Rule, RulePack
    from compliance_filters.rules.trace import Candidate
    from serve.wiring import House


WithModel = Annotated[
    bool | None,
    typer.Option("--with-model/--without-model", help="Show what the semantic model finds; default: by the profile."),
]


def explain(
    context: typer.Context,
    rule_id: Annotated[str | None, typer.Argument(help="A rule; with --text only what this rule made of it.")] = None,
    text: Annotated[str | None, typer.Option("--text", help="A text: why is it found, or why not?")] = None,
    target: Annotated[str, typer.Option(help="What kind of text it is.")] = "answer",
    with_model: WithModel = None,
    as_json: Json = False,
) -> None:
    """What a rule forbids, by which law, with its examples; or why a text is found or not found."""
    from serve.errors import ServeError

    house = context.ensure_object(Context).house()
    pack = house.rule_pack
    rule = pack.rule(rule_id) if rule_id else None
    if text is not None:
        from compliance_filters.finding import SEMANTIC

        with_model = SEMANTIC not in house.left_out if with_model is None else with_model
        _explain_text(house, pack, rule_id, text, target, with_model, as_json)
    elif rule is None:
        raise ServeError("There is nothing to explain: name a rule, or give a --text.")
    elif as_json:
        print_json(_rule_json(rule))
    else:
        _explain_rule(rule)


def _explain_rule(rule: Rule) -> None:
    typer.echo(f"{rule.id}  {rule.zh}  -> {rule.outcome.word}，严重程度 {rule.severity}，口头触犯 {rule.disposition}")
    typer.echo(f"依据：{rule.source}")
    typer.echo(f"理由：{rule.reason}")
    if rule.suggestion:
        typer.echo(f"建议：{rule.suggestion}")
    if rule.escalate:
        typer.echo("触犯时只向合规人员保密报告，不给改写建议。")
    if rule.validity.first or rule.validity.last:
        typer.echo(f"生效期：{rule.validity}")
    for title, examples in (("违规示例", rule.violating), ("合规示例", rule.compliant)):
        typer.echo(f"{title}：")
        for example in examples:
            typer.echo(f"  - {example.text}")


def _rule_json(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id, "zh": rule.zh, "outcome": rule.outcome.word, "law": rule.source, "reason": rule.reason,
        "law_confirmed": rule.law_confirmed, "suggestion": rule.suggestion, "severity": rule.severity,
        "disposition": rule.disposition, "escalate": rule.escalate, "in_force": str(rule.validity),
        "violating": [example.text for example in rule.violating],
        "compliant": [example.text for example in rule.compliant],
    }  # fmt: skip


def _explain_text(
    house: House, pack: RulePack, rule_id: str | None, text: str, target: str, with_model: bool, as_json: bool
) -> None:
    from compliance_filters.context import context_from_meta
    from compliance_filters.finding import Draft
    from compliance_filters.rules.trace import PhraseTracer
    from serve.commands.compliance import target_of

    draft, about = Draft(text=text, target=target_of(target)), context_from_meta({})
    judged = book_of(house, pack, with_model=with_model).judge(draft, about)
    errors = judged.errors
    places = [c for c in PhraseTracer(pack).trace(draft, about) if rule_id in (None, c.rule)]
    found = [f for f in judged.findings if rule_id in (None, f.rule)]
    if as_json:
        return print_json({
            "findings": [
                {"rule": f.rule, "start": f.start, "end": f.end, "quote": f.quote, "by": f.by,
                 "verdict": f.outcome.word}
                for f in found
            ],
            "candidates": [_candidate_json(c) for c in places], "errors": list(errors),
        })  # fmt: skip
    _print_text(found, places, errors, pack)


def _print_text(found: Sequence[Finding], places: Sequence[Candidate], errors: Sequence[str], pack: RulePack) -> None:
    from compliance_filters.finding import SEMANTIC, Outcome
    from compliance_filters.rules.trace import FATES

    for finding in found:
        word = "存疑" if finding.outcome is Outcome.REVIEW else "违规"
        by = "，由语义模型判断" if finding.by == SEMANTIC else ""
        typer.echo(f"{word}  {finding.rule} 「{finding.quote}」（{pack.rules[finding.rule].source}）{by}")
    for error in errors:
        typer.echo(f"未能判断  {error}")
    near = [each for each in places if each.fate != "no match"]
    for each in near or places:  # cues whose pattern does not fit matter where nothing else is there
        saved = f"：{shortened(each.saved_by)}" if each.saved_by else ""
        typer.echo(f"  {each.rule} 「{each.quote}」 {FATES[each.fate]}{saved}  [{shortened(each.cue.pattern.pattern)}]")
    if not found and not places:
        typer.echo("没有规则的线索词出现在这段文字里。")


def _candidate_json(each: Candidate) -> dict[str, Any]:
    return {
        "rule": each.rule, "start": each.start, "end": each.end, "quote": each.quote, "fate": each.fate,
        "saved_by": each.saved_by, "pattern": each.cue.pattern.pattern, "anchors": list(each.cue.anchors),
    }  # fmt: skip
