"""Distillation: a chat model labels lines that nobody labelled, and says how sure it is; training weighs them so."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from intent.call import Speaker
from intent.classifier.taxonomy import NONE, Taxonomy
from intent.corpus.lines import LineError
from intent.corpus.uncertain import Unlabelled
from intent.corpus.utterances import Labelled, labels_of
from prompts.chat import ChatModel
from prompts.errors import ChatUnavailableError
from prompts.library import PromptLibrary

log = logging.getLogger(__name__)
PROMPT = "intent_labels"
TAUGHT = "taught"  # tag and batch of such lines
LEAST = 0.5  # sureness below which a line teaches nothing
_WHO = {Speaker.ADVISOR: "顾问", Speaker.CLIENT: "客户", Speaker.UNKNOWN: "某人"}


class ChatTeacher:
    """A chat model, asked a line at a time."""

    def __init__(self, model: ChatModel, prompts: PromptLibrary, taxonomy: Taxonomy) -> None:
        self._model, self._prompts, self._taxonomy = model, prompts, taxonomy
        self._intents = "\n".join(f"{i.id} {i.zh}：{i.meaning}" for i in taxonomy if i.id != NONE)

    def labelled(self, lines: Sequence[Unlabelled]) -> Iterator[Labelled | None]:
        """A training line for each, in order; None where the model gave nothing usable, or was not sure."""
        return (self._one(line) for line in lines)

    def _one(self, line: Unlabelled) -> Labelled | None:
        before = "\n".join(f"{_WHO[turn.speaker]}：{turn.text}" for turn in line.utterance.context) or "无"
        messages = self._prompts.messages(PROMPT, intents=self._intents, before=before, line=line.utterance.text)
        try:
            reply = self._model.complete(messages, max_tokens=200, schema=self._prompts.get(PROMPT).front.output_schema)
            return self._checked(line, json.loads(reply.text))
        except ChatUnavailableError:
            log.warning("the chat model %s did not label the line %s: it is left out", self._model.name, line.id)
        except LineError as error:
            log.warning("the chat model %s labelled the line %s unusably: %s", self._model.name, line.id, error)
        return None

    def _checked(self, line: Unlabelled, answer: dict[str, Any]) -> Labelled | None:
        """Raises LineError for an intent that the taxonomy does not hold."""
        gold = labels_of(answer["intents"] or [{"id": NONE}], self._taxonomy)
        taught = Labelled(id=line.id, utterance=line.utterance, gold=gold, tags=(TAUGHT,), batch=TAUGHT)
        return replace(taught, believed=float(answer["sure"])) if answer["sure"] >= LEAST else None
