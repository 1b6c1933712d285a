"""Background jobs as a person sees them: those they started, and those of the advisors they supervise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING

from jobs.errors import UnknownJobError
from knowledge_base.access import SEES_EVERY_CLIENT, Principal, Role

if TYPE_CHECKING:
    from jobs.leases import Job, JobStore
    from knowledge_base.clients import Clients


class JobDesk:
    """Reads jobs with the rights of one person. A job that is not theirs is not there."""

    def __init__(self, store: JobStore, clients: Clients) -> None:
        self._store, self._clients = store, clients

    def get(self, job_id: str, *, principal: Principal) -> Job:
        """Raises UnknownJobError, also for a job of somebody else."""
        job = self._store.get(job_id)
        if not self.may_see(job, principal):
            raise UnknownJobError(f"There is no job {job_id}.")
        return job

    def visible(self, found: Iterable[Job], *, principal: Principal) -> Iterator[Job]:
        """Those that the principal may see; whose an advisor is is looked up once."""
        supervises = cache(partial(self._supervises, principal=principal))
        return (job for job in found if _may_see(job, principal, supervises))

    def may_see(self, job: Job, principal: Principal) -> bool:
        """Whoever started it, supervisors of that advisor, and operations.

        What the machine took up by itself (a watched folder, an import): supervisors of the advisor whom it is about,
        and those who see every client.
        """
        return _may_see(job, principal, partial(self._supervises, principal=principal))

    def _supervises(self, advisor_id: str, *, principal: Principal) -> bool:
        advisor = self._clients.advisor(advisor_id, principal=principal)
        return advisor is not None and advisor.branch in principal.branches


def _may_see(job: Job, principal: Principal, supervises: Callable[[str], bool]) -> bool:
    if principal.has(Role.OPERATIONS, Role.SYSTEM) or job.started_by == principal.user_id:
        return True
    if job.started_by is None and principal.has(*SEES_EVERY_CLIENT):
        return True
    advisor_id = job.started_by or job.payload.get("advisor_id")
    return advisor_id is not None and principal.has(Role.SUPERVISOR) and supervises(advisor_id)


def started_by(principal: Principal) -> str | None:
    """Who a job is said to be started by; None for the machine and its operator."""
    return None if principal.has(Role.SYSTEM) else principal.user_id
