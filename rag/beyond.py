"""A time that lies behind every report at hand: what an earlier report says of its own time is no answer."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from knowledge_base.periods import last_day
from rag.cite import Claim
from rag.question import Understood


def of_the_time(asked: Understood, available: Sequence[str], claims: Sequence[Claim]) -> list[Claim]:
    """The claims, without those that do not name the year asked for where no report reaches so far.

    `available` are the periods of the product's reports. A year that is not stated (今年,
    三季度) asks for the latest that there is.
    """
    ends = max((day for own in available if (day := last_day(own)) is not None), default=date.max)
    late = [one.period for one in asked.periods if one.period and one.year_stated and one.period not in available]
    years = [period[:4] for period in late if (last_day(period) or date.min) > ends]
    if not asked.products or not years:
        return list(claims)
    return [claim for claim in claims if any(f"{year}年" in claim.text for year in years)]
