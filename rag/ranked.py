"""Rows of ranked lists: the first holding, the five largest bonds, what the ten largest funds are worth together."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from knowledge_base.periods import last_day
from rag.asking import Asks, asks, rank_asked, top_asked
from rag.cite import Claim, titled
from rag.passage import Passage
from rag.units import Unit, units

INDUSTRIES = "行业"
_SUBJECT = re.compile(r"重仓|持仓|持有人|股票?|债|基金(?!经理)|ABS|资产支持证券|券|权益|行业")
_NO_RANK = re.compile(r"最大(?:回撤|跌幅|亏损|涨幅|风险)|最大的?(?:风险|回撤)|风险")
_KINDS = (  # what is asked for, and what its list is headed
    (re.compile(r"持有人"), "持有人"),
    (re.compile(r"行业"), INDUSTRIES),
    (re.compile(r"ABS|资产支持证券", re.IGNORECASE), "资产支持证券"),
    (re.compile(r"债|券"), "债券"),
    (re.compile(r"股|重仓"), "股票"),
    (re.compile(r"基金"), "基金"),
    (re.compile(r"权益"), "权益"),
)
_PART_OF_LIST = re.compile(r"转债|国债|金融债|短融|中票|存单|信用债|利率债|港股")  # no report ranks these apart
_INDUSTRIES_ASKED = re.compile(
    r"行业(?:配置|分布|构成|占比)(?![^，。？]*(?:调整|思路|看法|展望|为什么|为何|变化))|(?:重仓|配置|持有|投资)了?(?:哪些|什么)行业"
)
_LARGEST_INDUSTRY = re.compile(r"(?:哪个|什么|哪一?个)行业[^，。？]{0,6}最[多高大重]|最[多高大重]的?行业")
_LISTS = re.compile(r"明细|前十名|前五名|持有人")
_OTHER_LISTS = re.compile(r"累计买入|累计卖出|流通受限|受限|转股期|期货|衍生品|交易明细|合同|费用")
_SHARE = re.compile(r"占.*比例")
_LONGEST = 10
# what such lists are headed in reports, to be searched for
_HEADING = "期末按公允价值占基金资产净值比例大小排序的{kind}投资明细"


@dataclass(frozen=True, kw_only=True)
class ListAsked:
    """Which rows of which list a question wants."""

    kind: str | None  # a word of the list's heading; None: whatever the product holds
    rank: int | None = None  # one row
    top: int | None = None  # the first rows
    total: bool = False  # what their shares add up to

    @property
    def search_text(self) -> str:
        """What the list is headed."""
        if self.kind == INDUSTRIES:
            return "报告期末按行业分类的股票投资组合 行业类别 公允价值 占基金资产净值比例"
        if self.kind == "持有人":
            return "期末上市基金前十名持有人 持有份额 占比例"
        return _HEADING.format(kind=self.kind or "")


def list_asked(question: str) -> ListAsked | None:
    """The ranked list a question asks for; None where it asks for none."""
    subject = question if _SUBJECT.search(question) else ""
    if not subject or any(p.search(question) for p in (_NO_RANK, _OTHER_LISTS, _PART_OF_LIST)):
        return None
    rank, top = rank_asked(question), top_asked(question)
    if rank is None and top is None and _LARGEST_INDUSTRY.search(question):
        rank = 1
    if rank is None and top is None:
        if not re.search(
            r"(?:重仓股?|持仓|持有人)(?:明细|名单|有?哪些|都?有|是|列)|重仓(?:了|的)?(?:哪些|什么)"
            r"|(?<!可)(?<!转)(?:股票|债券|基金|资产支持证券|ABS)(?:都?有|是)?(?:哪些|哪几[只个])(?!风险|费用|基金|产品)",
            question,
        ) and not _INDUSTRIES_ASKED.search(question):
            return None
        top = _LONGEST
    kind = next((name for pattern, name in _KINDS if pattern.search(question)), None)
    total = top is not None and (asks(question, Asks.TOTAL) or bool(re.search(r"[合总]计?占|集中度", question)))
    return ListAsked(kind=kind, rank=None if top else rank, top=top, total=total)


def rows_of_list(asked: ListAsked, passages: Sequence[Passage]) -> list[Claim]:
    """The rows asked for, each as a claim, or their sum; empty where no passage holds the list."""
    rows = _list(asked, passages)
    if asked.rank is not None:
        return _of_report([row.claim for row in rows if row.rank == asked.rank])
    chosen = [row for row in rows if row.rank is not None and row.rank <= (asked.top or _LONGEST)]
    claims = [row.claim for row in chosen]
    return _of_report([*_sum(chosen), *claims] if asked.total else claims)


def _of_report(claims: Sequence[Claim]) -> list[Claim]:
    """The first says of which report the list is, whose title tells the period."""
    return [titled(claim) if n == 0 else claim for n, claim in enumerate(claims)]


def _list(asked: ListAsked, passages: Sequence[Passage]) -> list[Unit]:
    """The rows of the list that fits: of the kind asked for, of the latest report, with the largest first row."""
    tables: dict[tuple[str, int], dict[int, Unit]] = defaultdict(dict)
    for passage in passages:
        for unit in units(passage.chunk, ()):
            if unit.table is not None and unit.rank is not None and _fits(asked, unit):
                tables[unit.table].setdefault(unit.claim.places[0].start, unit)
    ordered = [[rows[start] for start in sorted(rows)] for rows in tables.values()]
    whole = [rows for rows in ordered if rows[0].rank == 1]
    return max(whole, key=lambda rows: (_told_at(rows[0]), _share(rows[0]) or Decimal(0)), default=[])


def _told_at(row: Unit) -> date:
    return last_day(row.claim.places[0].chunk.period or "") or date.min


def _fits(asked: ListAsked, unit: Unit) -> bool:
    if not _LISTS.search(unit.heading) or _OTHER_LISTS.search(unit.heading) or _share(unit) is None:
        return False
    told = unit.heading.replace("基金资产", "").replace("上市基金", "")
    if asked.kind != "持有人" and not any(kind in told for _, kind in _KINDS):
        return True  # a list of whatever is held
    alike = {"股票": ("股票", "权益")}.get(asked.kind or "", (asked.kind or "",))
    return any(word in told for word in alike)


def _share(unit: Unit) -> Decimal | None:
    """What a row is of the whole, percent."""
    for name, _, cell in unit.values:
        plain = cell.text.strip().rstrip("%％").replace(",", "")
        if _SHARE.search(name) and re.fullmatch(r"-?\d+(?:\.\d+)?", plain):
            return Decimal(plain)
    return None


def _sum(rows: Sequence[Unit]) -> list[Claim]:
    shares = [share for row in rows if (share := _share(row)) is not None]
    if len(shares) < 2 or len(shares) != len(rows):
        return []
    shown = " + ".join(f"{share:f}%" for share in shares)
    total = sum(shares, Decimal(0))
    places = tuple(dict.fromkeys(place for row in rows for place in row.claim.places))
    return [Claim(text=f"前{len(rows)}名合计占比为{total:f}%（{shown}）。", places=places)]
