"""The compact format that authors write labelled lines in: `text|labels|tags|context`.

Labels are codes with a sign, parted by commas (`fb+,cm-`); `no` stands alone, `im` may go without a sign. Tags are
letters. The context is the turns before, oldest first, joined by `/`: `A:` the advisor's, `C:` the client's.
"""

from __future__ import annotations

import re
from dataclasses import replace

from intent.call import Polarity
from intent.classifier.taxonomy import NONE, Taxonomy
from intent.corpus.lines import LineError
from intent.corpus.utterances import Labelled, Labels, as_json, labelled_of, labels_of, utterance_of, whole_text

CODES = {
    "fb": "fund.buy", "sip": "fund.sip", "fd": "fund.diagnose", "fr": "fund.redeem", "fi": "wealth.fixed_income",
    "pv": "wealth.private", "pn": "wealth.pension", "av": "advisory.subscribe", "sa": "stock.advice",
    "mo": "margin.open", "pb": "permission.board", "hk": "permission.hk", "po": "permission.options",
    "etf": "etf.trade", "cb": "bond.convertible", "cr": "cash.repo", "ipo": "ipo.subscribe", "qt": "quant.tools",
    "ao": "account.open", "ti": "funds.transfer_in", "cm": "commission.negotiate", "to": "churn.transfer_out",
    "cc": "churn.competitor", "la": "loss.anxiety", "co": "complaint", "fx": "fraud.report", "oo": "consent.optout",
    "or": "order.request", "mr": "margin.risk", "ac": "service.account", "ou": "service.outage",
    "su": "service.suitability", "im": "info.market", "no": NONE,
}  # fmt: skip
UNSIGNED = ("no", "im")  # nothing follows from them, so nothing is wished or refused
SIGNS = {"+": Polarity.INTEREST, "-": Polarity.DECLINE, "=": Polarity.EXISTING}
TAGS = {
    "t": "tempting", "x": "contrast", "s": "sarcasm", "h": "hypothetical", "w": "withdrawn", "n": "condition",
    "d": "dialect", "a": "no_punctuation", "e": "ellipsis", "r": "self_correction", "k": "relative", "p": "past",
}  # fmt: skip
ROLES = {"A": "advisor", "C": "client"}
LONGEST_SHORT_ANSWER = 10  # characters
LONGEST_LINE = 120  # characters


def compact_line(row: str, id_: str, split: str, batch: str, taxonomy: Taxonomy) -> Labelled:
    """One line of the format. Raises LineError, KeyError, TypeError, ValueError."""
    text, labels, tags, context = _fields(row)
    unknown = [tag for tag in tags.split(",") if tag and tag not in TAGS]
    if unknown:
        raise LineError(f"there is no tag {unknown[0]}", f"use {', '.join(TAGS)}")
    if not 1 <= len(text) <= LONGEST_LINE:
        raise LineError(f"the text has {len(text)} characters", f"write up to {LONGEST_LINE}")
    item = Labelled(
        id=id_,
        utterance=utterance_of(text, _turns_before(context)),
        gold=compact_labels(labels, taxonomy),
        split=split,
        tags=tuple(TAGS[tag] for tag in tags.split(",") if tag),
        batch=batch,
    )
    return labelled_of(as_json(with_shown_tags(item)), taxonomy)


def compact_labels(labels: str, taxonomy: Taxonomy) -> Labels:
    """Codes with signs (`fb+,cm-`), or `no`. Raises LineError."""
    return labels_of(_intents(labels), taxonomy)


def row_labels(row: str, taxonomy: Taxonomy) -> Labels:
    """The labels of a line of the compact format. Raises LineError."""
    return compact_labels(_fields(row)[1], taxonomy)


def row_words(row: str) -> str:
    """All words of such a line, as `whole_text` gives them. Raises LineError."""
    text, _, _, context = _fields(row)
    return whole_text(utterance_of(text, _turns_before(context)))


def _fields(row: str) -> tuple[str, str, str, str]:
    parts = [part.strip() for part in row.split("|")]
    if len(parts) != 4:
        raise LineError(f"the line has {len(parts)} fields", "write text|labels|tags|context")
    return parts[0], parts[1], parts[2], parts[3]


def _turns_before(context: str) -> list[dict[str, str]]:
    turns = [turn for turn in re.split(r"/(?=[AC]:)", context) if turn]
    if any(turn[:2] not in ("A:", "C:") for turn in turns):
        raise LineError(f"the context {context:.20} names no speaker", "begin each turn with A: or C:")
    return [{"role": ROLES[turn[0]], "text": turn[2:].strip()} for turn in turns]


def _intents(labels: str) -> list[dict[str, str]]:
    """Codes with signs as intents of the file format."""
    found = []
    for label in (part.strip() for part in labels.split(",")):
        code, sign = (label[:-1], label[-1:]) if label[-1:] in SIGNS else (label, "")
        if code not in CODES or (code == "no" if sign else code not in UNSIGNED):
            raise LineError(f"there is no label {label}", "write a code with its sign, or no without one")
        found.append({"id": CODES[code], "polarity": SIGNS.get(sign, Polarity.INTEREST).value})
    return found


def with_shown_tags(item: Labelled) -> Labelled:
    """The line with its author's tags and those that it shows itself."""
    context, polarities = bool(item.utterance.context), {polarity for _, polarity in item.gold}
    derived = {
        "context": context,
        "short_answer": context and len(item.utterance.text) <= LONGEST_SHORT_ANSWER,
        "multi": len(item.gold) > 1,
        "decline": Polarity.DECLINE in polarities,
        "existing": Polarity.EXISTING in polarities,
    }
    by_author = {tag for tag in item.tags if tag not in derived}
    return replace(item, tags=tuple(sorted(by_author | {tag for tag, holds in derived.items() if holds})))
