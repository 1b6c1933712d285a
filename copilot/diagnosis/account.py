"""The account as a whole: how it is spread, what it earned, what past crashes would have done to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from math import isfinite

from compliance_filters.finding import BoundFact
from copilot.diagnosis.blocks import Block, Lines, Look, Sheet
from copilot.diagnosis.bound import Bound
from copilot.diagnosis.disclosed import account_lines
from copilot.diagnosis.findings import Judgement, Measure, Observation, judge
from copilot.diagnosis.measured.account import AccountMeasures
from copilot.diagnosis.measured.portfolio import Pair, PortfolioMeasures, Scenario
from copilot.diagnosis.metrics.account import LEAST_DAYS_ANNUALISED
from copilot.diagnosis.parts import HoldingRow
from copilot.diagnosis.rounding import percent, rounded

HABIT_RULES = ("chasing", "selling_low", "quick_sale")
_MOST_PAIRS = 3  # that are alike; the heat map shows the others
_LEAST_TRADES = 3  # before anything is said of habits


@dataclass(frozen=True, kw_only=True)
class AccountPart:
    """The chapter on the account, and the lines that the summary takes from it."""

    blocks: tuple[Block, ...]
    facts: tuple[BoundFact, ...]
    earned: str  # for the summary; empty without trades
    risk: str  # for the summary; empty where nothing is known


def account_part(
    portfolio: PortfolioMeasures, account: AccountMeasures | None, rows: Mapping[str, HoldingRow]
) -> AccountPart:
    """What can be said of the account; parts that are not known are left out."""
    bound = Bound()
    inside = account_lines(portfolio, rows, bound)
    lines = [*_spread(portfolio, bound), *inside, *(_earned(account, bound) if account else ())]
    blocks: list[Block] = [Lines(title="账户小结", lines=tuple(lines), look=Look.LIST)]
    if account:
        blocks.append(_profits(account, {code: row.name for code, row in rows.items()}, bound))
    blocks.append(_crashes(portfolio, bound))
    earned = lines_of_summary(account, bound) if account else ""
    return AccountPart(blocks=tuple(blocks), facts=tuple(bound.facts), earned=earned, risk=_risk(portfolio, bound))


def lines_of_summary(account: AccountMeasures, bound: Bound) -> str:
    """What the account earned, in one line."""
    profit = bound.say("账户累计损益", account.profit_cny, "元")
    return f"按交易流水计算，自{account.first_day}起账户累计损益{profit}。"


def alike_observations(portfolio: PortfolioMeasures, rows: Mapping[str, HoldingRow]) -> Iterator[Observation]:
    """Pairs that move as one, the weightiest first; the smaller holding of the two is the one that is asked about."""

    def found(pair: Pair) -> Iterator[Observation]:
        one, other = rows[pair.one], rows[pair.other]
        smaller = min((one, other), key=lambda row: (row.weight, row.code))
        labels = {"one": f"{one.name}（{one.code}）", "other": f"{other.name}（{other.code}）"}
        measures = _pair_measures(pair, one, other)
        yield from judge(measures, labels, only=("alike",), entity=smaller.code).observations

    pairs = sorted(portfolio.alike, key=lambda pair: rows[pair.one].weight + rows[pair.other].weight, reverse=True)
    yield from islice((seen for pair in pairs for seen in found(pair)), _MOST_PAIRS)


def habit_judgement(account: AccountMeasures | None) -> Judgement:
    """Rules on how the client trades; silent with too few trades."""
    habits = account.habits if account else None
    if habits is None or habits.purchases + habits.redemptions < _LEAST_TRADES:
        return Judgement(observations=(), unjudged=())
    shares = (
        ("chasing_share", "追涨买入占比", habits.chasing_share),
        ("selling_low_share", "低位卖出占比", habits.selling_low_share),
        ("quick_share", "短期赎回占比", habits.quick_share),
    )
    measures = {
        name: Measure(name=name, label=label, value=percent(value), unit="%")
        for name, label, value in shares
        if isfinite(value)
    }
    return judge(measures, {}, only=HABIT_RULES)


def _pair_measures(pair: Pair, one: HoldingRow, other: HoldingRow) -> dict[str, Measure]:
    weight = one.weight + other.weight
    return {
        "correlation": Measure(name="correlation", label="日收益相关系数", value=rounded(pair.value), unit=""),
        "pair_weight": Measure(name="pair_weight", label="两者合计占持仓比例", value=weight, unit="%"),
    }


def _spread(portfolio: PortfolioMeasures, bound: Bound) -> Iterator[str]:
    if isfinite(portfolio.effective_number):
        even = bound.say("相当于等额持有只数", rounded(portfolio.effective_number), "只")
        yield f"持仓的分散程度相当于等额持有{even}产品。"
    if mix := portfolio.mix:
        period = f"{mix.first_day}至{mix.last_day}"
        fall = bound.percent("当前组合最大回撤", mix.max_drawdown, period=period)
        swing = bound.percent("当前组合年化波动率", mix.annualised_volatility, period=period)
        share = bound.percent("计入组合测算的持仓占比", mix.weight)
        told = f"当前组合最大回撤{fall}，当前组合年化波动率{swing}"
        yield f"按当前比例回看{period}，{told}（计入组合测算的持仓占比{share}）。"
    if isfinite(portfolio.ongoing_fee):
        fee = bound.percent("组合每年费率合计", portfolio.ongoing_fee)
        yield f"管理费、托管费等运作费用已从净值中扣除，组合每年费率合计{fee}。"


def _earned(account: AccountMeasures, bound: Bound) -> Iterator[str]:
    profit = bound.say("账户累计损益", account.profit_cny, "元")
    value = bound.say("账户市值", account.value_cny, "元")
    yield f"{account.first_day}至{account.last_day}，有完整流水的产品账户市值{value}，账户累计损益{profit}。"
    if isfinite(account.money_weighted) and isfinite(account.time_weighted):
        mine = bound.percent("账户资金加权回报", account.money_weighted)
        plain = bound.percent("账户时间加权回报", account.time_weighted)
        gap = bound.say("账户择时差", abs(percent(account.money_weighted) - percent(account.time_weighted)), "个百分点")
        side = "多得" if account.money_weighted >= account.time_weighted else "少得"
        yield f"账户资金加权回报{mine}，剔除买卖时点的账户时间加权回报{plain}，择时使账户{side}{gap}。"
    yield _traded(account, bound)


def _traded(account: AccountMeasures, bound: Bound) -> str:
    """How often, and how long; a yearly turnover only of a year and more."""
    habits, days = account.habits, account.days
    bought = bound.say("申购笔数", Decimal(habits.purchases), "笔")
    sold = bound.say("赎回笔数", Decimal(habits.redemptions), "笔")
    told = [f"其间申购{bought}，赎回{sold}"]
    if days >= LEAST_DAYS_ANNUALISED and isfinite(habits.turnover):
        told.append(f"账户年换手率{bound.percent('账户年换手率', habits.turnover)}（申购与赎回中较小者与平均市值之比）")
    if isfinite(habits.average_days):
        told.append(f"已赎回份额平均持有{bound.say('平均持有', Decimal(round(habits.average_days)), '天')}")
    return "，".join(told) + "。"


def _profits(account: AccountMeasures, names: Mapping[str, str], bound: Bound) -> Sheet:
    rows, sentences = [], []
    for one in account.profits:
        name = f"{names.get(one.code, one.code)}（{one.code}）"
        told = [
            bound.say(label, value, "元", entity=one.code)
            for label, value in (
                ("已实现损益", one.realised_cny),
                ("浮动损益", one.unrealised_cny),
                ("现金与再投资分红", one.dividends_cny),
                ("损益合计", one.profit_cny),
            )
        ]
        rows.append((name, *told))
        sentences.append(
            f"{name}已实现损益{told[0]}，浮动损益{told[1]}，现金与再投资分红{told[2]}，损益合计{told[3]}。"
        )
    return Sheet(
        title="账户损益归因",
        heads=("产品", "已实现", "浮动", "分红", "合计"),
        rows=tuple(rows),
        words=1,
        sentences=tuple(sentences),
        widths=(2.4, 1.2, 1.2, 1.0, 1.2),
    )


def _crashes(portfolio: PortfolioMeasures, bound: Bound) -> Sheet:
    told = [_crash(one, bound) for one in portfolio.scenarios if isfinite(one.loss)]
    return Sheet(
        title="历史情景测算",
        heads=("情景", "区间", "当前组合", "同期基准", "按净值记录", "按贝塔估算"),
        rows=tuple(row for row, _ in told),
        words=2,
        sentences=tuple(sentence for _, sentence in told),
        widths=(1.8, 2.2, 1.0, 1.0, 1.1, 1.1),
    )


def _crash(one: Scenario, bound: Bound) -> tuple[tuple[str, ...], str]:
    period = f"{one.base}至{one.end}"
    loss = bound.percent("组合情景回报", one.loss, period=period)
    beside = bound.percent("同期基准情景回报", one.benchmark, period=period) if isfinite(one.benchmark) else "—"
    known = bound.percent("按净值记录测算占比", one.known, period=period)
    guessed = bound.percent("按贝塔估算占比", one.estimated, period=period)
    words = f"情景测算（{one.name}，{period}）：按当前持仓，组合情景回报{loss}，同期基准情景回报{beside}"
    return (
        (one.name, period, loss, beside, known, guessed),
        f"{words}；按净值记录测算占比{known}，按贝塔估算占比{guessed}。",
    )


def _risk(portfolio: PortfolioMeasures, bound: Bound) -> str:
    """The worst of the crashes, else the deepest fall of today's mix."""
    known = [one for one in portfolio.scenarios if isfinite(one.loss)]
    if known:
        worst = min(known, key=lambda one: one.loss)
        period = f"{worst.base}至{worst.end}"
        loss = bound.percent("组合情景回报", worst.loss, period=period)
        return f"历史情景测算：按当前持仓，{worst.name}期间组合情景回报为{loss}，请确认能否承受类似的下跌。"
    if portfolio.mix:
        period = f"{portfolio.mix.first_day}至{portfolio.mix.last_day}"
        fall = bound.percent("当前组合最大回撤", portfolio.mix.max_drawdown, period=period)
        return f"按当前比例回看{period}，当前组合最大回撤{fall}，请确认能否承受类似的下跌。"
    return ""
