"""What the client says: facts that the advisor's side may act on, and what they promise to do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from intent.call import Evidence, Speaker, Turn
from intent.notes.clauses import Clause, clauses_of
from intent.notes.cues import Cues
from intent.notes.dues import Clock, due
from intent.notes.note import Fact, Promise
from mandarin.numeral import Numeral, NumeralKind
from mandarin.numerals import find_numerals

LEAST_ALONE = 8  # characters that a clause needs to be read without the one before it
_KINDS = {
    NumeralKind.AMOUNT: "amount",
    NumeralKind.PERCENT: "share",
    NumeralKind.PERCENTAGE_POINTS: "share",
    NumeralKind.BASIS_POINTS: "share",
    NumeralKind.RATIO: "share",
    NumeralKind.COUNT: "count",
    NumeralKind.CODE: "code",
}
_COUNTED = frozenset("年月周天日岁股手份只")  # units that tell something of money, products or time


def facts_of(turns: Sequence[Turn], cues: Cues, clock: Clock, products: Sequence[str]) -> tuple[Fact, ...]:
    """Turns of the client that state a sum, share, count, day, product or a state of the account.

    `products`: names and aliases, the longest first. Questions state nothing.
    """
    spoken = [turn for turn in turns if turn.speaker is Speaker.CLIENT]
    return tuple(fact for turn in spoken if (fact := _fact(turn, cues, clock, products)))


def client_promises(turns: Sequence[Turn], cues: Cues, clock: Clock) -> tuple[Promise, ...]:
    """What the client said they would do, with a time: 我明天去营业部办. A wish without a time is no promise."""
    found: list[Promise] = []
    for turn in turns:
        if turn.speaker is Speaker.CLIENT:
            found += _client_promises(turn, cues, clock)
    return tuple(found)


def _client_promises(turn: Turn, cues: Cues, clock: Clock) -> Iterator[Promise]:
    clauses = clauses_of(turn)
    for n, clause in enumerate(clauses):
        text = clock.masked(clause)
        act = next((name for name, pattern in cues.client_acts.items() if pattern.search(text)), None)
        moment = clock.due_of(clauses, n)
        if act is None or "我" not in text or (moment is None and not cues.client_time.search(text)):
            continue
        if clause.asks or cues.question.search(text) or cues.to_me.search(text) or _denied(text, clauses[:n], cues):
            continue
        yield Promise(act=act, what=clause.text, due=due(moment), evidence=(_evidence(turn),))


def _denied(text: str, before: Sequence[Clause], cues: Cues) -> bool:
    veto = cues.not_promised
    if any(veto[name].search(text) for name in ("negated", "past", "habit", "conditional")):
        return True
    return bool(before) and not before[-1].ends_sentence and bool(veto["conditional"].search(before[-1].text))


@dataclass(frozen=True, kw_only=True)
class _Told:
    clause: Clause
    kinds: tuple[str, ...]
    values: tuple[str, ...]


def _fact(turn: Turn, cues: Cues, clock: Clock, products: Sequence[str]) -> Fact | None:
    clauses = clauses_of(turn)
    told = [each for clause in clauses if (each := _told(clause, cues, clock, products))]
    if not told:
        return None
    first = clauses.index(told[0].clause)
    if len(told[0].clause.text) < LEAST_ALONE and first:
        first -= 1  # 三十三万 says nothing without what stands before it
    return Fact(
        kinds=_each_once(kind for each in told for kind in each.kinds),
        text=turn.text[clauses[first].start : told[-1].clause.end].strip(),
        values=_each_once(value for each in told for value in each.values),
        evidence=(_evidence(turn),),
    )


def _told(clause: Clause, cues: Cues, clock: Clock, products: Sequence[str]) -> _Told | None:
    if clause.asks or cues.question.search(clause.text):
        return None
    numbers = [number for number in find_numerals(clause.text) if _tells(number)]
    days = [m.day.isoformat() for m in clock.moments(clause) if m.says_day]
    named = _named(clause.text, products)
    kinds = [_KINDS[number.kind] for number in numbers]
    kinds += ["date"] * bool(days) + ["product"] * bool(named)
    kinds += ["account"] * bool(cues.account.search(clause.text))
    values = (*(number.digits for number in numbers), *days, *named)
    return _Told(clause=clause, kinds=tuple(kinds), values=values) if kinds else None


def _each_once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _tells(number: Numeral) -> bool:
    """A count tells something only with a unit of money, products or time: 两只, 三年, not 一下."""
    if number.kind is NumeralKind.COUNT:
        return bool(number.unit) and number.unit[-1] in _COUNTED
    return number.kind in _KINDS


def _named(text: str, products: Sequence[str]) -> list[str]:
    """Known names in a text, the longest first; a name inside a longer one is not named twice."""
    found: list[str] = []
    for name in products:
        if name in text and not any(name in longer for longer in found):
            found.append(name)
    return found


def _evidence(turn: Turn) -> Evidence:
    return Evidence(turn=turn.index, quote=turn.text, start_s=turn.start_s, end_s=turn.end_s)
