"""Use and mention: whether a sentence speaks about a claim (“稳赚不赔”是骗子的口头禅), or makes it.

A model that reads a claim among many harmless words believes less and less in it. So it may excuse the words of a rule
only where the sentence itself sets them at a distance, which words by the claim show; they are data (mention.yaml).
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from itertools import pairwise

import yaml

Span = tuple[int, int]
_CLAUSE_END = re.compile(r"[,;]")
_QUOTED = re.compile(r"“[^“”]{1,60}”|\"[^\"]{1,60}\"|「[^「」]{1,60}」|『[^『』]{1,60}』|‘[^‘’]{1,60}’")


def is_mentioned(sentence: str, claim: Span) -> bool:
    """Whether `sentence`, normalised, holds its `claim` in quotation marks or at a distance; the claim's own words
    say nothing of it."""
    if any(_meets(quoted.span(), claim) for quoted in _QUOTED.finditer(sentence)):
        return True
    beside, within = _cues()
    return any(
        cue.search(part)
        for cue, (start, end) in ((beside, near(sentence, claim)), (within, near(sentence, claim, reach=0)))
        for part in (sentence[start : max(start, claim[0])], sentence[min(end, claim[1]) : end])
    )


def near(sentence: str, claim: Span, *, reach: int = 1) -> Span:
    """The clauses that a claim stands in, with `reach` of them before and after."""
    ends = [0, *(mark.end() for mark in _CLAUSE_END.finditer(sentence)), len(sentence)]
    clauses = [span for span in pairwise(ends) if span[0] < span[1]]
    met = [n for n, span in enumerate(clauses) if _meets(span, claim)]
    if not met:
        return 0, len(sentence)
    return clauses[max(0, met[0] - reach)][0], clauses[min(len(clauses) - 1, met[-1] + reach)][1]


@cache
def _cues() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Of the claim's clause and those beside it, and of its own clause alone."""
    words = files("compliance_filters.semantic").joinpath("mention.yaml").read_text("utf-8")
    data: dict[str, list[str]] = yaml.safe_load(words)
    return re.compile("|".join(map(re.escape, data["beside"]))), re.compile("|".join(data["within"]))


def _meets(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
