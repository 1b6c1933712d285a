"""Makes the key-facts sheets and quarterly reports of the fictional sample funds.

    python scripts/sample_documents.py        after scripts/sample_funds.py

Figures come from the NAV files and funds.yaml, words from commentary.yaml; the layout follows the
order of sections that public fund disclosures use. Research notes and rules are written by hand.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import yaml

SAMPLE = Path(__file__).resolve().parent.parent / "serve" / "sample"
FUNDS, OUT = SAMPLE / "funds", SAMPLE / "documents"
CASH_RATE = 0.02
QUARTERS = (
    ("2026Q2", "2026年第2季度", date(2026, 3, 31), date(2026, 6, 30), date(2026, 7, 20), "q2"),
    ("2026Q3", "2026年第3季度", date(2026, 6, 30), date(2026, 9, 30), date(2026, 10, 26), "q3"),
)
WINDOWS = (("过去三个月", 3), ("过去六个月", 6), ("过去一年", 12), ("过去三年", 36))
WARNING = (
    "基金的过往业绩不预示其未来表现。投资有风险，投资者在作出投资决策前应仔细阅读招募说明书。本报告中财务资料未经审计。"
)
STYLE = "table{border-collapse:collapse}td,th{border:1px solid #999;padding:2px 8px}"
PERFORMANCE = [
    "阶段",
    "净值增长率①",
    "净值增长率标准差②",
    "业绩比较基准收益率③",
    "业绩比较基准收益率标准差④",
    "①－③",
    "②－④",
]
QUARTERLY = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>{title}</title><style>{style}</style></head>
<body>
<h1>{title}</h1>
<p>{end}</p>
<p>基金管理人：{company}</p>
<p>报告送出日期：{sent}</p>
<p>本文件为虚构示例，所载基金、公司、人物与数字均不存在。</p>
<h2>§1 重要提示</h2>
<p>{warning}本报告期自{begin}起至{last}止。</p>
<h2>§2 基金产品概况</h2>
{overview}
<h2>§3 主要财务指标和基金净值表现</h2>
<h3>3.1 主要财务指标</h3>
<p>单位：人民币元</p>
{indicators}
<h3>3.2 基金净值表现</h3>
<p>本报告期基金份额净值增长率及其与同期业绩比较基准收益率的比较</p>
{performance}
<h2>§4 管理人报告</h2>
<h3>4.1 基金经理简介</h3>
{managers}
<h3>4.2 报告期内基金的投资策略和运作分析</h3>
<p>{told}</p>
<h2>§5 投资组合报告</h2>
<h3>5.1 报告期末基金资产组合情况</h3>
<p>金额单位：人民币元</p>
{assets}
<h3>5.2 报告期末按公允价值占基金资产净值比例大小排序的前五名投资明细</h3>
<p>金额单位：人民币元</p>
{holdings}
<h2>§6 开放式基金份额变动</h2>
<p>单位：份</p>
{flows}
</body></html>
"""


@dataclass(frozen=True, kw_only=True)
class Series:
    """Daily growth (fractions) and unit NAV by day, oldest first."""

    days: tuple[date, ...]
    growth: np.ndarray[Any, np.dtype[np.float64]]
    unit: tuple[float, ...]

    def between(self, start: date, end: date) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Growth of the days after `start` up to `end`."""
        chosen = [i for i, day in enumerate(self.days) if start < day <= end]
        return self.growth[chosen]

    def unit_on(self, day: date) -> float:
        return next(u for d, u in zip(reversed(self.days), reversed(self.unit), strict=True) if d <= day)


def read_nav(code: str) -> Series:
    rows = list(csv.DictReader((FUNDS / "nav" / f"{code}.csv").open(encoding="utf-8")))
    return Series(
        days=tuple(date.fromisoformat(row["净值日期"]) for row in rows),
        growth=np.array([float(row["日增长率"]) / 100 for row in rows]),
        unit=tuple(float(row["单位净值"]) for row in rows),
    )


def read_index() -> Series:
    rows = list(csv.DictReader((FUNDS / "nav" / "benchmark.csv").open(encoding="utf-8")))
    close = np.array([float(row["close"]) for row in rows])
    growth = np.concatenate([[0.0], close[1:] / close[:-1] - 1])
    return Series(days=tuple(date.fromisoformat(r["date"]) for r in rows), growth=growth, unit=tuple(close))


def months_before(day: date, months: int) -> date:
    """The last day of the month that lies `months` before the month end `day`."""
    index = day.year * 12 + day.month - 1 - months + 1
    first_of_next = date(index // 12, index % 12 + 1, 1)
    return date.fromordinal(first_of_next.toordinal() - 1)


def compound(growth: np.ndarray[Any, Any]) -> float:
    return float(np.prod(1 + growth) - 1)


def percent(value: float) -> str:
    return f"{value * 100:.2f}%"


def performance_rows(fund: dict[str, Any], nav: Series, index: Series, end: date) -> list[list[str]]:
    """Rows of the performance table for the windows that the fund's life covers."""
    starts = [(name, months_before(end, months)) for name, months in WINDOWS]
    rows = []
    for name, start in [*starts, ("自基金合同生效起至今", fund["inception"])]:
        if start < fund["inception"] or start < nav.days[0]:
            continue
        own = nav.between(start, end)
        bench = fund["benchmark_equity"] * index.between(start, end)
        bench = bench + (1 - fund["benchmark_equity"]) * CASH_RATE / 252
        values = (compound(own), float(np.std(own, ddof=1)), compound(bench), float(np.std(bench, ddof=1)))
        own_r, own_s, bench_r, bench_s = values
        rows.append([name, *(percent(v) for v in (own_r, own_s, bench_r, bench_s, own_r - bench_r, own_s - bench_s))])
    return rows


def html_table(header: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{cell}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>\n" for row in rows)
    return f"<table><tr>{head}</tr>\n{body}</table>"


def money(value: float) -> str:
    return f"{value:,.2f}"


@dataclass(frozen=True, kw_only=True)
class Size:
    """A fund at the end of a quarter, and what the quarter brought: yuan and units."""

    total: float
    unit: float  # NAV of a unit
    profit: float
    shares: float
    bought: float
    redeemed: float


def size_of(fund: dict[str, Any], nav: Series, begin: date, end: date) -> Size:
    """Drawn around the fund's usual size, the same for the same fund and quarter."""
    random = np.random.default_rng([int(fund["code"]), end.toordinal()])
    total = fund["scale_yi"] * 1e8 * (1 + 0.02 * float(random.standard_normal()))
    unit = nav.unit_on(end)
    shares = total / unit
    bought, redeemed = shares * np.abs(random.normal(0.04, 0.02, 2))
    profit = total * compound(nav.between(begin, end))
    return Size(total=total, unit=unit, profit=profit, shares=shares, bought=bought, redeemed=redeemed)


def overview_rows(fund: dict[str, Any], words: dict[str, Any], size: Size) -> list[list[str]]:
    return [
        ["基金简称", fund["short"]], ["基金主代码", fund["code"]], ["基金运作方式", "契约型开放式"],
        ["基金合同生效日", f"{fund['inception']:%Y年%m月%d日}"], ["报告期末基金份额总额", f"{money(size.shares)}份"],
        ["投资范围", words["scope"]], ["业绩比较基准", fund["benchmark"]], ["基金管理人", fund["company"]],
        ["风险收益特征", f"{fund['type']}基金，销售机构评定的风险等级为{fund['risk']}"],
    ]  # fmt: skip


def indicator_rows(size: Size) -> list[list[str]]:
    return [
        ["1.本期已实现收益", money(size.profit * 0.6)], ["2.本期利润", money(size.profit)],
        ["3.期末基金资产净值", money(size.total)], ["4.期末基金份额净值", f"{size.unit:.4f}"],
    ]  # fmt: skip


def asset_rows(words: dict[str, Any], size: Size) -> list[list[str]]:
    return [[kind, money(size.total * share / 100), f"{share:.2f}"] for kind, share in words["assets"].items()]


def holding_rows(words: dict[str, Any], size: Size) -> list[list[str]]:
    held = enumerate(words["holdings"], start=1)
    return [[str(n), str(c), title, money(size.total * v / 100), f"{v:.2f}"] for n, (c, title, v) in held]


def flow_rows(size: Size) -> list[list[str]]:
    return [
        ["报告期期初基金份额总额", money(size.shares - size.bought + size.redeemed)],
        ["报告期期间基金总申购份额", money(size.bought)],
        ["减：报告期期间基金总赎回份额", money(size.redeemed)], ["报告期期末基金份额总额", money(size.shares)],
    ]  # fmt: skip


def quarterly(fund: dict[str, Any], words: dict[str, Any], quarter: tuple[Any, ...], index: Series) -> str:
    """One quarterly report as HTML."""
    _period, name, start, end, sent, key = quarter
    nav, begin = read_nav(fund["code"]), max(start, fund["inception"])
    size = size_of(fund, nav, begin, end)
    tenure = [[fund["manager"], "本基金的基金经理", f"{fund['inception']:%Y-%m-%d}"]]
    return QUARTERLY.format(
        title=f"{fund['name']}{name}报告", style=STYLE, company=fund["company"], warning=WARNING, told=words[key],
        begin=f"{max(begin, date(end.year, end.month - 2, 1)):%Y年%m月%d日}", last=f"{end:%m月%d日}",
        end=f"{end:%Y年%m月%d日}", sent=f"{sent:%Y年%m月%d日}",
        overview=html_table(["项目", "内容"], overview_rows(fund, words, size)),
        indicators=html_table(["主要财务指标", f"报告期（{name}）"], indicator_rows(size)),
        performance=html_table(PERFORMANCE, performance_rows(fund, nav, index, end)),
        managers=html_table(["姓名", "职务", "任本基金的基金经理期限起"], tenure),
        assets=html_table(["项目", "金额", "占基金总资产的比例（%）"], asset_rows(words, size)),
        holdings=html_table(["序号", "代码", "名称", "公允价值", "占基金资产净值比例（%）"], holding_rows(words, size)),
        flows=html_table(["项目", "份额"], flow_rows(size)),
    )  # fmt: skip


def key_facts(fund: dict[str, Any], words: dict[str, Any]) -> str:
    """The key-facts sheet as Markdown with front matter."""
    redemption = (
        [f"| 持有满{fund['holding_days']}日 | 0.00% |"]
        if fund["holding_days"] > 7
        else ["| 7日以内（不含7日） | 1.50% |", "| 7日及以上 | 0.00% |"]
    )
    if fund["type"] == "货币型":
        redemption = ["| 任意 | 0.00% |"]
    lines = [
        "---", f"title: {fund['name']}产品资料概要", "type: fund_profile", f'codes: ["{fund["code"]}"]',
        f"publisher: {fund['company']}", "published: 2026-06-30", "effective_from: 2026-06-30", "---",
        f"# {fund['name']}产品资料概要", "", "（虚构示例）", "", "## 一、产品概况", "", "| 项目 | 内容 |", "|---|---|",
        f"| 基金全称 | {fund['name']} |", f"| 基金简称 | {fund['short']} |", f"| 基金代码 | {fund['code']} |",
        f"| 基金类型 | {fund['type']} |", f"| 风险等级 | {fund['risk']} |", f"| 基金管理人 | {fund['company']} |",
        f"| 基金经理 | {fund['manager']} |", f"| 基金合同生效日 | {fund['inception'].isoformat()} |",
        f"| 首次最低申购金额 | {fund['minimum']}元 |",
        f"| 最短持有期 | {fund['holding_days']}天 |" if fund["holding_days"] else "| 最短持有期 | 无 |",
        "", "## 二、投资范围与业绩比较基准", "", words["scope"], "", f"业绩比较基准：{fund['benchmark']}。",
        "", "## 三、费用", "", "| 费用类别 | 年费率 |", "|---|---|", f"| 管理费 | {fund['management_fee']:.2f}% |",
        f"| 托管费 | {fund['custody_fee']:.2f}% |", "", "| 持有期限 | 赎回费率 |", "|---|---|", *redemption,
        "", "## 四、风险揭示", "", "本基金不提供任何保证，投资者可能损失本金。基金的过往业绩不预示其未来表现。", "",
    ]  # fmt: skip
    return "\n".join(lines)


def main() -> None:
    """Write 12 key-facts sheets and 24 quarterly reports."""
    funds = yaml.safe_load((FUNDS / "funds.yaml").read_text(encoding="utf-8"))["funds"]
    commentary = yaml.safe_load((FUNDS / "commentary.yaml").read_text(encoding="utf-8"))
    index = read_index()
    for folder in ("key_facts", "reports"):
        (OUT / folder).mkdir(parents=True, exist_ok=True)
    for fund in funds:
        words = commentary[fund["code"]]
        (OUT / "key_facts" / f"{fund['code']}.md").write_text(key_facts(fund, words), encoding="utf-8")
        for quarter in QUARTERS:
            report = quarterly(fund, words, quarter, index)
            (OUT / "reports" / f"{fund['code']}_{quarter[0]}.html").write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
