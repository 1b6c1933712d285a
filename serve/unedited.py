"""A model without a filing never speaks to a client unedited: its draft must be changed before it is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from copilot.talks.errors import TalkError
from prompts.settings import ChatTask

if TYPE_CHECKING:
    from copilot.talks.talk import Turn
    from prompts.settings import ChatSettings

_MARK = re.compile(r"\[\d+\]")
_STOP = re.compile(r"[。！？；!?;\n]+")
_NO_WORD = re.compile(r"[\W_]+")


def refuse_unedited(turns: Callable[[], Iterable[Turn]], text: str, chat: ChatSettings) -> None:
    """Raises TalkError for a text that says nothing but what a model drafted in the turns of a talk, sentence for
    sentence: with some left out, in another order or with other marks it is not edited.

    Unless every model that may have written it is filed: where one stands in for another, the answer names the first.
    """
    able = chat.for_task(ChatTask.ANSWER)
    if able and all(server.record.filing for server in able):  # of none, nobody knows who wrote the draft
        return
    replies = [event["data"]["reply"] for turn in turns() for event in turn.events if event["event"] == "verdict"]
    drafts = [one["text"] for one in replies if one.get("by") not in (None, "extractive") and not one.get("approved")]
    drafted = {sentence for draft in drafts if draft for sentence in _sentences(draft)}
    said = _sentences(text)
    if said and drafted.issuperset(said):
        raise TalkError("这段话由未备案的模型起草，不能原样发给客户：请改成您自己的话，再审核发送。")


def _sentences(text: str) -> list[str]:
    """The sentences by their words alone: without numbers of sources, marks and spaces."""
    bare = (_NO_WORD.sub("", sentence) for sentence in _STOP.split(_MARK.sub("", text)))
    return [sentence for sentence in bare if sentence]
