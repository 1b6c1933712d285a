"""The socket that the server listens on."""

from __future__ import annotations

import socket

from serve.errors import ServeError


def listen_on(address: str, port: int) -> socket.socket:
    """A TCP socket bound to the address (IPv4 or IPv6) and port; 0 is any free port. Raises ServeError when taken.

    The protocol is named, since asyncio sends without delay (TCP_NODELAY) only where it is: an answer goes out in two
    writes, head and body, and a client that keeps its connection open would wait 40 ms for the second.
    """
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address, port))
    except OSError as error:
        listener.close()
        raise ServeError(
            f"The server cannot listen on {address}:{port} ({error.strerror}): stop what uses the port or choose "
            "another with --port."
        ) from error
    return listener


def shown(listener: socket.socket) -> str:
    """Its URL as people type it."""
    address, port = listener.getsockname()[:2]
    return f"http://[{address}]:{port}" if listener.family is socket.AF_INET6 else f"http://{address}:{port}"
