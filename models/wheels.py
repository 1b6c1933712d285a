"""Finds weight files inside installed packages, without importing the packages."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from models.assembly import sha256_of
from models.entries import ModelEntry, SourceFile
from models.errors import ModelDamagedError, ModelUnavailableError


def locate(entry: ModelEntry, file: SourceFile) -> Path:
    """The file in its installed package, of the right size (its hash is for `locate_exact`).

    Raises ModelUnavailableError when the package is absent, ModelDamagedError when the file is
    missing or has another size.
    """
    path = _package_folder(entry, file.package) / file.path
    if not path.is_file():
        raise damaged(entry, file, "is missing")
    size = path.stat().st_size
    if size != file.size_bytes:
        raise damaged(entry, file, f"has {size} bytes instead of {file.size_bytes}")
    return path


def locate_exact(entry: ModelEntry, file: SourceFile) -> Path:
    """Like `locate`, and its SHA-256 is the registered one."""
    path = locate(entry, file)
    if sha256_of(path) != file.sha256:
        raise damaged(entry, file, "has been altered (its SHA-256 is not the registered one)")
    return path


def require_tools(entry: ModelEntry) -> None:
    """Raises ModelUnavailableError when a module that the assembly needs is not installed."""
    missing = [module for module in entry.needs if not importable(module)]
    if missing:
        raise ModelUnavailableError(
            f"the model {entry.name} cannot be prepared because {', '.join(missing)} is not installed",
            remedy=f"run: {entry.install}",
        )


def importable(module: str) -> bool:
    """Whether `import module` would find something; only parents of a dotted name are imported."""
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def damaged(entry: ModelEntry, file: SourceFile, why: str) -> ModelDamagedError:
    """The error about a broken weight file."""
    return ModelDamagedError(
        f"the weights of {entry.name} are damaged: {file.path} of package {file.package} {why}",
        remedy=f"reinstall with: {entry.install} --force-reinstall --no-deps",
    )


def _package_folder(entry: ModelEntry, package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModelUnavailableError(
            f"the weights of {entry.name} are not installed: package {package.replace('_', '-')} is missing",
            remedy=f"run: {entry.install}",
        )
    return Path(spec.submodule_search_locations[0])
