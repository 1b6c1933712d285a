"""What editors change of a document in the catalog, and what becomes of it when its time is over.

Validity, status, labels, risk level and retention belong to the catalog: a change needs no new file and holds until
the file's content changes. Erasing removes text, blocks, facts and names; the row stays, so that it is known what was
there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, insert, or_, select, update

from jobs.locks import begin_writing
from knowledge_base.access import Principal, Role
from knowledge_base.catalog import WRITERS, Catalog
from knowledge_base.describe import RISK_LEVELS
from knowledge_base.document import DocumentStatus, DocumentVersion
from knowledge_base.editor_tables import conflicts
from knowledge_base.errors import EditorError
from knowledge_base.tables import contents, facts, product_names, version_labels, versions

AMENDERS = (Role.EDITOR, Role.COMPLIANCE, Role.OPERATIONS, Role.SYSTEM)
AMENDABLE = frozenset({"status", "effective_from", "effective_to", "labels", "risk_level", "retain_until"})
OUT_OF_FORCE = (DocumentStatus.SUPERSEDED.value, DocumentStatus.WITHDRAWN.value)


class DocumentKeeper:
    """Changes to versions that are in the catalog already."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self.engine: Engine = catalog.engine

    def amend(self, version_id: str, changed: Mapping[str, Any], *, principal: Principal) -> DocumentVersion:
        """Change some of AMENDABLE. The caller brings the index into line with what is returned.

        Nobody opens a document by taking a label off that they do not hold, or closes it to themselves. Raises
        UnknownVersionError, EditorError, AccessDeniedError.
        """
        values = self.check(version_id, changed, principal=principal)
        with self.engine.begin() as connection:
            begin_writing(connection)
            row = connection.execute(select(versions.c.erased_at).where(versions.c.id == version_id)).one()
            if row.erased_at is not None:
                raise EditorError(
                    f"The text of {version_id} was erased: nothing of it can be in force again.",
                    zh="这份文件的内容已按保存期限删除，不能再修改。",
                )
            connection.execute(update(versions).where(versions.c.id == version_id).values(values))
            if "labels" in values:
                _set_labels(connection, version_id, values["labels"])
        return self._catalog.version(version_id, principal=principal)

    def check(self, version_id: str, changed: Mapping[str, Any], *, principal: Principal) -> dict[str, Any]:
        """The columns that `changed` comes to; raises what `amend` raises, and changes nothing."""
        principal.require("change documents", *AMENDERS)
        before = self._catalog.version(version_id, principal=principal)
        unknown = sorted(set(changed) - AMENDABLE)
        if unknown or not changed:
            raise EditorError(
                f"Nothing that can be changed was given ({', '.join(unknown)}).", zh="没有可以修改的内容。"
            )
        values = dict(changed)
        first = values.get("effective_from", before.effective_from)
        last = values.get("effective_to", before.effective_to)
        if first and last and last < first:
            raise EditorError("The last day is before the first.", zh="失效日早于生效日。")
        if values.get("risk_level") not in (None, *RISK_LEVELS):
            raise EditorError(
                f"{values['risk_level']} is no risk level: use one of {', '.join(RISK_LEVELS)}.",
                zh=f"风险等级应为{'、'.join(RISK_LEVELS)}之一。",
            )
        if "labels" in values:
            values["labels"] = sorted({label.strip() for label in values["labels"] if label.strip()})
            touched = set(values["labels"]) ^ set(before.labels)
            if not principal.may_read(touched):
                raise EditorError(
                    "Only who holds a label may put it on or take it off.", zh="只能增减您本人持有的标签。"
                )
        if "status" in values:
            status = DocumentStatus(values["status"])
            # What is a draft, or withdrawn, is in no index; what is in force is, and becomes visible by it.
            values |= {
                "status": status.value,
                "indexed": status in (DocumentStatus.IN_FORCE, DocumentStatus.SUPERSEDED),
            }
        return values

    def due(self, on: date, *, principal: Principal) -> tuple[str, ...]:
        """Versions whose time is over: out of force on that day, kept until a day that has passed, not yet erased."""
        principal.require("erase documents", *WRITERS)
        passed = and_(versions.c.retain_until.is_not(None), versions.c.retain_until < on)
        never = and_(versions.c.status.in_(OUT_OF_FORCE), versions.c.effective_to.is_(None))
        gone = versions.c.status == DocumentStatus.WITHDRAWN.value
        query = select(versions.c.id).where(
            passed, or_(versions.c.effective_to < on, never, gone), versions.c.erased_at.is_(None)
        )
        with self.engine.connect() as connection:
            return tuple(connection.execute(query.order_by(versions.c.id)).scalars())

    def erase(self, version_id: str, *, principal: Principal) -> None:
        """Remove text, blocks, facts, names and contradictions of a version for good; citations of it open no more.

        The caller makes the index forget it, before or after: an index never brings a withdrawn version back.
        """
        principal.require("erase documents", *WRITERS)
        with self.engine.begin() as connection:
            begin_writing(connection)
            for table, column in (
                (facts, facts.c.version_id),
                (contents, contents.c.version_id),
                (product_names, product_names.c.source),
                (conflicts, conflicts.c.left_version_id),
                (conflicts, conflicts.c.right_version_id),
            ):
                connection.execute(delete(table).where(column == version_id))
            gone = {"status": DocumentStatus.WITHDRAWN.value, "indexed": False, "erased_at": datetime.now(UTC)}
            connection.execute(update(versions).where(versions.c.id == version_id).values(gone))


def _set_labels(connection: Connection, version_id: str, labels: Sequence[str]) -> None:
    connection.execute(delete(version_labels).where(version_labels.c.version_id == version_id))
    if labels:
        connection.execute(insert(version_labels), [{"version_id": version_id, "label": label} for label in labels])
