"""Distances that words ask for (跑赢基准, 前者高, A比B多, 较上季末下降, 期初), and those told the wrong way."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import chain, pairwise

from compliance_filters.numbers import cues, distances
from compliance_filters.numbers.arithmetic import EXACT, SUMS, Result
from compliance_filters.numbers.claims import Claim
from compliance_filters.numbers.parts import Part, Parts, nearest
from mandarin.chinese_number import read_number

_PLUS = re.compile(r"\s?[+＋]\s?")
_WRITTEN = re.compile(r"[-+]?\d[\d.,]{0,40}\s?(?:%|％|[亿万]?[元份]|个百分点)")
_RATIO = re.compile(
    "(?P<top>[A-Za-z0-9+\u4e00-\u9fff]{2,8}?)(?:大?约|接近|差不多|正好|相当|仅){0,2}(?:为|是|占|于)(?:了|约|近)?"
    "(?P<whole>[A-Za-z0-9+\u4e00-\u9fff]{2,10})的(?:约|近)?$"
)
_SET_OUT = re.compile("[从由原][\u4e00-\u9fff]{0,2}$")  # 两项合计由0.60%降到0.20%
_A_DISTANCE = re.compile("差[^，,。；;\\d]{0,6}$")
_OF_NAMED = re.compile(
    "(?:相当于|占(?:全部|了|到)?)(?P<whole>[\u4e00-\u9fff]{2,6}?)(?:部分|资产|仓位|市值|总额|投资)?的(?:约|近)?$"
)
_TWO = 2
_MORE = re.compile("(?P<who>[\u4e00-\u9fff]{2,6}?)(?:略|稍|还|要|则|反而){0,2}[多高少低](?:了|出)?约?$")
_WHOLE, _LED = 100, 16
PAIRED = 24  # numbers that are subtracted from one another


def is_turned(claim: Claim, parts: Sequence[Part]) -> bool:
    """Whether it is the distance of two, told in the wrong direction: then no chance computation makes it right."""
    if not claim.direction or claim.unit not in ("pp", *SUMS) or cues.ORDERED.search(claim.near):
        return False
    own = [p for p in parts if p.unit == ("%" if claim.unit == "pp" else claim.unit)]
    if claim.met(total_change(claim, own)) is not None:
        return False
    near = nearest(own, claim.figure.start, PAIRED)
    mine = claim.quantity
    return distances.turned(claim.text, mine.value, mine.tolerance, near, claim.direction, claim.compared)


def apart(claim: Claim, own: Sequence[Part]) -> Iterator[Result]:
    """Distances of two numbers of its kind that a figure's words ask for."""
    near = nearest(own, claim.figure.start, PAIRED)
    precise = claim.unit in SUMS and claim.free
    yield from _against_total(claim, near)
    near = _of_totals(near, claim.figure.start)
    if claim.unit in ("pp", *SUMS) and (many := cues.AGAINST_SUM.search(claim.before)):
        shown = [p for p in near if 0 <= p.place < claim.figure.start]
        yield from distances.against_sums(shown, int(read_number(many["n"]).value), claim.direction)
        return
    if claim.of_benchmark and claim.periods:
        near = [p for p in near if not p.contradicts(claim.periods)]
    ordered = cues.ORDERED.search(claim.near)
    if claim.of_benchmark and (ordered or claim.entity):
        mine = _former_or_latter(near, claim, ordered.group()) if ordered else claim.entity
        near = [p for p in near if p.entity in (mine, None)]
        ordered = None
    if claim.moved:
        yield from distances.differences(claim.text, [p for p in near if p.place in claim.moved], claim.direction)
    elif claim.anchored >= 0 and claim.unit == "pp":
        anchor = next((p for p in near if p.place == claim.anchored), None)
        pairs = [[anchor, p] for p in near if p is not anchor] if anchor else []
        yield from chain.from_iterable(distances.differences(claim.text, pair, claim.direction) for pair in pairs)
    elif ordered:
        named = _summed(claim.text, [p for p in near if 0 <= p.place < claim.figure.start])
        yield from distances.ordered(named, claim.direction if ordered.group() == "前者" else -claim.direction)
    elif claim.asks_distance or precise:
        yield from distances.differences(claim.text, near, claim.direction, mixed=precise, compared=claim.compared)
    if precise and cues.FORMERLY.search(claim.words):
        yield from distances.pair_sums(near)
    if precise and (cues.LEFT.search(claim.words) or cues.BALANCE.search(claim.words)):
        yield from distances.ledgers(near)


def of_distances(claim: Claim, parts: Sequence[Part]) -> Iterator[Result]:
    """By how much a distance changed: 剪刀差3.2个百分点，上月为3.6个百分点，缩小0.4个百分点."""
    told = [p for p in parts if p.unit == "pp" and claim.figure.sentence <= p.place < claim.figure.start][-2:]
    if len(told) == _TWO and _A_DISTANCE.search(claim.text, max(0, told[0].place - _LED), told[0].place):
        yield from distances.differences(claim.text, told, claim.direction)


def _of_totals(parts: list[Part], place: int) -> list[Part]:
    """Only the totals, where two are shown and one stands right before: 一年合计1.90%…合计0.60%，便宜1.30个百分点."""
    before = [p for p in parts if 0 <= p.place < place]
    totals = [p for p in before if p.total]
    return totals if len(totals) > 1 and before[-1].total else parts


def _against_total(claim: Claim, parts: Sequence[Part]) -> Iterator[Result]:
    """How far what its words name lies from a total right before: 两只合计12.35万元，混合基金略多0.30万元."""
    shown = [p for p in parts if 0 <= p.place < claim.figure.start]
    asked = _MORE.search(claim.before)
    if asked is None or not shown or not shown[-1].total:
        return
    for mine in [p for p in _called(claim.text, shown, asked["who"][:_TWO]) if not p.total][-1:]:
        difference = mine.value - shown[-1].value
        if (difference > 0) == (claim.direction > 0):
            yield abs(difference), EXACT


def _former_or_latter(parts: Sequence[Part], claim: Claim, word: str) -> str | None:
    """Code of the product that is named first or last before a claim."""
    named = [p.entity for p in sorted(parts, key=lambda p: p.place) if p.entity and 0 <= p.place < claim.figure.start]
    return None if not named else named[0] if word == "前者" else named[-1]


def rolled(claim: Claim, own: Sequence[Part], around: Parts) -> Iterator[Result]:
    """期初 from 期末 and what came and went, 期末 from 期初, and what came net of what went."""
    if not (cues.NET.search(claim.near) or cues.BEFORE.search(claim.words) or cues.ENDED.search(claim.words)):
        return
    own = [*(p for p in own if p.shown), *around.flows(claim.figure)]
    if net := cues.NET.search(claim.near):
        yield from distances.net(own, 1 if net["came"] else -1)
    if cues.BEFORE.search(claim.words):
        yield from distances.rolled(own, back=True)
    elif cues.ENDED.search(claim.words):
        yield from distances.rolled(own, back=False)
        levels = [p for p in own if p.shown and not p.assumed]
        yield from ((abs(a.value + b.value), EXACT) for a in levels for b in own if b.assumed)


def multiplied(claim: Claim, parts: Sequence[Part]) -> Iterator[Result]:
    """By how many times the last of two levels outgrew the first (从22.5亿元扩到67.5亿元，翻了两倍); how far geared."""
    before = [p for p in parts if claim.figure.sentence <= p.place < claim.figure.start]
    if (
        cues.MULTIPLIED.search(claim.near)
        and len(before) > 1
        and before[-1].unit == before[-2].unit
        and before[-2].value
    ):
        yield before[-1].value / before[-2].value - 1, EXACT
    if claim.geared:
        yield from ((p.value / _WHOLE, EXACT) for p in before if p.unit == "%" and p.value > _WHOLE)


def named_ratios(claim: Claim, parts: Sequence[Part]) -> Iterator[Result]:
    """What the number before which one name stands is of that of another: AAA约为信用债的六成."""
    asked = _RATIO.search(claim.before)
    if asked is None:
        return
    shown = sorted((p for p in parts if 0 <= p.place < claim.figure.start), key=lambda p: p.place)
    tops = _called(claim.text, shown, asked["top"])
    wholes = [p for p in _called(claim.text, shown, asked["whole"]) if p not in tops]
    for top in tops[-1:]:
        for whole in [p for p in wholes if p.unit == top.unit and p.value][-1:]:
            yield abs(top.value / whole.value) * (_WHOLE if claim.unit == "%" else 1), EXACT


def shares_of_named(claim: Claim, parts: Sequence[Part]) -> Iterator[Result]:
    """What the rate right before is of a part that words name: 前十大占净值45.31%，相当于股票部分的57.8%."""
    asked = _OF_NAMED.search(claim.before)
    shown = sorted((p for p in parts if 0 <= p.place < claim.figure.start and p.unit == "%"), key=lambda p: p.place)
    if asked is None or not shown:
        return
    told = re.compile(
        f"{asked['whole']}(?:投资|资产|仓位|市值|部分|类|品种)?(?:占|为|合计|比例|的?比重)[^，,。；;]{{0,8}}$"
    )
    wholes = [p for p in shown[:-1] if told.search(claim.text, max(0, p.place - _LED), p.place) and p.value]
    yield from ((abs(shown[-1].value / whole.value) * _WHOLE, EXACT) for whole in wholes[-1:])


def _called(text: str, shown: Sequence[Part], name: str) -> list[Part]:
    """Numbers before which a name stands, behind the number before."""
    starts = [0, *(p.place for p in shown)]
    return [p for start, p in zip(starts, shown, strict=False) if name in text[max(start, p.place - _LED) : p.place]]


def former_total(claim: Claim, own: Sequence[Part]) -> Iterator[Result]:
    """What all came to before: 由32.4%降至27.1%，…由5.0%降到2.5%。三季末合计29.6%，二季末合计37.4%."""
    former = [p.value for p in own if p.former and 0 <= p.place < claim.figure.start]
    if (claim.periods or _SET_OUT.search(claim.before)) and len(former) > 1:
        yield abs(sum(former, EXACT)), EXACT


def total_change(claim: Claim, rates: Sequence[Part]) -> Iterator[Result]:
    """What several rates fell or rose by together: 由1.00%降至0.80%，由0.15%降到0.10%，合计少收0.25个百分点."""
    shown = sorted((p for p in rates if p.shown), key=lambda p: p.place)
    steps = [now.value - then.value for then, now in pairwise(shown) if then.former and not now.former]
    total = sum(steps, EXACT)
    if len(steps) > 1 and claim.asks_total and total * claim.direction >= 0:
        yield abs(total), EXACT


def _summed(text: str, parts: Sequence[Part]) -> list[Part]:
    """Parts with those that a plus joins added up: of 0.50%+0.10% and 1.20%+0.20% the latter is 0.80 higher."""
    made: list[Part] = []
    end = -1
    for part in sorted(parts, key=lambda p: p.place):
        joined = bool(made) and _PLUS.fullmatch(text[end : part.place]) is not None
        if joined:
            made[-1] = replace(made[-1], value=made[-1].value + part.value, attribute=None)
        else:
            made.append(part)
        end = next((f.end() for f in [_WRITTEN.match(text, part.place)] if f), part.place)
    return made
