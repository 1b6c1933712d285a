"""What each tool of the question way takes; a model and a program read the same descriptions.

Nothing here names who asks, on whose behalf, or as of when: that is fixed when the tools are made.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(min_length=1, max_length=60)]
Period = Annotated[str, Field(max_length=40, description="期间，如 2025年、2026年三季度、过去一年；不填为最新一期")]


class Asked(BaseModel):
    """Arguments of a call; one that no tool knows is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")


class SearchArgs(Asked):
    query: Annotated[str, Field(min_length=1, max_length=200, description="要找的内容：关键词或一句话")]
    k: Annotated[int, Field(ge=1, le=20, description="最多几段")] = 5


class FactsArgs(Asked):
    products: Annotated[list[Name], Field(min_length=1, max_length=6, description="产品名称或代码")]
    metrics: Annotated[list[Name], Field(min_length=1, max_length=8, description="指标，如 管理费率、净值增长率")]
    period: Period = ""


class CompareArgs(Asked):
    products: Annotated[list[Name], Field(min_length=2, max_length=6, description="要比较的产品，名称或代码")]
    metric: Annotated[Name, Field(description="按哪个指标比较，如 管理费率")]
    period: Period = ""


class CardArgs(Asked):
    product: Annotated[Name, Field(description="一个产品的名称、代码或拼音")]


class MeasuresArgs(Asked):
    product: Annotated[Name, Field(description="一只基金的名称或代码")]


class Operation(StrEnum):
    """What can be computed of stated values."""

    DIFFERENCE = "difference"
    SUM = "sum"
    RATIO = "ratio"
    PERCENT_CHANGE = "percent_change"


class CalculateArgs(Asked):
    operation: Annotated[
        Operation,
        Field(
            description="difference 差（第一个减第二个）；sum 合计；ratio 倍数（第一个除以第二个）；"
            "percent_change 变动幅度（从第一个到第二个，百分比）"
        ),
    ]
    values: Annotated[
        list[Annotated[str, Field(pattern=r"^[vV]\d{1,4}$")]],
        Field(min_length=2, max_length=8, description="值编号，如 v1、v2：只能用 facts、card 已给出的编号，不能填数字"),
    ]


class ReadArgs(Asked):
    version_id: Annotated[str, Field(max_length=80, description="search 或 facts 给出的 version_id")]
    start: Annotated[int, Field(ge=0, description="从第几个字符起")] = 0
    end: Annotated[int | None, Field(description="到第几个字符止；不填为 4000 字以内")] = None
