"""Audit of what tougu installs: python scripts/audit_deps.py

Works without a network: every package of the closure is there in the version that constraints.txt pins, nothing
contradicts anything (`pip check`), and no licence is among those refused (packaging/licences.yaml). Known
vulnerabilities need the advisories of PyPI: `pip-audit` asks for them where it is installed and they can be reached;
else one line says that they were not, and the audit does not fail for it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
INSTALLER = "pip"  # comes with the interpreter's environment and installs the rest
ADVISORIES_S = 90  # at most, for all packages together


def main() -> int:
    """Print what was looked at and what is wrong; 1 where something is."""
    pins = pinned((ROOT / "constraints.txt").read_text(encoding="utf-8"))
    known = yaml.safe_load((ROOT / "packaging" / "licences.yaml").read_text(encoding="utf-8"))
    found, absent = closure("tougu")
    wrong = [
        *unpinned(found, absent, pins),
        *(told for name in found if (told := refused(name, licence(name), known)) is not None),
        *conflicts(),
    ]
    print(f"{len(found)} packages: {len(pins)} pins, licences and requirements looked at")
    vulnerable, told = advisories(found)
    print(told)
    for line in (*wrong, *vulnerable):
        print(f"audit-deps: {line}", file=sys.stderr)
    return 1 if wrong or vulnerable else 0


def pinned(constraints: str) -> dict[str, str]:
    """Version by package of lines `name==version`."""
    lines = (line.split("#")[0].strip() for line in constraints.splitlines())
    pairs = (line.split("==", 1) for line in lines if "==" in line)
    return {canonicalize_name(name): version.split(";")[0].strip() for name, version in pairs}


def closure(root: str) -> tuple[dict[str, str], frozenset[str]]:
    """Version of every installed package that `root` with all its extras needs, and names of those not installed."""
    found: dict[str, str] = {}
    absent: set[str] = set()
    seen: set[tuple[str, str]] = set()
    extras = metadata.metadata(root).get_all("Provides-Extra") or []
    waiting = [(root, extra) for extra in ("", *extras)]
    while waiting:
        at = waiting.pop()
        if at in seen:
            continue
        seen.add(at)
        for needed in needs(*at):
            name = canonicalize_name(needed.name)
            try:
                found[name] = metadata.version(needed.name)
            except metadata.PackageNotFoundError:
                absent.add(name)
                continue
            waiting += [(needed.name, extra) for extra in ("", *needed.extras)]
    found.pop(canonicalize_name(root), None)
    return dict(sorted(found.items())), frozenset(absent)


def needs(name: str, extra: str) -> Iterator[Requirement]:
    """What a package with an extra needs on this machine."""
    for line in metadata.requires(name) or ():
        wanted = Requirement(line)
        if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
            yield wanted


def unpinned(found: Mapping[str, str], absent: Iterable[str], pins: Mapping[str, str]) -> Iterator[str]:
    """Packages that constraints.txt does not hold to one version, or that are here in another one."""
    for name in sorted({*found, *absent} - pins.keys() - {INSTALLER}):
        yield f"{name} is in the closure and not in constraints.txt: pin it."
    for name, version in found.items():
        if name in pins and version.split("+")[0] != pins[name].split("+")[0]:
            yield f"{name} {version} is installed, and constraints.txt pins {pins[name]}: run make install."


def licence(name: str) -> str:
    """What the metadata of an installed package say of its licence; empty for nothing."""
    told = metadata.metadata(name)
    kinds = [each.split("::")[-1].strip() for each in told.get_all("Classifier") or () if each.startswith("License ::")]
    first_line = (told.get("License") or "").strip().split("\n")[0]
    return " / ".join(filter(None, (told.get("License-Expression"), *kinds, first_line)))


def refused(name: str, told: str, known: Mapping[str, object]) -> str | None:
    """Why a package may not be in the closure; None where it may."""
    read, patterns = known["read"], known["refused"]
    assert isinstance(read, dict)
    assert isinstance(patterns, list)
    said = told or read.get(name, "")
    if not said:
        return f"{name} names no licence: read it, and write it into packaging/licences.yaml."
    free = [each for each in re.split(r"\s+OR\s+", said) if not any(re.search(word, each) for word in patterns)]
    return None if free else f"{name} is under {said}: that licence is refused, take another package."


def conflicts() -> Iterator[str]:
    """What `pip check` says."""
    ran = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    if ran.returncode:
        yield from (line for line in ran.stdout.splitlines() if line.strip())


def advisories(found: Mapping[str, str]) -> tuple[list[str], str]:
    """Known vulnerabilities, and one line on what was asked. Nothing reached is no failure, and is said."""
    if find_spec("pip_audit") is None:
        return [], "advisories: not asked, pip-audit is not installed"
    asked = "".join(f"{name}=={version.split('+')[0]}\n" for name, version in found.items())
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--progress-spinner", "off",
               "--format", "json", "--timeout", "5", "-r", "/dev/stdin"]  # fmt: skip
    try:
        ran = subprocess.run(command, input=asked, capture_output=True, text=True, timeout=ADVISORIES_S, check=False)
        return read_advisories(ran.stdout)
    except subprocess.TimeoutExpired:
        return [], f"advisories: not reached within {ADVISORIES_S} s; nothing is known of vulnerabilities"


def read_advisories(told: str) -> tuple[list[str], str]:
    """What pip-audit answered. It calls a package that its index does not know sound: such a one was not asked."""
    try:
        packages = json.loads(told)["dependencies"]
    except (ValueError, KeyError):
        packages = []
    asked = [each for each in packages if "skip_reason" not in each]
    if not asked:
        return [], "advisories: not reached; nothing is known of vulnerabilities"
    bad = [
        f"{each['name']} {each['version']} has the known vulnerability {one['id']}: "
        f"{'take ' + ' or '.join(one['fix_versions']) if one['fix_versions'] else 'no version is free of it'}."
        for each in asked
        for one in each["vulns"]
    ]
    return bad, f"advisories: {len(bad)} on {len(asked)} packages, {len(packages) - len(asked)} could not be asked"


if __name__ == "__main__":
    raise SystemExit(main())
