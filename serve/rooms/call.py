"""The call way, from sound to wishes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serve.once import once
from serve.rooms.question import QuestionRooms
from serve.users import OPERATOR

if TYPE_CHECKING:
    from compliance_filters.finding import ReviewContext
    from intent.classifier.model import IntentClassifier
    from intent.classifier.rules import Rules
    from intent.classifier.shelf import ModelShelf
    from intent.classifier.taxonomy import Taxonomy
    from intent.inspection.inspector import Inspector
    from intent.pipeline import CallPipeline
    from intent.speech.hotwords import Hotwords
    from intent.speech.kept import KeptTranscripts
    from intent.speech.repair import TermRepairer
    from intent.speech.transcribe import Transcriber
    from intent.verification import LeadCheck
    from serve.call_queue import CallQueue
    from serve.job_desk import JobDesk
    from serve.ports import SpeechCheck
    from serve.transcripts import Identifiers, KeptOriginals


class CallRooms(QuestionRooms):
    """Speech, intent model, reading of whole calls."""

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
                at_once=remote.concurrency,
                chars_per_s=(speech.min_chars_per_s, speech.max_chars_per_s),
                allow_external=remote.allow_external,
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
    def kept_transcripts(self) -> KeptTranscripts:
        from compliance_filters.audit.vault import TextVault
        from intent.speech.kept import KeptTranscripts

        return KeptTranscripts(self.settings.home / "heard", TextVault(self.audit))

    @once
    def job_desk(self) -> JobDesk:
        from serve.job_desk import JobDesk

        return JobDesk(self.jobs, self.clients)

    @once
    def call_queue(self) -> CallQueue:
        from serve.call_queue import CallQueue

        return CallQueue(self.jobs, self.job_desk)

    @once
    def repairer(self) -> TermRepairer | None:
        """Puts names of the catalogue and terms right; None where `speech.repair` is off."""
        from intent.speech.repair import TermRepairer, load_terms

        speech = self.settings.speech
        if not speech.repair:
            return None
        names = [known.name for known in self.products.names(principal=OPERATOR)]
        return TermRepairer(names, load_terms(speech.terms), min_score=speech.repair_score)

    @once
    def hotwords(self) -> Hotwords:
        """Names told to the speech engine, chosen a call at a time; none where `speech.hotwords` is 0."""
        from intent.leads.views import LeadViews
        from intent.speech.hotwords import Hotwords
        from serve.transcripts import ProductsOfClients

        shelf = self.products.all(principal=OPERATOR, on_shelf=self.today()) if self.settings.speech.hotwords else ()
        clients = ProductsOfClients(self.clients, self.products, LeadViews(self.engine))
        return Hotwords([each.name for each in shelf], clients, most=self.settings.speech.hotwords)

    @once
    def originals(self) -> KeptOriginals:
        from serve.transcripts import KeptOriginals

        return KeptOriginals(self.audit)

    @once
    def transcript_masks(self) -> Identifiers | None:
        """Masks of transcripts that people are shown; None where `speech.mask` is off."""
        from serve.transcripts import Identifiers

        return Identifiers() if self.settings.speech.mask else None

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
        from prompts.settings import ChatTask

        names = [known.name for known in self.products.names(principal=OPERATOR)]
        noting = self.chat(ChatTask.NOTE)
        return CallPipeline(
            classifier=self.classifier,
            wish_maker=WishMaker(self.taxonomy, self.intent_rules, names),
            checker=self.speech_checker,
            inspector=self.inspector,
            taxonomy=self.taxonomy,
            checks=[RulesCheck(self.intent_rules), *self._chat_checks()],
            note_maker=NoteMaker(self.taxonomy, names, NoteWriter(noting, self.prompts) if noting else None),
            context_turns=self.settings.intent.context_turns,
        )

    def _chat_checks(self) -> list[LeadCheck]:
        from intent.verification import ChatCheck
        from prompts.settings import ChatTask

        model = self.chat(ChatTask.VERIFY)
        return [ChatCheck(model, self.prompts, self.taxonomy)] if model else []

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
