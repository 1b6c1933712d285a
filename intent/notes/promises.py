"""Promises of a call: what the advisor said they would do, what of it was accepted, timed, withdrawn.

An outright promise (我明天给您发) stands at once. A question or an offer (要不要我给您打, 可以帮您申请) stands when the
client takes it; a request of the client (你查清楚告诉我) stands when the advisor agrees. A later turn may set the time,
and a withdrawal (那不用发了, 当我没讲) cancels what it names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from intent.call import Evidence, Speaker, Turn
from intent.notes.clauses import Clause, clauses_of
from intent.notes.cues import Cues
from intent.notes.dues import Clock, due
from intent.notes.note import Promise
from mandarin.spoken_dates import SpokenMoment

TIME_REACH = 6  # turns after a promise in which its time may be set
RESTATED_REACH = 12  # turns in which the same promise may be said again
_SUBJECT = re.compile("(?<![给帮跟替把为找让请叫约向和对问发])(?:您|你)")
_PLAIN = re.compile(r"[我您你们的了就再也都先那这个一下好行可以给帮把将会要去〇，\s]|到时候|没问题|明白|我这边")


@dataclass(frozen=True, kw_only=True)
class _Said:
    """A promise in the making; an offer until it is `taken`."""

    act: str
    clause: Clause
    content: frozenset[str]  # pairs of characters that are its own
    moment: SpokenMoment | None
    turns: tuple[Turn, ...]
    taken: bool

    @property
    def last(self) -> int:
        return max(turn.index for turn in self.turns)


class AdvisorPromises:
    """Reads the advisor's promises of one call, turn by turn."""

    def __init__(self, cues: Cues, clock: Clock) -> None:
        self._cues, self._clock = cues, clock
        self._said: list[_Said] = []

    def read(self, turns: Sequence[Turn]) -> tuple[Promise, ...]:
        """What still stood at the end of the call, in the order in which it was promised."""
        before: Turn | None = None
        for turn in turns:
            if turn.speaker is Speaker.ADVISOR:
                self._advisor(turn, before)
            elif turn.speaker is Speaker.CLIENT:
                self._client(turn)
            before = turn
        return tuple(_promise(said) for said in self._said if said.taken)

    # the advisor speaks

    def _advisor(self, turn: Turn, before: Turn | None) -> None:
        clauses = clauses_of(turn)
        asked = self._request(before) if before and before.speaker is Speaker.CLIENT else None
        made = [said for n in range(len(clauses)) if (said := self._promised(clauses, n))]
        agreed = bool(clauses) and self._cues.agrees.search(clauses[0].text) and not self._declines(clauses)
        for said in made:
            self._add(self._timed_by(said, asked) if asked and agreed else said)
        if not made and asked and agreed:
            self._add(self._agreed(asked, clauses))
        elif not made and not self._set_time(turn, clauses, before) and self._cues.retracts.search(turn.text):
            self._said = [said for said in self._said if turn.index - said.last > TIME_REACH]

    def _promised(self, clauses: Sequence[Clause], at: int) -> _Said | None:
        """What the clause at `at` promises or offers, or None."""
        clause = clauses[at]
        text = self._clock.masked(clause)
        named = self._cues.act_in(text)
        if named is None or self._vetoed(clauses, at, text, named[1]):
            return None
        act, words = named
        offered = clause.asks or self._cues.question.search(text) or self._cues.offer.search(text)
        return _Said(
            act=act, clause=clause, content=_content(text, words), moment=self._clock.due_of(clauses, at),
            turns=(clause.turn,), taken=not offered,
        )  # fmt: skip

    def _vetoed(self, clauses: Sequence[Clause], at: int, text: str, words: re.Match[str]) -> bool:
        """A denial, what is past, a habit, a condition, what the client is to do, what is done in the call itself."""
        until = text[: words.end()]
        cues = self._cues
        if cues.to_me.search(text) or any(cue.search(until) for cue in cues.not_promised.values()):
            return True
        if at and not clauses[at - 1].ends_sentence and cues.not_promised["conditional"].search(clauses[at - 1].text):
            return True
        others = [found.end() for found in _SUBJECT.finditer(text[: words.start()])]
        ours = [found.end() for found in cues.own.finditer(until)]
        return bool(others) and max(others) > max(ours, default=0)

    def _declines(self, clauses: Sequence[Clause]) -> bool:
        return any(self._cues.not_promised["negated"].search(clause.text) for clause in clauses[:2])

    def _agreed(self, asked: _Said, clauses: Sequence[Clause]) -> _Said:
        times = [found for clause in clauses if (found := self._clock.sets_time(clause))]
        moment = _with_day(times[0], asked.moment) if times else asked.moment
        return replace(asked, moment=moment, turns=(clauses[0].turn, *asked.turns), taken=True)

    def _timed_by(self, said: _Said, asked: _Said) -> _Said:
        """The client who asked may have set the time: 表下午发我."""
        if said.moment is None and asked.moment is not None:
            return replace(said, moment=asked.moment, turns=(*said.turns, *asked.turns))
        return said

    def _set_time(self, turn: Turn, clauses: Sequence[Clause], before: Turn | None) -> bool:
        """好 四点半: the time of what was promised or offered a moment ago; False where nothing was set."""
        times = [found for clause in clauses if (found := self._clock.sets_time(clause))]
        talked = [m for clause in (clauses_of(before) if before else ()) for m in self._clock.moments(clause)]
        for n in reversed(range(len(self._said) if times else 0)):
            said = self._said[n]
            named = next((m for m in reversed(talked) if m.says_day), said.moment)
            moment = _with_day(times[0], named)
            refines = said.moment is None or (not said.moment.exact and said.moment.day == moment.day)
            if refines and turn.index - said.last <= TIME_REACH:
                self._said[n] = replace(said, moment=moment, turns=(*said.turns, turn), taken=True)
                return True
        return self._appoint(clauses, times, before)

    def _appoint(self, clauses: Sequence[Clause], times: Sequence[SpokenMoment], before: Turn | None) -> bool:
        """好 礼拜四九点, after the client said 礼拜四我就到: a meeting of which nothing was said before."""
        if not times or before is None or not self._cues.agrees.search(clauses[0].text):
            return False
        habit = self._cues.not_promised["habit"]
        comes = [
            c
            for c in clauses_of(before)
            if self._clock.moments(c) and self._cues.visit.search(c.text) and not habit.search(c.text)
        ]
        if comes:
            moment = _with_day(times[0], self._clock.moments(comes[-1])[-1])
            turns = (clauses[0].turn, before)
            self._said.append(
                _Said(act="meet", clause=comes[-1], content=frozenset(), moment=moment, turns=turns, taken=True)
            )
        return bool(comes)

    def _add(self, said: _Said) -> None:
        """A promise said again is the same promise; the later words set its time."""
        for n in reversed(range(len(self._said))):
            old = self._said[n]
            if said.clause.turn.index - old.last <= RESTATED_REACH and _same(old, said):
                self._said[n] = replace(
                    old, moment=said.moment or old.moment, taken=old.taken or said.taken,
                    turns=tuple(dict.fromkeys((*old.turns, *said.turns))),
                )  # fmt: skip
                return
        self._said.append(said)

    # the client speaks

    def _client(self, turn: Turn) -> None:
        clauses = clauses_of(turn)
        if not clauses:
            return
        self._withdraw(turn, clauses)
        if self._cues.refuses.search(clauses[0].text):
            self._said = [said for said in self._said if said.last != turn.index - 1]
        taken = bool(self._cues.accepts.search(clauses[0].text))
        asked = self._request(turn)
        self._said = [self._answered(said, turn, taken, asked) for said in self._said]

    def _answered(self, said: _Said, turn: Turn, taken: bool, asked: _Said | None) -> _Said:
        """An offer that the client takes stands; a client who asks for what is promised may set its time."""
        same = asked if asked is not None and asked.act == said.act else None
        takes = said.last == turn.index - 1 and not said.taken and (taken or same is not None)
        times = same is not None and same.moment and not said.moment and turn.index - said.last <= TIME_REACH
        if not takes and not times:
            return said
        moment = said.moment or (same.moment if same else None)
        return replace(said, moment=moment, taken=True, turns=(*said.turns, turn))

    def _withdraw(self, turn: Turn, clauses: Sequence[Clause]) -> None:
        for clause in clauses:
            found = self._cues.withdrawn.search(clause.text)
            act = self._cues.withdrawn_acts.get(found["act"] or "") if found else None
            if act is not None:
                self._said = [said for said in self._said if said.act != act]
        if len(clauses) == 1 and self._cues.given_up.search(clauses[0].text):
            self._said = [said for said in self._said if said.last != turn.index - 1]

    def _request(self, turn: Turn) -> _Said | None:
        """The last thing that a client's turn asks the advisor to do."""
        clauses = clauses_of(turn)
        for n in reversed(range(len(clauses))):
            text = self._clock.masked(clauses[n])
            if clauses[n].asks or self._cues.not_requested.search(text) or not self._cues.request.search(text):
                continue
            for act, pattern in self._cues.asked_acts.items():
                if words := pattern.search(text):
                    return _Said(
                        act=act, clause=clauses[n], content=_content(text, words),
                        moment=self._clock.due_of(clauses, n), turns=(turn,), taken=True,
                    )  # fmt: skip
        return None


def _with_day(moment: SpokenMoment, earlier: SpokenMoment | None) -> SpokenMoment:
    """A bare time of day is one of the day that was just spoken of."""
    if moment.says_day or earlier is None or not earlier.says_day:
        return moment
    return moment.on(earlier.day)


def _content(text: str, words: re.Match[str]) -> frozenset[str]:
    """Pairs of characters of a clause without its act, its time and words that every promise has."""
    rest = _PLAIN.sub("", text[: words.start()] + "，" + text[words.end() :])
    return frozenset(rest[n : n + 2] for n in range(len(rest) - 1))


def _same(old: _Said, new: _Said) -> bool:
    if old.act != new.act or old.clause.turn.index == new.clause.turn.index:
        return False
    small = min(len(old.content), len(new.content))
    return not small or len(old.content & new.content) * 2 >= small


def _promise(said: _Said) -> Promise:
    return Promise(
        act=said.act,
        what=said.clause.text,
        asked=said.clause.turn.speaker is Speaker.CLIENT,
        due=due(said.moment),
        evidence=tuple(
            Evidence(turn=turn.index, quote=turn.text, start_s=turn.start_s, end_s=turn.end_s) for turn in said.turns
        ),
    )
