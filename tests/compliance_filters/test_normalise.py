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
