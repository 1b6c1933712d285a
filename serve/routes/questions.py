"""The question way over HTTP."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter, Request
from pydantic import Field

from copilot.session import Reply
from prompts.chat import Message
from rag.passage import Answer, Citation, FigureCell, FigureTable
from serve.routes.wire import Asked, PrincipalDep, SeenDep, VerdictOut, Wire, the_house

router = APIRouter(prefix="/v1", tags=["questions"])


class QuestionIn(Asked):
    question: str = Field(min_length=1, max_length=2000, examples=["云岭稳健增利债券A的管理费率是多少"])
    client_id: str | None = Field(None, description="Client on whose behalf it is asked.")
    history: list[str] = Field(default_factory=list, max_length=20, description="Earlier questions, oldest first.")
    as_of: date | None = Field(None, description="Answer from what was in force on this day; default today.")


class CitationOut(Wire):
    n: int
    version_id: str
    title: str
    quote: str
    start: int
    end: int
    page: int | None

    @classmethod
    def of(cls, citation: Citation) -> CitationOut:
        return cls(
            n=citation.n,
            version_id=citation.version_id,
            title=citation.title,
            quote=citation.quote,
            start=citation.start,
            end=citation.end,
            page=citation.page,
        )


class SentenceOut(Wire):
    text: str
    citations: list[int]


class CellOut(Wire):
    text: str
    citations: list[int]

    @classmethod
    def of(cls, cell: FigureCell) -> CellOut:
        return cls(text=cell.text, citations=list(cell.citations))


class TableOut(Wire):
    """Figures that are compared or added, side by side; they also stand at the end of `text`."""

    header: list[str] = Field(description="The first column names the rows.")
    rows: list[list[CellOut]]
    result: list[CellOut] | None = Field(None, description="What was computed, and its value with the arithmetic.")

    @classmethod
    def of(cls, table: FigureTable) -> TableOut:
        return cls(
            header=list(table.header),
            rows=[[CellOut.of(cell) for cell in row] for row in table.rows],
            result=[CellOut.of(cell) for cell in table.result] if table.result else None,
        )


class ApprovedOut(Wire):
    """Which approved wording the answer is, word for word."""

    id: str
    version: int
    approver: str
    since: date = Field(description="First day on which it holds.")


class ReplyOut(Wire):
    cleared: bool = Field(description="False: the gate held the text back, and it is not in this reply.")
    text: str | None
    sentences: list[SentenceOut]
    table: TableOut | None = Field(None, description="Where a question compares or adds figures.")
    citations: list[CitationOut]
    risks: list[str] = Field(
        default_factory=list, description="Risk level of each product asked about, with who rated it and when."
    )
    abstained: bool
    note: str | None
    by: str | None = Field(None, description="Who worded it: a chat model, extractive, or approved wording.")
    approved: ApprovedOut | None = Field(None, description="Where an approved wording was served.")
    addition: str | None = Field(None, description="What the gate appended, for example a disclosure.")
    verdict: VerdictOut

    @classmethod
    def of(cls, reply: Reply) -> ReplyOut:
        answer, verdict = reply.answer, VerdictOut.of(reply.verdict, quotes=False)
        if answer is None or reply.text is None:
            return cls(
                cleared=False, text=None, sentences=[], citations=[], abstained=False, note=None, addition=None,
                verdict=verdict,
            )  # fmt: skip
        return cls(
            cleared=True,
            text=reply.text,
            sentences=[SentenceOut(text=s.text, citations=list(s.citations)) for s in answer.sentences],
            table=TableOut.of(answer.table) if answer.table else None,
            citations=[CitationOut.of(citation) for citation in answer.citations],
            risks=[risk.text for risk in answer.risks],
            abstained=answer.abstained,
            note=answer.note,
            by=answer.by,
            approved=_approved(answer),
            addition=reply.addition,
            verdict=verdict,
        )


def _approved(answer: Answer) -> ApprovedOut | None:
    found = answer.approved
    if found is None:
        return None
    return ApprovedOut(id=found.id, version=found.version, approver=found.approver, since=found.since)


@router.post("/questions")
def ask(body: QuestionIn, request: Request, principal: PrincipalDep, seen: SeenDep) -> ReplyOut:
    """Answer a question with citations, cleared by the compliance gate, or say honestly that nothing was found."""
    house = the_house(request)
    reply = house.session.ask(
        body.question,
        principal=principal,
        today=house.today(),
        client_id=body.client_id,
        history=[Message(role="user", content=earlier) for earlier in body.history],
        on=body.as_of,
    )
    if body.client_id:
        seen.search("question", [(body.client_id, reply.verdict.audit_id or "")])
    return ReplyOut.of(reply)


@router.get("/examples")
def examples(request: Request, principal: PrincipalDep) -> list[str]:
    """Up to three questions that the documents at hand can answer."""
    return list(the_house(request).example_questions(principal=principal))
