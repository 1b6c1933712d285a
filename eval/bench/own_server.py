"""The product's HTTP server on a free loopback port, for as long as a block lasts."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from eval.case import EvalError
from jobs.threads import answer_in_threads
from serve.wiring import House

START_S = 20.0


@contextmanager
def own_server(house: House) -> Iterator[str]:
    """Base URL of the application over `house`, which stays the caller's. Raises EvalError when it does not start."""
    import uvicorn

    from serve.app import create_app
    from serve.listening import listen_on, shown

    answer_in_threads()  # as `tougu serve` does
    listener = listen_on("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(create_app(house), log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        deadline = time.monotonic() + START_S
        while not server.started:
            if time.monotonic() > deadline or not thread.is_alive():
                raise EvalError("The server did not start within 20 s: run `tougu doctor` to see why.")
            time.sleep(0.02)
        yield shown(listener)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
