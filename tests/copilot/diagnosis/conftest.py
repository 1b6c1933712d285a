"""Seeded NAV and index files; nothing here comes from a real fund."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from copilot.diagnosis.analysis import FundInput
from copilot.diagnosis.data.index import IndexSeries, read_index
from copilot.diagnosis.data.nav import read_nav

LAST = date(2026, 11, 20)
WriteNav = Callable[..., Path]


def weekdays(first: date, last: date) -> list[date]:
    days = (first + timedelta(days=i) for i in range((last - first).days + 1))
    return [day for day in days if day.weekday() < 5]


def drawn_returns(count: int, seed: int, drift: float = 0.0003, spread: float = 0.012) -> np.ndarray:
    """Returns rounded as fund files round them: two decimals of a per cent."""
    drawn = np.random.default_rng(seed).normal(drift, spread, count)
    return np.round(drawn * 100, 2) / 100


@pytest.fixture
def write_nav(tmp_path: Path) -> WriteNav:
    def write(
        name: str = "990001", first: date = date(2021, 11, 22), last: date = LAST, seed: int = 7,
        drift: float = 0.0003, spread: float = 0.012,
    ) -> Path:  # fmt: skip
        days = weekdays(first, last)
        returns = drawn_returns(len(days), seed, drift, spread)
        path = tmp_path / f"{name}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["净值日期", "单位净值", "日增长率"])
            for day, nav, growth in zip(days, np.cumprod(1 + returns), returns, strict=True):
                writer.writerow([day, f"{nav:.4f}", f"{growth * 100:.2f}"])
        return path

    return write


@pytest.fixture
def index(tmp_path: Path) -> IndexSeries:
    days = weekdays(date(2018, 1, 2), LAST)
    levels = 3000 * np.cumprod(1 + drawn_returns(len(days), 99, 0.0002, 0.011))
    path = tmp_path / "index.csv"
    lines = [f"{day},{level:.2f}" for day, level in zip(days, levels, strict=True)]
    path.write_text("date,close\n" + "\n".join(lines) + "\n", encoding="utf-8")
    return read_index(path, "远山宽基300")


@pytest.fixture
def make_fund(write_nav: WriteNav) -> Callable[..., FundInput]:
    def make(code: str = "990001", *, risk_level: str | None = "R3", **nav: object) -> FundInput:
        path = write_nav(code, **nav)
        return FundInput(
            code=code,
            name=f"云岭样本{code[-1]}号混合A",
            nav=read_nav(path, code, today=LAST + timedelta(days=1)),
            fund_type="混合型",
            risk_level=risk_level,
        )

    return make
