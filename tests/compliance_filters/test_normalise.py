"""A text is normalised once, whoever asks for it."""

from datetime import date

import pytest

from compliance_filters import normalise
from compliance_filters.filters import standard_filters
from compliance_filters.finding import Draft, ReviewContext, Target
from compliance_filters.rules.shelf import builtin_pack
from mandarin.offsets import Mapped


def test_all_filters_of_a_pack_normalise_a_text_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counted(text: str) -> Mapped:
        read.append(text)
        return Mapped.identity(text)

    monkeypatch.setattr(normalise, "_plain", counted)
    draft = Draft(text="建议关注云岭甲，近一年收益率为3.21%，据研报所说。", target=Target.ANSWER)
    context = ReviewContext(today=date(2026, 11, 20), channel="client")
    for each in standard_filters(builtin_pack()):
        each.find(draft, context)
    assert read == [draft.text]


@pytest.mark.parametrize(
    ("written", "meant"),
    [("稳、赚、不、赔", "稳赚不赔"), ("b a o 本", "保本"), ("甲、乙、丙", "甲乙丙"), ("收益、风险", "收益、风险")],
)
def test_marks_between_single_characters_are_dropped(written: str, meant: str) -> None:
    assert builtin_pack().normalise(written).text == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("稳💰不赔", "稳赚不赔"),
        ("明天必📈停", "明天必涨停"),
        ("亻呆亻呆本", "保本保息"),
        ("酉己资", "配资"),
        ("稳z不p", "稳赚不赔"),
        ("🅱️本", "保本"),
        ("b\u0430\u043e本", "保本"),
        ("呢只唔保本", "呢只不保本"),
        ("蚀咗", "亏了"),
        ("&#20445;&#26412;", "保本"),
        (r"\u4fdd\u672c", "保本"),
        (r"\ud800", "\ufffd"),
        ("bao3 ben3，放心", "保本,放心"),
        ("明天bi4zhang4", "明天必涨"),
        ("赔不赚稳", "稳赚不赔"),
        ("稳。赚。不。赔", "稳赚不赔"),
    ],
)
def test_words_written_in_parts_initials_pictures_and_dialect_are_read(written: str, meant: str) -> None:
    assert builtin_pack().normalise(written).text == meant


@pytest.mark.parametrize("text", ["今天A股📈不错", "恭喜🎉发财", "返🧧佣"])
def test_pictures_that_complete_no_word_are_dropped_or_stay(text: str) -> None:
    assert "必涨" not in builtin_pack().normalise(text).text
    assert "红包" not in builtin_pack().normalise(text).text


def test_a_picture_in_a_word_leads_back_to_its_place() -> None:
    read = builtin_pack().normalise("这只稳💰不赔")
    start = read.text.index("稳赚不赔")
    assert read.original_text(start, start + 4) == "稳💰不赔"
