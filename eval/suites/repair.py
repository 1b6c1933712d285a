"""`tougu eval repair`: names and terms put right by their sound, and what is written over falsely."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from eval.case import EvalError, load_cases, only_split
from eval.metrics import repair as m
from eval.result import Result, data_of, figures
from intent.call import Speaker, Turn
from intent.corpus.calls import CALLS
from intent.corpus.lines import shipped
from intent.corpus.sounds import NEAR, SAME, SoundAlikes
from intent.speech.repair import Repairer, load_terms
from serve.wiring import House

SEED = 20261122
SAME_SHARE = 0.9  # of the mistakes; measured 0.0742 of characters by the same sound, 0.0094 by a near one
PAIRS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("h", "f"), ("ang", "an"), ("eng", "en"), ("ing", "in"))


def run(house: House, data: Path | None, split: str | None = None) -> Result:
    """Two figures on calls as text. `false_chars_per_10k`: every repair in a call as it was written is false, for
    nothing was misheard there. `recovered`: one term a line is written by common characters of its sound.

    Without `data`, the calls of the project's own `test` split. Raises EvalError where `speech.repair` is off.
    """
    repairer = house.repairer
    if repairer is None:
        raise EvalError("speech.repair is off: switch it on to measure it.")
    cases = load_cases(data or Path(str(shipped(CALLS))), required=("turns",))
    if data is None or split:
        cases = only_split(cases, split or "test")
    began = time.perf_counter()
    calls = [[turn["text"] for turn in item["turns"]] for item in cases.items]
    plain = [m.Repaired(said=said, after=_after(repairer, said)) for said in calls]
    seconds = time.perf_counter() - began
    misheard = list(_misheard(repairer, calls))
    characters = sum(len(line) for call in calls for line in call)
    return Result(
        suite="repair",
        data=data_of(cases),
        parameters={
            "split": split or ("test" if data is None else None),
            "repair_score": house.settings.speech.repair_score,
        },
        metrics={
            **figures(plain, {"false_chars_per_10k": m.false_chars_per_10k}),
            **figures(misheard, {"recovered": m.recovered, "made_worse": m.made_worse}),
            "characters": characters,
            "misheard_terms": len(misheard),
            "us_per_char": round(seconds / max(characters, 1) * 1e6, 1),
        },
        seconds=time.perf_counter() - began,
        predictions=tuple(_prediction(case) for case in misheard),
    )  # fmt: skip


def _after(repairer: Repairer, lines: Sequence[str]) -> list[str]:
    return [turn.text for turn in repairer.repair(_turns(lines))]


def _turns(lines: Sequence[str]) -> list[Turn]:
    return [Turn(index=i, speaker=Speaker.CLIENT, text=t, start_s=0.0, end_s=0.0) for i, t in enumerate(lines)]


def _misheard(repairer: Repairer, calls: Sequence[Sequence[str]]) -> Iterator[m.Misheard]:
    """One term a line, one or more of its characters written by common ones of the same or a near sound."""
    terms = re.compile("|".join(sorted(load_terms().terms, key=len, reverse=True)))
    chance, alike = random.Random(SEED), SoundAlikes(PAIRS)
    for call in calls:
        for i, line in enumerate(call):
            found = list(terms.finditer(line))
            if not found:
                continue
            term = chance.choice(found)
            heard = _heard(term.group(), chance, alike)
            if heard is None:
                continue
            changed = line[: term.start()] + heard + line[term.end() :]
            after = _after(repairer, [*call[:i], changed, *call[i + 1 :]])[i]
            yield m.Misheard(said=line, heard=changed, after=after)


def _heard(term: str, chance: random.Random, alike: SoundAlikes) -> str | None:
    """The term with each character misheard at even odds, one at least; None where none sounds like another."""
    forced = chance.randrange(len(term))
    out = []
    for n, char in enumerate(term):
        others = alike.alike(char, SAME if chance.random() < SAME_SHARE else NEAR)
        if others and (n == forced or chance.random() < 0.5):
            char = chance.choices(list(others), list(others.values()))[0]
        out.append(char)
    heard = "".join(out)
    return heard if heard != term else None


def _prediction(case: m.Misheard) -> dict[str, Any]:
    return {"said": case.said, "heard": case.heard, "after": case.after}
