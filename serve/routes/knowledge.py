"""The knowledge base for editors over HTTP: documents, contradictions, approved wording, what was not found."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request
from pydantic import Field

from knowledge_base.conflict_queue import KeptConflict
from knowledge_base.conflicts import ConflictSpan
from knowledge_base.document import Block, DocumentVersion, ParsedDocument
from knowledge_base.metadata import Metadata
from knowledge_base.wordings import Wording, WordingDraft
from serve.document_desk import DocumentDesk
from serve.knowledge_desk import EDITORS, KnowledgeDesk
from serve.routes.wire import Asked, JobOut, PrincipalDep, VersionNumber, the_house
from serve.times import iso

router = APIRouter(prefix="/v1/knowledge", tags=["knowledge"])
BLOCKS = 40  # of a document a page
RiskLevel = Literal["R1", "R2", "R3", "R4", "R5"]
Content = Annotated[bytes, Body(media_type="application/octet-stream")]
Name = Annotated[str, Query(max_length=200, description="File name with its extension.")]


class StatedIn(Asked):
    """What an editor states of a document; it wins over what the document says of itself."""

    status: Literal["draft", "in_force", "superseded", "withdrawn"] | None = None
    effective_from: date | None = None
    effective_to: date | None = None
    retain_until: date | None = Field(None, description="Last day on which the text is kept once out of force.")
    labels: list[str] | None = Field(None, max_length=20, description="Only who holds them all may read it.")
    risk_level: RiskLevel | None = Field(None, description="Of what the document is about.")


class SettleIn(Asked):
    holds: Literal["left", "right", "both"]
    why: str = Field(max_length=2000)


class WordingIn(Asked):
    question: str = Field(max_length=200)
    variants: list[Annotated[str, Field(max_length=200)]] = Field(default_factory=list, max_length=40)
    text: str = Field(max_length=1000)
    with_product: bool = Field(False, description="Serves a question that names a product, too.")
    effective_from: date
    effective_to: date | None = None


class DecisionIn(Asked):
    approve: bool
    reason: str = Field(max_length=2000)


class ReasonIn(Asked):
    reason: str = Field(max_length=2000)


@router.get("/documents")
def documents(
    request: Request, principal: PrincipalDep, q: str = "", status: str = "", limit: int = 200
) -> list[dict[str, Any]]:
    """Versions that the caller may read, the newest first; `q` in title, code or path."""
    found = DocumentDesk(the_house(request), principal).list(q, status=status, limit=min(max(limit, 1), 1000))
    return [version_json(version) for version in found]


@router.get("/documents/{version_id}")
def document(version_id: str, request: Request, principal: PrincipalDep, block: int = 0) -> dict[str, Any]:
    """One version with its history, what the catalog knows of it, and a part of its blocks."""
    opened = DocumentDesk(the_house(request), principal).open(version_id)
    return {
        **version_json(opened.version),
        "metadata": metadata_json(opened.metadata),
        "erased": opened.erased,
        "versions": [version_json(version) for version in opened.versions],
        "facts": opened.facts,
        **blocks_json(opened.parsed, max(block, 0)),
    }


@router.patch("/documents/{version_id}")
def amend(version_id: str, what: StatedIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Change validity, status, labels, risk level or retention; what is not sent stays."""
    changed = what.model_dump(exclude_unset=True)
    return version_json(KnowledgeDesk(the_house(request), principal).amend(version_id, changed))


@router.post("/preview")
def preview(name: Name, content: Content, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """What a file would become: fields and blocks. Nothing is stored."""
    seen = DocumentDesk(the_house(request), principal).preview(name, content)
    return {"metadata": metadata_json(seen.metadata), "instructs": seen.instructs, **blocks_json(seen.parsed, 0)}


@router.post("/files", status_code=202)
def upload(
    name: Name,
    content: Content,
    request: Request,
    principal: PrincipalDep,
    labels: Annotated[list[str], Query()] = [],  # noqa: B006 - FastAPI copies it
    draft: bool = False,
    effective_from: date | None = None,
    effective_to: date | None = None,
    retain_until: date | None = None,
    risk_level: RiskLevel | None = None,
) -> JobOut:
    """Keep a file and put it before the worker; a file that cannot be read is refused at once."""
    stated = StatedIn(
        status="draft" if draft else None, labels=labels or None, effective_from=effective_from,
        effective_to=effective_to, retain_until=retain_until, risk_level=risk_level,
    ).model_dump(mode="json", exclude_none=True)  # fmt: skip
    return job_json(DocumentDesk(the_house(request), principal).upload(name, content, stated))


@router.get("/files/{job_id}")
def uploaded(job_id: str, request: Request, principal: PrincipalDep) -> JobOut:
    """How far an upload is."""
    return job_json(DocumentDesk(the_house(request), principal).job(job_id))


@router.get("/conflicts")
def conflicts(request: Request, principal: PrincipalDep, state: str = "open") -> list[dict[str, Any]]:
    """Contradictions between documents that the caller may read: genuine ones first."""
    principal.require("see contradictions", *EDITORS)
    found = the_house(request).conflict_queue.list(principal=principal, state=state or None)
    return [conflict_json(one) for one in found]


@router.post("/conflicts/{conflict_id}/settle")
def settle(conflict_id: str, what: SettleIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Say which side holds, and why; answers follow at once."""
    return conflict_json(
        KnowledgeDesk(the_house(request), principal).settle(conflict_id, holds=what.holds, why=what.why)
    )


@router.get("/wordings")
def wordings(request: Request, principal: PrincipalDep, state: str = "") -> list[dict[str, Any]]:
    """Every version of every wording, the newest version first."""
    return [wording_json(one) for one in the_house(request).wordings.all(principal=principal, state=state or None)]


@router.put("/wordings/{wording_id}")
def propose(wording_id: str, what: WordingIn, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """Write a wording, or its next version; it is served after another person has approved it."""
    draft = WordingDraft(
        id=wording_id, question=what.question, variants=tuple(what.variants), text=what.text,
        with_product=what.with_product, effective_from=what.effective_from, effective_to=what.effective_to,
    )  # fmt: skip
    return wording_json(KnowledgeDesk(the_house(request), principal).propose(draft))


@router.post("/wordings/{wording_id}/{version}/decision")
def decide(
    wording_id: str, version: VersionNumber, what: DecisionIn, request: Request, principal: PrincipalDep
) -> dict[str, Any]:
    """Approve or refuse another person's wording: officers only."""
    desk = KnowledgeDesk(the_house(request), principal)
    return wording_json(desk.decide(wording_id, version, approve=what.approve, reason=what.reason))


@router.post("/wordings/{wording_id}/retire")
def retire(wording_id: str, what: ReasonIn, request: Request, principal: PrincipalDep) -> list[dict[str, Any]]:
    """Serve a wording no more: officers only."""
    return [
        wording_json(one) for one in KnowledgeDesk(the_house(request), principal).retire(wording_id, reason=what.reason)
    ]


@router.get("/unanswered")
def unanswered(request: Request, principal: PrincipalDep, weeks: int = 12) -> list[dict[str, Any]]:
    """What was asked and not found, by week, without who asked."""
    found = the_house(request).unanswered.list(principal=principal, weeks=min(max(weeks, 1), 520))
    return [
        {"week": one.week, "question": one.question, "note": one.note, "times": one.times, "last_at": iso(one.last_at)}
        for one in found
    ]


def version_json(version: DocumentVersion) -> dict[str, Any]:
    return {
        "id": version.id, "document_id": version.document_id, "title": version.title, "path": version.path,
        "type": version.document_type, "period": version.period, "product_codes": list(version.product_codes),
        "publisher": version.publisher, "published_on": version.published_on,
        "effective_from": version.effective_from, "effective_to": version.effective_to,
        "status": version.status.value, "labels": list(version.labels),
    }  # fmt: skip


def metadata_json(found: Metadata) -> dict[str, Any]:
    return {
        "title": found.title, "type": found.document_type, "period": found.period,
        "product_codes": list(found.product_codes), "publisher": found.publisher, "published_on": found.published_on,
        "effective_from": found.effective_from, "effective_to": found.effective_to, "status": found.status.value,
        "labels": list(found.labels), "topic": found.topic, "supersedes": list(found.supersedes),
        "risk_level": found.risk_level, "retain_until": found.retain_until, "warnings": list(found.warnings),
    }  # fmt: skip


def blocks_json(parsed: ParsedDocument, first: int) -> dict[str, Any]:
    """A part of the blocks, and where to go on."""
    shown = parsed.blocks[first : first + BLOCKS]
    following = first + BLOCKS
    return {
        "blocks": [_block_json(block) for block in shown],
        "block_count": len(parsed.blocks),
        "next_block": following if following < len(parsed.blocks) else None,
        "warnings": list(parsed.warnings),
    }


def _block_json(block: Block) -> dict[str, Any]:
    rows = [[cell.text for cell in row] for row in block.table.rows[:20]] if block.table else None
    return {
        "kind": block.kind.value, "text": "" if rows else block.text[:2000], "page": block.page,
        "heading_path": list(block.heading_path), "rows": rows,
        "header_rows": block.table.header_rows if block.table else 0,
        "row_count": len(block.table.rows) if block.table else 0, "unit": block.table.unit if block.table else None,
    }  # fmt: skip


def conflict_json(kept: KeptConflict) -> dict[str, Any]:
    found = kept.conflict
    return {
        "id": kept.id, "kind": found.kind, "type": found.type.value, "about": found.about, "state": kept.state,
        "left": _side_json(found.left), "right": _side_json(found.right), "found_at": iso(kept.found_at),
        "holds": kept.holds, "why": kept.why, "settled_by": kept.settled_by, "settled_at": iso(kept.settled_at),
    }  # fmt: skip


def _side_json(span: ConflictSpan) -> dict[str, Any]:
    return {
        "version_id": span.version_id, "title": span.title, "start": span.start, "end": span.end, "quote": span.quote,
    }  # fmt: skip


def wording_json(found: Wording) -> dict[str, Any]:
    return {
        "id": found.id, "version": found.version, "question": found.question, "variants": list(found.variants),
        "text": found.text, "with_product": found.with_product, "effective_from": found.effective_from,
        "effective_to": found.effective_to, "state": found.state, "author": found.author,
        "written_at": iso(found.written_at), "decided_by": found.decided_by, "decided_at": iso(found.decided_at),
        "reason": found.reason,
    }  # fmt: skip


def job_json(job: Any) -> JobOut:
    return JobOut(
        id=job.id, state=job.state.value, progress_done=job.progress_done, progress_total=job.progress_total or 0,
        note=job.progress_note, result=job.result, error=job.error,
    )  # fmt: skip
