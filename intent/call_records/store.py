"""Calls on their way to be read: recordings and call-detail records meet here, whichever comes first.

A row is a call. It is `told` before its recording is here, `arrived` then; it waits `unassigned` where nobody knows for
certain whose call it is, is `kept` where it may not be analysed, and is `read` in the end. What a person said of it is
never overwritten by what a machine says later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Engine, Row, delete, func, insert, or_, select, update

from intent.call_records.numbers import LineBook, Side
from intent.call_records.record import CallRecord
from intent.call_records.row import BY_RECORDS, PARKED, Arrival, CallRow, CallState, Speed, Told
from intent.call_records.tables import call_records
from intent.errors import CallRecordError, LeadNotFoundError
from intent.recordings import RECORDINGS
from jobs.clock import database_now
from jobs.locks import hold
from knowledge_base.access import Principal, Role

SHANGHAI = ZoneInfo("Asia/Shanghai")
CLERKS = (Role.OPERATIONS, Role.CRM, Role.SYSTEM)  # those who see every client, and work with them
SEERS = (*CLERKS, Role.COMPLIANCE)
LOCK = "call_records"
PAGE = 200
FRESH_DAYS = 1  # recordings that came later than this after their call are no fresh ones
_TOLD = ("client_id", "advisor_id", "direction", "started_at", "duration_s", "advisor_channel", "call_type")
Requeue = Callable[[Connection, str], None]  # reads the recording of a job again, in the same transaction


class CallRecords:
    """The calls on their way, and who took part in them."""

    def __init__(self, engine: Engine, lines: LineBook, requeue: Requeue) -> None:
        """`requeue` has a parked recording read again, in the transaction that it is given."""
        self.engine, self._lines, self._requeue = engine, lines, requeue

    def tell(self, records: Iterable[CallRecord], *, principal: Principal) -> list[Told]:
        """Write what telephone systems tell, all in one transaction; a call that waits for it is read now.

        Raises AccessDeniedError.
        """
        principal.require("import call records", *CLERKS)
        with self._writing() as (connection, now):
            return [self._tell(connection, record, now) for record in records]

    def write_lines(self, rows: Iterable[Mapping[str, Any]], *, principal: Principal) -> tuple[int, int]:
        """Write whose numbers are whose; calls that waited for it go on. New lines, and those that were known."""
        principal.require("import phone numbers", Role.OPERATIONS, Role.SYSTEM)
        with self._writing() as (connection, now):
            written = self._lines.write(connection, rows)
            waiting = select(call_records).where(
                call_records.c.state == CallState.UNASSIGNED, call_records.c.client_id.is_(None)
            )
            for row in map(_row, connection.execute(waiting).all()):
                self._settle(connection, row, now)
            return written

    def told_of(self, file: str) -> CallRow | None:
        """What was told of a recording that comes now, by its path; None of nothing certain."""
        with self.engine.connect() as connection:
            found = self._waiting_for(connection, file)
        return found[0] if len(found) == 1 else None

    def arrive(self, arrival: Arrival) -> CallRow:
        """The row of a recording that is here, joined with what was told of it; the same one for the same job."""
        with self._writing() as (connection, now):
            known = self._of(connection, call_records.c.job_id == arrival.job_id)
            if known is None:
                known, reason = self._told_of(connection, arrival)
                if known is None:
                    return self._add(connection, _new(arrival.call_id, now, reason=reason), arrival, now)
                if known.job_id is not None:  # another recording under the id of this call: it is that call's
                    return known
            return self._add(connection, known, arrival, now)

    def park(
        self, connection: Connection, row: CallRow, state: CallState, reason: str, *, duration_s: float | None
    ) -> bool:
        """Let a call wait, or keep it unread; False where something was told of it meanwhile, and nothing is done."""
        same = (call_records.c.call_id == row.call_id) & (call_records.c.updated_at == row.updated_at)
        changed = update(call_records).where(same).values(
            state=state, reason=reason, duration_s=row.duration_s or duration_s, ended_at=row.ended_at or
            _end(row.started_at, duration_s), updated_at=database_now(connection),
        )  # fmt: skip
        return connection.execute(changed).rowcount == 1

    def close(self, connection: Connection, row: CallRow, *, duration_s: float) -> None:
        """A call was read."""
        now = database_now(connection)
        connection.execute(
            update(call_records).where(call_records.c.job_id == row.job_id).values(
                state=CallState.READ, reason="", read_at=now, updated_at=now, duration_s=duration_s,
                ended_at=_end(row.started_at, duration_s),
            )
        )  # fmt: skip

    def assign(
        self, call_id: str, *, client_id: str, advisor_id: str | None, why: str, principal: Principal
    ) -> CallRow:
        """A person says whose call it is; it is read then. Raises CallRecordError for one that does not wait for it,
        LeadNotFoundError, AccessDeniedError."""
        principal.require("assign calls", *CLERKS)
        with self._writing() as (connection, now):
            row = self._parked(connection, call_id, CallState.UNASSIGNED)
            told = replace(
                row, client_id=client_id, advisor_id=advisor_id, assigned_by=principal.user_id, why=why, reason="",
                state=CallState.ARRIVED, updated_at=now,
            )  # fmt: skip
            self._save(connection, told)
            self._go_on(connection, told)
            return told

    def set_aside(self, call_id: str, *, why: str, principal: Principal) -> CallRow:
        """A person says that a call is nobody's, e.g. one between colleagues: it is kept and not asked about again."""
        principal.require("assign calls", *CLERKS)
        with self._writing() as (connection, now):
            row = self._parked(connection, call_id, CallState.UNASSIGNED)
            told = replace(
                row, state=CallState.KEPT, reason="set_aside", assigned_by=principal.user_id, why=why, updated_at=now
            )
            self._save(connection, told)
            return told

    def read_again(self, call_id: str, *, principal: Principal) -> CallRow:
        """Have a kept call looked at once more, e.g. when its client has agreed since; raises what `assign` raises."""
        principal.require("try calls again", Role.OPERATIONS, Role.SUPERVISOR, Role.SYSTEM)
        with self._writing() as (connection, now):
            row = self._parked(connection, call_id, CallState.KEPT)
            told = replace(row, state=CallState.ARRIVED, reason="", updated_at=now)
            if row.reason == "set_aside":
                told = replace(told, assigned_by=None)
            self._save(connection, told)
            self._go_on(connection, told)
            return told

    def parked(self, state: CallState, *, principal: Principal, after: str = "", limit: int = PAGE) -> list[CallRow]:
        """Calls that wait for an answer, or are kept unread, the oldest first; `after` the id of the last one seen."""
        principal.require("see calls that are not read", *SEERS)
        order = (call_records.c.arrived_at, call_records.c.call_id)
        query = select(call_records).where(call_records.c.state == state)
        with self.engine.connect() as connection:
            last = self._of(connection, call_records.c.call_id == after) if after else None
            if last is not None:
                query = query.where(
                    or_(order[0] > last.arrived_at, (order[0] == last.arrived_at) & (order[1] > last.call_id))
                )
            return [_row(row) for row in connection.execute(query.order_by(*order).limit(limit))]

    def get(self, call_id: str, *, principal: Principal) -> CallRow:
        """Raises LeadNotFoundError, AccessDeniedError."""
        principal.require("see calls that are not read", *SEERS)
        with self.engine.connect() as connection:
            found = self._of(connection, call_records.c.call_id == call_id)
        if found is None:
            raise LeadNotFoundError(f"There is no call {call_id} on its way.")
        return found

    def counts(self) -> dict[CallState, int]:
        """Calls by where they stand."""
        query = select(call_records.c.state, func.count()).group_by(call_records.c.state)
        with self.engine.connect() as connection:
            found: dict[str, int] = dict(connection.execute(query).tuples().all())
        return {state: found.get(state.value, 0) for state in CallState}

    def speed(self, now: datetime, *, hours: float = 24.0) -> Speed:
        """Seconds from the end of a call to its leads, of fresh calls read in the last hours: p50, p95.

        Left out are calls without a start, those whose recording came a day late, and those a person had to assign.
        """
        since = now - timedelta(hours=hours)
        query = select(call_records.c.ended_at, call_records.c.read_at, call_records.c.arrived_at).where(
            call_records.c.read_at >= since, call_records.c.ended_at.is_not(None), call_records.c.assigned_by.is_(None)
        )
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
        late = timedelta(days=FRESH_DAYS)
        spent = sorted((r.read_at - r.ended_at).total_seconds() for r in rows if r.arrived_at - r.ended_at <= late)
        return Speed(calls=len(spent), p50_s=_quantile(spent, 0.5), p95_s=_quantile(spent, 0.95), hours=hours)

    @contextmanager
    def _writing(self) -> Iterator[tuple[Connection, datetime]]:
        with self.engine.begin() as connection:
            hold(connection, LOCK)
            yield connection, database_now(connection)

    def _tell(self, connection: Connection, record: CallRecord, now: datetime) -> Told:
        known = self._named_by(connection, record)
        row = known or _new(record.id, now)
        if row.state is CallState.READ:
            return Told(call_id=row.call_id, how="late", state=row.state, reason="")
        told = _merged(row, {name: getattr(record, name) for name in _TOLD})
        sides = [side for role, n in record.numbers() if (side := self._lines.side(role, n)) is not None]
        if sides and row.assigned_by is None:
            told = replace(told, sides=[asdict(side) for side in sides])
        if not told.file:
            told = replace(told, file=_file_of(record), file_name=_name(_file_of(record)))
        if record.id != row.call_id and row.state in PARKED:
            told = self._renamed(connection, told, record.id)
        told = self._settle(connection, told, now, known=row if known else None)
        how = "new" if known is None else "known" if told == row else "changed"
        return Told(call_id=told.call_id, how=how, state=told.state, reason=told.reason)

    def _settle(self, connection: Connection, row: CallRow, now: datetime, *, known: CallRow | None = None) -> CallRow:
        """Look again who took part, write the row, and let the call go on where it waited for that."""
        told = self._matched(connection, row)
        if told == known:
            return told
        waits = told.state is CallState.UNASSIGNED and not told.reason and told.client_id is not None
        if waits:
            told = replace(told, state=CallState.ARRIVED)
        told = replace(told, updated_at=now)
        self._save(connection, told)
        if waits:
            self._go_on(connection, told)
        return told

    def _matched(self, connection: Connection, row: CallRow) -> CallRow:
        if row.assigned_by is not None or not row.sides:
            return row if row.client_id is None or row.state is CallState.KEPT else replace(row, reason="")
        day = (row.started_at or datetime.now(UTC)).astimezone(SHANGHAI).date()
        match = self._lines.match(connection, [Side(**side) for side in row.sides], day)
        client, advisor = row.client_id or match.client_id, row.advisor_id or match.advisor_id
        answered = (row.client_id and match.reason.startswith("client")) or (
            row.advisor_id and match.reason.startswith("advisor")
        )
        return replace(
            row, client_id=client, advisor_id=advisor, candidates=match.candidates,
            reason="" if answered else match.reason,
        )  # fmt: skip

    def _told_of(self, connection: Connection, arrival: Arrival) -> tuple[CallRow | None, str]:
        """The row that was told of a recording, by its id, else by its path where exactly one fits."""
        by_id = self._of(connection, call_records.c.call_id == arrival.call_id)
        if by_id is not None or arrival.file is None:
            return by_id, ""
        found = self._waiting_for(connection, arrival.file)
        if len(found) > 1:
            return None, "file_shared"
        return (found[0] if found else None), ""

    def _waiting_for(self, connection: Connection, file: str) -> list[CallRow]:
        return [row for row in self._by_name(connection, file) if row.job_id is None]

    def _named_by(self, connection: Connection, record: CallRecord) -> CallRow | None:
        by_id = self._of(connection, call_records.c.call_id == record.id)
        if by_id is not None:
            return by_id
        found = [row for row in self._by_name(connection, _file_of(record)) if row.job_id is not None]
        return found[0] if len(found) == 1 else None

    def _by_name(self, connection: Connection, file: str) -> list[CallRow]:
        query = select(call_records).where(call_records.c.file_name == _name(file))
        return [row for row in map(_row, connection.execute(query)) if row.file and _one_file(row.file, file)]

    def _add(self, connection: Connection, row: CallRow, arrival: Arrival, now: datetime) -> CallRow:
        told = _merged(row, {name: getattr(arrival, name) for name in _TOLD})
        told = replace(
            told, job_id=arrival.job_id, recording_path=arrival.recording_path, arrived_at=row.arrived_at or now,
            file=told.file or arrival.file, file_name=told.file_name or (_name(arrival.file) if arrival.file else None),
            state=CallState.ARRIVED, updated_at=now,
        )  # fmt: skip
        told = self._matched(connection, told)
        told = replace(told, reason=told.reason if told.reason in BY_RECORDS else "")
        self._save(connection, told)
        return told

    def _renamed(self, connection: Connection, row: CallRow, call_id: str) -> CallRow:
        connection.execute(delete(call_records).where(call_records.c.call_id == row.call_id))
        return replace(row, call_id=call_id)

    def _go_on(self, connection: Connection, row: CallRow) -> None:
        if row.job_id is not None:
            self._requeue(connection, row.job_id)

    def _parked(self, connection: Connection, call_id: str, state: CallState) -> CallRow:
        row = self._of(connection, call_records.c.call_id == call_id)
        if row is None:
            raise LeadNotFoundError(f"There is no call {call_id} on its way.")
        if row.state is not state:
            raise CallRecordError(f"The call {call_id} is {row.state}: only one that is {state} can be changed so.")
        return row

    def _of(self, connection: Connection, which: Any) -> CallRow | None:
        row = connection.execute(select(call_records).where(which)).first()
        return _row(row) if row is not None else None

    def _save(self, connection: Connection, row: CallRow) -> None:
        values = {**asdict(row), "state": row.state.value}
        where = call_records.c.call_id == row.call_id
        if not connection.execute(update(call_records).where(where).values(values)).rowcount:
            connection.execute(insert(call_records).values(values))


def _new(call_id: str, now: datetime, *, reason: str = "") -> CallRow:
    return CallRow(
        call_id=call_id, job_id=None, recording_path=None, file=None, file_name=None, state=CallState.TOLD,
        reason=reason, client_id=None, advisor_id=None, sides=[], candidates={}, direction=None, started_at=None,
        duration_s=None, advisor_channel=None, call_type=None, assigned_by=None, why="", arrived_at=None,
        ended_at=None, read_at=None, updated_at=now,
    )  # fmt: skip


def _row(row: Row[Any]) -> CallRow:
    fields = row._asdict()
    return CallRow(**{**fields, "state": CallState(fields["state"])})


def _merged(row: CallRow, told: Mapping[str, Any]) -> CallRow:
    """What is told now goes over what was told before, and never over what a person said."""
    mine = {"client_id", "advisor_id"} if row.assigned_by is not None else set()
    new = {name: value for name, value in told.items() if value not in (None, "") and name not in mine}
    merged = replace(row, **new)
    return replace(merged, ended_at=_end(merged.started_at, merged.duration_s))


def _end(started_at: datetime | None, duration_s: float | None) -> datetime | None:
    return None if started_at is None or duration_s is None else started_at + timedelta(seconds=duration_s)


def _file_of(record: CallRecord) -> str:
    """The path that a record names, else its id: recorders name files so."""
    return record.path or record.id


def _name(file: str) -> str:
    """The last part of a path without the ending of a recording: systems tell it with or without."""
    path = PurePosixPath(file.replace("\\", "/"))
    return (path.stem if path.suffix.lower() in RECORDINGS else path.name)[:255]


def _one_file(first: str, second: str) -> bool:
    """Whether two paths can name one recording: the shorter is the end of the longer, part by part."""
    parts = [[*PurePosixPath(each.replace("\\", "/")).parts[:-1], _name(each)] for each in (first, second)]
    short, long = sorted(([part for part in path if part != "/"] for path in parts), key=len)
    endings = {PurePosixPath(each).suffix.lower() for each in (first, second)} & RECORDINGS
    return long[len(long) - len(short) :] == short and len(endings) < 2


def _quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that at least `share` of all do not exceed; None of none."""
    return values[max(0, -(-len(values) * int(share * 100) // 100) - 1)] if values else None
