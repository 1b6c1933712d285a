"""Which sum in a call belongs to a wish: every candidate near the evidence is weighed, the best one is taken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from importlib import resources

import yaml

from intent.call import Speaker, Turn
from mandarin.numeral import Numeral, NumeralKind
from mandarin.numerals import find_numerals

LEAST_SUM_CNY = Decimal(1000)
SMALL_SUMS = {"fund.sip": Decimal(100), "wealth.pension": Decimal(100)}  # what people put aside each month
REACH = 6  # turns around the evidence in which its sum may have been said
BEFORE_CHARS, AFTER_CHARS = 6, 8  # in which words tell what a number is
TEN_THOUSANDS = range(50, 1000)  # 个 said for 万: smaller and larger ones count things
_CLAUSE_END = re.compile(r"[，。！？；,!?; ]")


@dataclass(frozen=True, kw_only=True)
class SpokenSum:
    """A sum as it was said, in yuan, with what its own turn says for it."""

    amount_cny: Decimal
    weight: float


class Sums:
    """Finds and weighs sums by clues as data; pure."""

    def __init__(self) -> None:
        raw = yaml.safe_load(resources.files("intent").joinpath("sums.yaml").read_text(encoding="utf-8"))
        self._never = {name: re.compile(pattern) for name, pattern in raw["never"].items()}
        self._ten_thousands = re.compile(raw["ten_thousands"])
        self._clues = {name: re.compile(pattern) for name, pattern in raw["clues"].items()}
        self._weights: dict[str, float] = raw["weights"]
        self._floor: float = raw["floor"]

    def said_in(self, text: str, least: Decimal = LEAST_SUM_CNY) -> tuple[SpokenSum, ...]:
        """Sums of yuan from `least` on that are not a loss, a gain, a fee or a threshold, in order of the text."""
        found = [(n, amount) for n in find_numerals(text) if (amount := self._amount(n, text)) and amount >= least]
        return tuple(
            SpokenSum(amount_cny=amount, weight=self._told(number, text, [n for n, _ in found[at + 1 :]]))
            for at, (number, amount) in enumerate(found)
        )

    def of_wish(self, intent: str, evidence: Collection[int], turns: Sequence[Turn]) -> Decimal | None:
        """The sum that a wish proven by the turns `evidence` (their indexes) is about; None where none was said."""
        least = SMALL_SUMS.get(intent, LEAST_SUM_CNY)
        proofs = [at for at, turn in enumerate(turns) if turn.index in evidence]
        said = {at: self.said_in(turns[at].text, least) for at in _around(proofs, len(turns))}
        heard = Counter(amount for sums in said.values() for amount in {each.amount_cny for each in sums})
        weights = self._weights
        weighed: list[tuple[float, Decimal]] = []
        for at, sums in said.items():
            far = min(abs(at - proof) for proof in proofs)
            place = weights["late"] * at / len(turns) + weights["distance"] * far + weights["evidence"] * (not far)
            place += weights["client"] * (turns[at].speaker is not Speaker.ADVISOR)
            weighed += [
                (each.weight + place + weights["repeated"] * (heard[each.amount_cny] - 1), each.amount_cny)
                for each in sums
            ]
        best, amount = max(weighed, key=lambda pair: pair[0], default=(0.0, None))
        return amount if best > self._floor else None

    def _amount(self, number: Numeral, text: str) -> Decimal | None:
        """What a number is worth in yuan, None when it is no sum."""
        before, after = text[max(0, number.start - BEFORE_CHARS) : number.start], _after(number, text)
        if self._never["before"].search(before):
            return None
        if number.unit == "个":
            colloquial = number.value in TEN_THOUSANDS and self._ten_thousands.search(after)
            return number.value * 10_000 if colloquial else None
        if number.unit not in {"", "元"} or self._never["after"].search(after):
            return None
        if number.kind is NumeralKind.COUNT:
            return number.value if not number.value % 100 else None
        return number.value if number.kind is NumeralKind.AMOUNT else None

    def _told(self, number: Numeral, text: str, later: Sequence[Numeral]) -> float:
        clues, weights = self._clues, self._weights
        clause = _CLAUSE_END.split(text[: number.start])[-1]
        told = {
            "money": number.kind is NumeralKind.AMOUNT or number.unit == "个",
            "wanted": bool(clues["wanted"].search(text[max(0, number.start - BEFORE_CHARS) : number.start])),
            "used": bool(clues["used"].search(_after(number, text))),
            "elsewhere": bool(clues["elsewhere"].search(clause)),
            "corrected": any(clues["corrected"].search(text[number.end : other.start]) for other in later),
        }
        return sum(weights[name] for name, holds in told.items() if holds)


def _after(number: Numeral, text: str) -> str:
    return text[number.end : number.end + AFTER_CHARS]


def _around(proofs: Sequence[int], turns: int) -> Iterator[int]:
    yield from range(max(0, min(proofs) - REACH), min(turns, max(proofs) + REACH + 1)) if proofs else ()


@cache
def load_sums() -> Sums:
    """The clues of the package."""
    return Sums()
