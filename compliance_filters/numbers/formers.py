"""Words right before a number that make it a level of an earlier time: 前一交易日为, 上周五在, 倒推2024年末是."""

from __future__ import annotations

import re

from compliance_filters.numbers import cues

# Behind 较 and 比 only where they lead up to the level itself: 比前一天（约3,370.8点）多.
_FORMER = re.compile(
    r"(?P<against>[较比])?(?:(?:前|上)一?个?交易日|前一[天日]|昨[天日]|上一?[周星](?:[一二三四五六日末]|期[一二三四五六日]?)?"
    r"|上[一个]?季度?末?|上个?月末?|[上去]年(?:度?末|底|同期|度)?|20\d\d年(?:[末底]|\d{1,2}月末)?|\d{1,2}月[末底]|[年季月期]初"
    r"|原[来先]?|此前|之前|先前|当时|那时|倒推|推算|反推|往回[算推])(?P<led>[^，,。；;\d]{0,10})$"
)
_LEADS_UP = re.compile("[的（(为]")
_TURNS = re.compile(f"{cues.DIFFERENCE.pattern}|涨|跌|[升降增减]")
_DAY = re.compile(r"(?<![较比])(?:(?:前|上)一?个?交易日|前一[天日])[^，,。；;\d]{0,6}$|前一[天日](?:的|（约?)$")


def names_former(words: str) -> bool:
    """Whether a number behind these words is a level of an earlier time, and no change since."""
    told = _FORMER.search(words)
    if told is None or _TURNS.search(told["led"]):
        return False
    return not told["against"] or bool(_LEADS_UP.search(told["led"]))


def names_day_before(words: str) -> bool:
    """Whether a number behind these words is of the day before."""
    return _DAY.search(words) is not None
