"""The one place where rooms are put together. Everything is built when it is first used, then kept."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from serve.errors import SettingsError
from serve.once import once
from serve.settings import Settings
from serve.users import OPERATOR, Users

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from compliance_filters.audit.erasure import Erasure
    from compliance_filters.audit.log import AuditLog
    from compliance_filters.audit.opening import Openings
    from compliance_filters.finding import ReviewContext
    from compliance_filters.gate import Gate
    from compliance_filters.review.decisions import Decisions
    from compliance_filters.review.indicators import Indicators
    from compliance_filters.review.mistakes import MistakeBook
    from compliance_filters.review.queue import ReviewQueue
    from compliance_filters.rulebook import DatedRulebooks
    from compliance_filters.rules.pack import RulePack
    from compliance_filters.rules.shelf import PackShelf
    from compliance_filters.semantic.filter import SemanticFilter
    from copilot.diagnosis.data.provider import NavFolder
    from copilot.reports import ReportDesk
    from copilot.session import QuestionSession
    from intent.classifier.model import IntentClassifier
    from intent.classifier.rules import Rules
    from intent.classifier.shelf import ModelShelf
    from intent.classifier.taxonomy import Taxonomy
    from intent.inspection.inspector import Inspector
    from intent.leads.spoken import SpokenDesk
    from intent.leads.store import LeadStore
    from intent.notes.desk import NoteDesk
    from intent.pipeline import CallPipeline
    from intent.speech.transcribe import Transcriber
    from intent.verification import LeadCheck
    from jobs.leases import JobStore
    from jobs.outbox import Outbox
    from knowledge_base.catalog import Catalog
    from knowledge_base.clients import Clients
    from knowledge_base.facts import FactStore
    from knowledge_base.products import Products
    from models.encoder import Encoder
    from models.registry import ModelStore
    from prompts.chat import ChatModel
    from prompts.library import PromptLibrary
    from rag.answer import Answerer
    from rag.index import SearchIndex
    from rag.retrieve import Retriever
    from serve.ports import ReviewFacts, SpeechCheck

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Rooms:
    """The parts of the product by name; building one builds what it stands on."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def close(self) -> None:
        """Release what was opened."""
        if "index" in self.__dict__:
            self.index.close()
        if "engine" in self.__dict__:
            self.engine.dispose()

    def today(self) -> date:
        """Today in China, where every rule and report counts its days."""
        return datetime.now(SHANGHAI).date()

    @property
    def cache_dir(self) -> Path:
        return self.settings.models.cache_dir or self.settings.home / "cache"

    # bottom floor

    @once
    def engine(self) -> Engine:
        from serve.database import migrate, open_engine

        made = open_engine(self.settings.url)
        migrate(made)
        return made

    @once
    def users(self) -> Users:
        return Users(self.engine)

    @once
    def model_store(self) -> ModelStore:
        from models.settings import open_store

        return open_store(self.settings.models, self.cache_dir)

    @once
    def encoder(self) -> Encoder:
        from models.encoders.choice import load_encoder

        chosen = self.settings.models
        return load_encoder(
            self.model_store,
            chosen.encoder_kind,
            dtype=chosen.encoder_dtype,
            batch=chosen.encoder_batch,
            threads=chosen.threads,
        )

    @once
    def jobs(self) -> JobStore:
        from jobs.leases import JobStore

        rules = self.settings.jobs
        return JobStore(self.engine, max_attempts=rules.max_attempts, backoff=rules.backoff)

    @once
    def outbox(self) -> Outbox:
        from jobs.outbox import Outbox

        return Outbox(self.engine)

    # knowledge and prompts

    @once
    def catalog(self) -> Catalog:
        from knowledge_base.catalog import Catalog

        return Catalog(self.engine)

    @once
    def products(self) -> Products:
        from knowledge_base.products import Products

        return Products(self.engine)

    @once
    def clients(self) -> Clients:
        from knowledge_base.clients import Clients

        return Clients(self.engine)

    @once
    def facts(self) -> FactStore:
        from knowledge_base.facts import FactStore

        return FactStore(self.engine)

    @once
    def prompts(self) -> PromptLibrary:
        from prompts.library import PromptLibrary

        return PromptLibrary(self.settings.prompts.folder)

    # compliance

    @once
    def rule_shelf(self) -> PackShelf:
        """All rule packs of the settings, verified, with what is yet to come into force."""
        from compliance_filters.rules.shelf import PackShelf
        from compliance_filters.rules.signatures import Trust

        rules = self.settings.compliance
        shelf = PackShelf(rules.rule_packs, trust=Trust.read(rules.pack_keys, rules.pack_signatures))
        shelf.prepare(self.today())
        return shelf

    @property
    def rule_pack(self) -> RulePack:
        """The rules in force today."""
        return self.rule_shelf.on(self.today())

    @once
    def rulebooks(self) -> DatedRulebooks:
        from compliance_filters.filters import standard_filters
        from compliance_filters.rulebook import DatedRulebooks

        rules = self.settings.compliance
        return DatedRulebooks(
            self.rule_shelf,
            lambda pack: standard_filters(pack, rules, self.semantic_filter(pack)),
            lambda: self.today(),
            left_out=self.left_out,
        )

    @once
    def audit(self) -> AuditLog:
        from compliance_filters.audit.log import AuditLog, CheckpointPlan
        from compliance_filters.audit.suite import suite_of
        from serve.secrets import audit_key, audit_signer

        rules = self.settings.compliance
        where = rules.audit_checkpoint
        return AuditLog(
            self.engine,
            audit_key(self.settings),
            suite=suite_of(rules.audit_suite),
            signer=lambda: audit_signer(self.settings),
            plan=CheckpointPlan(path=where, every=rules.audit_checkpoint_every) if where else None,
        )

    @once
    def erasure(self) -> Erasure:
        from compliance_filters.audit.erasure import Erasure

        return Erasure(self.audit, keep_years=self.settings.compliance.audit_keep_years)

    @once
    def openings(self) -> Openings:
        from compliance_filters.audit.opening import Openings

        return Openings(self.audit)

    @once
    def gate(self) -> Gate:
        from compliance_filters.gate import Gate

        rules, first = self.settings.compliance, self.rulebooks()
        return Gate(
            first.pack,
            first.filters,
            self.audit,
            queue=self.review_queue,
            time_budget_ms=rules.time_budget_ms,
            max_chars=rules.max_chars,
            left_out=self.left_out,
            renewed=self.rulebooks,
        )

    @once
    def review_queue(self) -> ReviewQueue:
        from compliance_filters.review.item import ReviewPolicy
        from compliance_filters.review.queue import ReviewQueue

        rules = self.settings.compliance
        policy = ReviewPolicy(
            due_h=rules.review_due_h,
            expire_h=rules.review_expire_h,
            two_persons=rules.review_two_persons,
            sample_share=rules.review_sample_share,
        )
        return ReviewQueue(self.audit, policy)

    @once
    def decisions(self) -> Decisions:
        from compliance_filters.review.decisions import Decisions

        return Decisions(self.review_queue)

    @once
    def indicators(self) -> Indicators:
        from compliance_filters.review.indicators import Indicators

        return Indicators(self.audit)

    @once
    def mistakes(self) -> MistakeBook:
        from compliance_filters.review.mistakes import MistakeBook

        return MistakeBook(self.audit, two_persons=self.settings.compliance.mistakes_two_persons)

    @property
    def left_out(self) -> frozenset[str]:
        """Filters that the settings do without."""
        from compliance_filters.finding import SEMANTIC

        return frozenset({SEMANTIC}) if self.settings.compliance.profile == "rules" else frozenset()

    def semantic_filter(self, pack: RulePack) -> SemanticFilter | None:
        """The semantic rules; None only where the settings ask for rules alone."""
        from compliance_filters.semantic.filter import load_semantic

        rules = self.settings.compliance
        return None if rules.profile == "rules" else load_semantic(pack, rules, self.encoder)

    @once
    def review_facts(self) -> ReviewFacts:
        from serve.ports import ReviewFacts

        return ReviewFacts(self.clients, self.products)

    # the question way

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
    def answerer(self) -> Answerer:
        from compliance_filters.injection import InjectionFilter
        from rag.answer import Answerer
        from rag.draft import Drafter
        from serve.ports import InstructionCheck

        drafter = Drafter(self.chat, self.prompts) if self.chat else None
        return Answerer(
            self.retriever,
            self.facts,
            self.products,
            settings=self.settings.rag,
            drafter=drafter,
            instructions=InstructionCheck(InjectionFilter(self.rule_pack)),
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

    # the call way

    @once
    def taxonomy(self) -> Taxonomy:
        from intent.classifier.taxonomy import load_taxonomy

        return load_taxonomy(self.settings.intent.taxonomy)

    @once
    def intent_rules(self) -> Rules:
        from intent.classifier.rules import load_rules

        return load_rules(self.taxonomy)

    @once
    def transcriber(self) -> Transcriber:
        from intent.speech.remote import RemoteTranscriber
        from intent.speech.transcribe import LocalWhisper

        speech, remote = self.settings.speech, self.settings.speech.remote
        if speech.engine == "remote":
            return RemoteTranscriber(
                base_url=remote.base_url,
                model=remote.model,
                api_key=remote.api_key.get_secret_value() if remote.api_key else None,
                language=speech.language,
                timeout_s=remote.timeout_s,
                retries=remote.retries,
            )
        return LocalWhisper(
            store=self.model_store,
            model="whisper",
            device=speech.device,
            compute_type=speech.compute_type,
            language=speech.language,
            beam_size=speech.beam_size,
            batch_size=speech.batch_size,
            threads=speech.threads,
            chars_per_s=(speech.min_chars_per_s, speech.max_chars_per_s),
        )

    @once
    def classifier(self) -> IntentClassifier:
        from intent.classifier.choose import load_classifier

        return load_classifier(
            self.settings.intent,
            self.settings.intent.model_dir or self.intent_models.active(),
            taxonomy=self.taxonomy,
            rules=self.intent_rules,
            encoder=lambda: self.encoder,
        )

    @once
    def intent_models(self) -> ModelShelf:
        from intent.classifier.shelf import ModelShelf

        return ModelShelf(self.settings.home / "intent-models")

    @once
    def pipeline(self) -> CallPipeline:
        from intent.notes.wording import NoteWriter
        from intent.notes.write import NoteMaker
        from intent.pipeline import CallPipeline
        from intent.verification import RulesCheck
        from intent.wishes import WishMaker

        names = [known.name for known in self.products.names(principal=OPERATOR)]
        return CallPipeline(
            classifier=self.classifier,
            wish_maker=WishMaker(self.taxonomy, self.intent_rules, names),
            checker=self.speech_checker,
            inspector=self.inspector,
            taxonomy=self.taxonomy,
            checks=[RulesCheck(self.intent_rules), *self._chat_checks()],
            note_maker=NoteMaker(self.taxonomy, names, NoteWriter(self.chat, self.prompts) if self.chat else None),
            context_turns=self.settings.intent.context_turns,
        )

    def _chat_checks(self) -> list[LeadCheck]:
        from intent.verification import ChatCheck

        return [ChatCheck(self.chat, self.prompts, self.taxonomy)] if self.chat else []

    @once
    def inspector(self) -> Inspector:
        from intent.inspection.inspector import load_inspector

        return load_inspector(self.settings.intent.checklists, self.settings.intent.scoring)

    @once
    def speech_checker(self) -> SpeechCheck:
        from serve.ports import SpeechCheck

        return SpeechCheck(self.gate, self.speech_context)

    def speech_context(self) -> ReviewContext:
        """What spoken words are judged with, whoever speaks."""
        return self.review_facts.client_context(None, today=self.today(), principal=OPERATOR)

    @once
    def leads(self) -> LeadStore:
        from intent.leads.directory import KnowledgeBaseDirectory
        from intent.leads.store import LeadStore

        return LeadStore(
            self.engine,
            taxonomy=self.taxonomy,
            settings=self.settings.leads,
            directory=KnowledgeBaseDirectory(self.clients, OPERATOR),
        )

    @once
    def notes(self) -> NoteDesk:
        from intent.notes.desk import NoteDesk

        return NoteDesk(self.leads)

    @once
    def spoken(self) -> SpokenDesk:
        from intent.leads.spoken import SpokenDesk

        return SpokenDesk(self.leads)

    # the report way

    @once
    def reports(self) -> ReportDesk:
        from copilot.reports import ReportDesk

        return ReportDesk(
            gate=self.gate,
            clients=self.clients,
            products=self.products,
            facts=self.review_facts,
            navs=self.nav_folder(),
            terms=self.facts,
        )

    def nav_folder(
        self, folder: Path | None = None, benchmark: Path | None = None, name: str | None = None
    ) -> NavFolder:
        """NAV files of the settings, or of the folder and benchmark named instead."""
        from copilot.diagnosis.data.provider import NavFolder

        chosen = self.settings.copilot
        place = folder or (Path(chosen.nav_dir).expanduser() if chosen.nav_dir else self.settings.home / "nav")
        if benchmark is not None and not benchmark.is_file():
            raise SettingsError(f"The benchmark file {benchmark} does not exist: correct --benchmark.")
        file = benchmark or (Path(chosen.benchmark_file).expanduser() if chosen.benchmark_file else None)
        file = file or place / "benchmark.csv"
        return NavFolder(place, file, benchmark_name=name or chosen.benchmark_name or file.stem)
