"""Numbers of a draft in the sense of what it cites: their unit, and whether they went up or down."""

from __future__ import annotations

import pytest

from rag.sense import turned


@pytest.mark.parametrize(
    ("said", "source", "found"),
    [
        ("管理费为1.20元。", "管理费率为每年1.20%。", ["1.20元"]),
        ("管理费率为1.20%。", "管理费率为每年1.20%。", []),
        ("管理费率为1.20%。", "管理费率（%） | 1.20", []),
        ("净值上涨1.40%。", "净值下跌1.40%。", ["1.40%"]),
        ("净值下跌1.40%。", "净值下跌1.40%。", []),
        ("净值下跌1.40%。", "净值增长率为-1.40%。", []),
        ("净值上涨1.40%。", "净值增长率为-1.40%。", ["1.40%"]),
        ("份额减少3万份。", "份额增加30,000份。", ["3万份"]),
        ("净值增长率为3.25%。", "过去一年 | 3.25% | 2.17%", []),
        ("久期由3年缩短到2.5年。", "债券久期建议由3年缩短到2.5年。", []),
        ("收益升到3.1%，先前降到2.9%。", "收益率先降到2.9%，又升到3.1%。", []),
        ("2024年成立满5年。", "基金成立5年。", []),
        ("跑输基准0.15个百分点。", "净值增长率与基准之差为0.15个百分点。", []),
    ],
)
def test_what_is_turned(said: str, source: str, found: list[str]) -> None:
    assert turned(said, source) == found
