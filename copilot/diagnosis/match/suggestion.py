"""What is suggested to a client, with its reasons, its cost and the evidence of suitability."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from compliance_filters.finding import BoundFact


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Why a product may be suggested to this client today: questionnaire, rating and shelf as they stood."""

    checked_on: date
    client_level: str
    client_level_as_of: date | None
    client_level_expires: date | None
    questionnaire_id: str | None
    product_level: str
    product_level_source: str | None
    product_level_as_of: date | None
    on_sale_from: date | None
    on_sale_to: date | None
    restricted: bool
    record_first_day: date  # of its NAV
    record_last_day: date


@dataclass(frozen=True, kw_only=True)
class Point:
    """One criterion of a score; `value` is 0 to 1."""

    criterion: str
    weight: float
    value: float


@dataclass(frozen=True, kw_only=True)
class Option:
    """One way to go; `code` is the product that would be held then. None where a fee is not known."""

    code: str
    name: str
    keeps: bool
    score: Decimal  # 0 to 100
    points: tuple[Point, ...]
    reasons: tuple[str, ...]
    risk_level: str | None
    exit_cny: Decimal | None  # redemption fee of what is sold
    front_cny: Decimal | None  # front load of what is bought, without discounts
    yearly_fee: Decimal | None  # per cent
    evidence: Snapshot | None = None  # of what would be bought
    barred: str | None = None  # why keeping cannot be suggested

    @property
    def title(self) -> str:
        return f"维持{self.name}不变" if self.keeps else f"转换为{self.name}（{self.code}）"

    @property
    def sentence(self) -> str:
        told = [f"{self.title}：风险等级{self.risk_level or '未知'}，得分{self.score}分"]
        if not self.keeps:
            told.append(f"赎回费{_yuan(self.exit_cny)}，申购费{_yuan(self.front_cny)}")
        told.append(f"每年费率合计{self.yearly_fee}%" if self.yearly_fee is not None else "每年费率未知")
        return "，".join(told) + f"。理由：{'；'.join(self.reasons)}。"

    def facts(self) -> Iterator[BoundFact]:
        known = (
            ("方案得分", self.score, "分"),
            ("赎回费", self.exit_cny, "元"),
            ("申购费", self.front_cny, "元"),
            ("每年费率合计", self.yearly_fee, "%"),
        )
        for name, value, unit in known:
            if value is not None:
                yield BoundFact(name=name, value=value, unit=unit, entity=self.code)


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """What could be done about one holding: the options, the best first, and the one that is suggested."""

    code: str
    name: str
    amount_cny: Decimal  # the part that is spoken of
    why: tuple[str, ...]  # titles of the findings that ask
    options: tuple[Option, ...]
    chosen: Option | None  # None: nothing can be suggested
    gain: Decimal | None  # points of the best change over keeping; None without any
    least_gain: Decimal
    locked: bool = False  # what is held cannot be redeemed yet

    @property
    def changes(self) -> bool:
        return self.chosen is not None and not self.chosen.keeps

    @property
    def lines(self) -> tuple[str, ...]:
        asked = f"涉及金额{self.amount_cny:,}元，诊断发现：{'、'.join(self.why)}。"
        return asked, self._conclusion

    @property
    def brief(self) -> str:
        """For the summary."""
        if self.locked:
            return f"{self.name}尚在最短持有期内，暂不调整，届满前请与投资顾问复查"
        if self.chosen is None:
            return f"{self.name}没有合适的替代产品，请与投资顾问面谈"
        if self.chosen.keeps:
            return f"{self.name}维持不变"
        return f"可以考虑将{self.name}转换为{self.chosen.name}（{self.chosen.code}）"

    @property
    def _conclusion(self) -> str:
        if self.locked:
            return "最短持有期尚未届满或无法核对，未作转换比较，届满前请与投资顾问复查。"
        if self.chosen is None:
            return "货架上没有同时满足适当性与记录要求的替代产品，不作转换建议，请与投资顾问面谈后决定。"
        if not self.chosen.keeps:
            ahead = f"，得分高出{self.gain}分" if self.gain is not None else ""
            cost = f"赎回费{_yuan(self.chosen.exit_cny)}，申购费{_yuan(self.chosen.front_cny)}"
            return f"可以考虑转换为{self.chosen.name}（{self.chosen.code}）{ahead}。转换费用：{cost}，申购费未计优惠。"
        if self.gain is None:
            return "建议维持不变：货架上没有同时满足适当性与记录要求的同类替代产品。"
        if self.gain <= 0:
            return "建议维持不变：计入转换费用后，没有得分更高的替代方案。"
        return f"建议维持不变：得分居前的替代方案只高出{self.gain}分，低于{self.least_gain}分的转换门槛。"

    def facts(self) -> Iterator[BoundFact]:
        yield BoundFact(name="涉及金额", value=self.amount_cny, unit="元", entity=self.code)
        yield BoundFact(name="转换门槛", value=self.least_gain, unit="分")
        if self.gain is not None:
            yield BoundFact(name="得分之差", value=self.gain, unit="分")
        for option in self.options:
            yield from option.facts()


@dataclass(frozen=True, kw_only=True)
class Advice:
    """All suggestions of a report. Without any `lead` says why."""

    lead: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]
    closing: tuple[str, ...]
    counts: Mapping[str, int]  # of shelf products by what became of them: considered, and each reason of exclusion

    @property
    def recommends(self) -> tuple[str, ...]:
        """Codes of all alternatives shown, chosen or not: whoever sees one may buy it."""
        found = (one.code for item in self.suggestions for one in item.options if not one.keeps)
        return tuple(dict.fromkeys(found))

    @property
    def brief(self) -> str:
        """One line for the summary: the changes first; empty where nothing is said."""
        if not self.suggestions:
            return ""
        changes = [one.brief for one in self.suggestions if one.changes or one.chosen is None or one.locked]
        kept = [one.name for one in self.suggestions if one.chosen is not None and one.chosen.keeps and not one.locked]
        rest = f"{'、'.join(kept)}建议维持不变" if kept else ""
        told = "；".join([*changes[:2], *([rest] if rest else [])])
        return f"下一步：{told}。理由与费用见调整建议。"

    def facts(self) -> Iterator[BoundFact]:
        for name, value in self.counts.items():
            yield BoundFact(name=name, value=Decimal(value), unit="只")
        for suggestion in self.suggestions:
            yield from suggestion.facts()


def _yuan(value: Decimal | None) -> str:
    return "未知" if value is None else f"{value:,}元"
