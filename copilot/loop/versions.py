"""The versions of a report: as it was computed, and as advisors wrote it; each judged by the gate, all kept.

A version is a row without words. The report itself is the payload of an audit entry under the client's key, so
that sealing the client's texts closes every version, and the text of each verdict is kept beside it by the gate.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

from sqlalchemy import Row, insert, select, update

from compliance_filters.audit.entry import NewEntry
from compliance_filters.audit.log import AuditEvent, AuditLog
from compliance_filters.errors import ReviewQueueError
from compliance_filters.finding import Cleared, Outcome, Verdict
from compliance_filters.review.item import Answered
from copilot.diagnosis.report import DiagnosisReport
from copilot.loop.errors import ReportStateError, UnknownReportError
from copilot.loop.passages import edited, fitted
from copilot.loop.saved import packed, unpacked
from copilot.reports import JudgedReport
from copilot.tables import report_versions
from knowledge_base.access import Principal, Role
from knowledge_base.clients import Clients
from knowledge_base.errors import UnknownClientError

CHANNEL = "client"  # how the gate judges what goes to a client
KEPT = "report.kept"
MOST_VERSIONS = 50  # of one report


class Judge(Protocol):
    """Judges a client's report as of a day; `copilot.reports.ReportDesk` is one."""

    def judge(
        self, report: DiagnosisReport, *, client_id: str, principal: Principal, today: date, by: str, channel: str
    ) -> JudgedReport: ...


class Approvals(Protocol):
    """What officers decided; the gate with its queue is one."""

    def collect(self, item_id: str, *, principal: Principal) -> Cleared: ...

    def answered(self, item_id: str, *, principal: Principal) -> Answered | None: ...


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a report, without its words."""

    id: str
    report_id: str
    version: int
    client_id: str | None  # None: a report on a fund
    by: str
    outcome: str  # of the gate
    audit_id: str | None
    review_id: str | None
    model_id: str
    sha256: str | None  # of the cleared text; None: it may not be shown to a client
    findings: int
    created_at: datetime

    @property
    def state(self) -> str:
        """cleared | waiting (for an officer) | held."""
        if self.sha256 is not None:
            return "cleared"
        return "waiting" if self.review_id else "held"


class ReportVersions:
    """Keeps, shows, edits and clears the versions of reports."""

    def __init__(
        self,
        audit: AuditLog,
        judge: Callable[[], Judge],
        approvals: Approvals,
        *,
        as_user: Callable[[str], Principal],
    ) -> None:
        """judge: made when something is judged. as_user: the principal who wrote a version, by their id."""
        self._audit, self._judge, self._approvals, self._as_user = audit, judge, approvals, as_user
        self._engine = audit.engine
        self._clients = Clients(audit.engine)

    def keep(self, report_id: str, judged: JudgedReport, *, client_id: str | None, principal: Principal) -> Version:
        """A version as it was computed: the first one, or another where a job that runs again finds another text."""
        found, cleared = self._rows(report_id), judged.verdict.cleared
        if found and cleared is not None and found[-1].sha256 == cleared.sha256:
            return found[-1]
        return self._kept(report_id, len(found) + 1, judged, client_id=client_id, by=principal.user_id)

    def all_of(self, report_id: str, *, principal: Principal) -> tuple[Version, ...]:
        """All versions, the first one first. Raises UnknownReportError, also for a client not to be seen."""
        found = self._rows(report_id)
        if not found or not self._may_see(found[0], principal):
            raise UnknownReportError(f"There is no report {report_id} that you may see: check the id.")
        return tuple(self._refreshed(each) for each in found)

    def get(self, report_id: str, version: int, *, principal: Principal) -> Version:
        """One version. Raises UnknownReportError."""
        known = {each.version: each for each in self.all_of(report_id, principal=principal)}
        if version not in known:
            raise UnknownReportError(f"The report {report_id} has no version {version}: it has {len(known)}.")
        return known[version]

    def report(self, version: Version, *, principal: Principal) -> DiagnosisReport:
        """The report of a version, for whoever may read it: everybody who may see a cleared one, else its writer.

        Raises ReportStateError for a draft of another hand, SealedError for texts that were sealed, and
        SavedReportError for one that another version of the program kept.
        """
        if version.sha256 is None and not (version.version > 1 and version.by == principal.user_id):
            raise ReportStateError("该版本未通过合规审核，不能查看：请等待合规复核结果。")
        return self.kept(version)

    def kept(self, version: Version) -> DiagnosisReport:
        """The report itself, for the program. Raises SealedError or SavedReportError."""
        return unpacked(str((self._audit.payload(version.model_id) or {}).get("report", "")))

    def answer(self, version: Version) -> Answered | None:
        """What the officers say of a version that waited for them."""
        if version.review_id is None:
            return None
        return self._approvals.answered(version.review_id, principal=self._as_user(version.by))

    def edit(
        self, report_id: str, base: int, edits: Mapping[int, str], *, principal: Principal, today: date
    ) -> tuple[Version, Verdict]:
        """A new version with other lines, by their number in version `base`; judged like any text, and kept.

        Raises ReportStateError for a line that may not be edited so, or when nothing changes.
        """
        principal.require("edit a report", Role.ADVISOR, Role.SUPERVISOR, Role.SYSTEM)
        before = self.get(report_id, base, principal=principal)
        if before.client_id is None:
            raise ReportStateError("单只基金的报告不能修改：请为客户生成报告后再修改。")
        was = self.report(before, principal=principal)
        report = edited(was, edits)
        if report.text() == was.text():
            raise ReportStateError("没有改动：请修改至少一段文字。")
        number = len(self._rows(report_id)) + 1
        if number > MOST_VERSIONS:
            raise ReportStateError(f"该报告已有{MOST_VERSIONS}个版本：请重新生成报告。")
        judged = self._judge().judge(
            report, client_id=before.client_id, principal=principal, today=today, by=principal.user_id, channel=CHANNEL
        )
        made = self._kept(report_id, number, judged, client_id=before.client_id, by=principal.user_id)
        return made, judged.verdict

    def cleared(self, version: Version, *, principal: Principal, today: date) -> Cleared:
        """The text of a version, judged once more as of today and for the client: what was sold out, restricted or
        expired since is found. What an officer approved stays approved unless it blocks by now.

        Raises ReportStateError with the reasons.
        """
        if version.sha256 is None or version.client_id is None:
            raise ReportStateError("该版本未通过合规审核，不能发送：请等待复核或修改后重试。")
        report = self.kept(version)
        verdict = self._judge().judge(
            report, client_id=version.client_id, principal=principal, today=today, by=version.by, channel=CHANNEL
        ).verdict  # fmt: skip
        cleared = verdict.cleared
        if cleared is None and verdict.outcome is Outcome.REVIEW and version.outcome == Outcome.REVIEW.word:
            cleared = self._approvals.collect(str(version.review_id), principal=self._as_user(version.by))
        if cleared is None or cleared.sha256 != version.sha256:
            reasons = "；".join(dict.fromkeys([*(f.reason for f in verdict.findings), *verdict.errors]))
            raise ReportStateError(f"按今天的规则与资料，该报告不能发送（{reasons or '文字已变'}）：请重新生成报告。")
        return cleared

    def _kept(self, report_id: str, number: int, judged: JudgedReport, *, client_id: str | None, by: str) -> Version:
        verdict = judged.verdict
        fit = fitted(judged.report, verdict.cleared.text) if verdict.cleared else None
        report = fit or judged.report
        made = Version(
            id=f"rp_{uuid.uuid4().hex}", report_id=report_id, version=number, client_id=client_id, by=by,
            outcome=verdict.outcome.word, audit_id=verdict.audit_id, review_id=verdict.review_id, model_id="",
            sha256=verdict.cleared.sha256 if verdict.cleared and fit else None,
            findings=len(report.observations), created_at=datetime.now().astimezone(),
        )  # fmt: skip
        entry = self._model_entry(made, report)
        with self._audit.writer.turn() as turn:
            made = replace(made, model_id=entry.id, created_at=turn.now)
            turn.connection.execute(insert(report_versions).values(vars(made)))
            turn.write([entry])
        return made

    def _refreshed(self, version: Version) -> Version:
        """With what an officer approved meanwhile; their own words too, where they fit into the report."""
        if version.state != "waiting":
            return version
        try:
            cleared = self._approvals.collect(str(version.review_id), principal=self._as_user(version.by))
        except ReviewQueueError:
            return version
        report = fitted(self.kept(version), cleared.text)
        if report is None:
            return version
        entry = self._model_entry(version, report)
        values = {"sha256": cleared.sha256, "model_id": entry.id, "findings": len(report.observations)}
        with self._audit.writer.turn() as turn:
            turn.write([entry])
            turn.connection.execute(update(report_versions).where(report_versions.c.id == version.id).values(values))
        return replace(version, sha256=cleared.sha256, model_id=entry.id, findings=len(report.observations))

    def _model_entry(self, version: Version, report: DiagnosisReport) -> NewEntry:
        return self._audit.entry(
            AuditEvent(
                event=KEPT,
                actor=version.by,
                subject=version.client_id,
                data={"report": version.report_id, "version": version.version, "outcome": version.outcome},
                payload={"report": packed(report)},
            )
        )

    def _may_see(self, version: Version, principal: Principal) -> bool:
        return version.client_id is None or sees(self._clients, version.client_id, principal)

    def _rows(self, report_id: str) -> list[Version]:
        query = select(report_versions).where(report_versions.c.report_id == report_id)
        with self._engine.connect() as connection:
            return [version_of(row) for row in connection.execute(query.order_by(report_versions.c.version))]


def version_of(row: Row[tuple[object, ...]]) -> Version:
    """A version as its row holds it."""
    return Version(**row._mapping)


def sees(clients: Clients, client_id: str, principal: Principal) -> bool:
    """Whether the principal may see the client."""
    try:
        clients.get(client_id, principal=principal)
    except UnknownClientError:
        return False
    return True
