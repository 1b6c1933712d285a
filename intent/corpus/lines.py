"""Files of one JSON object a line: read as a whole, every mistake named with its line and what to do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from hashlib import sha256
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Generic, TypeVar

from intent.errors import TrainingDataError

T = TypeVar("T")
FORMAT = "docs/evaluation.md shows the format"


class LineError(ValueError):
    """One object is not what its file should hold: what is wrong, and what to do."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}: {remedy}")
        self.what, self.remedy = what, remedy


@dataclass(frozen=True, kw_only=True, order=True)
class Mistake:
    """What is wrong in one line of a file."""

    line: int  # counted from 1
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.what}: {self.remedy}."


@dataclass(frozen=True, kw_only=True)
class Parsed(Generic[T]):
    """The good lines of a file by their number, the mistakes of the others, and the hash of the file."""

    path: str
    items: tuple[tuple[int, T], ...]
    mistakes: tuple[Mistake, ...]
    digest: str

    def with_mistakes(self, more: Iterable[Mistake]) -> Parsed[T]:
        """The same with mistakes that show only between lines, all in order of lines."""
        mistakes = tuple(sorted((*self.mistakes, *more)))
        return Parsed(path=self.path, items=self.items, mistakes=mistakes, digest=self.digest)

    def required(self) -> tuple[T, ...]:
        """The items of a file without mistakes. Raises TrainingDataError naming file, line and remedy."""
        if self.mistakes:
            rest = len(self.mistakes) - 1
            more = f" {rest} more: tougu intent data --check shows them." if rest else ""
            raise TrainingDataError(f"{self.path}, {self.mistakes[0]}{more}")
        if not self.items:
            raise TrainingDataError(f"{self.path} holds no line: give one JSON object a line; {FORMAT}.")
        return tuple(item for _, item in self.items)


def shipped(name: str) -> Traversable:
    """A file of the project's own corpus."""
    return resources.files("intent.corpus").joinpath("data", name)


def parse_lines(place: Path | Traversable, parse: Callable[[dict[str, Any]], T]) -> Parsed[T]:
    """Read UTF-8 JSON Lines; `parse` raises LineError, KeyError, TypeError or ValueError for a bad object.

    Raises TrainingDataError where the file cannot be read at all.
    """
    try:
        data = place.read_bytes()
    except OSError as error:
        raise TrainingDataError(f"{place} cannot be read ({error.strerror}): correct the path.") from error
    items: list[tuple[int, T]] = []
    mistakes: list[Mistake] = []
    for n, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            try:
                items.append((n, _parsed(line, parse)))
            except LineError as error:
                mistakes.append(Mistake(line=n, what=error.what, remedy=error.remedy))
    digest = sha256(data).hexdigest()
    return Parsed(path=str(place), items=tuple(items), mistakes=tuple(mistakes), digest=digest)


def refuse_misspelt(raw: Mapping[str, Any], fields: Sequence[str]) -> None:
    """Other fields are the owner's own affair, but one that nearly has a known name was meant. Raises LineError."""
    for name in raw.keys() - set(fields):
        if near := get_close_matches(str(name), fields, n=1, cutoff=0.75):
            raise LineError(f"there is no field {name}", f"write {near[0]}, or give it a name of its own")


def doubled_ids(ids: Sequence[tuple[int, str]]) -> list[Mistake]:
    """One mistake for each id (with its line) that an earlier line has."""
    first: dict[str, int] = {}
    return [
        Mistake(line=n, what=f"the id {id_} stands already in line {first[id_]}", remedy="give each line its own")
        for n, id_ in ids
        if first.setdefault(id_, n) != n
    ]


def _parsed(line: bytes, parse: Callable[[dict[str, Any]], T]) -> T:
    try:
        raw = json.loads(line.decode("utf-8"))
        if not isinstance(raw, dict):
            raise LineError(f"{raw!r:.40} is no JSON object", f"write one object a line; {FORMAT}")
        return parse(raw)
    except LineError:
        raise
    except UnicodeDecodeError as error:
        raise LineError(f"byte {error.start + 1} is not UTF-8", "save the file as UTF-8") from error
    except json.JSONDecodeError as error:
        raise LineError(f"no JSON ({error.msg}, column {error.colno})", "correct or remove the line") from error
    except KeyError as error:
        raise LineError(f"the field {error.args[0]} is missing", FORMAT) from error
    except (TypeError, ValueError, AttributeError) as error:
        raise LineError(f"a field has a wrong value ({error!s:.100})", FORMAT) from error
