"""Rule packs on file: the shipped one, a firm's own versions over it, their signatures, and which is in force when."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from compliance_filters.errors import RulePackError
from compliance_filters.rules.pack import RulePack, make_pack
from compliance_filters.rules.signatures import SUFFIX, Trust, read_public_key
from compliance_filters.rules.validity import Validity

SHIPPED = ("base.yaml", "lexicon.yaml")
RELEASE_KEY = "release.pub"
LONGEST_LABEL = 200  # characters, as the tables hold it
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CHINA = timedelta(hours=8)


@dataclass(frozen=True, kw_only=True)
class PackFile:
    """One file as it was read."""

    place: str
    name: str
    version: str
    validity: Validity
    data: Mapping[str, Any]
    text: str
    signers: tuple[str, ...] = ()

    @property
    def entries(self) -> list[dict[str, Any]]:
        return self.data.get("rules") or []

    def turns(self) -> Iterator[date]:
        """Days on which what the file says changes."""
        for entry in (self.data, *self.entries):
            yield from Validity.of(entry).turns()


class PackShelf:
    """All pack files of a service, read and verified once; `on` a day gives the rules in force.

    Of several versions of one pack (the same `name`) the one in force applies that began last. Raises
    RulePackError when a file is missing, not YAML, breaks the form, or is not signed as it must be.
    """

    def __init__(
        self, overlays: Iterable[Path] = (), *, trust: Trust | None = None, shipped: Traversable | None = None
    ) -> None:
        trust = trust or Trust()
        folder = shipped or resources.files("compliance_filters") / "packs"
        released = folder / RELEASE_KEY
        key = read_public_key(released) if released.is_file() else None
        self._base, self._lexicon = (
            _read(name, folder / name, folder / f"{name}{SUFFIX}", trust, pinned=key) for name in SHIPPED
        )
        self._firm = [_read(str(path), path, path.with_name(path.name + SUFFIX), trust) for path in overlays]
        _refuse_doubles((self._base, *self._firm))
        self._turns = sorted({turn for file in (self._base, *self._firm) for turn in file.turns()})
        self._made: dict[date, RulePack] = {}
        self._lock = threading.Lock()

    @property
    def files(self) -> tuple[PackFile, ...]:
        """The shipped pack, its lexicon, and the firm's files in their order."""
        return (self._base, self._lexicon, *self._firm)

    def applied(self, day: date) -> tuple[PackFile, ...]:
        """The files whose rules are in force on a day, in the order in which they are laid over each other."""
        return (self._base, self._lexicon, *_versions(self._firm, day))

    def origins(self, day: date) -> dict[str, PackFile]:
        """The file that each rule in force on a day comes from, by id."""
        files = (self._base, *self.applied(day)[2:])
        return {str(entry["id"]): file for file in files for entry in _in_force(file, day)}

    def turns(self, since: date) -> tuple[date, ...]:
        """The days after `since` on which other rules come into force."""
        return tuple(turn for turn in self._turns if turn > since)

    def prepare(self, day: date) -> None:
        """Make the rules of a day and of every later one, so that a fault shows now and not at midnight."""
        for turn in (day, *self.turns(day)):
            self.on(turn)

    def on(self, day: date) -> RulePack:
        """The rules in force on a day; the same object for all days between two changes."""
        since = max((turn for turn in self._turns if turn <= day), default=date.min)
        with self._lock:
            if since not in self._made:
                self._made[since] = self._make(since)
            return self._made[since]

    def _make(self, since: date) -> RulePack:
        if since not in self._base.validity:
            raise RulePackError(
                f"no rule pack is in force on {since} (the shipped one: {self._base.validity}): check the clock."
            )
        data = {**self._base.data, "rules": _in_force(self._base, since)}
        applied = self.applied(since)
        for file in applied[2:]:
            data = _lay_over(data, file, since)
        texts = [file.text for file in applied]
        pack = make_pack({**data, "effective_from": since, "effective_to": None}, self._lexicon.data, sources=texts)
        if len(pack.label) > LONGEST_LABEL:
            raise RulePackError(f"names and versions of the packs make {len(pack.label)} characters: shorten them.")
        return pack


def load_pack(overlays: Sequence[Path] = (), *, day: date | None = None, trust: Trust | None = None) -> RulePack:
    """The rules in force on a day (today in China): the shipped pack with a firm's packs laid over it."""
    return PackShelf(overlays, trust=trust).on(day or (datetime.now(UTC) + _CHINA).date())


def builtin_pack() -> RulePack:
    """The pack that ships with the product, as it is in force today."""
    return load_pack()


def _read(name: str, path: Traversable, signature: Traversable, trust: Trust, *, pinned: str | None = None) -> PackFile:
    try:
        content = path.read_bytes()
        text = content.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RulePackError(f"rule pack {path} cannot be read ({error}): check the path and its rights.") from error
    signers = trust.admit(name, content, signature, pinned=pinned)
    return replace(parse_pack(text, name), signers=signers)


def parse_pack(text: str, place: str) -> PackFile:
    """A pack file's text. Raises RulePackError when it is not YAML, not a mapping, or a date in it is wrong."""
    try:
        data = yaml.load(text, Loader=_LOADER)  # a safe loader, the C one where it is built
    except yaml.YAMLError as error:
        raise RulePackError(f"rule pack {place} is not valid YAML ({error}): correct it.") from error
    if not isinstance(data, dict):
        raise RulePackError(f"rule pack {place} is empty or not a mapping: it must hold `rules`.")
    if not all(isinstance(entry, dict) for entry in data.get("rules") or ()):
        raise RulePackError(f"rule pack {place} holds a rule that is no mapping: each needs at least an id.")
    try:
        file = PackFile(
            place=place,
            name=str(data.get("name", Path(place).stem)),
            version=str(data.get("version", "0")),
            validity=Validity.of(data),
            data=data,
            text=text,
        )
        list(file.turns())
    except ValueError as error:
        raise RulePackError(f"rule pack {place}: {error}: correct it.") from error
    return file


def _refuse_doubles(files: Sequence[PackFile]) -> None:
    """A rule stands twice in a file only where its versions follow each other; so do versions of a pack."""
    for file in files:
        seen: dict[str, list[Validity]] = {}
        for entry in file.entries:
            validity, earlier = Validity.of(entry), seen.setdefault(str(entry.get("id", "?")), [])
            if any(validity.overlaps(other) for other in earlier):
                raise RulePackError(f"rule pack {file.place}: {entry.get('id')} stands twice on one day: correct it.")
            earlier.append(validity)
    begins: dict[tuple[str, date | None], str] = {}
    for file in files:
        other = begins.setdefault((file.name, file.validity.first), file.place)
        if other != file.place:
            raise RulePackError(
                f"{other} and {file.place} are versions of {file.name} that begin on the same day: change a date."
            )


def _versions(files: Sequence[PackFile], day: date) -> list[PackFile]:
    """Of each pack the version in force that began last, packs in the order in which they were first named."""
    chosen: dict[str, PackFile | None] = dict.fromkeys(file.name for file in files)
    for file in sorted(files, key=lambda f: f.validity.first or date.min):
        if day in file.validity:
            chosen[file.name] = file
    return [file for file in chosen.values() if file]


def _in_force(file: PackFile, day: date) -> list[dict[str, Any]]:
    return [entry for entry in file.entries if day in Validity.of(entry)]


def _lay_over(base: dict[str, Any], file: PackFile, day: date) -> dict[str, Any]:
    """Rules by id: the overlay's replace the base's; a rule can be changed but none is taken away."""
    mine = {entry.get("id"): entry for entry in _in_force(file, day)}
    kept = [mine.pop(entry["id"], entry) for entry in base["rules"]]
    return {
        **base,
        "name": f"{base['name']}+{file.name}",
        "version": f"{base['version']}+{file.version}",
        "rules": [*kept, *mine.values()],
        "settings": {**(base.get("settings") or {}), **(file.data.get("settings") or {})},
    }
