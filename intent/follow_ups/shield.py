"""Words of a complaint stay with its case: they do not travel along in a lead, a ticket or a note.

A lead goes to the client's own advisor, who may be the one complained of in a call that a colleague took.
"""

from __future__ import annotations

from dataclasses import replace

from intent.call import CallReading, Wish

INSTEAD = "（请听录音）"


def shielded(reading: CallReading) -> CallReading:
    """The reading with the quotes of turns that prove a case left to the case alone; places and seconds stay."""
    secret = {proof.turn for wish in reading.of("case") for proof in wish.evidence}
    if not secret:
        return reading
    return replace(reading, wishes=tuple(_shield(wish, secret) for wish in reading.wishes))


def _shield(wish: Wish, secret: set[int]) -> Wish:
    if wish.goes_to == "case":
        return wish
    kept = tuple(replace(proof, quote=INSTEAD) if proof.turn in secret else proof for proof in wish.evidence)
    return replace(wish, evidence=kept)
