"""By when: which of the times said around a promise belongs to it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from intent.notes.clauses import Clause
from intent.notes.cues import Cues
from intent.notes.note import Due
from mandarin.spoken_dates import SpokenMoment, find_moments

CHINA = ZoneInfo("Asia/Shanghai")
END_OF_DAY = time(23, 59)
_MODIFIES = re.compile("的|那|这|到期|生效|开盘|扣")
_EITHER = re.compile(r"(.)[不没](?=\1)")  # 要不要, 批没批


class Clock:
    """Reads times in the turns of one call. Without a start of the call no time can be settled."""

    def __init__(self, cues: Cues, started_at: datetime | None) -> None:
        self._cues = cues
        aware = started_at if started_at is None or started_at.tzinfo else started_at.replace(tzinfo=UTC)
        self._started_at = aware.astimezone(CHINA) if aware else None

    def moments(self, clause: Clause) -> tuple[SpokenMoment, ...]:
        """The times said in a clause, counted from the second at which its turn begins."""
        if self._started_at is None:
            return ()
        return find_moments(clause.text, said_at=self._started_at + timedelta(seconds=clause.turn.start_s))

    def masked(self, clause: Clause) -> str:
        """The clause with its times, and the 不 of 要不要, blotted out: cues must not be met inside them."""
        text = _EITHER.sub(r"\1〇", clause.text)
        for moment in self.moments(clause):
            text = text[: moment.start] + "〇" * (moment.end - moment.start) + text[moment.end :]
        return text

    def sets_time(self, clause: Clause) -> SpokenMoment | None:
        """The time of a clause that says little else: 好 四点半, 下周二之前."""
        found = self._free(clause)
        return found[-1] if found and self._cues.beside.search(self.masked(clause)) else None

    def due_of(self, clauses: Sequence[Clause], at: int) -> SpokenMoment | None:
        """The time of the clause at `at`: its own, else that of a neighbour that says little else."""
        if own := self._free(clauses[at]):
            return own[0]
        beside = [clauses[n] for n in (at - 1, at + 1) if 0 <= n < len(clauses)]
        return next((found for clause in beside if (found := self.sets_time(clause))), None)

    def _free(self, clause: Clause) -> tuple[SpokenMoment, ...]:
        """The times that do not merely describe something: not 十月份 in 十月份的对账单."""
        return tuple(m for m in self.moments(clause) if m.relation == "by" or not _MODIFIES.match(clause.text, m.end))


def due(moment: SpokenMoment | None) -> Due | None:
    """The moment as a due date on a clock of China."""
    if moment is None:
        return None
    precision = "day" if moment.at is None else "minute" if moment.exact else "part"
    at = datetime.combine(moment.day, moment.at or END_OF_DAY, CHINA)
    return Due(at=at, precision=precision, said=moment.quote)
