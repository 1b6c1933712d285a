"""What the server listens on."""

from __future__ import annotations

import asyncio
import socket

import pytest

from serve.errors import ServeError
from serve.listening import listen_on, shown


def test_an_answer_in_two_writes_does_not_wait_for_the_client() -> None:
    """Without TCP_NODELAY every answer to an open connection is some 40 ms late (delayed acknowledgement)."""

    async def is_prompt() -> bool:
        found: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def met(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted = writer.get_extra_info("socket")
            found.set_result(bool(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)))
            writer.close()

        listener = listen_on("127.0.0.1", 0)
        async with await asyncio.start_server(met, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            writer.close()
            return await asyncio.wait_for(found, 20)

    assert asyncio.run(is_prompt())


def test_a_free_port_is_found_and_shown() -> None:
    with listen_on("127.0.0.1", 0) as listener:
        assert shown(listener) == f"http://127.0.0.1:{listener.getsockname()[1]}"


def test_a_taken_port_is_told_in_one_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(ServeError, match=f"cannot listen on 127.0.0.1:{port}.*--port"):
            listen_on("127.0.0.1", port)
