"""Cases of a template: what it must render, what a model may answer, and what of it is refused.

They lie beside the template as data: a template whose cases fail is not used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from prompts.chat import ChatModel
from prompts.checks import faults
from prompts.errors import ChatUnavailableError

if TYPE_CHECKING:
    from prompts.library import PromptTemplate


class SaidReply(BaseModel):
    """What a model said once, and what is to become of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    says: str
    breaks: tuple[str, ...] = ()  # names of the checks that refuse it, `schema` among them; none: it is accepted


class PromptTest(BaseModel):
    """One case: variables, parts of the rendered text, and replies."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    variables: dict[str, str]
    contains: tuple[str, ...]
    replies: tuple[SaidReply, ...] = ()


def failures(template: PromptTemplate, cases: Sequence[PromptTest]) -> tuple[str, ...]:
    """What a template gets wrong of cases, its own or those of the template it replaces; needs no model."""
    return tuple(
        f"{template.name}: case {number} {wrong}"
        for number, case in enumerate(cases, 1)
        for wrong in (*_unrendered(template, case), *_misjudged(template, case))
    )


def asked(template: PromptTemplate, model: ChatModel) -> tuple[str, ...]:
    """The same with what a model answers to each case now; a model that does not answer is a failure."""
    found = []
    for number, case in enumerate(template.front.tests, 1):
        messages = template.messages(case.variables)
        try:
            reply = model.complete(messages, schema=template.front.output_schema).text
        except ChatUnavailableError as error:
            found.append(f"{template.name}: case {number} got no reply ({error})")
            continue
        found += [f"{template.name}: case {number}, {model.name}: {wrong}" for wrong in _broken(template, case, reply)]
    return tuple(found)


def _unrendered(template: PromptTemplate, case: PromptTest) -> Iterator[str]:
    rendered = "\n\n".join(message.content for message in template.messages(case.variables))
    yield from (f"lacks {part!r}" for part in case.contains if part not in rendered)


def _misjudged(template: PromptTemplate, case: PromptTest) -> Iterator[str]:
    for reply in case.replies:
        broken = faults(reply.says, case.variables, template.front.checks, template.front.output_schema)
        if set(broken) != set(reply.breaks):
            yield f"judges {reply.says[:40]!r} by {_named(broken)} and not by {_named(reply.breaks)}"


def _broken(template: PromptTemplate, case: PromptTest, reply: str) -> Iterator[str]:
    yield from faults(reply, case.variables, template.front.checks, template.front.output_schema).values()


def _named(names: Mapping[str, str] | Sequence[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
