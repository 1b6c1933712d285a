"""`tougu bench board`: the pages of the board at size, over HTTP, as an advisor and as a supervisor."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, insert, inspect, text

from eval.bench.lead_table import STEP, settle, without_indexes
from eval.bench.leads import LARGE_FROM, stored
from eval.bench.measure import Progress, bench_result, p95, quotient
from eval.bench.own_server import own_server
from eval.result import Result
from intent.leads.tables import leads
from knowledge_base.access import Role
from knowledge_base.tables import advisors, clients
from serve.users import OPERATOR
from serve.wiring import House

if TYPE_CHECKING:
    import httpx

ADVISORS, BRANCHES = 800, 40
CLIENT_OF_LEAD = "(n * 128 / 754)"  # 1,280,000 clients of 7,540,000 leads, in whole numbers
ASKED = 100  # times each page, each time by or about another advisor and client
BOSS, BRANCH = "boss", 1  # a supervisor, and the number of the branch
PAGES: Mapping[str, tuple[str, str]] = {  # metric: who asks for what
    "todo": ("{advisor}", "/v1/board"),
    "done": ("{advisor}", "/v1/board?view=done"),
    "card": ("{advisor}", "/v1/clients/{client}/card"),
    "advisor_of_team": (BOSS, "/v1/board?advisor={of_branch}"),
    "team": (BOSS, "/v1/board/team"),
}
_DIGITS = {"sqlite": "substr('0000000' || {n}, -7)", "postgresql": "lpad(({n})::text, 7, '0')"}
_SERIES = {
    "sqlite": "WITH RECURSIVE s(n) AS (SELECT {a} UNION ALL SELECT n + 1 FROM s WHERE n < {b})",
    "postgresql": "WITH s AS (SELECT generate_series({a}, {b}) AS n)",
}
_AT = {
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now', ({minutes}) || ' minutes')",
    "postgresql": "now() + make_interval(mins => ({minutes})::int)",
}
_JSON = {"sqlite": "'[]'", "postgresql": "'[]'::json"}


def bench_board(house: House, *, leads: int, database: str, progress: Progress) -> Result:
    """Milliseconds of each page at `leads` leads of 800 advisors; `growth` is over a hundredth of them."""
    began = time.perf_counter()
    with stored(house, database, large=leads >= LARGE_FROM) as fresh:
        _staff(fresh)
        small = max(1000, leads // 100)
        _fill(fresh.engine, 0, small)
        progress(1, 4, "asking, small")
        before = _ask(fresh)
        filling = time.perf_counter()
        _fill(fresh.engine, small, leads, lambda how_far: progress(2, 4, f"growing: {how_far}"))
        filled_s = time.perf_counter() - filling
        progress(3, 4, "asking, full")
        after = _ask(fresh)
        indexes = len(inspect(fresh.engine).get_indexes("leads"))
    progress(4, 4, "")
    return bench_result(
        "board",
        fixture="leads made by the database itself",
        n=leads,
        parameters={
            "leads": leads, "database": database, "advisors": ADVISORS, "asked": ASKED, "indexes": indexes,
            "filled_s": round(filled_s, 1),
        },
        metrics={
            **{f"{name}_p95_ms": after[name] for name in PAGES},
            **{f"{name}_growth": quotient(after[name], before[name]) for name in PAGES},
        },
        began=began,
    )  # fmt: skip


def _staff(house: House) -> None:
    for id_ in {_asker(n)["advisor"] for n in range(ASKED + 1)}:
        house.users.add(id_, roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    house.users.add(BOSS, roles=[Role.SUPERVISOR], branches=[f"B{BRANCH:02d}"], labels=[], principal=OPERATOR)
    with house.engine.begin() as connection:
        connection.execute(
            insert(advisors),
            [
                {"id": id_, "name": id_, "branch": f"B{n % BRANCHES:02d}", "registered_adviser": True}
                for n, id_ in enumerate(f"A{n:04d}" for n in range(ADVISORS))
            ],
        )


def _fill(engine: Engine, first: int, end: int, told: Callable[[str], None] = lambda _: None) -> None:
    """Leads `first` to `end`, a fifth of them with an outcome, and the clients they are of; then statistics."""
    with engine.begin() as connection:
        name = connection.dialect.name
        _clients(connection, name, first * 128 // 754 + bool(first), (end - 1) * 128 // 754)
        with without_indexes(connection):
            for start in range(first, end, STEP):
                told(f"{min(start + STEP, end):,} of {end:,} leads")
                _leads(connection, name, start, min(start + STEP, end))
            told("indexes")
    told("statistics")
    settle(engine, (leads.name, clients.name, advisors.name))


def _clients(connection: Connection, name: str, first: int, last: int) -> None:
    id_ = f"'C' || {_DIGITS[name].format(n='n')}"
    advisor, branch = _whose(name, "n")
    connection.execute(
        text(
            f"INSERT INTO kb_clients (id, name, advisor_id, branch, consents, opt_outs, account_state) "
            f"{_SERIES[name].format(a=first, b=last)} "
            f"SELECT {id_}, {id_}, {advisor}, {branch}, {_JSON[name]}, {_JSON[name]}, 'open' FROM s"
        )
    )


def _leads(connection: Connection, name: str, first: int, end: int) -> None:
    digits, at = _DIGITS[name], _AT[name]
    id_ = f"'0000000000000000000000000' || {digits.format(n='n')}"
    client = f"'C' || {digits.format(n=CLIENT_OF_LEAD)}"
    advisor, branch = _whose(name, CLIENT_OF_LEAD)
    state = "CASE WHEN n % 5 < 3 THEN 'new' WHEN n % 5 = 3 THEN 'contacted' ELSE 'won' END"
    outcome = "CASE n % 5 WHEN 3 THEN 'contacted' WHEN 4 THEN 'won' END"
    now, due, changed = (at.format(minutes=each) for each in ("0", "n % 9999 - 3000", "-(n % 20000)"))
    connection.execute(
        text(
            "INSERT INTO leads (id, client_id, advisor_id, branch, intent, product, line, state, confidence, score, "
            "urgency, evidence, sequence, disposition, due_at, first_seen_at, last_seen_at, updated_at) "
            f"{_SERIES[name].format(a=first, b=end - 1)} "
            f"SELECT {id_}, {client}, {advisor}, {branch}, 'fund.buy', '', 'fund', {state}, 0.9, 0.5, 'normal', "
            f"{_JSON[name]}, n, {outcome}, {due}, {now}, {now}, {changed} FROM s"
        )
    )


def _whose(name: str, client: str) -> tuple[str, str]:
    """Advisor and branch of a client's number, as SQL."""
    wide = {"sqlite": "substr('0000' || ({n}), -{w})", "postgresql": "lpad(({n})::text, {w}, '0')"}[name]
    advisor = f"({client} % {ADVISORS})"
    return "'A' || " + wide.format(n=advisor, w=4), "'B' || " + wide.format(n=f"({advisor} % {BRANCHES})", w=2)


def _asker(n: int) -> dict[str, str]:
    """An advisor of those who have leads at any size, a client of that advisor, and an advisor of the branch."""
    number = n * 37 % (1000 * 128 // 754)
    return {
        "advisor": f"A{number:04d}",
        "client": f"C{number:07d}",
        "of_branch": f"A{(n * BRANCHES + BRANCH) % ADVISORS:04d}",
    }


def _ask(house: House) -> dict[str, float | None]:
    import httpx

    with own_server(house) as url, httpx.Client(base_url=url, timeout=60) as client:
        return {name: _p95_of(client, path, who) for name, (who, path) in PAGES.items()}


def _p95_of(client: httpx.Client, path: str, who: str) -> float | None:
    spent = []
    for n in range(ASKED + 1):
        asker = _asker(n)
        began = time.perf_counter()
        client.get(path.format(**asker), headers={"tougu-as": who.format(**asker)}).raise_for_status()
        if n:  # the first one opens what later ones find open
            spent.append((time.perf_counter() - began) * 1e3)
    return p95(spent)
