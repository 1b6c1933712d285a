"""A filter that hangs is told to whoever watches the service."""

from __future__ import annotations

import threading
from pathlib import Path

from compliance_filters.watch import MOST_STUCK, Run
from serve.wiring import House
from tests.serve.conftest import client_of, settings_of


def test_health_and_metrics_tell_of_a_filter_that_hangs(furnished: Path) -> None:
    go = threading.Event()

    def hang(run: Run) -> None:
        run.at = "semantic"
        run.ready.set()
        go.wait(60)

    house = House(settings_of(furnished))
    with client_of(house) as client:
        assert client.get("/readyz").json()["checks"]["filters"] == "ok"
        for _ in range(MOST_STUCK):
            run = Run(hang)
            house.filter_watch.start(run)
            assert run.ready.wait(10)
            house.filter_watch.leave(run)
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["checks"]["filters"].startswith("The filter semantic hangs and no text is cleared")
        assert f'tougu_filter_stuck{{filter="semantic"}} {float(MOST_STUCK)}' in client.get("/metrics").text
        go.set()
