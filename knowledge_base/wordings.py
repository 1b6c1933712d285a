"""Approved wording (话术): what the firm says to a recurring question, word for word, approved by an officer.

A change is a new version; who wrote it never approves it. What was approved is kept as it was said.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import Connection, Engine, Row, func, insert, select, update

from jobs.clock import database_now
from jobs.locks import begin_writing
from knowledge_base.access import Principal, Role
from knowledge_base.editor_tables import wordings
from knowledge_base.errors import EditorError, UnknownWordingError

AUTHORS = (Role.EDITOR, Role.COMPLIANCE, Role.OPERATIONS, Role.SYSTEM)
APPROVERS = (Role.COMPLIANCE,)  # the officer's role and no other: who runs the machine does not approve
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{1,58}")
MOST_CHARS = 1000
MOST_VARIANTS = 40
FIELDS = frozenset({"id", "question", "variants", "text", "with_product", "effective_from", "effective_to"})


@dataclass(frozen=True, kw_only=True)
class WordingDraft:
    """What an author proposes."""

    id: str  # a short name, e.g. capital-guarantee
    question: str
    text: str
    effective_from: date
    variants: tuple[str, ...] = ()
    with_product: bool = False  # also serves a question that names a product
    effective_to: date | None = None  # last day


@dataclass(frozen=True, kw_only=True)
class Wording:
    """One version of a wording."""

    id: str
    version: int
    question: str
    variants: tuple[str, ...]
    text: str
    with_product: bool
    effective_from: date
    effective_to: date | None
    state: str  # draft | approved | refused | retired
    author: str
    written_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None

    @property
    def name(self) -> str:
        """The version as it is cited and opened: wording:capital-guarantee:2."""
        return f"wording:{self.id}:{self.version}"

    @property
    def title(self) -> str:
        """What it is, as a reader is told."""
        return (
            f"标准话术 {self.id} 第{self.version}版（{self.decided_by}批准，自{self.effective_from:%Y-%m-%d}起生效）"
            if self.state == "approved"
            else f"标准话术 {self.id} 第{self.version}版"
        )


class Wordings:
    """Wordings in the database; those in force are for everybody, the others for who works on them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def propose(self, draft: WordingDraft, *, principal: Principal) -> Wording:
        """A new wording, or the next version of one; nobody is served it before it is approved.

        A draft that waits is replaced by its next version. Raises EditorError, AccessDeniedError.
        """
        principal.require("write approved wording", *AUTHORS)
        _check(draft)
        with self.engine.begin() as connection:
            begin_writing(connection)
            last = connection.execute(select(func.max(wordings.c.version)).where(wordings.c.id == draft.id)).scalar()
            version, now = (last or 0) + 1, database_now(connection)
            waiting = (wordings.c.id == draft.id) & (wordings.c.state == "draft")
            replaced = {
                "state": "refused",
                "decided_by": principal.user_id,
                "decided_at": now,
                "reason": "已由新版草稿替代",
            }
            connection.execute(update(wordings).where(waiting).values(replaced))
            connection.execute(
                insert(wordings).values(
                    id=draft.id, version=version, question=draft.question.strip(), text=draft.text.strip(),
                    variants=[each.strip() for each in draft.variants if each.strip()],
                    with_product=draft.with_product, effective_from=draft.effective_from,
                    effective_to=draft.effective_to, state="draft", author=principal.user_id, written_at=now,
                )
            )  # fmt: skip
            return _wording(_row(connection, draft.id, version))

    def decide(self, wording_id: str, version: int, *, approve: bool, reason: str, principal: Principal) -> Wording:
        """Approve or refuse another person's draft.

        Approved, it holds from its first day; the version before it until the day before.
        Raises UnknownWordingError, EditorError, AccessDeniedError.
        """
        principal.require("approve wording", *APPROVERS)
        if not reason.strip():
            raise EditorError("No reason is given: write why.", zh="请填写审批意见。")
        with self.engine.begin() as connection:
            begin_writing(connection)
            row = _row(connection, wording_id, version)
            if row.state != "draft":
                raise EditorError(
                    f"Version {version} of {wording_id} is {row.state} already: propose a new version.",
                    zh="这个版本已处理过，请提交新版本。",
                )
            if row.author == principal.user_id:
                raise EditorError(
                    "Who wrote a wording never approves it: let another officer decide.",
                    zh="作者不能批准自己写的话术，请由另一位合规人员审批。",
                )
            values = {
                "state": "approved" if approve else "refused", "decided_by": principal.user_id,
                "decided_at": database_now(connection), "reason": reason.strip(),
            }  # fmt: skip
            connection.execute(update(wordings).where(_is(wording_id, version)).values(values))
            return _wording(_row(connection, wording_id, version))

    def retire(self, wording_id: str, *, reason: str, principal: Principal) -> tuple[Wording, ...]:
        """Serve no approved version of a wording any more; returns those that were served or would have been."""
        principal.require("retire approved wording", *APPROVERS)
        if not reason.strip():
            raise EditorError("No reason is given: write why.", zh="请填写停用理由。")
        with self.engine.begin() as connection:
            begin_writing(connection)
            held = (wordings.c.id == wording_id) & (wordings.c.state == "approved")
            versions = connection.execute(select(wordings.c.version).where(held)).scalars().all()
            if not versions:
                raise UnknownWordingError(wording_id)
            values = {
                "state": "retired", "decided_by": principal.user_id, "decided_at": database_now(connection),
                "reason": reason.strip(),
            }  # fmt: skip
            connection.execute(update(wordings).where(held).values(values))
            return tuple(_wording(_row(connection, wording_id, version)) for version in versions)

    def in_force(self, on: date) -> tuple[Wording, ...]:
        """The version of each wording that is served on that day: of those approved the last that has begun."""
        query = (
            select(wordings)
            .where(
                wordings.c.state == "approved",
                wordings.c.effective_from <= on,
            )
            .order_by(wordings.c.id, wordings.c.effective_from, wordings.c.version)
        )
        with self.engine.connect() as connection:
            latest = {row.id: row for row in connection.execute(query)}
        return tuple(_wording(row) for row in latest.values() if row.effective_to is None or row.effective_to >= on)

    def get(self, wording_id: str, version: int, *, principal: Principal) -> Wording:
        """One version; of drafts and refused ones only for who works on them. Raises UnknownWordingError."""
        with self.engine.connect() as connection:
            found = _wording(_row(connection, wording_id, version))
        if found.state in ("draft", "refused") and not principal.has(*AUTHORS):
            raise UnknownWordingError(f"{wording_id} {version}")
        return found

    def all(self, *, principal: Principal, state: str | None = None) -> tuple[Wording, ...]:
        """Every version by name, the newest first; of a state where given. Raises AccessDeniedError."""
        principal.require("list wordings", *AUTHORS)
        query = select(wordings).order_by(wordings.c.id, wordings.c.version.desc())
        if state is not None:
            query = query.where(wordings.c.state == state)
        with self.engine.connect() as connection:
            return tuple(map(_wording, connection.execute(query)))

    def stamp(self) -> tuple[int, datetime | None]:
        """Changes with every decision, so that who keeps a matcher knows when to make it anew."""
        query = select(func.count(), func.max(wordings.c.decided_at)).where(wordings.c.decided_at.is_not(None))
        with self.engine.connect() as connection:
            count, last = connection.execute(query).one()
        return int(count), last


def read_drafts(path: Path) -> tuple[WordingDraft, ...]:
    """Drafts of a YAML file: a list of entries with the fields of WordingDraft. Raises EditorError."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        return tuple(_draft(path, number, entry) for number, entry in enumerate(raw, start=1))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, TypeError) as error:
        raise EditorError(
            f"{path} cannot be read as a list of wordings ({type(error).__name__}): see the sample's wordings.yaml.",
            zh="话术文件无法读取。",
        ) from error


def _draft(path: Path, number: int, entry: Any) -> WordingDraft:
    unknown = sorted(set(entry) - FIELDS) if isinstance(entry, dict) else ["no fields"]
    missing = sorted({"id", "question", "text", "effective_from"} - set(entry)) if not unknown else []
    if unknown or missing:
        raise EditorError(
            f"Entry {number} of {path} has unknown fields ({', '.join(unknown)}) or lacks some ({', '.join(missing)}).",
            zh=f"话术文件第 {number} 条的字段有误。",
        )
    return WordingDraft(**{**entry, "variants": tuple(entry.get("variants") or ())})


def _check(draft: WordingDraft) -> None:
    problems = (
        (
            not NAME.fullmatch(draft.id),
            "the name is lower-case letters, digits, - and _",
            "名称只能用小写英文字母、数字、-、_。",
        ),
        (not draft.question.strip() or not draft.text.strip(), "question and text are needed", "请填写问题和话术。"),
        (
            len(draft.text) > MOST_CHARS,
            f"the text is longer than {MOST_CHARS} characters",
            f"话术不能超过 {MOST_CHARS} 字。",
        ),
        (
            len(draft.variants) > MOST_VARIANTS,
            f"more than {MOST_VARIANTS} variants",
            f"问法不能超过 {MOST_VARIANTS} 个。",
        ),
        (
            draft.effective_to is not None and draft.effective_to < draft.effective_from,
            "its last day is before its first",
            "截止日早于生效日。",
        ),
    )
    for wrong, told, zh in problems:
        if wrong:
            raise EditorError(f"The wording {draft.id} cannot be kept: {told}.", zh=zh)


def _is(wording_id: str, version: int) -> Any:
    return (wordings.c.id == wording_id) & (wordings.c.version == version)


def _row(connection: Connection, wording_id: str, version: int) -> Row[Any]:
    row = connection.execute(select(wordings).where(_is(wording_id, version))).first()
    if row is None:
        raise UnknownWordingError(f"{wording_id} {version}")
    return row


def _wording(row: Row[Any]) -> Wording:
    fields = {name: getattr(row, name) for name in Wording.__dataclass_fields__}
    return Wording(**{**fields, "variants": tuple(row.variants)})


def all_questions(found: Sequence[Wording]) -> tuple[tuple[Wording, str], ...]:
    """Every way to ask, with its wording."""
    return tuple((wording, asked) for wording in found for asked in (wording.question, *wording.variants))
