"""`tougu calls inspect`: transcripts inspected, with the segments a reviewer listens to first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from serve.commands.context import Context, print_json

if TYPE_CHECKING:
    from intent.inspection.passing import PassFigure
    from intent.inspection.plan import ReviewPlan
    from intent.inspection.result import Inspection, Place
    from intent.inspection.transcripts import ReadCall
    from serve.wiring import House

STATES = {
    "done": "已说", "missing": "缺失", "late": "过晚", "unclear": "答复不明", "refused": "答复相反", "unheard": "未听",
    "not_applicable": "不适用",
}  # fmt: skip
MOST_CALLS = 5  # shown in full without --full


def inspect(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help="Transcripts: .json, .jsonl, or folders of them.")],
    call_type: Annotated[str | None, typer.Option("--type", help="Call type of all: id of a checklist.")] = None,
    full: Annotated[bool, typer.Option("--full", help="Show every call in full, those that passed included.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Inspect whole calls: talk, checklist, score, segments to hear, and what passes by machine."""
    from intent.inspection.plan import review_plan
    from intent.inspection.transcripts import TEST, read_transcripts

    house = context.ensure_object(Context).house()
    named = house.inspector.checklists.require(call_type) if call_type else None
    found = read_transcripts(paths)
    calls = [call for call in found if call.split != TEST]
    if len(calls) < len(found):
        typer.echo(f"{len(found) - len(calls)} calls of the split {TEST} were left out", err=True)
    context.ensure_object(Context).seen(house).view("call", [(None, call.id) for call in calls])
    inspections, held = _inspected(house, calls, named)
    plan = review_plan(inspections, budget_s_per_hour=house.inspector.scoring.budget_s_per_hour)
    figure = _figure(calls, inspections, held)
    if as_json:
        print_json({
            "calls": [asdict(each) for each in inspections], "plan": asdict(plan),
            "passes": asdict(figure) if figure else None,
        })  # fmt: skip
        return
    shown = [each for each in inspections if full or not each.passed]
    for each in shown if full else shown[:MOST_CALLS]:
        print_inspection(each)
    if len(shown) > MOST_CALLS and not full:
        typer.echo(f"{len(shown) - MOST_CALLS} more calls did not pass: see them with --full.\n")
    print_plan(plan)
    if figure:
        typer.echo(figure_line(figure))


def _inspected(house: House, calls: Sequence[ReadCall], named: str | None) -> tuple[list[Inspection], frozenset[str]]:
    """Inspections without what is for compliance alone, and the ids of the calls that hold such a thing."""
    from compliance_filters.errors import ComplianceError
    from intent.inspection.speech import spoken_violations

    inspections: list[Inspection] = []
    held: set[str] = set()
    for call in calls:
        try:
            findings = spoken_violations(call.transcript.turns, house.speech_checker)
        except ComplianceError as error:
            typer.echo(f"{call.id}: {error}", err=True)
            inspections.append(
                house.inspector.inspect(call.id, call.transcript, None, call_type=named or call.call_type)
            )
            continue
        told = [finding for finding in findings if not finding.confidential]
        held |= {call.id} if len(told) < len(findings) else set()
        inspections.append(house.inspector.inspect(call.id, call.transcript, told, call_type=named or call.call_type))
    return inspections, frozenset(held)


def _figure(calls: Sequence[ReadCall], inspections: Sequence[Inspection], held: frozenset[str]) -> PassFigure | None:
    """Of calls that a person has read; a call before compliance does not pass by machine, whatever is told of it."""
    from intent.inspection.passing import Outcome, pass_figure

    if all(call.broken is None for call in calls):
        return None
    return pass_figure(
        Outcome(passed=each.passed and each.call_id not in held, broken=call.broken)
        for call, each in zip(calls, inspections, strict=True)
    )


def verdict_line(found: Inspection) -> str:
    """One line on one call."""
    score = "no score" if found.score.total is None else f"score {found.score.total:g}"
    capped = " (capped)" if found.score.capped else ""
    verdict = "passes" if found.passed else f"to be heard: {'；'.join(found.why_not_passed)}"
    return f"{found.call_type}  {score}{capped}  {verdict}"


def print_inspection(found: Inspection) -> None:
    """One call as a reviewer reads it: verdict, segments, points lost, checklist, talk."""
    typer.echo(f"{found.call_id}  {found.duration_s:.0f} s  {verdict_line(found)}")
    for sentence in found.left_out:
        typer.echo(f"  ! {sentence}")
    for segment in found.segments:
        typer.echo(
            f"  听 {segment.rank:>2}  {clock(segment.start_s)}-{clock(segment.end_s)}  "
            f"风险{segment.risk:>5.1f}  {'；'.join(segment.why)}"
        )
    for loss in found.score.losses:
        typer.echo(f"  -{loss.points:<5g} 第{loss.layer}层  {place_text(loss.place)}  {loss.why}")
    for item in found.checklist:
        place = item.answered_at or item.said_at
        where = f"  {place_text(place)}" if place else ""
        typer.echo(f"  [{STATES[item.state]}] {item.zh}{'*' if item.critical else ''}{where}  {item.why}".rstrip())
    typer.echo(f"  {talk_line(found)}\n")


def talk_line(found: Inspection) -> str:
    """How the talk was shared."""
    measured = found.measures
    parts = (
        ("顾问占比", measured.advisor_share, "{:.0%}"),
        ("最长独白", measured.monologue_s, "{:.0f}秒"),
        ("静默", measured.silence_s, "{:.0f}秒"),
        ("最长静默", measured.longest_silence_s, "{:.0f}秒"),
        ("顾问语速", measured.advisor_chars_per_s, "{:.1f}字/秒"),
        ("客户语速", measured.client_chars_per_s, "{:.1f}字/秒"),
        ("顾问打断", float(len(measured.advisor_interruptions)), "{:.0f}次"),
    )
    told = "，".join(f"{name}{form.format(value)}" for name, value, form in parts if value is not None)
    return f"{told}{'（估计）' if measured.estimated else ''}"


def print_plan(plan: ReviewPlan) -> None:
    """What to listen to, in order, and what nobody has to."""
    typer.echo(
        f"{plan.calls} calls, {plan.audio_s / 60:.1f} minutes: {len(plan.passed)} pass by machine, "
        f"listen {plan.listen_s:.0f} s (budget {plan.budget_s:.0f} s)"
    )
    for item in plan.listen:
        segment = item.segment
        typer.echo(f"  {item.call_id}  {clock(segment.start_s)}-{clock(segment.end_s)}  {'；'.join(segment.why)}")
    for ids, what in ((plan.left, "beyond the budget"), (plan.read, "without a segment, read the text")):
        if ids:
            typer.echo(f"  {what}: {', '.join(ids)}")


def figure_line(figure: PassFigure) -> str:
    """The share that passes, with its error."""
    share = f"{figure.passed} of {figure.calls} calls pass ({figure.share or 0:.0%})"
    if figure.wrong_rate is None or figure.wrong_upper_95 is None:
        return f"{share}; none of them was reviewed"
    return (
        f"{share}; of {figure.reviewed} reviewed passes {figure.wrong} wrong ({figure.wrong_rate:.1%}, at most "
        f"{figure.wrong_upper_95:.1%} with 95 % confidence); {figure.caught} of {figure.broken} broken calls held back"
    )


def place_text(place: Place) -> str:
    """Turn, counted from 1 as people count, and seconds."""
    seconds = "" if place.start_s is None else f" {clock(place.start_s)}"
    return f"第{place.turn + 1}轮{seconds}"


def clock(seconds: float) -> str:
    """mm:ss"""
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"
