"""`tougu` under a guard that tells of every way out: python -m tests.serve.watched FILE ARGUMENTS...

An audit hook of the interpreter sees each connection, datagram, look-up of a name and new program, whichever library
asks; it is written to FILE, one JSON list a line, and whatever is not this machine is refused. (What a C library sends
by itself passes no hook: none of those that the ways use does.)
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

OWN = ("127.", "::1", "localhost", "0.0.0.0")
CONNECTS = ("socket.connect", "socket.sendto", "socket.sendmsg")
LOOKS_UP = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr")
STARTS = ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system")


def watch(path: str) -> None:
    """From now on, for as long as this process lives."""
    told = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in STARTS:
            os.write(told, (json.dumps([event, str(arguments[0])]) + "\n").encode())
        if event not in CONNECTS + LOOKS_UP:
            return
        where = arguments[1] if event in CONNECTS else arguments[:2]
        if not isinstance(where, tuple) or where[0] in (None, ""):
            return  # a socket of the file system, or an address to listen on
        os.write(told, (json.dumps([event, str(where[0]), where[1]], default=str) + "\n").encode())
        if not str(where[0]).startswith(OWN):
            raise PermissionError(f"{event} to {where[0]}: nothing leaves this machine")

    sys.addaudithook(hook)


def main() -> None:
    watch(sys.argv[1])
    if sys.argv[2:] == ["try"]:  # that the guard is awake
        import socket

        socket.create_connection(("203.0.113.7", 443), timeout=1)
    sys.argv = ["tougu", *sys.argv[2:]]
    from serve.cli import main as tougu

    tougu()


if __name__ == "__main__":
    main()
