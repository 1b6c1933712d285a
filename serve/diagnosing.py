"""The work of one ordered diagnosis: metrics, gate, the first version, and the file; its progress is counted."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from copilot.diagnosis.errors import DiagnosisError
from jobs.errors import PoisonJobError
from knowledge_base.access import Principal
from knowledge_base.errors import UnknownClientError
from serve.errors import NotFoundError

if TYPE_CHECKING:
    from copilot.diagnosis.data.calendars import FundKind
    from copilot.diagnosis.data.disclosure import FundPortfolio
    from copilot.diagnosis.data.index import Benchmark, IndexSeries
    from copilot.diagnosis.data.nav import NavSeries
    from copilot.diagnosis.data.peers import PeerTable
    from copilot.diagnosis.data.provider import FundData
    from copilot.diagnosis.data.rates import RateSeries
    from copilot.diagnosis.data.segments import SegmentPeriod
    from copilot.reports import JudgedReport
    from jobs.worker import Task
    from serve.wiring import House

PAUSE_S = 0.3  # between two notes of progress: five hundred funds are not five hundred writes
STEPS = 2  # after the funds: judged, written


class CountedData:
    """Fund data that tells how many funds were read; everything else is the source's."""

    def __init__(self, source: FundData, read: Callable[[int], None]) -> None:
        self._source, self._tell, self._read = source, read, 0

    def nav(self, code: str, *, kind: FundKind, today: date | None) -> NavSeries:
        try:
            return self._source.nav(code, kind=kind, today=today)
        finally:
            self._read += 1
            self._tell(self._read)

    def benchmark(self) -> Benchmark | None:
        return self._source.benchmark()

    def index(self, name: str) -> IndexSeries | None:
        return self._source.index(name)

    def styles(self) -> Mapping[str, IndexSeries]:
        return self._source.styles()

    def risk_free(self) -> RateSeries | None:
        return self._source.risk_free()

    def portfolio(self, code: str, on: date) -> FundPortfolio | None:
        return self._source.portfolio(code, on)

    def segments(self, code: str, on: date) -> tuple[SegmentPeriod, ...]:
        return self._source.segments(code, on)

    def peers(self) -> PeerTable | None:
        return self._source.peers()


class DiagnosisHandler:
    """Makes the report that a job asks for, as the person who ordered it."""

    def __init__(self, house: House) -> None:
        self._house = house

    def __call__(self, task: Task) -> dict[str, Any]:
        house, payload = self._house, task.job.payload
        try:
            principal = house.users.principal(payload.get("user_id"))
            funds = self._funds(payload, principal)
            judged = self._judged(payload, principal, _Progress(task, funds + STEPS))
            task.progress(funds + 1, funds + STEPS, "writing")
            kept = house.report_versions.keep(
                task.job.id, judged, client_id=payload.get("client_id"), principal=principal
            )
            verdict = {
                "outcome": judged.verdict.outcome.word, "audit_id": judged.verdict.audit_id,
                "review_id": judged.verdict.review_id, "version": kept.version,
            }  # fmt: skip
            if kept.sha256 is None:
                return {**verdict, "findings": sorted({f.rule for f in judged.verdict.findings})}
            path = house.settings.home / "reports" / f"{task.job.id}.{payload['format']}"
            replace(judged, report=house.report_versions.kept(kept)).write(path)
        except (DiagnosisError, NotFoundError, UnknownClientError) as error:  # the same the next time
            raise PoisonJobError(str(error)) from error
        task.progress(funds + STEPS, funds + STEPS, "done")
        return {**verdict, "file": path.name}

    def _funds(self, payload: Mapping[str, Any], principal: Principal) -> int:
        if not payload.get("client_id"):
            return 1
        return len(self._house.clients.holdings(payload["client_id"], principal=principal))

    def _judged(self, payload: Mapping[str, Any], principal: Principal, read: Callable[[int], None]) -> JudgedReport:
        desk, today = self._house.reports, self._house.today()
        navs = CountedData(self._house.nav_folder(), read)
        if payload.get("client_id"):
            return desk.client(payload["client_id"], principal=principal, today=today, navs=navs)
        return desk.fund(payload["fund_code"], principal=principal, today=today, navs=navs)


class _Progress:
    """Writes down how many funds were read, now and then."""

    def __init__(self, task: Task, total: int) -> None:
        self._task, self._total, self._told = task, total, 0.0
        task.progress(0, total, "computing")

    def __call__(self, read: int) -> None:
        if time.monotonic() - self._told >= PAUSE_S:
            self._told = time.monotonic()
            self._task.progress(min(read, self._total - STEPS), self._total, "computing")
