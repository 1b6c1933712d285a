"""Commands that run until they are stopped: the server and the worker."""

from __future__ import annotations

from typing import Annotated

import typer

from serve.commands.context import Context


def serve(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(help="Address to listen on; overrides server.host.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port; overrides server.port.")] = None,
    worker: Annotated[bool, typer.Option(help="Also run background jobs in this process.")] = True,
) -> None:
    """Start the API and the pages on this machine."""
    import signal
    from contextlib import closing, suppress

    import uvicorn

    from jobs.threads import answer_in_threads
    from serve.app import create_app
    from serve.auth import require_closed_door
    from serve.listening import listen_on, shown
    from serve.warm import warm_beside
    from serve.worker import running_worker

    house = context.ensure_object(Context).house(service=True)
    address = host or house.settings.server.host
    server = house.settings.server
    require_closed_door(address, url=server.url, logins=house.callers.logins_in_force())
    house.sign_ins  # noqa: B018 - one that cannot work is told now, not at the first login
    listener = listen_on(address, house.settings.server.port if port is None else port)
    typer.echo(f"tougu: {shown(listener)}  (API: /openapi.json; Ctrl-C stops)", err=True)
    # The server hands the signal on when it has stopped; the job in hand still has to end after that.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with closing(house), suppress(KeyboardInterrupt), running_worker(house, wanted=worker):
        app = create_app(house)
        answer_in_threads()
        warm_beside(house)  # after the imports, which the first answer waits for
        told = uvicorn.Config(app, log_config=None, access_log=False, forwarded_allow_ips=server.trusted_proxies)
        uvicorn.Server(told).run(sockets=[listener])


def worker(context: typer.Context) -> None:
    """Run background jobs and deliveries until stopped."""
    from serve.warm import warm_beside
    from serve.worker import work_until_signal

    house = context.ensure_object(Context).house(service=True)
    warm_beside(house)
    typer.echo("tougu worker: running; Ctrl-C stops after the job in hand.", err=True)
    work_until_signal(house)
