"""The one place where rooms are put together. Everything is built when it is first used, then kept.

One file a way, each standing on the one before.
"""

from __future__ import annotations

from serve.rooms.day import DayRooms
from serve.rooms.ground import SHANGHAI

__all__ = ["SHANGHAI", "Rooms"]


class Rooms(DayRooms):
    """The parts of the product by name; building one builds what it stands on."""

    def close(self) -> None:
        """Release what was opened."""
        if "index" in self.__dict__:
            self.index.close()
        if "engine" in self.__dict__:
            self.engine.dispose()
