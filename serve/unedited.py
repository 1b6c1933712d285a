"""A model without a filing never speaks to a client unedited: its draft must be changed before it is sent."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from copilot.talks.errors import TalkError
from prompts.settings import ChatTask

if TYPE_CHECKING:
    from copilot.talks.talk import Turn
    from prompts.settings import ChatSettings

_MARK = re.compile(r"\[\d+\]|\s+")


def refuse_unedited(turn: Turn, text: str, chat: ChatSettings) -> None:
    """Raises TalkError for a text that is a whole draft of a model as it was written, unless every model that may
    have written it is filed: where one stands in for another, the answer names the first."""
    if all(server.record.filing for server in chat.for_task(ChatTask.ANSWER)):
        return
    replies = [event["data"]["reply"] for event in turn.events if event["event"] == "verdict"]
    drafts = [one["text"] for one in replies if one.get("by") not in (None, "extractive") and not one.get("approved")]
    if any(_bare(draft) == _bare(text) for draft in drafts if draft):
        raise TalkError("这段话由未备案的模型起草，不能原样发给客户：请改成您自己的话，再审核发送。")


def _bare(text: str) -> str:
    return _MARK.sub("", text)
