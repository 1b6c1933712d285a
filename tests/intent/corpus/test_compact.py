from __future__ import annotations

import pytest

from intent.call import Polarity, Speaker
from intent.classifier.taxonomy import load_taxonomy
from intent.corpus.compact import CODES, compact_labels, compact_line, row_words
from intent.corpus.lines import LineError

TAXONOMY = load_taxonomy()


def test_there_is_one_code_for_each_intent() -> None:
    assert sorted(CODES.values()) == sorted(intent.id for intent in TAXONOMY)


def test_a_line_is_read_with_context_labels_and_tags() -> None:
    row = "不了/不了|sip-,cm+|e|A:这个月开始扣？/C:佣金呢/A:万二五"
    item = compact_line(row, "z-1", "dev", "z", TAXONOMY)
    assert [(t.speaker, t.text) for t in item.utterance.context][1:] == [
        (Speaker.CLIENT, "佣金呢"), (Speaker.ADVISOR, "万二五")
    ]  # fmt: skip
    assert item.utterance.text == "不了/不了"
    assert item.gold == (("fund.sip", Polarity.DECLINE), ("commission.negotiate", Polarity.INTEREST))
    assert item.tags == ("context", "decline", "ellipsis", "multi", "short_answer")
    assert row_words(row) == "这个月开始扣？\n佣金呢\n万二五\n不了/不了"


def test_labels_of_nothing_need_no_sign() -> None:
    assert compact_labels("no", TAXONOMY) == ()
    assert compact_labels("im", TAXONOMY) == compact_labels("im+", TAXONOMY)
    assert compact_labels("or= , fb+", TAXONOMY)[0] == ("order.request", Polarity.EXISTING)
    with pytest.raises(LineError, match="no label "):
        compact_labels("", TAXONOMY)
