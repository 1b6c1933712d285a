"""A number is supported by what its own sentence cites, or not at all."""

from __future__ import annotations

import pytest

from rag.numbers import QuotedNumbers, unsupported
from rag.passage import Answer, Citation, Sentence


@pytest.mark.parametrize(
    ("text", "source", "missing"),
    [
        ("增长率为3.25%。", "过去一年 | 3.25%", []),
        ("增长率为3.25%。", "过去一年 | 13.25%", ["3.25%"]),
        ("增长率为20.27%。", "-20.27%", ["20.27%"]),
        ("规模为1.2亿元。", "120,000,000.00元", []),
        ("到账需要3个工作日。", "T+3个工作日内到账", []),
        ("到账很快。", "", []),
        ("合计0.60%（0.50% + 0.10%）。", "管理费 | 0.50%\n托管费 | 0.10%", []),
        ("合计0.70%（0.50% + 0.10%）。", "管理费 | 0.50%\n托管费 | 0.10%", ["0.70%"]),
        ("低1.20%（(-0.20%) - 1.00%）。", "-0.20% | 1.00%", []),
        ("合计0.60%（0.50% + 0.10%）。", "管理费 | 0.50%", ["0.60%", "0.10%"]),
    ],
)
def test_unsupported(text: str, source: str, missing: list[str]) -> None:
    assert unsupported(text, source) == missing


def test_another_sentences_citation_does_not_help() -> None:
    def cited(n: int, quote: str) -> Citation:
        return Citation(n=n, version_id="v", document_id="d", title="题", quote=quote, start=0, end=len(quote))

    answer = Answer(
        question="2024年呢",
        sentences=(
            Sentence(text="2024年为1.5%。", citations=(1,)),
            Sentence(text="费率为0.3%。", citations=(1,)),
        ),
        citations=(cited(1, "1.5%"), cited(2, "0.3%")),
    )
    assert QuotedNumbers().unsupported_numbers(answer) == ("0.3%",)
