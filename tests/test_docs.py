"""The pages keep their word: links lead somewhere, commands, settings, columns and files are there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from urllib.parse import unquote

import pytest
import typer
import yaml

from serve.cli import app
from serve.settings import Settings, describe
from serve.settings_page import with_table

ROOT = Path(__file__).resolve().parent.parent
SKIPPED = frozenset({"node_modules", "dist", "build"})
LINK = re.compile(r"!?\[[^\]\n]*\]\(<?([^)>\s]+)>?[^)\n]*\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^```[^\n]*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
# Where a program stands: at the start of a line (after a prompt and variables), of inline code, after | or &&.
COMMAND = re.compile(r"(?:^\s*(?:\$ )?|\| |&& )(?:[A-Z_]+=\S+ +)*(?:[\w./-]*/)?tougu((?: +[^\s|;&#)]+)+)", re.MULTILINE)
REMARK = re.compile(r" {2,}(?![-\[]).*")  # words set apart by spaces explain a command
SETTING = re.compile(r"`([a-z]+(?:\.[a-z_]+)+)`")
NO_SETTINGS = (".py", ".yaml", ".csv", ".json", ".md")
ROW = re.compile(r"^\| `([^`]+)` \|")
ROOM = re.compile(r"^### (\w+)/:")
GROUPS_OF_EVAL = "tougu.commands"


def _pages() -> list[Path]:
    found = ROOT.rglob("*.md")
    return sorted(p for p in found if not any(_hidden(part) for part in p.relative_to(ROOT).parts))


def _hidden(part: str) -> bool:
    return part.startswith(".") or part in SKIPPED


def _guides() -> list[Path]:
    """The pages that speak to people: at the root and in docs/."""
    return [page for page in _pages() if page.parent in (ROOT, ROOT / "docs")]


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _anchors(page: Path) -> set[str]:
    """Anchors of the headings, as code hosts make them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _broken(page: Path) -> Iterator[str]:
    for target in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (page.parent / unquote(path)).resolve() if path else page
        there = place.exists() and place.is_relative_to(ROOT)
        if not there or (anchor and place.suffix == ".md" and anchor not in _anchors(place)):
            yield target


@pytest.mark.parametrize("page", _pages(), ids=_name)
def test_every_relative_link_resolves(page: Path) -> None:
    assert list(_broken(page)) == []


@cache
def _root() -> object:
    return typer.main.get_command(app)


@cache
def _top() -> dict[str, object]:
    """Commands and groups by name, those of the floor above included."""
    commands: dict[str, object] = dict(_root().commands)  # type: ignore[attr-defined]
    for entry in entry_points(group=GROUPS_OF_EVAL):
        loaded = entry.load()
        if not isinstance(loaded, typer.Typer):
            alone = typer.Typer(add_completion=False)
            alone.command()(loaded)
            loaded = alone
        commands[entry.name] = typer.main.get_command(loaded)
    return commands


def _options(command: object) -> set[str]:
    parameters = command.params  # type: ignore[attr-defined]
    return {name for each in parameters for name in (*each.opts, *each.secondary_opts)} | {"--help"}


def _commands_in(page: Path) -> Iterator[str]:
    for block, inline in CODE.findall(page.read_text(encoding="utf-8")):
        for words in COMMAND.findall(inline or block):
            yield REMARK.sub("", words.strip())


def _fault(words: list[str]) -> str | None:
    """What is wrong with the words after `tougu`; None when the command takes them."""
    root = _root()
    while words and words[0].startswith("--"):
        option = words.pop(0)
        if option not in _options(root):
            return f"no option {option}"
        if option in ("--as", "--config") and words:
            words.pop(0)
    if not words or not re.fullmatch(r"[a-z]+", words[0]):
        return None  # the program itself, or a placeholder such as COMMAND
    if words[0] not in _top():
        return f"no command {words[0]}"
    command = _top()[words.pop(0)]
    while below := getattr(command, "commands", {}):
        if words and re.fullmatch(r"[a-z]+(-[a-z]+)*", words[0]):
            if words[0] not in below:
                return f"no command {words[0]}"
            command = below[words.pop(0)]
        elif default := getattr(command, "default", None):
            command = below[default]  # what names no command goes to the default one
        else:
            break
    known = _options(command)
    unknown = [word for word in words if word.startswith("--") and word.strip("]").split("=")[0] not in known]
    return f"no option {unknown[0]}" if unknown else None


@pytest.mark.parametrize("page", _guides(), ids=_name)
def test_every_command_and_option_exists(page: Path) -> None:
    faults = {line: fault for line in _commands_in(page) if (fault := _fault(re.findall(r"[^\s\[]+", line)))}
    assert faults == {}


def test_the_check_of_commands_sees_what_is_wrong() -> None:
    assert _fault(["--as", "A001", "leads", "list"]) is None
    assert _fault(["eval", "asr"]) is None
    assert _fault(["kb", "burn"]) == "no command burn"
    assert _fault(["fly"]) == "no command fly"
    assert _fault(["ask", "x", "--loud"]) == "no option --loud"


def test_the_import_page_names_every_kind_and_column() -> None:
    schemas = yaml.safe_load((ROOT / "knowledge_base" / "imports_schema.yaml").read_text(encoding="utf-8"))
    sections = _sections((ROOT / "docs" / "import.md").read_text(encoding="utf-8"))
    missing = [
        f"{kind}.{column}"
        for kind, schema in schemas.items()
        for column in schema["columns"]
        if f"`{column}`" not in sections.get(kind, "")
    ]
    assert missing == []


def test_the_import_page_names_every_column_of_calls() -> None:
    from intent.recordings import COLUMNS

    section = _sections((ROOT / "docs" / "import.md").read_text(encoding="utf-8"))["calls"]
    assert [column for column in COLUMNS if f"`{column}`" not in section] == []


def _sections(text: str) -> dict[str, str]:
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("page", _guides(), ids=_name)
def test_every_setting_named_exists(page: Path) -> None:
    known = {key for key, _field, _value in describe(Settings.model_construct())}
    tables = {key.partition(".")[0] for key in known if "." in key}
    named = set(SETTING.findall(page.read_text(encoding="utf-8")))
    about_settings = {key for key in named if key.partition(".")[0] in tables and not _is_code(key)}
    assert about_settings - known == set()


def test_the_operations_page_names_every_setting_with_its_default() -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert with_table(page) == page, "a setting changed: python -m serve.settings_page docs/operations.md"
    named = set(re.findall(r"^\| `([a-z0-9_.]+)` \|", page, re.MULTILINE))
    assert {key for key, _field, _value in describe(Settings.model_construct())} <= named


def _is_code(dotted: str) -> bool:
    """True for files, modules and names in modules: `intent.classifier`, `copilot.delivery.deliver`."""
    module, _, _name_in_it = dotted.rpartition(".")
    places = [ROOT / name.replace(".", "/") for name in (dotted, module) if "." in name]
    return dotted.endswith(NO_SETTINGS) or any(p.is_dir() or p.with_suffix(".py").is_file() for p in places)


def test_every_file_of_the_architecture_page_is_there() -> None:
    room, gone = "", []
    for line in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").splitlines():
        if found := ROOM.match(line):
            room = found[1]
        elif line.startswith("#"):
            room = ""
        elif room and (named := ROW.match(line)) and not (ROOT / room / named[1]).exists():
            gone.append(f"{room}/{named[1]}")
    assert gone == []
