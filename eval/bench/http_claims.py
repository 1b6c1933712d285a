"""People who claim leads over HTTP, open-loop, in a process of their own: they share no lock with the server.

Reads a plan as JSON from standard input, `{"port", "arrivals_s", "heads", "threads"}`, and writes `{"ms", "errors"}`:
`python -m eval.bench.http_claims`.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Sequence

from eval.bench.measure import open_loop
from eval.case import EvalError

ASKED = json.dumps({"limit": 1}).encode()
TIMEOUT_S = 30.0


def claim_from_outside(
    port: int, arrivals_s: Sequence[float], heads: Sequence[dict[str, str]], *, threads: int
) -> tuple[list[float], int]:
    """Milliseconds of each claim from its scheduled second, and errors. heads: HTTP headers of each consumer, who take
    turns. Raises EvalError when the process of the consumers fails."""
    plan = {"port": port, "arrivals_s": list(arrivals_s), "heads": list(heads), "threads": threads}
    words = [sys.executable, "-m", "eval.bench.http_claims"]
    done = subprocess.run(words, input=json.dumps(plan), capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise EvalError(f"The consumers over HTTP failed ({done.stderr.strip()[-300:]}): run the benchmark again.")
    told = json.loads(done.stdout)
    return told["ms"], told["errors"]


class _Consumers:
    """One connection a thread, kept open."""

    def __init__(self, port: int, heads: Sequence[dict[str, str]]) -> None:
        self._port, self._heads, self._mine = port, heads, threading.local()

    def claim(self, n: int) -> None:
        """Raises OSError for any answer but 200."""
        if not hasattr(self._mine, "connection"):
            self._mine.connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=TIMEOUT_S)
        head = {"content-type": "application/json", **self._heads[n % len(self._heads)]}
        self._mine.connection.request("POST", "/v1/leads/claim", body=ASKED, headers=head)
        answer = self._mine.connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise OSError(f"status {answer.status}")


def main() -> None:
    """Do the plan on standard input."""
    plan = json.load(sys.stdin)
    consumers = _Consumers(plan["port"], plan["heads"])
    consumers.claim(0)  # the first request opens what later ones find open
    ms, errors = open_loop(plan["arrivals_s"], consumers.claim, threads=plan["threads"])
    json.dump({"ms": ms, "errors": errors}, sys.stdout)


if __name__ == "__main__":
    main()
