"""Contradictions kept until an editor has settled them: which place holds, why, and who said so."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, Select, insert, or_, select, update

from jobs.clock import database_now
from jobs.locks import begin_writing
from knowledge_base.access import Principal, Role
from knowledge_base.catalog import WRITERS, in_force_on, readable
from knowledge_base.conflict_types import ConflictType
from knowledge_base.conflicts import Conflict, ConflictSpan
from knowledge_base.editor_tables import conflicts
from knowledge_base.errors import EditorError, UnknownConflictError
from knowledge_base.tables import versions

EDITORS = (Role.EDITOR, Role.COMPLIANCE, Role.SYSTEM)
ORDER = (
    ConflictType.GENUINE,
    ConflictType.UNIT,
    ConflictType.SUPERSEDED,
    ConflictType.PERIOD,
    ConflictType.SHARE_CLASS,
)
Holds = Literal["left", "right", "both"]


@dataclass(frozen=True, kw_only=True)
class KeptConflict:
    """A contradiction with what was decided on it."""

    id: str
    conflict: Conflict
    state: str  # open | settled | gone
    found_at: datetime
    holds: str | None = None  # left | right | both; None until settled
    why: str | None = None
    settled_by: str | None = None
    settled_at: datetime | None = None

    @property
    def overruled(self) -> ConflictSpan | None:
        """The place that does not hold; None while it is open, or where both hold."""
        return {"left": self.conflict.right, "right": self.conflict.left}.get(self.holds or "")

    @property
    def upheld(self) -> ConflictSpan | None:
        return {"left": self.conflict.left, "right": self.conflict.right}.get(self.holds or "")


class ConflictQueue:
    """Contradictions in the database; who may not read both documents does not see that they contradict."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def refresh(self, found: Sequence[Conflict], *, principal: Principal) -> tuple[int, int]:
        """Keep what was found now; what is found no longer is gone. Returns how many are new and how many went.

        What was settled stays settled as long as both places stand as they stood.
        """
        principal.require("keep contradictions", *WRITERS, Role.COMPLIANCE)
        now_found = {conflict_id(one): one for one in found}
        with self.engine.begin() as connection:
            begin_writing(connection)
            known = {
                row.id: row for row in connection.execute(select(conflicts.c.id, conflicts.c.state, conflicts.c.holds))
            }
            new = [_row(id_, one, connection) for id_, one in now_found.items() if id_ not in known]
            if new:
                connection.execute(insert(conflicts), new)
            gone = [id_ for id_, row in known.items() if row.state != "gone" and id_ not in now_found]
            self._set_state(connection, gone, "gone")
            back = [row for id_, row in known.items() if row.state == "gone" and id_ in now_found]
            self._set_state(connection, [row.id for row in back if row.holds is None], "open")
            self._set_state(connection, [row.id for row in back if row.holds is not None], "settled")
        return len(new) + len(back), len(gone)

    def list(self, *, principal: Principal, state: str | None = "open", limit: int = 500) -> tuple[KeptConflict, ...]:
        """Those of a state (all when None) that the principal may read: genuine ones first, then the newest."""
        query = _visible(principal).order_by(conflicts.c.found_at.desc(), conflicts.c.id).limit(limit)
        if state is not None:
            query = query.where(conflicts.c.state == state)
        return tuple(sorted(self._read(query), key=lambda one: ORDER.index(one.conflict.type)))

    def get(self, conflict_id: str, *, principal: Principal) -> KeptConflict:
        """Raises UnknownConflictError, also where a document is closed to the principal."""
        found = self._read(_visible(principal).where(conflicts.c.id == conflict_id))
        if not found:
            raise UnknownConflictError(conflict_id)
        return found[0]

    def settle(self, conflict_id: str, *, holds: Holds, why: str, principal: Principal) -> KeptConflict:
        """Say which place holds, and why. What was settled may be settled anew, what is gone may not.

        Raises UnknownConflictError, EditorError without a reason, AccessDeniedError.
        """
        principal.require("settle contradictions", *EDITORS)
        if not why.strip():
            raise EditorError("No reason is given: write why this place holds.", zh="请写明裁定理由。")
        found = self.get(conflict_id, principal=principal)
        if found.state == "gone":
            raise EditorError(
                f"The documents of {conflict_id} no longer contradict each other: there is nothing to settle.",
                zh="这两份文件已不再矛盾，无需裁定。",
            )
        with self.engine.begin() as connection:
            begin_writing(connection)
            connection.execute(
                update(conflicts)
                .where(conflicts.c.id == conflict_id)
                .values(
                    state="settled", holds=holds, why=why.strip(), settled_by=principal.user_id,
                    settled_at=database_now(connection),
                )
            )  # fmt: skip
        return self.get(conflict_id, principal=principal)

    def touching(self, version_ids: Sequence[str], *, principal: Principal, on: date) -> tuple[KeptConflict, ...]:
        """Open and settled ones of these documents, where both documents are in force on that day."""
        if not version_ids:
            return ()
        ids, valid = sorted(set(version_ids)), select(versions.c.id).where(in_force_on(on))
        query = _visible(principal).where(
            conflicts.c.state != "gone",
            or_(conflicts.c.left_version_id.in_(ids), conflicts.c.right_version_id.in_(ids)),
            conflicts.c.left_version_id.in_(valid),
            conflicts.c.right_version_id.in_(valid),
        )
        return self._read(query.order_by(conflicts.c.id))

    def _set_state(self, connection: Connection, ids: Sequence[str], state: str) -> None:
        if ids:
            connection.execute(update(conflicts).where(conflicts.c.id.in_(ids)).values(state=state))

    def _read(self, query: Select[Any]) -> tuple[KeptConflict, ...]:
        with self.engine.connect() as connection:
            rows = connection.execute(query).all()
            ids = {id_ for row in rows for id_ in (row.left_version_id, row.right_version_id)}
            named = connection.execute(select(versions.c.id, versions.c.title).where(versions.c.id.in_(ids))).all()
        titles = {row.id: row.title for row in named}
        return tuple(_kept(row, titles) for row in rows)


def conflict_id(conflict: Conflict) -> str:
    """The same two places are the same contradiction, whichever is called left."""
    sides = sorted((side.version_id, side.start, side.end) for side in (conflict.left, conflict.right))
    return f"x_{hashlib.sha256(repr((conflict.kind, sides)).encode()).hexdigest()[:20]}"


def _visible(principal: Principal) -> Select[Any]:
    open_to = select(versions.c.id).where(readable(principal))
    return select(conflicts).where(conflicts.c.left_version_id.in_(open_to), conflicts.c.right_version_id.in_(open_to))


def _row(id_: str, conflict: Conflict, connection: Connection) -> dict[str, Any]:
    return {
        "id": id_, "kind": conflict.kind, "type": conflict.type.value, "about": conflict.about, "state": "open",
        "found_at": database_now(connection), **_side("left", conflict.left), **_side("right", conflict.right),
    }  # fmt: skip


def _side(name: str, span: ConflictSpan) -> dict[str, Any]:
    return {
        f"{name}_version_id": span.version_id, f"{name}_start": span.start, f"{name}_end": span.end,
        f"{name}_quote": span.quote,
    }  # fmt: skip


def _kept(row: Row[Any], titles: dict[str, str]) -> KeptConflict:
    def side(name: str) -> ConflictSpan:
        version_id, start, end, quote = (
            getattr(row, f"{name}_{part}") for part in ("version_id", "start", "end", "quote")
        )
        return ConflictSpan(version_id=version_id, title=titles[version_id], start=start, end=end, quote=quote)

    conflict = Conflict(
        kind=row.kind, type=ConflictType(row.type), about=row.about, left=side("left"), right=side("right")
    )
    return KeptConflict(
        id=row.id, conflict=conflict, state=row.state, found_at=row.found_at, holds=row.holds, why=row.why,
        settled_by=row.settled_by, settled_at=row.settled_at,
    )  # fmt: skip
