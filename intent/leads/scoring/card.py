"""The card of a trained score as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TEMPLATE = """# {version}

A score of leads: probability that a lead is one, times that it is won, times the weight of what is at stake. Trained on
outcomes that staff reported; calibrated on later leads; judged on the latest. No client is in two slices.

| slice | from | to | leads | clients | won | wrong |
|---|---|---|---|---|---|---|
{slices}

{dropped} earlier leads of clients who came again later were dropped.

## Gate: {passed}

Of the leads held back, staff can work {share:.0%} a week. Of those worked, so many are won:

| by | share won |
|---|---|
| this score | {trained:.3f} |
| the rule | {rule:.3f} |
| chance | {base:.3f} |

The gain over the rule is above {gain_low:+.3f} in 95 of 100 resamples of clients; it must be above 0. {explored}

## Quality on leads held back

| head | AUC | Brier | Brier of the base rate | calibration error | calibrated by |
|---|---|---|---|---|---|
{quality}

## What it looks at

{importance}

## Limits

Outcomes exist only of leads that were worked: those drawn at random into each day's list are the only ones that speak
of all leads. A lead that was never scored while on offer was learnt from without profile and holdings, since those of
today would tell its outcome. The score orders a queue; it is no judgement of a client.
"""


def card_markdown(version: str, card: Mapping[str, Any]) -> str:
    """The card for readers."""
    gate = card["gate"]
    explored = (
        f"{gate['explored_leads']} of them had been drawn at random; {gate['explored_base']:.3f} of those were won."
        if gate["explored_base"] is not None
        else "None of them had been drawn at random."
    )
    return TEMPLATE.format(
        version=version, slices="\n".join(_slice(name, each) for name, each in card["trained_on"].items()),
        dropped=card["dropped"], passed="passed" if gate["passed"] else "not passed", share=card["capacity_share"],
        trained=gate["trained"], rule=gate["rule"], base=gate["base"], gain_low=gate["gain_low"], explored=explored,
        quality="\n".join(_quality(head, each) for head, each in card["quality"].items()),
        importance="\n".join(_importance(head, each) for head, each in card["importance"].items()),
    )  # fmt: skip


def _slice(name: str, part: Mapping[str, Any]) -> str:
    cells = (name.replace("_", " "), *(part[key] for key in ("from", "to", "leads", "clients", "won", "wrong")))
    return f"| {' | '.join(map(str, cells))} |"


def _quality(head: str, found: Mapping[str, Any]) -> str:
    cells = (head, *(found[key] for key in ("auc", "brier", "brier_of_base", "calibration_error", "calibration")))
    return f"| {' | '.join(map(str, cells))} |"


def _importance(head: str, shares: Mapping[str, float]) -> str:
    most = ", ".join(f"{name} {share:.0%}" for name, share in list(shares.items())[:8])
    return f"- {head}: {most or 'nothing: every lead is scored alike'}"
