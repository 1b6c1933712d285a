"""The question way."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import TYPE_CHECKING

from serve.once import once
from serve.rooms.compliance import ComplianceRooms
from serve.users import OPERATOR

if TYPE_CHECKING:
    from copilot.session import QuestionSession
    from copilot.talks.sending import Sending
    from copilot.talks.store import Talks
    from knowledge_base.unanswered import UnansweredLog
    from models.encoder import Encoder
    from models.reranker import Reranker
    from prompts.chat import ChatModel, Reply
    from prompts.chat_models import ChatModels
    from prompts.library import PromptLibrary
    from prompts.settings import ChatTask
    from rag.answer import Answerer
    from rag.approved import ApprovedAnswers
    from rag.follow_up import FollowUps
    from rag.index import Elsewhere, SearchIndex
    from rag.retrieve import Retriever
    from rag.tools.gather import Gathered, Gatherer
    from serve.ports import InstructionCheck
    from serve.wecom import Signatures

_log = logging.getLogger(__name__)


class QuestionRooms(ComplianceRooms):
    """Prompts, chat model, index, retrieval, answers."""

    @once
    def prompts(self) -> PromptLibrary:
        """The templates in use; what changed since they were last recorded is written into the audit log."""
        from prompts.library import PromptLibrary
        from serve.prompt_record import record_prompts

        library = PromptLibrary(self.settings.prompts.folder)
        record_prompts(self.audit, library)
        return library

    @once
    def chat_models(self) -> ChatModels:
        from compliance_filters.pii.pseudonyms import Pseudonyms
        from prompts.chat_models import ChatModels
        from serve.ports import ClientNames

        return ChatModels(
            self.settings.chat,
            lambda: Pseudonyms(ClientNames(self.clients, OPERATOR)),
            on_thinking=self._keep_thinking,
        )

    def chat(self, task: ChatTask, *, for_clients: bool = False) -> ChatModel | None:
        """The chat model for a task; None where none is set for it, or none that may write to clients."""
        return self.chat_models.for_task(task, for_clients=for_clients)

    def _keep_thinking(self, reply: Reply) -> None:
        """Kept apart from answers, for who asks later why a model said what it said."""
        self.audit.append(
            event="model.thinking", actor="system", data={"model": reply.model}, payload={"thinking": reply.thinking}
        )

    @once
    def index(self) -> SearchIndex:
        from rag.index import SearchIndex

        return SearchIndex(
            self.settings.home / "index", self.encoder, self.settings.rag, elsewhere=self._indexes_elsewhere()
        )

    def _indexes_elsewhere(self) -> Elsewhere | None:
        """Those of the settings that lie in PostgreSQL. Raises SettingsError where the database is another."""
        from rag.index import Elsewhere
        from serve.errors import SettingsError

        rules = self.settings.rag
        wanted = [name for name in ("pgvector", "tsvector") if name in (rules.vectors, rules.lexical)]
        if not wanted:
            return None
        if self.engine.dialect.name != "postgresql":
            raise SettingsError(
                f"rag names {' and '.join(wanted)}, which are parts of PostgreSQL, but database_url is "
                f"{self.engine.dialect.name}: set database_url to a PostgreSQL server, or set them back."
            )
        from rag.postgres import PgLexical, PgVectors

        return Elsewhere(
            vectors=(lambda name: PgVectors(self.engine, self.encoder.dimension, name))
            if rules.vectors == "pgvector"
            else None,
            lexical=(lambda name: PgLexical(self.engine, name)) if rules.lexical == "tsvector" else None,
        )

    @once
    def asking(self) -> Encoder:
        """The encoder of questions: approved wording, search and the choice of sentences ask it one after another."""
        from models.encoders.recent import RecentEncoder

        return RecentEncoder(self.encoder)

    @once
    def retriever(self) -> Retriever:
        from rag.retrieve import Retriever

        return Retriever(self.index, self.asking, self.settings.rag, reranker=self._reranker())

    def _reranker(self) -> Reranker | None:
        folder = self.settings.models.reranker
        if folder is None:
            return None
        from models.encoders.cross_encoder import CrossEncoderReranker

        return CrossEncoderReranker(folder.expanduser(), threads=self.settings.models.threads)

    @once
    def instructions(self) -> InstructionCheck:
        from compliance_filters.injection import InjectionFilter
        from serve.ports import InstructionCheck

        return InstructionCheck(InjectionFilter(self.rule_pack))

    @once
    def answerer(self) -> Answerer:
        from prompts.settings import ChatTask
        from rag.answer import Answerer
        from rag.draft import Drafter

        model = self.chat(ChatTask.ANSWER)
        drafter = Drafter(model, self.prompts) if model else None
        return Answerer(
            self.retriever,
            self.facts,
            self.securities,
            settings=self.settings.rag,
            drafter=drafter,
            instructions=self.instructions,
            register=self.products,
            disagreements=self.conflict_queue,
            gatherer=self.gatherer if drafter else None,
        )

    @once
    def gatherer(self) -> Gatherer | None:
        """Where a model that answers calls tools, and langchain is there to let it."""
        from importlib.util import find_spec

        from prompts.settings import ChatTask
        from rag.tools.gather import Bounds, Gatherer
        from serve.knowledge_tools import question_tools

        chat = self.settings.chat
        model = self.chat_models.for_task(ChatTask.ANSWER, tools=True)
        if model is None:
            return None
        if find_spec("langchain") is None:
            _log.warning("chat.tools is set but langchain is not installed: install `tougu[langchain]` and restart")
            return None
        return Gatherer(
            model,
            self.prompts,
            lambda principal, on: question_tools(self.answerer, principal, on),
            bounds=Bounds(rounds=chat.tool_rounds, tokens=chat.tool_tokens, budget_s=chat.tool_budget_s),
            on_end=self._keep_calls,
        )

    def _keep_calls(self, gathered: Gathered) -> None:
        """Which tools a model called for an answer, and how that ended; neither question nor result."""
        self.audit.append(event="model.tools", actor="system", data=asdict(gathered))

    @once
    def approved(self) -> ApprovedAnswers:
        from rag.approved import ApprovedAnswers

        return ApprovedAnswers(self.wordings, self.asking, self.securities, self.settings.rag)

    @once
    def unanswered(self) -> UnansweredLog:
        from compliance_filters.pii.pseudonyms import Pseudonyms
        from knowledge_base.unanswered import UnansweredLog
        from serve.ports import ClientNames

        names = Pseudonyms(ClientNames(self.clients, OPERATOR))
        return UnansweredLog(self.engine, lambda text: names.hide(text)[0])

    @once
    def questions_in_turn(self) -> FollowUps:
        from prompts.settings import ChatTask
        from rag.follow_up import FollowUps

        return FollowUps(
            self.securities,
            self.retriever.document_share,
            self.facts,
            model=self.chat(ChatTask.REWRITE),
            prompts=self.prompts,
        )

    @once
    def session(self) -> QuestionSession:
        from copilot.session import QuestionSession

        return QuestionSession(
            answers=self.answerer,
            gate=self.gate,
            facts=self.review_facts,
            history_turns=self.settings.copilot.history_turns,
            approved=self.approved,
            refused=self.unanswered,
            follow_ups=self.questions_in_turn,
            opinions=self.opinion_rights,
        )

    @once
    def talks(self) -> Talks:
        from copilot.talks.store import Talks

        return Talks(self.audit, self.clients)

    @once
    def sending(self) -> Sending:
        from copilot.talks.sending import Sending

        return Sending(self.audit)

    @once
    def wecom_signatures(self) -> Signatures:
        from serve.wecom import Signatures, WeComTickets

        return Signatures(WeComTickets(self.settings.copilot.wecom))
