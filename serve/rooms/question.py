"""The question way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serve.once import once
from serve.rooms.compliance import ComplianceRooms
from serve.users import OPERATOR

if TYPE_CHECKING:
    from copilot.session import QuestionSession
    from prompts.chat import ChatModel
    from rag.answer import Answerer
    from rag.index import SearchIndex
    from rag.retrieve import Retriever
    from serve.ports import InstructionCheck


class QuestionRooms(ComplianceRooms):
    """Chat model, index, retrieval, answers."""

    @once
    def chat(self) -> ChatModel | None:
        from compliance_filters.pii.pseudonyms import Pseudonyms
        from prompts.chat import connect
        from serve.ports import ClientNames

        if not self.settings.chat.base_url:
            return None
        return connect(self.settings.chat, Pseudonyms(ClientNames(self.clients, OPERATOR)))

    @once
    def index(self) -> SearchIndex:
        from rag.index import SearchIndex

        return SearchIndex(self.settings.home / "index", self.encoder, self.settings.rag)

    @once
    def retriever(self) -> Retriever:
        from rag.retrieve import Retriever

        return Retriever(self.index, self.encoder, self.settings.rag)

    @once
    def instructions(self) -> InstructionCheck:
        from compliance_filters.injection import InjectionFilter
        from serve.ports import InstructionCheck

        return InstructionCheck(InjectionFilter(self.rule_pack))

    @once
    def answerer(self) -> Answerer:
        from rag.answer import Answerer
        from rag.draft import Drafter

        drafter = Drafter(self.chat, self.prompts) if self.chat else None
        return Answerer(
            self.retriever,
            self.facts,
            self.products,
            settings=self.settings.rag,
            drafter=drafter,
            instructions=self.instructions,
            register=self.products,
        )

    @once
    def session(self) -> QuestionSession:
        from copilot.session import QuestionSession

        return QuestionSession(
            answers=self.answerer,
            gate=self.gate,
            facts=self.review_facts,
            history_turns=self.settings.copilot.history_turns,
        )
