"""`tougu intent data`: the labelled lines and calls, counted, shown, checked, exported."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serve.commands import intent_lines
from serve.commands.context import Context, print_json
from serve.commands.intent_lines import labels_of, write

if TYPE_CHECKING:
    from intent.classifier.taxonomy import Taxonomy
    from intent.corpus.calls import LabelledCall
    from intent.corpus.utterances import Labelled

MISTAKES_SHOWN = 20
SPENT = "These are test lines: a test split that was looked at is spent. Do not tune on it afterwards."


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which lines or calls."""

    search: str | None
    intent: str | None
    tag: str | None
    split: str | None
    sample: int | None
    seed: int
    open_test: bool

    @property
    def chooses(self) -> bool:
        return bool(self.search or self.intent or self.tag or self.split or self.sample)

    def fits(self, item: Labelled | LabelledCall) -> bool:
        """Whether an item is wanted; of a test split only where that is opened."""
        from intent.corpus.utterances import Labelled, whole_text

        if isinstance(item, Labelled):
            intents, said = {i for i, _ in item.gold}, whole_text(item.utterance)
        else:
            intents, said = {wish.intent for wish in item.gold.wishes}, "\n".join(turn.text for turn in item.turns)
        of_intent = not self.intent or (self.intent in intents if self.intent != "none" else not intents)
        of_words = (not self.search or self.search in said) and (not self.tag or self.tag in item.tags)
        of_split = self.split in (None, item.split) and (self.open_test or item.split != "test")
        return of_intent and of_words and of_split


def intent_data(
    context: typer.Context,
    data: Annotated[Path | None, typer.Option("--data", help="A file of your own; default: the shipped data.")] = None,
    search: Annotated[str | None, typer.Option(help="Only lines with this text, in the line or before it.")] = None,
    intent: Annotated[str | None, typer.Option(help="Only lines with this intent, or none.")] = None,
    tag: Annotated[str | None, typer.Option(help="Only lines with this tag.")] = None,
    split: Annotated[str | None, typer.Option(help="train, calibration, dev or test (with --open-test).")] = None,
    sample: Annotated[int | None, typer.Option(min=1, help="This many of them, drawn at random.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of --sample.")] = 7,
    calls: Annotated[bool, typer.Option("--calls", help="Whole calls instead of lines.")] = False,
    export: Annotated[Path | None, typer.Option(help="Write the chosen ones as JSON Lines.")] = None,
    check: Annotated[Path | None, typer.Option(help="Check a file of your own and name its mistakes.")] = None,
    card: Annotated[bool, typer.Option("--card", help="The data card, as Markdown.")] = False,
    baseline: Annotated[bool, typer.Option("--baseline", help="What keyword rules find in each split.")] = False,
    errors: Annotated[bool, typer.Option("--errors", help="Probable label errors, the surest first.")] = False,
    uncertain: Annotated[Path | None, typer.Option(help="Unlabelled lines of a file: which to label next.")] = None,
    ask: Annotated[Path | None, typer.Option(help="Unlabelled lines of a file, for the chat model to label.")] = None,
    dispositions: Annotated[Path | None, typer.Option(help="Write what became of leads as lines to label.")] = None,
    top: Annotated[int, typer.Option(min=1, help="Lines that --errors shows and --uncertain chooses.")] = 50,
    open_test: Annotated[bool, typer.Option("--open-test", help="Show test lines too; that spends them.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Machine-readable output.")] = False,
) -> None:
    """Labelled lines and calls: counts; those that fit; a check of your own file; the data card."""
    wanted = Wanted(search=search, intent=intent, tag=tag, split=split, sample=sample, seed=seed, open_test=open_test)
    labelling = [bool(each) for each in (errors, uncertain, ask, dispositions)]
    _require_one_thing(wanted, export, labelling, whole_file=bool(check or card or baseline), calls=calls)
    if card and data:
        raise typer.BadParameter("The card is of the shipped data: leave --data out.")
    house = context.ensure_object(Context).house()
    taxonomy = house.taxonomy
    if errors:
        _require_open(split, open_test)
        intent_lines.errors(house, data, split=split or "train", top=top, export=export, as_json=as_json)
    elif uncertain:
        intent_lines.uncertain(house, uncertain, top=top, export=export, as_json=as_json)
    elif ask:
        intent_lines.taught(house, ask, export=export)
    elif dispositions:
        intent_lines.dispositions(context, house, dispositions)
    elif check:
        _check(check, taxonomy, house.rule_pack.rules if calls else (), calls=calls, as_json=as_json)
    elif card:
        _card(taxonomy, as_json=as_json)
    elif baseline:
        _baseline(taxonomy, data, as_json=as_json)
    elif wanted.chooses or export:
        chosen = _chosen(wanted, taxonomy, data, calls=calls)
        _give(chosen, taxonomy, data, export, calls=calls, as_json=as_json)
    else:
        _summary(taxonomy, data, calls=calls, as_json=as_json)


def _require_one_thing(
    wanted: Wanted, export: Path | None, labelling: Sequence[bool], *, whole_file: bool, calls: bool
) -> None:
    """Raises BadParameter for options that cannot be meant together."""
    if whole_file and (wanted.chooses or export or wanted.open_test):
        raise typer.BadParameter("--check, --card and --baseline read everything: leave the options that choose out.")
    if sum(labelling) > 1 or (any(labelling) and (whole_file or calls)):
        raise typer.BadParameter("--errors, --uncertain, --ask and --dispositions stand alone: ask for one at a time.")
    if any(labelling) and (wanted.search or wanted.intent or wanted.tag or wanted.sample):
        raise typer.BadParameter(
            "--errors, --uncertain, --ask and --dispositions read every line: leave the options that choose out."
        )


def _chosen(wanted: Wanted, taxonomy: Taxonomy, data: Path | None, *, calls: bool) -> Sequence[Labelled | LabelledCall]:
    """The lines or calls that fit; who sees test ones is told."""
    _require_open(wanted.split, wanted.open_test)
    items = _items(taxonomy, data, calls=calls)
    _require_known(wanted.intent, wanted.tag, taxonomy, items)
    chosen = [item for item in items if wanted.fits(item)]
    if wanted.sample:
        chosen = Random(wanted.seed).sample(chosen, min(wanted.sample, len(chosen)))
    if any(item.split == "test" for item in chosen):
        typer.echo(SPENT, err=True)
    return chosen


def _check(path: Path, taxonomy: Taxonomy, rules: Any, *, calls: bool, as_json: bool) -> None:
    from intent.corpus.calls import check_calls
    from intent.corpus.utterances import check_labelled

    parsed = check_calls(taxonomy, path, rules=rules) if calls else check_labelled(taxonomy, path)
    mistakes, lines = parsed.mistakes, len(parsed.items)
    if as_json:
        shown = [{"line": m.line, "what": m.what, "remedy": m.remedy} for m in mistakes]
        print_json({"path": str(path), "good": lines, "mistakes": shown})
    else:
        for mistake in mistakes[:MISTAKES_SHOWN]:
            typer.echo(f"{path}, {mistake}")
        if len(mistakes) > MISTAKES_SHOWN:
            typer.echo(f"... and {len(mistakes) - MISTAKES_SHOWN} more")
        if not (lines or mistakes):
            typer.echo(f"{path} holds no line: give one JSON object a line; docs/evaluation.md shows the format.")
        else:
            typer.echo(f"can be read: {lines}, mistakes: {len(mistakes)}")
    if mistakes or not lines:
        raise typer.Exit(2)


def _card(taxonomy: Taxonomy, *, as_json: bool) -> None:
    from dataclasses import asdict

    from intent.corpus.card import data_card
    from intent.corpus.card_text import card_markdown

    found = data_card(taxonomy)
    if as_json:
        print_json(asdict(found))
    else:
        typer.echo(card_markdown(found), nl=False)


def _baseline(taxonomy: Taxonomy, data: Path | None, *, as_json: bool) -> None:
    from intent.corpus.card import keyword_baseline
    from intent.corpus.utterances import load_labelled

    figures = keyword_baseline(load_labelled(taxonomy, data), taxonomy)
    if as_json:
        print_json(figures)
        return
    for split, found in figures.items():
        shown = "  ".join(f"{name} {found[name]:.3f}" for name in ("lead_precision", "lead_recall", "lead_f1"))
        typer.echo(f"{split:<12} n {found['n']:<6} {shown}")


def _summary(taxonomy: Taxonomy, data: Path | None, *, calls: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from intent.corpus.calls import load_calls
    from intent.corpus.card import call_counts, counts_of, voices
    from intent.corpus.card_text import calls_markdown, counts_markdown
    from intent.corpus.utterances import load_labelled

    if calls:
        of_calls = call_counts(load_calls(taxonomy, data).items)
        print_json(asdict(of_calls)) if as_json else typer.echo(calls_markdown(of_calls))
    else:
        counts = counts_of(load_labelled(taxonomy, data).items, {} if data else voices())
        print_json(asdict(counts)) if as_json else typer.echo(counts_markdown(counts))


def _require_open(split: str | None, open_test: bool) -> None:
    from intent.corpus.utterances import SPLITS

    if split is not None and split not in SPLITS:
        raise typer.BadParameter(f"There is no split {split}: use one of {', '.join(SPLITS)}.")
    if split == "test" and not open_test:
        raise typer.BadParameter("The test split stays closed: --open-test shows it, and spends it.")


def _require_known(
    intent: str | None, tag: str | None, taxonomy: Taxonomy, items: Sequence[Labelled | LabelledCall]
) -> None:
    if intent and intent not in taxonomy:
        raise typer.BadParameter(f"There is no intent {intent}: use one of {', '.join(taxonomy.ids)} or none.")
    tags = sorted({each for item in items for each in item.tags})
    if tag and tag not in tags:
        raise typer.BadParameter(f"No line has the tag {tag}: use one of {', '.join(tags) or 'none at all'}.")


def _items(taxonomy: Taxonomy, data: Path | None, *, calls: bool) -> Sequence[Labelled | LabelledCall]:
    from intent.corpus.calls import load_calls
    from intent.corpus.utterances import load_labelled

    return load_calls(taxonomy, data).items if calls else load_labelled(taxonomy, data).items


def _give(
    chosen: Sequence[Any], taxonomy: Taxonomy, data: Path | None, export: Path | None, *, calls: bool, as_json: bool
) -> None:
    if export or as_json:
        rows = _raw_calls(chosen, data) if calls else _raw_lines(chosen)
        if as_json:
            print_json(rows)
        if export:
            write(export, rows)
            typer.echo(f"{len(rows)} written to {export}", err=True)
        return
    for item in chosen:
        typer.echo(transcript(item) if calls else shown(item))
    counts = Counter(item.split for item in chosen)
    typer.echo("; ".join(f"{n} of {split}" for split, n in counts.items()) or "nothing fits", err=True)


def _raw_lines(chosen: Sequence[Labelled]) -> list[dict[str, Any]]:
    from intent.corpus.utterances import as_json

    return [as_json(item) for item in chosen]


def _raw_calls(chosen: Sequence[LabelledCall], data: Path | None) -> list[dict[str, Any]]:
    """The calls as they stand in their file."""
    from intent.corpus.calls import CALLS
    from intent.corpus.lines import shipped

    wanted = {call.id: None for call in chosen}
    place = data or shipped(CALLS)
    by_id = {raw["id"]: raw for raw in map(json.loads, filter(None, place.read_text("utf-8").split("\n")))}
    return [by_id[id_] for id_ in wanted]


def shown(item: Labelled) -> str:
    """One line for a reader: what was said before, the line, its labels and tags."""
    before = "".join(f"  {turn.speaker.value:>8}  {turn.text}\n" for turn in item.utterance.context)
    labels = labels_of(item.gold)
    tags = f"  ({', '.join(item.tags)})" if item.tags else ""
    return f"{item.id}\n{before}  {'client':>8}  {item.utterance.text}\n{'':>12}{labels}{tags}"


def transcript(call: LabelledCall) -> str:
    """One call for a reader: every turn with its second, then the gold."""
    when = call.started_at.isoformat() if call.started_at else ""
    lines = [f"{call.id}  {call.client_id or ''}  {call.advisor_id or ''}  {when}  {', '.join(call.tags)}"]
    lines += [f"  {t.index:>3}  {t.start_s:>6.1f} s  {t.speaker.value:>8}  {t.text}" for t in call.turns]
    gold = call.gold
    for place, wishes in (
        ("lead", gold.leads), ("case", gold.cases), ("ticket", gold.tickets), ("consent", gold.consents)
    ):  # fmt: skip
        for wish in wishes:
            amount = f"{wish.amount_cny:,} yuan" if wish.amount_cny is not None else ""
            parts = (
                wish.intent,
                wish.product or "",
                amount,
                wish.urgency,
                f"turns {', '.join(map(str, wish.evidence))}",
            )
            lines.append(f"  {place:<9} {'  '.join(filter(None, parts))}")
    lines += [f"  {'no lead':<9} {n.intent}  {n.why}" for n in gold.not_leads]
    lines += [f"  {'neutral':<9} {intent}" for intent in gold.neutral]
    lines += [f"  {'violation':<9} {v.rule}  turn {v.turn}" for v in gold.violations]
    lines += [f"  {'note':<9} {point}" for point in gold.summary_points]
    return "\n".join([*lines, f"  {'next':<9} {gold.next_action}", ""])
