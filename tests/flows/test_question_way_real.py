"""The question way on 18 real fund reports: sync, ask, and look at figure, unit, period and place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import create_engine

from knowledge_base.access import system_principal
from knowledge_base.catalog import Catalog
from knowledge_base.facts import FactStore
from knowledge_base.products import Products
from knowledge_base.sync import sync_folder
from knowledge_base.tables import metadata
from models.encoders.hashing import HashEncoder
from prompts.chat import Message
from rag.answer import Answerer
from rag.index import SearchIndex
from rag.numbers import QuotedNumbers
from rag.passage import Answer
from rag.retrieve import Retriever
from tests.conftest import data_dir

pytestmark = [pytest.mark.data, pytest.mark.slow]

ON = date(2026, 1, 15)
HEALTH = "北信瑞丰健康生活主题"


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Answerer, Catalog]]:
    """The hash double stands in for the encoder, so that this costs seconds; figures come from facts."""
    folder = tmp_path_factory.mktemp("kb")
    engine = create_engine(f"sqlite:///{folder / 'kb.db'}")
    metadata.create_all(engine)
    catalog = Catalog(engine)
    index = SearchIndex(folder / "index", HashEncoder())
    report = sync_folder(data_dir() / "fund_reports", catalog=catalog, indexer=index, principal=system_principal())
    assert report.failed == ()
    retriever = Retriever(index, index.encoder)
    yield Answerer(retriever, FactStore(engine), Products(engine)), catalog
    index.close()
    engine.dispose()


def ask(knowledge: tuple[Answerer, Catalog], question: str, *before: str) -> Answer:
    answerer, catalog = knowledge
    history = [Message(role="user", content=text) for text in before]
    answer = answerer.answer(question, system_principal(), history, on=ON)
    for citation in answer.citations:
        text = catalog.text(citation.version_id, principal=system_principal())
        assert text[citation.start : citation.end] == citation.quote
    assert QuotedNumbers().unsupported_numbers(answer) == ()
    return answer


def test_growth_and_benchmark_of_2024(knowledge: tuple[Answerer, Catalog]) -> None:
    answer = ask(knowledge, f"{HEALTH}2024年净值增长率和业绩比较基准各是多少")
    assert "2024年净值增长率为-20.27%，同期业绩比较基准收益率为11.13%" in answer.text
    assert {citation.title for citation in answer.citations} == {
        "北信瑞丰健康生活主题灵活配置混合型证券投资基金2024年年度报告"
    }


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("易方达国证通用航空产业ETF的管理费率是多少", ["0.50%"]),
        ("工银瑞信香港中小盘2024年末基金资产净值是多少", ["117,578,925.00元"]),
        ("中银信享定期开放债券2025年第1季度净值增长率", ["-0.34%", "2025年第1季度"]),
        ("博时ESG量化选股2024年第2季度报告期末股票占基金总资产的比例", ["86.14"]),
        ("001056期末持有泰格医药多少股", ["泰格医药", "85,000"]),
        (f"华安证券汇赢增利和{HEALTH}2024年净值增长率分别是多少", ["10.00%", "-20.27%"]),
        (f"{HEALTH}的审计机构是哪家会计师事务所", ["上会会计师事务所"]),
    ],
)
def test_a_figure_with_its_place(knowledge: tuple[Answerer, Catalog], question: str, parts: list[str]) -> None:
    text = ask(knowledge, question).text
    for part in parts:
        assert part in text


def test_a_follow_up(knowledge: tuple[Answerer, Catalog]) -> None:
    answer = ask(knowledge, "过去三年呢", f"{HEALTH}2024年净值增长率和业绩比较基准各是多少")
    assert "-51.53%" in answer.text
    assert "-6.32%" in answer.text


@pytest.mark.parametrize("question", ["星辰创新成长混合2024年净值增长率是多少", f"{HEALTH}的董事长是谁"])
def test_an_honest_no(knowledge: tuple[Answerer, Catalog], question: str) -> None:
    assert ask(knowledge, question).abstained
