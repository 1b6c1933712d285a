"""The AKShare adapter on recorded answers: their columns and words are AKShare's, the fund is fictional."""

from __future__ import annotations

import sys
from datetime import date
from typing import Any

import pandas as pd
import pytest

from copilot.diagnosis.data.akshare_data import AkshareData
from copilot.diagnosis.data.calendars import fund_kind
from copilot.diagnosis.errors import DiagnosisError

KIND = fund_kind("混合型-偏股")
INFO: dict[str, list[dict[str, Any]]] = {
    "单位净值走势": [
        {"净值日期": date(2024, 1, 2), "单位净值": 1.5, "日增长率": 0.0},
        {"净值日期": date(2024, 1, 3), "单位净值": 1.437, "日增长率": -2.0},
        {"净值日期": date(2024, 1, 4), "单位净值": 0.7257, "日增长率": None},
    ],
    "累计净值走势": [{"净值日期": date(2024, 1, 2), "累计净值": 1.5}, {"净值日期": date(2024, 1, 3), "累计净值": 1.47}],
    "分红送配详情": [
        {
            "年份": "2024年",
            "权益登记日": "2024-01-03",
            "除息日": "2024-01-03",
            "每份分红": "每份派现金0.0330元",
            "分红发放日": "2024-01-05",
        }
    ],
    "拆分详情": [{"年份": "2024年", "拆分折算日": "2024-01-04", "拆分类型": "份额折算", "拆分折算比例": "1:2.0000"}],
}


class Recorded:
    """Answers of AKShare by function; an exception is raised as AKShare lets it through."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers

    def __getattr__(self, function: str) -> Any:
        def answer(**arguments: str) -> pd.DataFrame:
            found = self._answers.get(function, [])
            if isinstance(found, Exception):
                raise found
            return pd.DataFrame(found(arguments) if callable(found) else found)

        return answer


def info(arguments: dict[str, str]) -> list[dict[str, Any]]:
    assert arguments["symbol"] == "990002"
    return INFO[arguments["indicator"]]


def test_nav_dividends_and_splits_come_together() -> None:
    nav = AkshareData(client=Recorded(fund_open_fund_info_em=info)).nav("990002", kind=KIND, today=None)
    assert nav.returns.values == pytest.approx([0.0, -0.02, 0.7257 * 2 / 1.437 - 1])
    assert dict(nav.basis) == {"growth": 2, "events": 1}
    assert [(one.day, one.per_unit) for one in nav.payouts] == [(date(2024, 1, 3), 0.033)]


def test_index_rates_and_disclosures() -> None:
    data = AkshareData(
        client=Recorded(
            stock_zh_index_daily=lambda a: [
                {"date": date(2024, 1, 2), "open": 1.0, "close": 100.0, "volume": 1},
                {"date": date(2024, 1, 3), "open": 1.0, "close": 101.0, "volume": 1},
            ],
            bond_zh_us_rate=[
                {"日期": date(2024, 1, 2), "中国国债收益率2年": 2.1, "美国国债收益率2年": 4.0},
                {"日期": date(2024, 1, 3), "中国国债收益率2年": None, "美国国债收益率2年": 4.0},
            ],
            fund_portfolio_hold_em=lambda a: [
                {
                    "序号": 1,
                    "股票代码": "600001",
                    "股票名称": "山泉股份",
                    "占净值比例": 9.83,
                    "季度": f"{a['date']}年1季度股票投资明细",
                }
            ],
            fund_portfolio_industry_allocation_em=lambda a: [
                {"序号": 1, "行业类别": "制造业", "占净值比例": 61.2, "市值": 1.0, "截止时间": f"{a['date']}-03-31"}
            ],
        )
    )
    benchmark, rates = data.benchmark(), data.risk_free()
    assert benchmark is not None
    assert benchmark.returns().values == pytest.approx([0.01])
    assert data.index("无人知晓的指数") is None
    assert rates is not None
    assert rates.annual == pytest.approx([0.021])
    inside = data.portfolio("990002", date(2024, 7, 1))
    assert inside is not None
    assert dict(inside.securities) == {"600001": pytest.approx(0.0983)}
    assert inside.as_of["行业"] == date(2024, 3, 31)
    assert len(data.styles()) == 4
    assert data.peers() is None


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ([], "knows no NAV of 990002"),
        ([{"净值日期": date(2024, 1, 2), "单位净值": 1.0}], "lacks 日增长率"),
        (KeyError("Data_netWorthTrend"), r"failed \(KeyError\)"),
    ],
)
def test_whatever_goes_wrong_is_one_sentence(answer: Any, message: str) -> None:
    with pytest.raises(DiagnosisError, match=message):
        AkshareData(client=Recorded(fund_open_fund_info_em=answer)).nav("990002", kind=KIND, today=None)


def test_without_akshare_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "akshare", None)
    with pytest.raises(DiagnosisError, match=r"tougu\[akshare\]"):
        AkshareData().benchmark()
