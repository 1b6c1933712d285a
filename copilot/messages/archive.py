"""What the firm's staff sent to clients, as an archive hands it on, and the archive in a documented JSONL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from copilot.messages.errors import MessageArchiveError

LONGEST = 20_000  # characters of a message
LONGEST_LINE = 200_000  # bytes


@dataclass(frozen=True, kw_only=True)
class SentMessage:
    """A text that a member of staff sent to a client."""

    id: str  # of the archive; the same message has it on every import
    user_id: str  # who sent it, as the user id of this installation
    client_id: str  # who got it, as the client file names them
    sent_at: datetime  # aware
    text: str
    channel: str  # e.g. wecom, sms


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A record of the archive that is no text of staff to a known client."""

    id: str
    why: str  # not_text | not_staff | unknown_client | no_message


class MessageArchive(Protocol):
    """Reads what was sent, in the order of the archive.

    Reading it again gives the same ids. Raises MessageArchiveError for what cannot be read.
    """

    def read(self) -> Iterator[SentMessage | LeftOut]: ...


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(min_length=1, max_length=120)
    user: str = Field(min_length=1, max_length=64, alias="from")
    client: str = Field(min_length=1, max_length=64, alias="to")
    sent_at: AwareDatetime
    text: str = Field(max_length=LONGEST)
    channel: str = Field("other", min_length=1, max_length=32)


class JsonlArchive:
    """One JSON object a line: id, from (user), to (client), sent_at (ISO 8601 with a zone), text, channel."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Iterator[SentMessage | LeftOut]:
        """See MessageArchive."""
        for number, raw in json_lines(self._path):
            try:
                line = _Line.model_validate(raw)
            except ValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in first["loc"])
                raise MessageArchiveError(
                    f"{self._path} is wrong in line {number} at {where} ({first['msg']}): correct the line, and import "
                    "the file again; what was imported stays and is not taken twice."
                ) from error
            yield SentMessage(
                id=line.id, user_id=line.user, client_id=line.client, sent_at=line.sent_at, text=line.text,
                channel=line.channel,
            )  # fmt: skip


def json_lines(path: Path) -> Iterator[tuple[int, Any]]:
    """Line number and value of each line that is not empty. Raises MessageArchiveError for one that is no JSON."""
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(LONGEST_LINE + 1), b""), 1):
                if len(line) > LONGEST_LINE:
                    raise MessageArchiveError(
                        f"{path} has more than {LONGEST_LINE} bytes in line {number}: one message stands in one line."
                    )
                if line.strip():
                    yield number, _value(path, number, line)
    except OSError as error:
        raise MessageArchiveError(f"{path} cannot be read ({error.strerror}): check the path.") from error


def _value(path: Path, number: int, line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise MessageArchiveError(f"{path} has no JSON in line {number}: write one message a line in UTF-8.") from error
