"""What counts as a product nobody knows, and as a follow-up."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from knowledge_base.products import ProductMatch, ResolvedQuestion
from rag.tokens import expanded, question_words, terms
from rag.unknown import unknown_products

KNOWN = "云岭稳健混合基金赎回管理费率债券投资新能源产业主题风险等级申购转换货币市场"


def shares(wanted: Sequence[str]) -> dict[str, float]:
    return {term: float(term in KNOWN) for term in wanted}


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("星辰创新成长混合2024年净值增长率", ("星辰创新成长混合",)),
        ("请问飞龙启航债券A的管理费", ("飞龙启航债券A",)),
        ("990099的管理费率", ("990099",)),
        ("2024年12月31日的规模", ()),
        ("货币基金赎回几天到账", ()),
        ("什么基金风险低", ()),
        ("这只基金的经理是谁", ()),
        ("债券型基金和股票型基金有什么不同", ()),
        ("客户持有的新能源产业基金能转换吗", ()),
        ("买基金要多少钱", ()),
        ("前十大持仓基金有哪些", ()),
        ("前五大债券有哪些", ()),
        ("易方达飞龙联接C类净值", ("易方达飞龙联接",)),
        ("他们家不碰股票的对不对", ()),
        ("易方达飞龙ETF管理人一年抽成多少", ("易方达飞龙ETF",)),
    ],
)
def test_products_without_trace(question: str, unknown: tuple[str, ...]) -> None:
    assert unknown_products(question, ResolvedQuestion(question=question), shares) == unknown


def test_a_resolved_name_is_not_unknown() -> None:
    match = ProductMatch(codes=("990005",), name="飞龙启航债券", start=0, end=6, score=1.0, how="full")
    named = ResolvedQuestion(question="飞龙启航债券费率", products=(match,))
    assert unknown_products(named.question, named, shares) == ()


def test_a_code_beside_the_name_of_its_product_is_not_unknown() -> None:
    match = ProductMatch(codes=("990005", "990055"), name="飞龙启航", start=0, end=4, score=1.0, how="full")
    named = ResolvedQuestion(question="飞龙启航990005申购", products=(match,))
    assert unknown_products(named.question, named, shares) == ()


def test_words_of_a_question() -> None:
    assert question_words("请问基金赎回几天到账") == ["基金", "赎回", "到账"]
    assert "2024" in question_words("2024年")


def test_terms_fold_script_and_width() -> None:
    assert terms("淨值１.２３％") == terms("净值1.23%")


def test_what_reports_print_is_added() -> None:
    assert "投资明细" in expanded("前十大持仓有哪些")
