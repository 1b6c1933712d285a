"""Patterns read as what they are: how much work they can cost, and what their matches can hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from re import _constants as op  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

MOST_PATHS = 250_000  # ways to try a pattern from one place of a text, whatever the text is
_UNBOUNDED = 50  # an unbounded repetition counts as this many
_REPEATS = (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT)
_ASSERTS = (op.ASSERT, op.ASSERT_NOT)
_COPIES = 20  # of a repeated part are looked at, beyond the least number; anchors are shorter
_CATEGORIES = {op.CATEGORY_DIGIT: r"\d", op.CATEGORY_SPACE: r"\s", op.CATEGORY_WORD: r"\w"}
_NOT_CATEGORIES = {op.CATEGORY_NOT_DIGIT: r"\D", op.CATEGORY_NOT_SPACE: r"\S", op.CATEGORY_NOT_WORD: r"\W"}


def dangers(pattern: re.Pattern[str]) -> Iterator[str]:
    """Why a pattern could take too long, one clause each.

    Without an unbounded repetition the work from one place is bounded by the number of paths, so the work on a
    text grows with its length and no faster.
    """
    tree = parser.parse(pattern.pattern, pattern.flags)
    if _has(tree, lambda code, av: code in _REPEATS and av[1] is op.MAXREPEAT):
        yield "repeats without a bound: count the repetition, as in {1,12}"
    if _has(tree, lambda code, av: code in (op.GROUPREF, op.GROUPREF_EXISTS)):
        yield "refers back to a group: write the words out"
    ways = max(_paths(tree), *(_paths(each) for each in _assertions(tree)), 1)
    if ways > MOST_PATHS:
        yield f"can be tried in {ways:,} ways from one place: shorten its gaps, or make two patterns of it"


def can_hold(pattern: re.Pattern[str], word: str) -> bool:
    """Whether some match of the pattern, or what it looks ahead at, can hold a word; never wrong with False."""
    tree = parser.parse(pattern.pattern, pattern.flags)
    if any(word.lower() in run.lower() for run in _literal_runs(tree)):
        return True
    return _Automaton(tree).reaches(word)


def _paths(tree: Any) -> int:
    """An upper bound of the ways in which a sequence can be tried from one place."""
    ways = 1
    for code, av in tree:
        ways *= _paths_of(code, av)
    return ways


def _paths_of(code: Any, av: Any) -> int:
    if code in _REPEATS:
        least, most, body = av
        most = least + _UNBOUNDED if most is op.MAXREPEAT else most
        inner = _paths(body)
        if inner == 1:
            return int(most) - int(least) + 1
        return sum(inner**n for n in range(least, min(most, least + _UNBOUNDED) + 1))
    if code is op.SUBPATTERN:
        return _paths(av[-1])
    if code is op.ATOMIC_GROUP:
        return 1
    if code is op.BRANCH:
        return max(_paths(each) for each in av[1])
    return 1


def _children(code: Any, av: Any) -> Iterable[Any]:
    if code in _REPEATS:
        return (av[2],)
    if code is op.SUBPATTERN:
        return (av[-1],)
    if code is op.ATOMIC_GROUP:
        return (av,)
    if code is op.BRANCH:
        return tuple(av[1])
    if code in _ASSERTS:
        return (av[1],)
    return ()


def _walk(tree: Any) -> Iterator[tuple[Any, Any]]:
    for code, av in tree:
        yield code, av
        for child in _children(code, av):
            yield from _walk(child)


def _has(tree: Any, wanted: Any) -> bool:
    return any(wanted(code, av) for code, av in _walk(tree))


def _assertions(tree: Any) -> list[Any]:
    return [av[1] for code, av in _walk(tree) if code in _ASSERTS]


def _literal_runs(tree: Any) -> Iterator[str]:
    """Words that stand in one piece in the pattern."""
    run = ""
    for code, av in tree:
        if code is op.LITERAL:
            run += chr(av)
            continue
        yield run
        run = ""
        for child in _children(code, av) if code is not op.ASSERT_NOT else ():
            yield from _literal_runs(child)
    yield run


class _Automaton:
    """A pattern as states and steps; what it asserts backwards or denies ahead is taken as given."""

    def __init__(self, tree: Any) -> None:
        self._free: list[list[int]] = [[]]
        self._steps: list[list[tuple[Any, Any, int]]] = [[]]
        self._end = self._sequence(tree, 0)

    def reaches(self, word: str) -> bool:
        """Whether the end can be reached over a text that holds the word: states paired with letters read."""
        seen, todo = set(), [(0, 0)]
        while todo:
            state, read = todo.pop()
            if (state, read) in seen:
                continue
            seen.add((state, read))
            todo += [(after, read) for after in self._free[state]]
            for code, av, after in self._steps[state]:
                if read in (0, len(word)):
                    todo.append((after, read))
                if read < len(word) and _takes(code, av, word[read]):
                    todo.append((after, read + 1))
        return (self._end, len(word)) in seen

    def _state(self) -> int:
        self._free.append([])
        self._steps.append([])
        return len(self._free) - 1

    def _sequence(self, tree: Any, state: int) -> int:
        for code, av in tree:
            state = self._part(code, av, state)
        return state

    def _part(self, code: Any, av: Any, state: int) -> int:
        if code in (op.LITERAL, op.NOT_LITERAL, op.IN, op.ANY):
            after = self._state()
            self._steps[state].append((code, av, after))
            return after
        if code in _REPEATS:
            return self._repeat(state, *av)
        if code is op.ASSERT_NOT or code is op.AT:
            return state
        after = self._state()
        if code is op.ASSERT:
            self._free[state].append(after)
        for child in _children(code, av):
            self._free[self._sequence(child, state)].append(after)
        return after

    def _repeat(self, state: int, least: int, most: Any, body: Any) -> int:
        after = self._state()
        for copy in range(min(least + _COPIES, int(most))):
            if copy >= least:
                self._free[state].append(after)
            state = self._sequence(body, state)
        self._free[state].append(after)
        return after


def _takes(code: Any, av: Any, char: str) -> bool:
    if code is op.ANY:
        return char != "\n"
    if code is op.IN:
        negated = av[0][0] is op.NEGATE
        return any(_takes(c, a, char) for c, a in av[negated:]) is not negated
    if code is op.RANGE:
        return any(av[0] <= ord(c) <= av[1] for c in (char, char.lower(), char.upper()) if len(c) == 1)
    if code is op.CATEGORY:
        return bool(re.match({**_CATEGORIES, **_NOT_CATEGORIES}[av], char))
    same = char.lower() == chr(av).lower()
    return same if code is op.LITERAL else not same
