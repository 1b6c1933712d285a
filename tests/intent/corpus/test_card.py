from __future__ import annotations

from intent.call import Polarity
from intent.classifier.taxonomy import load_taxonomy
from intent.corpus.card import counts_of
from intent.corpus.card_text import agreement_markdown, counts_markdown, quotas_markdown
from intent.corpus.quotas import Quota, contrast_pairs, is_tempting, quotas
from intent.corpus.readings import agreement
from intent.corpus.utterances import Labelled, utterance_of

TAXONOMY = load_taxonomy()


def line(
    text: str, *gold: tuple[str, str], tags: tuple[str, ...] = (), before: str = "", split: str = "train"
) -> Labelled:
    context = [{"role": "advisor", "text": before}] if before else []
    labels = tuple((intent, Polarity(polarity)) for intent, polarity in gold)
    return Labelled(
        id=text, utterance=utterance_of(text, context), gold=labels, tags=tags, split=split, batch=f"{split}1"
    )


LINES = (
    line("我想买基金", ("fund.buy", "interest"), tags=("contrast",)),
    line("我才不想买基金呢", ("fund.buy", "decline"), tags=("contrast",)),
    line(
        "不了", ("fund.sip", "decline"), ("fund.buy", "interest"), before="定投？", tags=("short_answer",), split="test"
    ),
    line("基金那个谁来着", tags=("tempting",)),
)


def test_counts_are_those_of_the_lines() -> None:
    counts = counts_of(LINES, {"train1": "一位大妈"})
    assert counts.splits == {"train": 3, "test": 1}
    assert [(b.name, b.lines, b.voices) for b in counts.batches] == [("train1", 3, "一位大妈"), ("test1", 1, "")]
    assert counts.intents["fund.buy"] == {"interest": 2, "decline": 1}
    assert (counts.several_intents, counts.with_context, counts.short_answers) == (1, 1, 1)
    assert (counts.characters["shortest"], counts.characters["longest"]) == (2, 8)
    text = counts_markdown(counts)
    assert "| fund.buy | 2 | 1 | 0 |" in text
    assert "| none | 1 |" in text


def test_quotas_say_what_is_missing() -> None:
    found = {q.what: q for q in quotas(LINES, TAXONOMY, calls=200, read_twice=4, keyword_f1=0.4)}
    assert (found["lines"].found, found["lines"].holds) == (4, False)
    assert found["whole calls"].holds
    assert found["share of lines read twice"].holds
    assert found["tempting lines without a wish"].found == 1
    assert found["lines that decline or speak of what exists"].found == 2
    assert found["lead F1 of the keyword rules, test"].holds
    assert "| lines | at least 6500 | 4 | no |" in quotas_markdown(found.values())


def test_a_quota_that_was_not_measured_does_not_hold() -> None:
    assert not Quota(what="x", wanted=1, found=None).holds
    assert not Quota(what="x", wanted=0.6, found=0.6, at_most=True).holds


def test_contrast_needs_both_stances() -> None:
    pairs = contrast_pairs(LINES, TAXONOMY)
    assert (pairs["fund.buy"], pairs["fund.sip"]) == (1, 0)
    assert "complaint" not in pairs


def test_a_tempting_line_holds_no_wish() -> None:
    wish = line("我想买基金吗", ("fund.buy", "interest"), tags=("tempting",))
    service = line("我买基金的密码忘了", ("service.account", "interest"), tags=("tempting",))
    assert [is_tempting(item, TAXONOMY) for item in (*LINES, wish, service)] == [False, False, False, True, False, True]


def test_agreement_without_readings_is_written_as_unknown() -> None:
    text = agreement_markdown(agreement([], {}, TAXONOMY.ids), 3)
    assert "| lines read twice | 0 |" in text
    assert "| fund.buy | 0 | - |" in text
    assert "no border settles them | 3 |" in text
