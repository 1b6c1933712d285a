"""The catalog: versions of documents, what is in force on a day, and the text that citations point into."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, and_, delete, exists, insert, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

from knowledge_base.access import KEEPS_RESEARCH, Principal, Role
from knowledge_base.document import SHARE_RESEARCH, DocumentStatus, DocumentVersion, ParsedDocument
from knowledge_base.errors import UnknownVersionError
from knowledge_base.metadata import Metadata
from knowledge_base.stored import blocks_from_bytes, blocks_to_bytes
from knowledge_base.tables import contents, facts, version_labels, version_products, versions

WRITERS = (Role.EDITOR, Role.OPERATIONS, Role.SYSTEM)


def readable(principal: Principal) -> ColumnElement[bool]:
    """SQL: every label of the version is held by the principal (the system reads everything), and no opinion on a
    share is opened to who neither keeps research nor may give one."""
    if principal.has(*KEEPS_RESEARCH):
        return _labels_held(principal)
    return and_(_labels_held(principal), without_opinions(principal))


def without_opinions(principal: Principal) -> ColumnElement[bool]:
    """SQL: research on a share only where the principal may give an opinion on it now, whoever the principal is."""
    no_opinion = versions.c.document_type != SHARE_RESEARCH
    if not principal.opinions:
        return no_opinion
    closed = exists().where(
        version_products.c.version_id == versions.c.id,
        version_products.c.product_code.in_(sorted(principal.no_opinion_on)),
    )
    return or_(no_opinion, ~closed)


def _labels_held(principal: Principal) -> ColumnElement[bool]:
    if principal.has(Role.SYSTEM):
        return versions.c.id.is_not(None)
    lacking = exists().where(
        version_labels.c.version_id == versions.c.id,
        version_labels.c.label.not_in(sorted(principal.labels)),
    )
    return ~lacking


def in_force_on(on: date) -> ColumnElement[bool]:
    """SQL: committed by the index and valid on that day.

    A superseded version was in force until its last day; without a known last day it is never in force.
    """
    v = versions.c
    return and_(
        v.indexed,
        or_(
            v.status == DocumentStatus.IN_FORCE.value,
            and_(v.status == DocumentStatus.SUPERSEDED.value, v.effective_to.is_not(None)),
        ),
        or_(v.effective_from.is_(None), v.effective_from <= on),
        or_(v.effective_to.is_(None), v.effective_to >= on),
    )


class Catalog:
    """Versions of documents in the database; every read leaves out what the principal may not read."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def version(self, version_id: str, *, principal: Principal) -> DocumentVersion:
        """The version, in force or not. Raises UnknownVersionError."""
        found = self._many(select(versions).where(versions.c.id == version_id), principal)
        if not found:
            raise UnknownVersionError(version_id)
        return found[0]

    def text(self, version_id: str, *, principal: Principal) -> str:
        """The canonical text that offsets of blocks, chunks, facts and citations point into.

        Raises UnknownVersionError.
        """
        return str(self._content(version_id, principal).text)

    def parsed(self, version_id: str, *, principal: Principal) -> ParsedDocument:
        """The parsed document as it was stored. Raises UnknownVersionError."""
        row = self._content(version_id, principal)
        return ParsedDocument(
            title=row.title,
            text=row.text,
            blocks=blocks_from_bytes(row.blocks, row.text),
            warnings=tuple(row.warnings),
        )

    def in_force(
        self,
        on: date,
        *,
        principal: Principal,
        product_codes: Sequence[str] | None = None,
        document_types: Sequence[str] | None = None,
        period: str | None = None,
    ) -> tuple[DocumentVersion, ...]:
        """Versions in force on that day, narrowed by product, type and period where given; newest first."""
        query = select(versions).where(in_force_on(on))
        if product_codes is not None:
            about = select(version_products.c.version_id).where(
                version_products.c.product_code.in_(list(product_codes))
            )
            query = query.where(versions.c.id.in_(about))
        if document_types is not None:
            query = query.where(versions.c.document_type.in_(list(document_types)))
        if period is not None:
            query = query.where(versions.c.period == period)
        return self._many(query, principal)

    def versions(self, *, principal: Principal, document_id: str | None = None) -> tuple[DocumentVersion, ...]:
        """All versions, also those out of force; of one document where given; newest first."""
        query = select(versions)
        if document_id is not None:
            query = query.where(versions.c.document_id == document_id)
        return self._many(query, principal)

    def metadata(self, version_id: str, *, principal: Principal) -> Metadata:
        """Catalog fields that DocumentVersion does not carry (topic, supersedes, warnings).

        Raises UnknownVersionError.
        """
        version = self.version(version_id, principal=principal)
        with self.engine.connect() as connection:
            row = connection.execute(select(versions).where(versions.c.id == version_id)).one()
        return Metadata(
            title=version.title,
            document_type=version.document_type,
            period=version.period,
            product_codes=version.product_codes,
            publisher=version.publisher,
            published_on=version.published_on,
            effective_from=version.effective_from,
            effective_to=version.effective_to,
            status=version.status,
            labels=version.labels,
            topic=row.topic,
            supersedes=tuple(row.supersedes),
            risk_level=row.risk_level,
            retain_until=row.retain_until,
            warnings=tuple(row.warnings),
        )

    def is_committed(self, version_id: str, *, principal: Principal) -> bool:
        """True when the version is visible on some day or was until another replaced it."""
        query = select(versions).where(versions.c.id == version_id, versions.c.indexed)
        return bool(self._many(query, principal))

    def is_erased(self, version_id: str) -> bool:
        """True when the text of the version was removed because its time was over."""
        query = select(versions.c.id).where(versions.c.id == version_id, versions.c.erased_at.is_not(None))
        with self.engine.connect() as connection:
            return connection.execute(query).first() is not None

    def indexed_ids(self, *, principal: Principal) -> frozenset[str]:
        """Versions that an index should hold: committed, and in force on some day."""
        query = select(versions).where(versions.c.indexed, _searchable())
        return frozenset(version.id for version in self._many(query, principal))

    def stage(
        self,
        version: DocumentVersion,
        parsed: ParsedDocument,
        metadata: Metadata,
        *,
        principal: Principal,
        connection: Connection,
    ) -> None:
        """Store a version that nobody can retrieve yet; staging it again replaces it."""
        principal.require("store documents", *WRITERS)
        unseen = select(versions.c.id).where(versions.c.id == version.id, ~versions.c.indexed)
        for detail in (contents, version_labels, version_products, facts):
            connection.execute(delete(detail).where(detail.c.version_id.in_(unseen)))
        connection.execute(delete(versions).where(versions.c.id == version.id, ~versions.c.indexed))
        known = connection.execute(select(versions.c.id).where(versions.c.id == version.id)).first()
        if known is None:
            connection.execute(insert(versions).values(**_row(version, metadata)))
            self._stage_details(version, parsed, connection)

    def commit(
        self, version: DocumentVersion, metadata: Metadata, *, principal: Principal, connection: Connection
    ) -> tuple[str, ...]:
        """Make an indexed version visible and retire what it replaces; returns the ids retired.

        A version published before the one in force is itself the one retired.
        """
        principal.require("store documents", *WRITERS)
        same = self._same_document(version, metadata, connection)
        outdated = any(_published_after(other, version) for other in same)
        status = DocumentStatus.SUPERSEDED if outdated else version.status
        values = {
            "indexed": True,
            "status": status.value,
            "path": version.path,
            "effective_from": version.effective_from,
            "effective_to": version.effective_to if not outdated else None,
        }
        connection.execute(update(versions).where(versions.c.id == version.id).values(**values))
        if outdated:
            return (version.id,)
        for older in same:
            self._retire(older, version.effective_from, connection)
        return tuple(str(older.id) for older in same)

    def move(self, version_id: str, path: str, *, principal: Principal) -> None:
        """The file of a version lies under another path now."""
        principal.require("move documents", *WRITERS)
        with self.engine.begin() as connection:
            connection.execute(update(versions).where(versions.c.id == version_id).values(path=path))

    def withdraw(self, version_id: str, *, principal: Principal, connection: Connection) -> None:
        """Take a version out of force for good; its text stays, so that old citations still open."""
        principal.require("withdraw documents", *WRITERS)
        connection.execute(
            update(versions)
            .where(versions.c.id == version_id)
            .values(status=DocumentStatus.WITHDRAWN.value, indexed=False)
        )

    def _same_document(
        self, version: DocumentVersion, metadata: Metadata, connection: Connection
    ) -> Sequence[Row[Any]]:
        """Versions in force of the same document, and documents the new one says it supersedes."""
        if version.status is not DocumentStatus.IN_FORCE:
            return ()
        named = list(metadata.supersedes)
        same = or_(
            versions.c.document_id == version.document_id,
            versions.c.title.in_(named),
            versions.c.path.in_(named),
            versions.c.document_id.in_(named),
        )
        return connection.execute(
            select(versions).where(
                same,
                versions.c.id != version.id,
                versions.c.indexed,
                versions.c.status == DocumentStatus.IN_FORCE.value,
            )
        ).all()

    def _retire(self, older: Row[Any], successor_from: date | None, connection: Connection) -> None:
        """In force until the day before its successor; at once out of force where that has no first day."""
        last_day = successor_from - timedelta(days=1) if successor_from else None
        if last_day is not None and older.effective_to is not None:
            last_day = min(last_day, older.effective_to)
        connection.execute(
            update(versions)
            .where(versions.c.id == older.id)
            .values(status=DocumentStatus.SUPERSEDED.value, effective_to=last_day)
        )

    def _stage_details(self, version: DocumentVersion, parsed: ParsedDocument, connection: Connection) -> None:
        connection.execute(
            insert(contents).values(version_id=version.id, text=parsed.text, blocks=blocks_to_bytes(parsed.blocks))
        )
        for label in set(version.labels):
            connection.execute(insert(version_labels).values(version_id=version.id, label=label))
        for code in set(version.product_codes):
            connection.execute(insert(version_products).values(version_id=version.id, product_code=code))

    def _content(self, version_id: str, principal: Principal) -> Row[Any, Any, Any, Any]:
        query = (
            select(contents.c.text, contents.c.blocks, versions.c.title, versions.c.warnings)
            .join(versions, versions.c.id == contents.c.version_id)
            .where(versions.c.id == version_id, readable(principal))
        )
        with self.engine.connect() as connection:
            row = connection.execute(query).first()
        if row is None:
            raise UnknownVersionError(version_id)
        return row

    def _many(self, query: Select[Any], principal: Principal) -> tuple[DocumentVersion, ...]:
        ordered = query.where(readable(principal)).order_by(
            versions.c.published_on.desc(), versions.c.added_at.desc(), versions.c.id
        )
        with self.engine.connect() as connection:
            return tuple(_version(row) for row in connection.execute(ordered))


def _published_after(other: Row[Any], version: DocumentVersion) -> bool:
    """True when another version of the same document was published later (unknown dates decide nothing)."""
    if other.document_id != version.document_id or not other.published_on or not version.published_on:
        return False
    return bool(other.published_on > version.published_on)


def _searchable() -> ColumnElement[bool]:
    return or_(
        versions.c.status == DocumentStatus.IN_FORCE.value,
        and_(versions.c.status == DocumentStatus.SUPERSEDED.value, versions.c.effective_to.is_not(None)),
    )


def searchable(version: DocumentVersion) -> bool:
    """True when the version is in force on some day, so that an index should hold it."""
    if version.status is DocumentStatus.IN_FORCE:
        return True
    return version.status is DocumentStatus.SUPERSEDED and version.effective_to is not None


def _row(version: DocumentVersion, metadata: Metadata) -> dict[str, Any]:
    return {
        "id": version.id,
        "document_id": version.document_id,
        "path": version.path,
        "title": version.title,
        "document_type": version.document_type,
        "period": version.period,
        "product_codes": list(version.product_codes),
        "publisher": version.publisher,
        "published_on": version.published_on,
        "effective_from": version.effective_from,
        "effective_to": version.effective_to,
        "status": version.status.value,
        "labels": list(version.labels),
        "content_sha256": version.content_sha256,
        "topic": metadata.topic,
        "supersedes": list(metadata.supersedes),
        "risk_level": metadata.risk_level,
        "retain_until": metadata.retain_until,
        "warnings": list(metadata.warnings),
        "indexed": False,
        "added_at": datetime.now(UTC),
    }


def _version(row: Row[Any]) -> DocumentVersion:
    return DocumentVersion(
        id=row.id,
        document_id=row.document_id,
        path=row.path,
        title=row.title,
        document_type=row.document_type,
        period=row.period,
        product_codes=tuple(row.product_codes),
        publisher=row.publisher,
        published_on=row.published_on,
        effective_from=row.effective_from,
        effective_to=row.effective_to,
        status=DocumentStatus(row.status),
        labels=tuple(row.labels),
        content_sha256=row.content_sha256,
    )
