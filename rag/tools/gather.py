"""A chat model that calls tools looks up what an answer lacks: langchain's agent over the boundary.

What the model says meanwhile is thrown away. Kept is only what the tools found; the answer is then drafted from it,
and checked, as from every other source.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from knowledge_base.access import Principal
from knowledge_base.errors import KnowledgeBaseError
from prompts.chat import ChatModel, Message
from prompts.library import PromptLibrary
from rag.passage import Answer
from rag.tools.finding import Finding
from rag.tools.registry import Toolbox, TypedTool

_log = logging.getLogger(__name__)
PROMPT = "gather"
_MOST_TURNS, _MOST_SHOWN = 6, 400  # turns of the talk; characters of a passage


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """How much one question may cost before its answer is drafted."""

    rounds: int
    tokens: int
    budget_s: float


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """What one run did, for the record; no word of the question."""

    model: str
    prompt: str  # SHA-256 of its template
    calls: tuple[str, ...]  # names of the tools that ran, in order
    findings: int
    ended: str  # done | rounds | time | failed


class Gatherer:
    """Runs the agent within its bounds; whatever goes wrong, what was found until then is given."""

    def __init__(
        self,
        model: ChatModel,
        prompts: PromptLibrary,
        toolbox: Callable[[Principal, date], Toolbox],
        *,
        bounds: Bounds,
        on_end: Callable[[Gathered], None] = lambda gathered: None,
    ) -> None:
        """`toolbox` makes the tools of one principal as of one day."""
        self._model, self._prompts, self._toolbox = model, prompts, toolbox
        self._bounds, self._on_end = bounds, on_end

    def load(self) -> None:
        """Import langchain's agent now: it takes seconds that a first question should not wait for."""
        from langchain.agents import create_agent  # noqa: F401

    def gather(
        self, extractive: Answer, history: Sequence[Message], *, principal: Principal, on: date
    ) -> tuple[Finding, ...]:
        """What the tools found for the answer's question, beside what it has already."""
        run = _Run(self._model, self._toolbox(principal, on), self._bounds)
        messages = self._messages(extractive, history)
        # A thread of its own: a server that trickles or stalls holds nobody who waits for an answer.
        threading.Thread(target=run.go, args=(messages,), name="chat-tools", daemon=True).start()
        ended = run.wait(self._bounds.budget_s)
        findings = run.box.notebook.findings
        self._on_end(
            Gathered(
                model=self._model.name,
                prompt=self._prompts.get(PROMPT).sha256,
                calls=tuple(run.calls),
                findings=len(findings),
                ended=ended,
            )
        )
        return findings

    def _messages(self, extractive: Answer, history: Sequence[Message]) -> Sequence[Message]:
        said = [sentence.text for sentence in extractive.sentences]
        quoted = [f"《{one.chunk.title}》{one.chunk.text[:_MOST_SHOWN]}" for one in extractive.passages[:6]]
        earlier = "\n".join(f"{message.role}: {message.content}" for message in history[-_MOST_TURNS:])
        return self._prompts.messages(
            PROMPT, passages="\n".join([*said, *quoted]) or "无", history=earlier or "无", question=extractive.question
        )


class _Run:
    """One agent on one question."""

    def __init__(self, model: ChatModel, box: Toolbox, bounds: Bounds) -> None:
        self.box, self.calls = box, list[str]()
        self._model, self._bounds = model, bounds
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._left = False  # nobody waits any longer: nothing more is looked up
        self._ended = "failed"

    def wait(self, budget_s: float) -> str:
        """How it ended."""
        over = self._over.wait(budget_s)
        self._left = True
        return self._ended if over else "time"

    def go(self, messages: Sequence[Message]) -> None:
        from prompts.wire import to_wire, untraced

        try:
            with untraced():
                self._agent(messages).invoke(
                    {"messages": to_wire([each for each in messages if each.role != "system"])},
                    {"recursion_limit": 4 * self._bounds.rounds + 8},
                )
            self._ended = "done"
        except Exception as error:  # langchain's, langgraph's, the boundary's: the answer goes on without
            self._ended = "rounds" if "Limit" in type(error).__name__ else "failed"
            _log.warning("%s gathered no further: %s", self._model.name, type(error).__name__)
        finally:
            self._over.set()

    def _agent(self, messages: Sequence[Message]) -> Any:
        from langchain.agents import create_agent
        from langchain.agents.middleware import ModelCallLimitMiddleware

        from prompts.langchain_chat import BoundaryChat

        chat = BoundaryChat(model=self._model, budget_s=self._bounds.budget_s, budget_tokens=self._bounds.tokens)
        return create_agent(
            chat,
            [self._offered(tool) for tool in self.box.tools],
            system_prompt="\n\n".join(each.content for each in messages if each.role == "system"),
            middleware=[ModelCallLimitMiddleware(run_limit=self._bounds.rounds, exit_behavior="error")],
        )

    def _offered(self, tool: TypedTool) -> Any:
        from langchain_core.tools import StructuredTool

        def run(**arguments: Any) -> str:
            with self._lock:  # langgraph runs the calls of one reply side by side
                if self._left:
                    raise RuntimeError("nobody waits for it any longer")
                self.calls.append(tool.name)
                try:
                    return self.box.tell(tool, tool.takes.model_validate(arguments))
                except KnowledgeBaseError as error:
                    return str(error)

        return StructuredTool.from_function(
            func=run, name=tool.name, description=tool.description, args_schema=tool.takes
        )
