"""Structured logs. What people said never reaches them: fields that could hold it are refused."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serve.settings import LogSettings

# Names under which recorded speech, questions or personal data would travel.
FORBIDDEN_FIELDS = frozenset({"text", "question", "answer", "quote", "name", "phone", "transcript", "content"})
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, event, and the `extra` fields."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **_extras(record),
        }
        return json.dumps(fields, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """The same for people: `12:00:01 INFO tougu.http request path=/livez ms=1`."""

    def format(self, record: logging.LogRecord) -> str:
        pairs = " ".join(f"{key}={value}" for key, value in _extras(record).items())
        moment = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%SZ")
        return f"{moment} {record.levelname} {record.name} {record.getMessage()} {pairs}".rstrip()


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    given = {key: value for key, value in vars(record).items() if key not in _STANDARD}
    return {key: "[withheld]" if key in FORBIDDEN_FIELDS else value for key, value in given.items()}


def configure(settings: LogSettings, *, quiet: bool = False) -> None:
    """Send all logs to standard error in the chosen form; libraries, and all when `quiet`, from WARNING on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if settings.format == "json" else TextFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("tougu").setLevel(logging.WARNING if quiet and settings.level == "INFO" else settings.level)
