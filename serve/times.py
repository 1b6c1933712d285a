"""Times as people see them: on terminals and pages in China's time, in JSON with its offset."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def shown(moment: datetime) -> str:
    """For a terminal: 2026-11-22 10:30."""
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


def iso(moment: datetime | None) -> str | None:
    """For JSON: 2026-11-22T10:30:00+08:00."""
    return moment.astimezone(SHANGHAI).isoformat(timespec="seconds") if moment else None


def with_iso(values: dict[str, Any]) -> dict[str, Any]:
    """A row for JSON: its times as text with their offset."""
    return {name: iso(value) if isinstance(value, datetime) else value for name, value in values.items()}
