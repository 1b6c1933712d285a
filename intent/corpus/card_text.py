"""The data card as Markdown: a part by hand, and the figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from intent.call import Polarity
from intent.corpus.card import CallCounts, Counts, DataCard
from intent.corpus.lines import shipped
from intent.corpus.quotas import Quota
from intent.corpus.readings import Agreement
from intent.corpus.utterances import SPLITS
from intent.corpus.variety import NEAR, NearDuplicates, Variety

CARD = "CARD.md"
ABOUT = "ABOUT.md"
_FIGURES = ("n", "lead_precision", "lead_recall", "lead_f1", "false_lead_rate", "polarity_accuracy")
_VARIETY = (
    ("different characters, of all", "distinct_1"),
    ("different pairs of characters", "distinct_2"),
    ("different triples of characters", "distinct_3"),
    ("different words, of all words", "type_token"),
    ("likeness to the nearest other line", "self_similarity"),
)
Row = Sequence[object]


def card_markdown(card: DataCard) -> str:
    """The whole card."""
    about = shipped(ABOUT).read_text("utf-8").rstrip()
    parts = (
        about,
        f"Figures by `tougu intent data --card`, of `utterances.jsonl` with sha256 `{card.digest[:16]}`.",
        counts_markdown(card.counts),
        calls_markdown(card.calls),
        variety_markdown(card.variety, card.templates),
        doubles_markdown(card.near, card.removed),
        agreement_markdown(card.agreement, card.removed["undecided"]),
        baseline_markdown(card.baseline),
        quotas_markdown(card.quotas),
    )
    return "\n\n".join(parts) + "\n"


def counts_markdown(counts: Counts) -> str:
    """Lines by split, batch, intent, tag and length."""
    splits = {b.split: [c for c in counts.batches if c.split == b.split] for b in counts.batches}
    words = [
        ("all", counts.lines),
        ("with several intents", counts.several_intents),
        ("with the turns before", counts.with_context),
        ("short answers", counts.short_answers),
    ]
    return "\n\n".join(
        (
            "## Lines",
            _table(("", "lines"), words),
            _table(("split", "lines", "batches"), [(s, counts.splits[s], len(bs)) for s, bs in splits.items()]),
            _table(
                ("batch", "split", "lines", "who speaks"),
                [(b.name, b.split, b.lines, b.voices) for b in counts.batches],
            ),
            _table(("intent", *Polarity), [_intent_row(i, by) for i, by in counts.intents.items()]),
            _table(("tag", "lines"), counts.tags.items()),
            _table(("length of a line", "characters"), counts.characters.items()),
        )
    )


def calls_markdown(calls: CallCounts) -> str:
    """Whole calls and what stands in their gold."""
    rows = [
        ("calls", calls.calls),
        *((f"in {split}", n) for split, n in calls.splits.items()),
        ("turns", calls.turns),
        ("leads", calls.leads),
        ("different lead intents", calls.lead_intents),
        ("calls without a lead", calls.without_lead),
        ("cases", calls.cases),
        ("tickets", calls.tickets),
        ("consents", calls.consents),
        ("violations of advisors", calls.violations),
    ]
    return "## Calls\n\n" + _table(("", "count"), rows)


def variety_markdown(own: Variety, made: Variety) -> str:
    """The corpus beside templates."""
    rows = [(what, _share(getattr(own, name)), _share(getattr(made, name))) for what, name in _VARIETY]
    return (
        f"## Variety\n\nOf {own.lines} lines each, drawn at random; shares fall as a set grows, so only sets of one "
        "size compare. The templates ([templates.yaml](templates.yaml)) are there for this comparison alone.\n\n"
        + _table(("", "corpus", "templates"), rows)
    )


def doubles_markdown(near: NearDuplicates, removed: Mapping[str, int]) -> str:
    """Near-duplicates that were removed, and those that are left."""
    rows = [
        ("within a split", removed["within"], near.within),
        ("across splits", removed["across"], near.across),
        ("lines of other evaluation cases", removed["other_cases"], ""),
        ("contrast pairs, alike on purpose", "", near.twins),
    ]
    return (
        f"## Near-duplicates\n\nTrigram Jaccard above {NEAR}, of the line and of the line with its context.\n\n"
        + _table(("", "removed", "left"), rows)
    )


def agreement_markdown(agreed: Agreement, undecided: int) -> str:
    """How author and second reader agree; `undecided` lines were left out, since no border settles them."""
    polarity = agreed.polarity_same / agreed.polarity_n if agreed.polarity_n else None
    whole = agreed.same / agreed.lines if agreed.lines else None
    rows = [
        ("lines read twice", agreed.lines),
        ("read the same in full", f"{agreed.same} ({_share(whole)})"),
        ("Cohen's kappa, all intents pooled", _share(agreed.kappa)),
        (
            "same polarity, of the intents that both name",
            f"{agreed.polarity_same} of {agreed.polarity_n} ({_share(polarity)})",
        ),
        ("marked doubtful by the reader", agreed.doubted),
        ("disagreements", agreed.disagreements),
        ("settled as the author had it", agreed.for_author),
        ("settled as the reader had it", agreed.for_reader),
        ("settled otherwise", agreed.otherwise),
        ("left out besides, as no border settles them", undecided),
    ]
    by_intent = [(i.intent, i.n, _share(i.kappa)) for i in agreed.intents]
    return f"## Agreement\n\n{_table(('', ''), rows)}\n\n{_table(('intent', 'lines', 'kappa'), by_intent)}"


def baseline_markdown(baseline: Mapping[str, Mapping[str, float | int]]) -> str:
    """What keyword rules find."""
    rows = [(s, *(_number(baseline[s][name]) for name in _FIGURES)) for s in SPLITS if s in baseline]
    return "## Keyword rules\n\n" + _table(("split", *(name.replace("_", " ") for name in _FIGURES)), rows)


def quotas_markdown(quotas: Iterable[Quota]) -> str:
    """What was wanted, and what is there."""
    rows = [
        (
            q.what,
            f"{'below' if q.at_most else 'at least'} {_number(q.wanted)}",
            _number(q.found),
            "yes" if q.holds else "no",
        )
        for q in quotas
    ]
    return "## Wanted and found\n\n" + _table(("", "wanted", "found", "holds"), rows)


def _intent_row(intent: str, by: Mapping[str, int]) -> Row:
    if not set(by) & set(Polarity):  # `none` has no polarity
        return (intent, sum(by.values()), "", "")
    return (intent, *(by.get(polarity, 0) for polarity in Polarity))


def _table(head: Row, rows: Iterable[Row]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "/") for cell in line) + " |" for line in lines)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
