"""What a later turn takes back without naming it: 那先不卖, 莫开了, 算了算了. Words as data (rules.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Withdrawal:
    """`intents`: of these kinds by the verb; `whatever`: what was wanted last, whichever it is."""

    intents: frozenset[str] = _NONE
    whatever: bool = False


class Withdrawals:
    """Finds refusals that consist of a verb alone, clause by clause; pure."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        """Raises KeyError, TypeError, re.error for broken data."""
        before, refusal, after = raw["before"], raw["refusal"], raw["after"]
        self._verbs = tuple(
            (re.compile(f"{before}{refusal}(?:{verb['says']}){after}"), frozenset(map(str, verb["intents"])))
            for verb in raw["verbs"]
        )
        self._whatever, self._condition = re.compile(raw["whatever"]), re.compile(raw["unless"])
        self.reach = int(raw["reach"])  # turns back to what `whatever` takes back
        self.intents = _NONE.union(*(intents for _, intents in self._verbs))

    def found(self, clauses: Sequence[str]) -> Withdrawal:
        """What the clauses of one turn take back; nothing where they set a condition (不到五，我不开)."""
        if self._condition.search("，".join(clauses)):
            return Withdrawal()
        said = [intents for clause in clauses for verb, intents in self._verbs if verb.search(clause)]
        return Withdrawal(intents=_NONE.union(*said), whatever=any(self._whatever.search(clause) for clause in clauses))
