"""The random slice of a day's list: drawn from all offered leads, whatever their score, so that what staff report
speaks of all leads and not only of those that the score liked. The draw depends on the lead's id and the day alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from hashlib import blake2b


def draw(lead_id: str, day: date, salt: str = "") -> float:
    """A number from 0 to 1, the same wherever it is asked; below it, a share of all leads of the day."""
    digest = blake2b(f"{salt}{day.isoformat()}:{lead_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def explored(
    offered: Sequence[tuple[str, float]], day: date, *, capacity: int, share: float, owner: str
) -> dict[str, float]:
    """Leads drawn into an owner's list of a day, each with the score that puts it there.

    offered: id and score of the owner's leads. capacity: length of the list. Of it `share` is drawn; a fraction of a
    lead is one lead on that fraction of days. A lead drawn stands at a place of the list that is drawn, too.
    """
    places = min(capacity, len(offered))
    wanted = share * places
    count = int(wanted) + (draw(owner, day, "fraction ") < wanted % 1)
    best = sorted((score for _, score in offered), reverse=True)[:places]
    chosen = sorted(offered, key=lambda each: (draw(each[0], day), each[0]))[:count]
    return {
        lead_id: max(score, best[int(draw(lead_id, day, "place ") * places)]) for lead_id, score in chosen
    }  # fmt: skip
