"""The one list of tools: what a chat model may call, and what MCP offers, with schemas, results and bounds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from rag.cite import Place
from rag.tools.finding import Finding, Found, Notebook
from rag.tools.lookups import Lookups
from rag.tools.schemas import CalculateArgs, CardArgs, CompareArgs, FactsArgs, SearchArgs

_MOST_CHARS = 600  # of one finding, as a model reads it


@dataclass(frozen=True, kw_only=True)
class TypedTool:
    """A function with a schema; who asks is bound within it."""

    name: str
    description: str
    takes: type[BaseModel]
    run: Callable[[Any], Found]


@dataclass(frozen=True, kw_only=True)
class Toolbox:
    """The tools of one run on behalf of one principal, and the notebook they share."""

    tools: tuple[TypedTool, ...]
    notebook: Notebook

    def call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The result for a program. Raises KeyError for an unknown tool, ValidationError for other arguments."""
        tool = {each.name: each for each in self.tools}[name]
        found = tool.run(tool.takes.model_validate(arguments))
        names = self.notebook.write(found.findings)
        shown = [_for_program(finding, value) for finding, value in zip(found.findings, names, strict=True)]
        return {"found": shown, "note": found.note}

    def tell(self, tool: TypedTool, asked: BaseModel) -> str:
        """The same for a model: a line a finding, its value's name behind it."""
        found = tool.run(asked)
        names = self.notebook.write(found.findings)
        lines = [_for_model(finding, value) for finding, value in zip(found.findings, names, strict=True)]
        return "\n".join([*lines, *filter(None, [found.note])]) or "没有找到。"


def toolbox(lookups: Lookups) -> Toolbox:
    """What a chat model may call while it answers a question: every result can be cited."""
    takes: tuple[tuple[Callable[[Any], Found], type[BaseModel]], ...] = (
        (lookups.facts, FactsArgs),
        (lookups.card, CardArgs),
        (lookups.compare, CompareArgs),
        (lookups.calculate, CalculateArgs),
        (lookups.search, SearchArgs),
    )
    tools = tuple(
        TypedTool(name=run.__name__, description=(run.__doc__ or "").strip(), takes=schema, run=run)
        for run, schema in takes
    )
    return Toolbox(tools=tools, notebook=lookups.notebook)


def _for_model(finding: Finding, value: str) -> str:
    title = finding.places[0].chunk.title if finding.places else ""
    name = f"（值编号 {value}）" if value else ""
    return f"《{title}》{' '.join(finding.text.split())[:_MOST_CHARS]}{name}"


def _for_program(finding: Finding, value: str) -> dict[str, Any]:
    return {"text": finding.text, "value": value or None, **finding.about, "places": list(map(_place, finding.places))}


def _place(place: Place) -> dict[str, Any]:
    chunk = place.chunk
    return {
        "version_id": chunk.version_id,
        "title": chunk.title,
        "start": place.start,
        "end": place.end,
        "page": chunk.page,
        "quote": place.quote,
    }
