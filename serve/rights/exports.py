"""Files that leave the house: a number in each, and above a size the yes of another person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, insert, select, update

from compliance_filters.audit.log import AuditLog
from jobs.clock import database_now
from jobs.locks import begin_writing
from jobs.tables import new_id
from knowledge_base.access import Principal, Role
from serve.errors import NotFoundError, ServeError
from serve.rights.settings import LimitSettings
from serve.tables import export_requests
from serve.times import iso

# Files of many rows; lists of segments have an approval of their own (intent/segments/exports.py).
LEADS, AUDIT, MISTAKES, OUTREACH = "leads", "audit", "mistakes", "outreach"
LISTS = "lists"  # no file: rows of lists beyond those of a day (serve/rights/rows.py)
APPROVERS = (Role.SUPERVISOR, Role.COMPLIANCE, Role.SYSTEM)
_rows = export_requests.c


class ExportError(ServeError):
    """The file needs another person's yes, or the request cannot be decided so."""

    def __init__(self, message: str, *, zh: str, needs: str = "") -> None:
        super().__init__(message)
        self.zh = zh
        self.more = {"needs": needs} if needs else {}


@dataclass(frozen=True, kw_only=True)
class ExportRequest:
    """A file that somebody asked for."""

    id: str
    what: str  # leads | audit | mistakes | outreach | lists
    rows: int  # when it was asked for
    about: str | None  # the client whose entries an audit file holds
    reason: str
    asked_by: str
    asked_at: datetime
    state: str  # pending | approved | refused
    decided_by: str | None
    decided_at: datetime | None
    decision: str
    fetch_until: datetime | None


class Exports:
    """Requests for large files, and the numbers of all of them."""

    def __init__(self, engine: Engine, audit: AuditLog, settings: LimitSettings) -> None:
        self._engine, self._audit, self._rules = engine, audit, settings

    @property
    def free_rows(self) -> int:
        """Rows up to which nobody has to be asked."""
        return self._rules.export_rows

    def ask(
        self, what: str, *, rows: int, reason: str, principal: Principal, about: str | None = None
    ) -> ExportRequest:
        """Ask for a large file; one of the audit log is `about` a client. Raises ExportError for no reason."""
        if not reason.strip():
            raise ExportError("No reason is given: write what the file is for.", zh="请填写导出用途。")
        request_id = new_id()
        told = {"export": request_id, "what": what, "rows": rows}
        self._audit.append(
            event="export.asked", actor=principal.user_id, subject=about, data=told, payload={"reason": reason}
        )
        with self._engine.begin() as connection:
            connection.execute(
                insert(export_requests).values(
                    id=request_id, what=what, rows=rows, about=about, reason=reason.strip(),
                    asked_by=principal.user_id, asked_at=database_now(connection), state="pending", decision="",
                )
            )  # fmt: skip
        return self._one(request_id)

    def decide(self, request_id: str, *, approve: bool, reason: str, principal: Principal) -> ExportRequest:
        """Approve or refuse another person's file. Raises ExportError, NotFoundError."""
        principal.require("approve exports", *APPROVERS)
        if not reason.strip():
            raise ExportError("No reason is given: write why.", zh="请填写审批意见。")
        asked = self._one(request_id)
        if asked.asked_by == principal.user_id:
            raise ExportError(
                "Who asks for a file never approves it: let another person decide.", zh="申请人不能审批自己的导出。"
            )
        state = "approved" if approve else "refused"
        told = {"export": request_id, "state": state}
        self._audit.append(
            event="export.decided", actor=principal.user_id, subject=asked.about, data=told, payload={"reason": reason}
        )
        with self._engine.begin() as connection:
            begin_writing(connection)
            now = database_now(connection)
            until = now + timedelta(hours=self._rules.approval_hours) if approve else None
            decided = connection.execute(
                update(export_requests).where(_rows.id == request_id, _rows.state == "pending").values(
                    state=state, decided_by=principal.user_id, decided_at=now, decision=reason.strip(),
                    fetch_until=until,
                )
            )  # fmt: skip
            if decided.rowcount == 0:
                raise ExportError("The export was decided already.", zh="该导出已审批过。")
        return self._one(request_id)

    def list(self, *, principal: Principal, limit: int = 100) -> tuple[ExportRequest, ...]:
        """One's own, and all of them for those who approve; the newest first."""
        query = select(export_requests).order_by(_rows.asked_at.desc()).limit(limit)
        if not principal.has(*APPROVERS):
            query = query.where(_rows.asked_by == principal.user_id)
        with self._engine.connect() as connection:
            return tuple(ExportRequest(**row._mapping) for row in connection.execute(query))

    def allow(self, what: str, *, rows: int, principal: Principal, about: str | None = None) -> str:
        """The mark of a file that may be written: its number, who, and when; logged.

        What was approved of one client (`about`) is good for no other. The machine's operator needs no yes.
        Raises ExportError where it is large and nobody has approved it.
        """
        large = self.free_rows and rows > self.free_rows and not principal.has(Role.SYSTEM)
        number = self._approved(what, rows, principal, about) if large else new_id()
        with self._engine.connect() as connection:
            now = database_now(connection)
        told = {"export": number, "what": what, "rows": rows, "approved": bool(large)}
        self._audit.append(event="export.made", actor=principal.user_id, subject=about, data=told)
        return f"{number} {principal.user_id} {iso(now)}"

    def _approved(self, what: str, rows: int, principal: Principal, about: str | None) -> str:
        of_this = (_rows.what == what) & _rows.about.is_not_distinct_from(about)
        mine = of_this & (_rows.asked_by == principal.user_id) & (_rows.state == "approved")
        with self._engine.connect() as connection:
            valid = mine & (_rows.fetch_until > database_now(connection)) & (_rows.rows >= rows)
            found = connection.execute(select(_rows.id).where(valid).limit(1)).scalar_one_or_none()
        if found is None:
            raise ExportError(
                f"The file has {rows} rows, which are more than {self.free_rows}: ask for it with POST /v1/exports and "
                "let another person approve it.",
                zh=f"这份文件有{rows}行，超过{self.free_rows}行的导出须由另一人审批：请先在“导出审批”页申请。",
                needs="approval",
            )  # fmt: skip
        return str(found)

    def _one(self, request_id: str) -> ExportRequest:
        with self._engine.connect() as connection:
            row = connection.execute(select(export_requests).where(_rows.id == request_id)).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no export {request_id}: see the list of exports.")
        return ExportRequest(**row._mapping)
