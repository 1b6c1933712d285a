"""Office files are zip archives: what is inside, within bounds, before anything is unpacked."""

from __future__ import annotations

import io
import zipfile

from knowledge_base.errors import ParseError

MAX_MEMBERS = 10_000
BOMB_RATIO = 200  # deflate reaches 1000 on zeros; office files of text and figures stay below 50
BOMB_MB = 32  # small files may be as repetitive as they like
_ROOMS = {"word": "docx", "xl": "xlsx", "ppt": "pptx"}
_ENCRYPTED = 0x1
_MB = 2**20


def kind_of_zip(content: bytes, *, name: str, max_unpacked_mb: int) -> str | None:
    """ "docx", "xlsx", "pptx" or None.

    Raises ParseError when the archive is broken, protected, or unpacks to more than allowed; what the
    archive says of its sizes may be trusted, since `zipfile` never reads past them.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, OSError, ValueError) as error:
        raise ParseError(f"{name} is a broken archive ({error}); save it again.") from error
    _check_size(members, len(content), name, max_unpacked_mb)
    if any(member.flag_bits & _ENCRYPTED for member in members):
        raise ParseError(f"{name} is protected by a password; save a copy without one.")
    rooms = {member.filename.split("/")[0] for member in members}
    return next((kind for room, kind in _ROOMS.items() if room in rooms), None)


def _check_size(members: list[zipfile.ZipInfo], packed: int, name: str, max_unpacked_mb: int) -> None:
    unpacked = sum(member.file_size for member in members)
    if unpacked > max_unpacked_mb * _MB:
        raise ParseError(f"{name} unpacks to more than {max_unpacked_mb} MB; split it or raise max_unpacked_mb.")
    if unpacked > BOMB_MB * _MB and unpacked > BOMB_RATIO * packed:
        raise ParseError(
            f"{name} unpacks to {unpacked // packed} times its size, as only a zip bomb does; save it again."
        )
    if len(members) > MAX_MEMBERS:
        raise ParseError(f"{name} is an archive of {len(members)} parts, more than {MAX_MEMBERS}; save it again.")
