"""Prompt templates as files: versioned, content-hashed, with their own tests.

A template is Markdown with YAML front matter; `<!-- system -->` and `<!-- user -->` begin its
messages and `${name}` is a variable. Values are put in as they are and never read as template.
"""

from __future__ import annotations

import difflib
import hashlib
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from prompts.cases import PromptTest, failures
from prompts.chat import Message
from prompts.checks import CHECKS
from prompts.errors import PromptError

_log = logging.getLogger(__name__)
SECTION = re.compile(r"^<!-- (system|user|assistant) -->\s*$", re.MULTILINE)
FRONT = re.compile(r"\A---\n(.*?)\n---\n(.*)\Z", re.DOTALL)


class FrontMatter(BaseModel):
    """The head of a template file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    task: str
    version: int = Field(ge=1)
    variables: tuple[str, ...]
    output_schema: dict[str, Any] | None = None  # JSON schema of the reply, where it must be JSON
    checks: tuple[str, ...] = ()  # what a reply must keep: names of prompts.checks
    tests: tuple[PromptTest, ...] = Field(min_length=1)

    @field_validator("checks")
    @classmethod
    def _are_known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := set(names) - CHECKS.keys():
            raise ValueError(f"there is no check {sorted(unknown)[0]}: use {', '.join(CHECKS)}")
        return names


@dataclass(frozen=True, kw_only=True)
class PromptTemplate:
    """One template, ready to render."""

    name: str
    front: FrontMatter
    sections: tuple[tuple[str, str], ...]  # role, text with variables
    text: str  # the whole file
    sha256: str  # of the file; goes into the audit log beside the version

    def messages(self, variables: Mapping[str, str]) -> tuple[Message, ...]:
        """Raises PromptError when a variable is missing, unknown or not a text."""
        self._require(variables)
        return tuple(Message(role=role, content=Template(text).substitute(variables)) for role, text in self.sections)

    def failures(self) -> tuple[str, ...]:
        """What the template's own cases find wrong; empty when all pass."""
        return failures(self, self.front.tests)

    def _require(self, variables: Mapping[str, str]) -> None:
        given, wanted = set(variables), set(self.front.variables)
        wrong = [f"missing {name}" for name in sorted(wanted - given)]
        wrong += [f"unknown {name}" for name in sorted(given - wanted)]
        wrong += [f"{name} is not a text" for name, value in variables.items() if not isinstance(value, str)]
        if wrong:
            raise PromptError(
                f"the prompt {self.name} cannot be filled in ({', '.join(wrong)}): it takes {', '.join(sorted(wanted))}"
            )


class PromptLibrary:
    """All templates: the shipped ones, and over them those of a firm's own folder that pass their cases."""

    def __init__(self, own_folder: Path | None = None) -> None:
        """Reads every file. An own one that is not in order, or fails a case, is refused: the shipped one stays.

        Raises PromptError for a folder that does not exist.
        """
        self._shipped = _load_folder(files("prompts").joinpath("templates"))
        self._templates = dict(self._shipped)
        self.refused: dict[str, str] = {}  # own templates that are not in use -> why
        if own_folder is not None:
            self._take_over(own_folder)

    def _take_over(self, folder: Path) -> None:
        if not folder.is_dir():
            raise PromptError(f"the prompt folder {folder} does not exist: correct it in the settings")
        for path in sorted(folder.glob("*.md")):
            try:
                own = parse_template(path.stem, _read(path))
                _fit(own, self._shipped.get(own.name))
            except PromptError as error:
                self.refused[path.stem] = str(error)
                _log.error("an own prompt is not in use: %s", error)
            else:
                self._templates[own.name] = own

    def is_own(self, name: str) -> bool:
        """Whether the firm's own template of that name is in use."""
        return self.get(name) is not self._shipped.get(name)

    def list(self) -> tuple[PromptTemplate, ...]:
        """All templates by name."""
        return tuple(self._templates[name] for name in sorted(self._templates))

    def get(self, name: str) -> PromptTemplate:
        """Raises PromptError when there is no such template."""
        if name not in self._templates:
            raise PromptError(f"there is no prompt {name}: choose one of {', '.join(sorted(self._templates))}")
        return self._templates[name]

    def messages(self, name: str, /, **variables: str) -> tuple[Message, ...]:
        """The filled-in messages for a chat model. Raises PromptError."""
        return self.get(name).messages(variables)

    def render(self, name: str, /, **variables: str) -> str:
        """The filled-in messages as one text. Raises PromptError."""
        return joined(self.messages(name, **variables))

    def diff(self, name: str) -> str:
        """Unified difference from the shipped template to the one in use; empty when they are the same."""
        shipped = self._shipped[name].text if name in self._shipped else ""
        lines = difflib.unified_diff(
            shipped.splitlines(), self.get(name).text.splitlines(), "shipped", "own", lineterm=""
        )
        return "\n".join(lines)


def joined(messages: tuple[Message, ...]) -> str:
    """The contents of messages, an empty line between them."""
    return "\n\n".join(message.content for message in messages)


def parse_template(name: str, text: str) -> PromptTemplate:
    """Raises PromptError when the head, the sections or the variables are not in order."""
    match = FRONT.match(text)
    if match is None:
        raise PromptError(f"the prompt {name} has no front matter: begin the file with a block between --- lines")
    sections = _sections(name, match[2])
    template = PromptTemplate(
        name=name,
        front=_front(name, match[1]),
        sections=sections,
        text=text,
        sha256=hashlib.sha256(text.encode("utf-8")).hexdigest(),
    )
    _check_variables(template)
    return template


def _fit(own: PromptTemplate, shipped: PromptTemplate | None) -> None:
    """Raises PromptError for an own template that fails a case, or does not keep the place of the shipped one."""
    if shipped is not None:
        _keeps_its_place(own, shipped)
    found = own.failures()
    if shipped is not None:
        found += tuple(f"{each} (of the shipped template)" for each in failures(own, shipped.front.tests))
    if found:
        raise PromptError(f"the own prompt {found[0]}: mend it and run `tougu prompts test`")


def _keeps_its_place(own: PromptTemplate, shipped: PromptTemplate) -> None:
    """What asks for a template fills in its variables and reads its reply: these and the checks must stay."""
    name = own.name
    if set(own.front.variables) != set(shipped.front.variables):
        raise PromptError(
            f"the own prompt {name} takes {', '.join(sorted(own.front.variables))}: it must take "
            f"{', '.join(sorted(shipped.front.variables))} as the shipped one does"
        )
    if own.front.output_schema != shipped.front.output_schema:
        raise PromptError(f"the own prompt {name} asks for another output_schema than the shipped one: take it over")
    if lost := set(shipped.front.checks) - set(own.front.checks):
        raise PromptError(f"the own prompt {name} leaves out the check {sorted(lost)[0]}: take it over")


def _load_folder(folder: Traversable | Path) -> dict[str, PromptTemplate]:
    found = [path for path in folder.iterdir() if path.name.endswith(".md")]
    return {path.name[:-3]: parse_template(path.name[:-3], _read(path)) for path in found}


def _read(path: Traversable | Path) -> str:
    try:
        return path.read_text("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise PromptError(f"the prompt file {path.name} cannot be read ({error}): mend or remove it") from error


def _front(name: str, text: str) -> FrontMatter:
    try:
        return FrontMatter.model_validate(yaml.safe_load(text))
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise PromptError(f"the head of prompt {name} is not valid YAML ({reason}): mend it") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PromptError(f"the head of prompt {name} is wrong at {where} ({first['msg']}): mend it") from error


def _sections(name: str, body: str) -> tuple[tuple[str, str], ...]:
    before, *rest = SECTION.split(body)
    if before.strip() or not rest:
        raise PromptError(f"the prompt {name} must begin with <!-- system --> or <!-- user --> after its head")
    return tuple((role, text.strip()) for role, text in zip(rest[::2], rest[1::2], strict=True))


def _check_variables(template: PromptTemplate) -> None:
    used: set[str] = set()
    for _, text in template.sections:
        if not Template(text).is_valid():
            raise PromptError(f"the prompt {template.name} has a lone $: write ${{name}} for a variable, $$ for $")
        used.update(Template(text).get_identifiers())
    if used != set(template.front.variables):
        odd = ", ".join(sorted(used ^ set(template.front.variables)))
        raise PromptError(f"the prompt {template.name} names and uses different variables ({odd}): make them agree")
