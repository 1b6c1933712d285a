"""Batch diagnosis wired: worker processes over leased rows, with a count of how far they are."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compliance_filters.finding import Draft, ReviewContext, Target
from copilot.batch import QUEUE, BatchHandler, BatchOutcome, BatchProgress, BatchSettings, DiagnosisBatch
from jobs.pool import run_pool
from jobs.progress import reporting
from jobs.worker import run_worker
from serve.seen import Seen
from serve.users import OPERATOR
from serve.warm import warm

if TYPE_CHECKING:
    from copilot.diagnosis.data.provider import NavFolder
    from copilot.reports import JudgedReport
    from jobs.leases import JobStore
    from jobs.worker import Handler
    from knowledge_base.access import Principal
    from serve.settings import Settings
    from serve.wiring import House

REPORT_S = 1.0  # a count reads every row of the batch


def diagnose_batch(
    house: House,
    client_ids: Iterable[str],
    *,
    out: Path,
    format: str,
    nav: Path | None,
    benchmark: Path | None,
    benchmark_name: str | None,
    workers: int,
    retry_failed: bool,
    principal: Principal,
    on_progress: Callable[[BatchProgress], None],
) -> list[BatchOutcome]:
    """Make what is not made yet; stopped at any moment, the same call goes on where it was."""
    settings = BatchSettings(
        out=out.absolute(), format=format, version=f"{version('tougu')} {house.rule_pack.label}",
        nav_dir=str(nav.absolute()) if nav else "", benchmark=str(benchmark.absolute()) if benchmark else "",
        benchmark_name=benchmark_name or "",
        user_id=None if principal.user_id == OPERATOR.user_id else principal.user_id,
    )  # fmt: skip
    folder = house.nav_folder(nav, benchmark, benchmark_name)
    batch = DiagnosisBatch(house.jobs, house.clients, house.products, settings, navs=folder.path, shared=_shared(house))
    out.mkdir(parents=True, exist_ok=True)
    left = batch.enqueue(client_ids, principal=principal, today=house.today(), retry_failed=retry_failed)
    if left:
        with reporting(batch, on_progress, every_s=REPORT_S):
            _work(house, workers)
    batch.write_manifest()
    on_progress(batch.progress())
    return list(batch.outcomes())


def _shared(house: House) -> str:
    """State of documents and restricted list: what a batch does not read client by client."""
    today = house.today()
    documents = sorted(each.id for each in house.catalog.in_force(today, principal=OPERATOR))
    restricted = sorted(map(repr, house.products.restricted(principal=OPERATOR, on=today)))
    return "\n".join([*documents, *restricted])


def _work(house: House, workers: int) -> None:
    stop, rules = threading.Event(), house.settings.jobs
    if workers == 1:
        _quiet()
        _warm(house)
        run_worker(house.jobs, QUEUE, handler(house), stop=stop, settings=rules, until_empty=True)
    else:
        run_pool(workers, QUEUE, partial(_setup, house.settings), stop=stop, settings=rules, until_empty=True)


def handler(house: House) -> BatchHandler:
    """The handler of one process; files of funds are read through one folder object a configuration."""
    folders: dict[tuple[str, str, str], NavFolder] = {}

    def diagnose(payload: Mapping[str, Any]) -> JudgedReport:
        named = (payload["nav_dir"], payload["benchmark"], payload["benchmark_name"])
        if named not in folders:
            nav, benchmark, name = named
            folders[named] = house.nav_folder(
                Path(nav) if nav else None, Path(benchmark) if benchmark else None, name or None
            )
        principal = house.users.principal(payload["user_id"])
        return house.reports.client(payload["client_id"], principal=principal, today=house.today(), navs=folders[named])

    def exported(client_id: str, user_id: str | None, report: str) -> None:
        Seen(house, house.users.principal(user_id)).export("report", [(client_id, report)])

    return BatchHandler(diagnose, exported, clock=time.monotonic)


def _setup(settings: Settings) -> tuple[JobStore, Handler]:
    """What each worker process builds for itself: one thread of arithmetic a process."""
    from serve.wiring import House

    _quiet()
    one_thread = settings.models.model_copy(update={"threads": settings.models.threads or 1})
    house = House(settings.model_copy(update={"models": one_thread}))
    _warm(house)
    return house.jobs, handler(house)


def _warm(house: House) -> None:
    """Load what the gate needs before its time counts, else the first report of every process would be held.

    The sentence is one that the semantic rules read: what they leave out would not load their model.
    """
    warm(house)
    house.gate.judge(
        Draft(text="这只基金后市值得期待，可以多配置一些。", target=Target.REPORT), ReviewContext(today=house.today())
    )


def _quiet() -> None:
    """What fails stands in the manifest, with its reason: a line of the log for each would bury the bar."""
    logging.getLogger("tougu.jobs").setLevel(logging.ERROR)
