"""Makes the NAV files of the fictional sample funds from a seed: the same files every time.

    python scripts/sample_funds.py        writes serve/sample/funds/nav/*.csv

It also puts the inception dates of funds.yaml into serve/sample/clients/products.csv.

Daily log returns are a sum of an equity factor with regimes (calm, rising, falling), a bond factor,
and noise of the fund's own; fees are taken daily; a dividend lowers the unit NAV and not the growth.
The overseas fund follows a calendar of its own. Nothing here describes a real market or fund.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

FUNDS = Path(__file__).resolve().parent.parent / "serve" / "sample" / "funds"
PRODUCTS = FUNDS.parent / "clients" / "products.csv"
DAYS_A_YEAR = 252
# Closed days besides weekends, as (month, day) ranges of the sample's own calendars.
CLOSED_HOME = (((1, 1), (1, 2)), ((2, 10), (2, 16)), ((4, 4), (4, 5)), ((5, 1), (5, 4)), ((10, 1), (10, 7)))
CLOSED_OVERSEAS = (((1, 1), (1, 1)), ((7, 4), (7, 4)), ((11, 26), (11, 26)), ((12, 25), (12, 25)))


@dataclass(frozen=True, kw_only=True)
class Regime:
    """Annual drift and volatility of the equity factor, in percent, and its mean length in days."""

    drift: float
    vol: float
    days: int


REGIMES = (Regime(drift=6, vol=13, days=110), Regime(drift=32, vol=18, days=70), Regime(drift=-30, vol=24, days=60))


def open_days(first: date, last: date, closed: tuple[Any, ...]) -> list[date]:
    """Weekdays from `first` to `last` that lie in no closed range."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [d for d in days if d.weekday() < 5 and not any(a <= (d.month, d.day) <= b for a, b in closed)]


def equity_factor(n: int, random: np.random.Generator) -> NDArray[np.float64]:
    """Daily log returns, shape (n,), switching between regimes with geometric lengths."""
    returns, regime = np.empty(n), 0
    for day in range(n):
        if random.random() < 1 / REGIMES[regime].days:
            regime = int(random.integers(len(REGIMES)))
        now = REGIMES[regime]
        scale = now.vol / 100 / DAYS_A_YEAR**0.5
        returns[day] = now.drift / 100 / DAYS_A_YEAR + scale * random.standard_t(5) / 1.29
    return returns


def fund_returns(
    fund: dict[str, Any], equity: NDArray[np.float64], bond: NDArray[np.float64], random: np.random.Generator
) -> NDArray[np.float64]:
    """Daily total returns after fees, shape (n,)."""
    own = random.normal(fund["alpha"] / 100 / DAYS_A_YEAR, fund["vol"] / 100 / DAYS_A_YEAR**0.5, len(equity))
    fee = (fund["management_fee"] + fund["custody_fee"]) / 100 / DAYS_A_YEAR
    return np.expm1(fund["beta"] * equity + fund["bond"] * bond + own) - fee


def paid_on(days: list[date], dividends: list[list[float]]) -> dict[date, float]:
    """First open day on or after the 15th of each dividend month -> share of NAV paid out."""
    paid: dict[date, float] = {}
    for month, percent in dividends:
        for year in sorted({d.year for d in days}):
            late = [d for d in days if (d.year, d.month) == (year, month) and d.day >= 15]
            if late:
                paid[late[0]] = percent / 100
    return paid


def write_nav(fund: dict[str, Any], days: list[date], returns: NDArray[np.float64], start: float) -> None:
    """CSV 净值日期,单位净值,累计净值,日增长率; the growth is in percent and includes dividends."""
    unit, paid_total = start, 0.0
    paid = paid_on(days, fund["dividends"])
    with (FUNDS / "nav" / f"{fund['code']}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["净值日期", "单位净值", "累计净值", "日增长率"])
        for day, growth in zip(days, returns, strict=True):
            unit *= 1 + growth
            if day in paid:
                paid_total += unit * paid[day]
                unit -= unit * paid[day]
            writer.writerow([day.isoformat(), f"{unit:.4f}", f"{unit + paid_total:.4f}", f"{growth * 100:.2f}"])


def write_index(name: str, days: list[date], returns: NDArray[np.float64]) -> None:
    """CSV date,close of an index that starts at 3000 points."""
    level = 3000.0
    with (FUNDS / "nav" / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["date", "close"])
        for day, growth in zip(days, returns, strict=True):
            level *= 1 + growth
            writer.writerow([day.isoformat(), f"{level:.2f}"])


def write_inceptions(funds: list[dict[str, Any]]) -> None:
    """The column inception of products.csv, after risk_as_of; all else in the file stays."""
    born = {fund["code"]: fund["inception"].isoformat() for fund in funds}
    with PRODUCTS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    columns = [name for name in rows[0] if name != "inception"]
    columns.insert(columns.index("risk_as_of") + 1, "inception")
    with PRODUCTS.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, "inception": born[row["code"]]} for row in rows)


def main() -> None:
    """Write all NAV files, the benchmark and the products' inception dates."""
    spec = yaml.safe_load((FUNDS / "funds.yaml").read_text(encoding="utf-8"))
    random = np.random.default_rng(spec["seed"])
    write_inceptions(spec["funds"])
    days = open_days(spec["first_day"], spec["last_day"], CLOSED_HOME)
    equity = equity_factor(len(days), random)
    bond = random.normal(3.0 / 100 / DAYS_A_YEAR, 1.1 / 100 / DAYS_A_YEAR**0.5, len(days))
    write_index("benchmark", days, np.expm1(equity))
    for fund in spec["funds"]:
        own = np.random.default_rng([spec["seed"], int(fund["code"])])
        returns = fund_returns(fund, equity, bond, own)
        kept = days
        if fund.get("calendar") == "overseas":
            kept = open_days(spec["first_day"], spec["last_day"], CLOSED_OVERSEAS)[-len(days) :]
            returns = returns[: len(kept)]
        alive = [i for i, day in enumerate(kept) if day >= fund["inception"]]
        born_here = fund["inception"] >= spec["first_day"]
        start = 1.0 if born_here else 1.05 + float(own.random())
        if born_here:
            returns[alive[0]] = 0.0  # the day of inception is the base of all later growth
        write_nav(fund, [kept[i] for i in alive], returns[alive], start)


if __name__ == "__main__":
    main()
