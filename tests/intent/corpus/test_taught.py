"""Lines that a chat model labels: usable ones become training lines with a weight, the rest are left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from intent.call import Polarity, Speaker, Turn
from intent.classifier.taxonomy import load_taxonomy
from intent.classifier.utterance import Utterance
from intent.corpus.taught import ChatTeacher
from intent.corpus.uncertain import Unlabelled
from intent.corpus.utterances import Labelled, as_json, check_labelled
from prompts.errors import ChatUnavailableError
from prompts.library import PromptLibrary
from prompts.scripted_chat import ScriptedChat

TAXONOMY = load_taxonomy()
PROPOSED = Turn(index=0, speaker=Speaker.ADVISOR, text="港股通要不要开一个？", start_s=0.0, end_s=0.0)
LINE = Unlabelled(id="c1-4", utterance=Utterance(text="那我开", context=(PROPOSED,)))


def reply(intent: str, polarity: str = "interest", sure: float = 0.8) -> str:
    return json.dumps({"intents": [{"id": intent, "polarity": polarity}], "sure": sure})


def labelled(*replies: str | Exception) -> list[Labelled | None]:
    return list(ChatTeacher(ScriptedChat(replies), PromptLibrary(), TAXONOMY).labelled([LINE] * len(replies)))


def test_a_line_takes_labels_and_sureness_of_the_model() -> None:
    wish, nothing = labelled(reply("permission.hk"), '{"intents": [], "sure": 1}')
    assert wish
    assert nothing
    assert (wish.gold, wish.believed) == ((("permission.hk", Polarity.INTEREST),), 0.8)
    assert (wish.utterance, wish.split) == (LINE.utterance, "train")
    assert (nothing.gold, nothing.believed) == ((), 1.0)


@pytest.mark.parametrize(
    "said", [reply("permission.hk", sure=0.4), reply("fund.fly"), "客户想开港股通。", ChatUnavailableError("down")]
)
def test_what_is_unsure_or_unusable_is_left_out(said: str | Exception) -> None:
    assert labelled(said) == [None]


def test_the_model_reads_the_turns_before_and_every_intent() -> None:
    chat = ScriptedChat([reply("permission.hk")])
    list(ChatTeacher(chat, PromptLibrary(), TAXONOMY).labelled([LINE]))
    asked = "\n".join(message.content for message in chat.asked[0])
    assert all(intent in asked for intent in TAXONOMY.ids)
    assert "顾问：港股通要不要开一个？" in asked
    assert "客户：那我开" in asked


def test_its_lines_can_be_trained_on_and_not_measured_with(tmp_path: Path) -> None:
    (taught,) = labelled(reply("permission.hk"))
    assert taught
    path = tmp_path / "taught.jsonl"
    path.write_text(json.dumps(as_json(taught)), "utf-8")
    assert check_labelled(TAXONOMY, path).required() == (taught,)
    for change, says in (
        ({"split": "dev"}, "lines of people"),
        ({"believed": 0}, "above 0"),
        ({"believed": 2}, "up to 1"),
    ):
        path.write_text(json.dumps({**as_json(taught), **change}), "utf-8")
        (mistake,) = check_labelled(TAXONOMY, path).mistakes
        assert says in mistake.remedy
