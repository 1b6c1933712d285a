"""The statements of the hot path, built once: building them anew costs more than running them."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import String, bindparam, case, cast, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from jobs.tables import JobState, jobs

_C = jobs.c
_IDS = _C.id.in_(bindparam("ids", expanding=True))
DUE = (
    select(_C.id)
    .where(_C.queue == bindparam("of"), _C.state == JobState.READY.value, _C.run_after <= bindparam("now"))
    .order_by(_C.priority.desc(), _C.run_after, _C.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
LEASE = (
    update(jobs)
    .where(_IDS)
    .values(
        state=JobState.LEASED.value,
        attempts=_C.attempts + 1,
        lease_owner=bindparam("owner"),
        lease_until=bindparam("until"),
        updated_at=bindparam("now"),
    )
    .returning(*_C)
)
EXPIRED = (
    select(_C.id)
    .where(_C.queue == bindparam("of"), _C.state == JobState.LEASED.value, _C.lease_until <= bindparam("now"))
    .with_for_update(skip_locked=True)
)
TAKE_BACK = (
    update(jobs)
    .where(_IDS)
    .values(
        state=case((_C.attempts >= _C.max_attempts, JobState.QUARANTINED.value), else_=JobState.READY.value),
        error="Its worker was killed, hung or ran out of memory; attempts: " + cast(_C.attempts, String),
        lease_owner=None,
        lease_until=None,
        updated_at=bindparam("now"),
    )
)


@cache
def held_update(columns: tuple[str, ...]) -> ReturningUpdate[Any]:
    """Set `columns` of a row while its lease is held."""
    held = (
        (_C.id == bindparam("of"))
        & (_C.state == JobState.LEASED.value)
        & (_C.lease_owner == bindparam("owner"))
        & (_C.attempts == bindparam("attempt"))  # the same owner may have claimed it again since
        & (_C.lease_until > bindparam("now"))
    )
    values = {name: bindparam(name, type_=_C[name].type) for name in columns}
    return update(jobs).where(held).values(updated_at=bindparam("now"), **values).returning(*_C)
