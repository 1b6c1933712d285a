"""What a question takes for granted, held against the facts that answer it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from knowledge_base.facts import Fact
from mandarin.numerals import Numeral, NumeralKind, find_numerals
from rag.asking import Asks, asks
from rag.cite import Claim
from rag.from_facts import Stated
from rag.question import Understood
from rag.tokens import names_a_thing, question_words
from rag.wording import plain_unit

_RISE = re.compile(r"涨|赚|盈利|上升|增长(?!率)|正收益|为正|是正|跑赢|超过|高于")
_FALL = re.compile(r"跌|亏|赔|下降|负收益|为负|是负|跑输|落后|低于")
_RAISED = re.compile(r"上调|调高|提高|上升|上涨|涨(?!幅|跌)|增加|增长|高出|升(?!级)|加[了到]|变[多高大贵]")
_DENIED = re.compile("(?:没有?|[不未无])[^，。；]{0,3}$")
_LOWERED = re.compile(r"下调|调低|降(?!准|息|本)|下跌|跌(?!幅)|减少|缩减|缩水|缩(?=了)|回落|下滑|变[少低小]")
_GRANTED = re.compile(r"为什么|为何|为啥|怎么会|凭什么|因为什么")
_CLAUSE = re.compile(r"[，。；、,;]")
_SIGNED = frozenset({"net_value_growth", "profit", "excess_return", "realised_income"})
_SIZES = {"opening_shares": "shares", "total_shares": "shares", "net_asset_value": "net_asset_value"}
_CALENDAR = frozenset({NumeralKind.DATE, NumeralKind.ORDINAL, NumeralKind.CODE})
_SAID_IN_TEN_THOUSANDS = 10_000  # 680万
_CONTRADICTED = "这一说法与文件记载不符。"
_CONFIRMED = "这一说法与文件记载一致。"


def judged(asked: Understood, claims: Sequence[Claim], stated: Sequence[Stated]) -> list[Claim]:
    """The claims, the first of them told whether the question's premise holds; as they are without a premise.

    None where a reason is asked and the facts are names alone.
    """
    granted = bool(_GRANTED.search(asked.question))
    if not claims or not stated or not (granted or asks(asked.question, Asks.PREMISE)):
        return list(claims)
    if granted and all(one.fact.value is None for one in stated):
        return []  # who manages a fund tells neither why nor whether somebody left
    verdict = _verdict(asked, stated)
    if verdict is None or (verdict and granted):  # that it is so was not asked
        return list(claims)
    lead = _CONFIRMED if verdict else _CONTRADICTED
    return [Claim(text=lead, places=claims[0].places[:1]), *claims]


def judged_quotes(asked: Understood, quoted: Sequence[Claim]) -> list[Claim]:
    """Sentences that answer, the first told to contradict the question where it says that the other way was gone.

    为什么提高管理费 over 管理费由0.50%调低至0.15%. Only where the question, and what the sentence says of the
    thing it asks about, each tell of one direction alone.
    """
    if not quoted or not (asks(asked.question, Asks.PREMISE) or _GRANTED.search(asked.question)):
        return list(quoted)
    things = [word for word in question_words(asked.claimed_text) if names_a_thing(word)]
    about = [clause for clause in _CLAUSE.split(quoted[0].text) if any(word in clause for word in things)]
    claimed, told = _direction(asked.claimed_text), _direction("，".join(about))
    if claimed is None or told is None or claimed == told:
        return list(quoted)
    return [Claim(text=_CONTRADICTED, places=quoted[0].places[:1]), *quoted]


def _direction(text: str) -> bool | None:
    """Whether something rises (True) or falls in a text; None where neither or both do, or it is denied."""
    found = [*_RAISED.finditer(text), *_LOWERED.finditer(text)]
    if any(_DENIED.search(text, 0, one.start()) for one in found):
        return None
    rises, falls = bool(_RAISED.search(text)), bool(_LOWERED.search(text))
    return rises if rises != falls else None


def _verdict(asked: Understood, stated: Sequence[Stated]) -> bool | None:
    """Whether what is claimed holds; None where nothing is claimed that the facts speak of."""
    told = asked.claimed_text
    claimed = [n for n in find_numerals(told) if n.kind not in _CALENDAR and n.unit not in ("年", "个月", "大")]
    values = [one.fact for one in stated if one.fact.value is not None]
    signs = [one.fact.value > 0 for one in stated if one.fact.attribute in _SIGNED and one.fact.value]
    falls, rises = bool(_FALL.search(told)), bool(_RISE.search(told))
    moved, said = _moved(stated), _direction(told)
    if moved is not None and said is not None and (moved != said or not claimed):
        return moved == said
    if signs and falls != rises and any(sign != rises for sign in signs):
        return False
    if claimed and values:
        return any(_equal(n, one) for n in claimed for one in values)
    if signs and falls != rises:
        return True
    words = [one.fact.value_text.strip() for one in stated if one.fact.value is None]
    if words:
        return any(_shares(word, told) for word in words)
    return None


def _moved(stated: Sequence[Stated]) -> bool | None:
    """Whether sizes rose (True) or fell between the days told, of every class alike; None where that is not told."""
    sizes: dict[tuple[str, str], list[Fact]] = {}
    for fact in (one.fact for one in stated if one.fact.value is not None and one.fact.as_of is not None):
        if fact.attribute in _SIZES:
            sizes.setdefault((_SIZES[fact.attribute], fact.entity), []).append(fact)
    ways = set()
    for facts in sizes.values():
        ordered = sorted(facts, key=lambda one: (one.as_of or date.min, one.attribute != "opening_shares"))
        first, last = ordered[0].value or Decimal(0), ordered[-1].value or Decimal(0)
        ways.add(None if first == last else last > first)
    return ways.pop() if len(ways) == 1 else None


def _equal(claimed: Numeral, fact: Fact) -> bool:
    """Equal to the precision of what was claimed; a fall may be claimed without its sign."""
    unit = plain_unit(fact.unit)
    if claimed.unit in ("%", "元", "份") and unit and claimed.unit != unit:
        return False
    exponent = claimed.value.as_tuple().exponent
    step = Decimal(1).scaleb(exponent if isinstance(exponent, int) else 0)
    if claimed.value >= _SAID_IN_TEN_THOUSANDS and not claimed.value % _SAID_IN_TEN_THOUSANDS:
        step = Decimal(_SAID_IN_TEN_THOUSANDS)
    return abs(abs(fact.value or Decimal(0)) - abs(claimed.value)) <= step / 2


def _shares(word: str, told: str) -> bool:
    """Whether the words of a value stand in the question, whole or the telling half of them."""
    plain = re.sub(r"股份有限公司|有限责任公司|有限公司|[（(].*?[)）]", "", word)
    return bool(plain) and (plain in told or any(plain[n : n + 4] in told for n in range(max(1, len(plain) - 3))))
