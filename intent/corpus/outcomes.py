"""What became of leads as labelled candidates: words that staff found meant become labels, the rest waits for a person.

A won, lost or contacted lead was a real wish. A wrong one says only that this intent was not meant: what was, a person
must read. What the words were said in answer to is not kept with a lead, so short answers wait, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from intent.call import Polarity
from intent.classifier.taxonomy import Taxonomy
from intent.classifier.utterance import LONGEST_TEXT
from intent.corpus.utterances import REVIEW, REVIEWED_BY, WHY, labels_json
from intent.leads.lead import DISPOSITIONS, Lead, LeadState

BATCH = "staff"
SHORTEST = 6  # characters that say something by themselves
Mask = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Heard:
    """Words of a call and the outcome of a lead that they prove."""

    text: str  # masked
    lead: Lead


def candidates(leads: Iterable[Lead], mask: Mask, taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """Rows of the labelling format, one for each different quote, in order of the leads.

    `mask` takes identifiers and names out of a text. The loader refuses rows with `review` until a person has
    filled their intents and written down who they are.
    """
    by_text: dict[str, list[Heard]] = {}
    for lead in leads:
        if lead.state in DISPOSITIONS and lead.intent in taxonomy:
            for quote in dict.fromkeys(str(each["quote"]).strip() for each in lead.evidence):
                heard = Heard(text=mask(quote), lead=lead)
                by_text.setdefault(heard.text, []).append(heard)
    return [_row(text, heard, mask) for text, heard in by_text.items() if text]


def _row(text: str, heard: Sequence[Heard], mask: Mask) -> dict[str, Any]:
    meant = dict.fromkeys(each.lead.intent for each in heard)
    outcomes = dict.fromkeys(each.lead.state.value for each in heard)
    row: dict[str, Any] = {
        "id": f"d{sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}",
        "role": "client",
        "text": text,
        "context": [],
        "intents": labels_json(tuple((intent, Polarity.INTEREST) for intent in meant)),
        "tags": ["disposition", *outcomes],
        "split": "train",
        "batch": BATCH,
    }
    if why := _why_review(text, heard):
        reasons = dict.fromkeys(mask(each.lead.reason) for each in heard if each.lead.reason)
        row |= {
            REVIEW: True, REVIEWED_BY: "", "intents": [], "raised": list(meant), WHY: why, "reasons": list(reasons)
        }  # fmt: skip
    return row


def _why_review(text: str, heard: Sequence[Heard]) -> str:
    """Why a person must read the line; empty where the outcome is a label by itself."""
    if wrong := [each.lead.intent for each in heard if each.lead.state is LeadState.WRONG]:
        return f"staff found {wrong[0]} wrong"
    if len(text) < SHORTEST:
        return "too short without what was said before"
    return "longer than one line" if len(text) > LONGEST_TEXT else ""
