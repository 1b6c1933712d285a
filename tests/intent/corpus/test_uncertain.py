"""Which lines a labeller gets: near a threshold, no two alike, in a form that the loader refuses until filled."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from intent.call import LineReading, Polarity, TurnIntent
from intent.classifier.taxonomy import load_taxonomy
from intent.classifier.utterance import Utterance
from intent.corpus.uncertain import Unlabelled, as_row, hesitations, load_unlabelled
from intent.corpus.utterances import check_labelled
from intent.errors import TrainingDataError

TAXONOMY = load_taxonomy()


def found(confidence: float, intent: str = "fund.buy", polarity: Polarity = Polarity.INTEREST) -> TurnIntent:
    return TurnIntent(intent=intent, polarity=polarity, confidence=confidence, by="test")


class Scripted:
    """Readings by text; counts how many lines it was given at once."""

    def __init__(self, by_text: Mapping[str, LineReading]) -> None:
        self.by_text = by_text
        self.asked: list[int] = []

    def __call__(self, utterances: Sequence[Utterance]) -> list[LineReading]:
        self.asked.append(len(utterances))
        return [self.by_text.get(u.text, LineReading()) for u in utterances]


def lines(*texts: str) -> list[Unlabelled]:
    return [Unlabelled(id=f"x-{n}", utterance=Utterance(text=text)) for n, text in enumerate(texts)]


def test_lines_near_the_threshold_come_first_and_sure_ones_last() -> None:
    read = Scripted(
        {
            "我很想买那只基金": LineReading(intents=(found(0.99),)),
            "有没有合适的可以放放": LineReading(intents=(found(0.72),)),
            "邻居说你们家产品行": LineReading(unsure=(found(0.68),)),
            "再说吧我先看看行情": LineReading(unsure=(found(0.4),)),
        }
    )
    chosen = hesitations(lines("没有什么事", *read.by_text), read, TAXONOMY)
    order = [each.line.utterance.text for each in chosen]
    assert set(order[:2]) == {"有没有合适的可以放放", "邻居说你们家产品行"}
    assert order[2:] == ["再说吧我先看看行情", "我很想买那只基金"]
    assert "没有什么事" not in order
    assert all(0 < each.doubt <= 1 for each in chosen)


def test_each_kind_has_a_threshold_of_its_own() -> None:
    read = Scripted(
        {
            "我要告你们去": LineReading(intents=(found(0.3, "complaint"),)),
            "钱被骗走了怎么办": LineReading(intents=(found(0.9, "fraud.report"),)),
            "想买点基金": LineReading(intents=(found(0.9),)),
            "基金我可不要": LineReading(intents=(found(0.6, polarity=Polarity.DECLINE),)),
        }
    )
    doubts = {each.line.utterance.text: each.doubt for each in hesitations(lines(*read.by_text), read, TAXONOMY)}
    assert doubts["我要告你们去"] == doubts["想买点基金"] == doubts["基金我可不要"] == 1.0
    assert doubts["钱被骗走了怎么办"] < 0.2


def test_of_lines_alike_one_is_enough() -> None:
    texts = ("我想买一点那个稳健的基金", "我想买一点那个稳健的基金啊", "港股通怎么才能开")
    read = Scripted(dict.fromkeys(texts, LineReading(unsure=(found(0.5),))))
    assert len(hesitations(lines(*texts), read, TAXONOMY)) == 2


def test_long_files_are_read_in_blocks_with_progress() -> None:
    read, steps = Scripted({}), []
    hesitations(lines(*map(str, range(600))), read, TAXONOMY, progress=lambda done, of, _: steps.append((done, of)))
    assert read.asked == [256, 256, 88]
    assert steps == [(0, 600), (256, 600), (512, 600), (600, 600)]


def test_rows_are_refused_until_filled_and_read_then(tmp_path: Path) -> None:
    read = Scripted({"想买点基金": LineReading(unsure=(found(0.5),))})
    (chosen,) = hesitations(lines("想买点基金"), read, TAXONOMY)
    row = as_row(chosen)
    assert row["guess"] == [{"id": "fund.buy", "polarity": "interest", "confidence": 0.5, "raised": False}]
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row), "utf-8")
    assert "intents is empty" in str(check_labelled(TAXONOMY, path).mistakes[0])
    path.write_text(json.dumps({**row, "intents": [{"id": "fund.sip", "polarity": "decline"}]}), "utf-8")
    (item,) = check_labelled(TAXONOMY, path).required()
    assert item.gold == (("fund.sip", Polarity.DECLINE),)


def test_text_and_json_lines_are_read(tmp_path: Path) -> None:
    plain = tmp_path / "said.txt"
    plain.write_text("\ufeff我想买基金\n\n  嗯  \n", "utf-8")
    assert [(u.id, u.utterance.text) for u in load_unlabelled(plain)] == [("said-1", "我想买基金"), ("said-3", "嗯")]
    rows = tmp_path / "said.jsonl"
    said = {"text": "行", "context": [{"role": "advisor", "text": "定投您看行吗"}]}
    rows.write_text(json.dumps(said) + "\n" + json.dumps({"id": "own", "text": "好"}), "utf-8")
    first, second = load_unlabelled(rows)
    assert (first.id, first.utterance.proposal, second.id) == ("said-1", "定投您看行吗", "own")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "holds no line"),
        ("好" * 401, "line 1: the text has 401 characters"),
        ('{"text": "好"}\n{"context": []}', "line 2: the field text is missing"),
        (b"\xff\xfe\xb0", "not UTF-8"),
    ],
)
def test_files_that_cannot_be_read_are_refused_with_the_line(tmp_path: Path, content: str | bytes, says: str) -> None:
    path = tmp_path / "bad"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TrainingDataError, match=says):
        load_unlabelled(path)
    with pytest.raises(TrainingDataError, match="cannot be read"):
        load_unlabelled(tmp_path / "nowhere")
