"""What every reranker keeps, the double included; the cross-encoder is a tiny random model made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.encoders.cross_encoder import CrossEncoderReranker
from models.errors import ModelDamagedError
from models.reranker import PairReranker, Reranker

QUESTION = "管理费率是多少"
PASSAGES = ["本基金的管理费率为1.20%", "基金经理为程怀谨", ""]


def tiny_cross_encoder(folder: Path, *, labels: int = 1) -> Path:
    """A BERT of two small layers with random weights and a vocabulary of single characters."""
    torch = pytest.importorskip("torch", reason="expected: torch comes with tougu[local]")
    transformers = pytest.importorskip("transformers", reason="expected: transformers comes with tougu[local]")
    folder.mkdir(parents=True)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *sorted(set(QUESTION + "".join(PASSAGES)))]
    (folder / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    torch.manual_seed(7)
    config = transformers.BertConfig(
        vocab_size=len(words), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=520, num_labels=labels,
    )  # fmt: skip
    transformers.BertForSequenceClassification(config).save_pretrained(folder)
    transformers.BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


@pytest.fixture(params=["pairs", "cross-encoder"])
def reranker(request: pytest.FixtureRequest, tmp_path: Path) -> Reranker:
    if request.param == "pairs":
        return PairReranker()
    return CrossEncoderReranker(tiny_cross_encoder(tmp_path / "tiny"), threads=1)


class TestReranker:
    def test_gives_one_score_a_passage(self, reranker: Reranker) -> None:
        scores = reranker.scores(QUESTION, PASSAGES)
        assert scores.shape == (len(PASSAGES),)
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()

    def test_keeps_the_shape_without_passages(self, reranker: Reranker) -> None:
        assert reranker.scores(QUESTION, []).shape == (0,)

    def test_same_pair_same_score_whatever_stands_beside_it(self, reranker: Reranker) -> None:
        among, alone = reranker.scores(QUESTION, PASSAGES), reranker.scores(QUESTION, PASSAGES[:1])
        assert among[0] == pytest.approx(alone[0], abs=1e-5)

    def test_takes_a_passage_longer_than_a_model_reads(self, reranker: Reranker) -> None:
        assert reranker.scores(QUESTION, ["管理费率" * 1000]).shape == (1,)

    @pytest.mark.parametrize(
        "question", ["管理费率" * 1000, "管理\0费率", "管理\ud800费率"], ids=["long", "NUL", "half"]
    )
    def test_takes_any_question(self, reranker: Reranker, question: str) -> None:
        assert np.isfinite(reranker.scores(question, PASSAGES)).all()

    def test_has_a_name(self, reranker: Reranker) -> None:
        assert reranker.name


def test_a_folder_that_holds_no_reranker_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelDamagedError, match="does not load"):
        CrossEncoderReranker(tmp_path / "empty").scores(QUESTION, PASSAGES)
    with pytest.raises(ModelDamagedError, match="a reranker gives one"):
        CrossEncoderReranker(tiny_cross_encoder(tmp_path / "three", labels=3)).scores(QUESTION, PASSAGES)
