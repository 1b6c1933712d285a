"""A checklist held against a call: what was said when, and whether the client's answers are clear."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from intent.call import Speaker, Turn
from intent.inspection.answers import CLEAR, UNCLEAR, Answer, AnswerWords, judge_answer
from intent.inspection.checklists import Checklist, Item
from intent.inspection.measures import has_times, place_of
from intent.inspection.result import ItemResult, Place
from intent.inspection.wording import Wording

NOT_APPLICABLE, MISSING, DONE, LATE, UNHEARD = "not_applicable", "missing", "done", "late", "unheard"


@dataclass(frozen=True, kw_only=True)
class _Said:
    """Where an item was said: position in the turns and the words; empty where it was not."""

    item: Item
    hits: tuple[tuple[int, str], ...]

    @property
    def first(self) -> int | None:
        return self.hits[0][0] if self.hits else None


class Checker:
    """Holds one call against one checklist."""

    def __init__(self, turns: Sequence[Turn], words: AnswerWords, wording: Wording) -> None:
        self._turns, self._words, self._wording = tuple(turns), words, wording
        self._timed = has_times(turns)
        self._client_is_heard = any(turn.speaker is Speaker.CLIENT for turn in turns)

    def check(self, checklist: Checklist) -> tuple[ItemResult, ...]:
        """Every item of the list, in its order."""
        found = [_Said(item=item, hits=self._hits(item)) for item in checklist.items]
        return tuple(self._result(said, found) for said in found)

    def _hits(self, item: Item) -> tuple[tuple[int, str], ...]:
        """Where the first alternative was said that was said as a whole.

        A list is whole in the turn of its last part, and in later turns that hold all of it.
        """
        advisor = [(n, turn.text) for n, turn in enumerate(self._turns) if turn.speaker is Speaker.ADVISOR]
        for alternative in item.said:
            parts = [
                {n: match[0] for n, text in advisor if (match := self._wording.find(text, (pattern,)))}
                for pattern in alternative
            ]
            if all(parts):
                last = max(parts, key=min)
                whole_again = set.intersection(*(set(part) for part in parts)) - set(range(min(last)))
                return tuple((n, last.get(n, "")) for n in sorted({min(last), *whole_again}))
        return ()

    def _result(self, said: _Said, all_said: Sequence[_Said]) -> ItemResult:
        item = said.item
        blank = ItemResult(item=item.id, zh=item.zh, state=DONE, critical=item.critical, weight=item.weight)
        if item.when and not any(self._wording.find(turn.text, item.when) for turn in self._turns):
            return replace(blank, state=NOT_APPLICABLE, why="本次通话未涉及")
        deadline = self._deadline(item, all_said)
        if said.first is None:
            return replace(blank, state=MISSING, why="没有说到", expected_by=deadline)
        blank = replace(blank, said_at=self._place(*said.hits[0]))
        if item.answer:
            blank = self._answered(blank, said, all_said)
        too_late = deadline is not None and item.before and said.first > self._position(deadline)
        if too_late and blank.state == DONE:
            return replace(blank, state=LATE, why="说得太晚", expected_by=deadline)
        return blank

    def _deadline(self, item: Item, all_said: Sequence[_Said]) -> Place | None:
        """The first turn of what the item must come before; without such the last turn of the call."""
        after = [each.first for each in all_said if each.item.id in item.before and each.first is not None]
        if not self._turns:
            return None
        return place_of(self._turns[min(after) if after else -1], timed=self._timed)

    def _position(self, place: Place) -> int:
        return next(n for n, turn in enumerate(self._turns) if turn.index == place.turn)

    def _place(self, position: int, quote: str) -> Place:
        return place_of(self._turns[position], quote, timed=self._timed)

    def _answered(self, blank: ItemResult, said: _Said, all_said: Sequence[_Said]) -> ItemResult:
        """The last reply counts: who asks again wants a better one."""
        if not self._client_is_heard:
            return replace(blank, state=UNHEARD, why="录音中没有客户的话")
        others = {n for each in all_said if each is not said for n, _ in each.hits} - {n for n, _ in said.hits}
        judged = [self._reply(n, said.item.answer or "", others) for n, _ in said.hits]
        replied = [each for each in judged if each[1] is not None]
        answer, at = replied[-1] if replied else judged[0]
        state = DONE if answer.state == CLEAR else answer.state
        return replace(blank, state=state, why=answer.why, answered_at=self._place(at, "") if at is not None else None)

    def _reply(self, asked: int, expects: str, others: set[int]) -> tuple[Answer, int | None]:
        """What follows the turn `asked`, up to the advisor's next question; a question asked again goes on."""
        answer, at, heard = Answer(state=UNCLEAR, why="客户没有回答"), None, ""
        for n in range(asked + 1, len(self._turns)):
            turn = self._turns[n]
            if turn.speaker is Speaker.CLIENT:
                heard, at = f"{heard}，{turn.text}", n
                answer = judge_answer(heard, expects, self._words, self._wording)
            elif self._wording.is_backchannel(turn.text):
                continue
            elif n in others or (heard and not self._asks_again(turn)):
                break
            else:
                heard = ""
        return answer, at

    def _asks_again(self, turn: Turn) -> bool:
        return self._wording.find(turn.text, self._words.asks_again) is not None
