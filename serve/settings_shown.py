"""The settings as an administrator reads them: value, where it is from, what it means; never a secret."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, SecretStr

from serve.settings import Settings, describe, sources

MASK = "***"
USER_INFO = re.compile(r"//[^/@\s\"]+@")  # user and password in an address


@dataclass(frozen=True, kw_only=True)
class ShownSetting:
    """One setting."""

    key: str  # dotted
    value: str  # as JSON would write it; *** for a secret that is set, empty for nothing
    source: str  # environment | file | default
    about: str


def shown_settings(settings: Settings) -> list[ShownSetting]:
    """Every setting in force."""
    origin = dict(sources(settings))
    return [
        ShownSetting(key=key, value=_shown(value), source=origin[key], about=field.description or "")
        for key, field, value in describe(settings)
    ]


def _shown(value: Any) -> str:
    if value is None or value == "":
        return ""
    plain = _plain(value)
    text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)
    return USER_INFO.sub(f"//{MASK}@", text)


def _plain(value: Any) -> Any:
    """What JSON can write, without secrets at any depth."""
    if isinstance(value, SecretStr):
        return MASK
    if isinstance(value, BaseModel):
        return {name: _plain(each) for name, each in dict(value).items() if each is not None}
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(str(_plain(each)) for each in value)
    return value if isinstance(value, bool | int | float | str) or value is None else str(value)
