"""The house: rooms put together, and what the command line, the API and the demo ask of several at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serve.errors import NotFoundError
from serve.once import once
from serve.rooms import Rooms

if TYPE_CHECKING:
    from compliance_filters.finding import Draft, ReviewContext, Source, Verdict
    from intent.call import Call, CallReading
    from intent.call_records.store import CallRecords
    from intent.leads.spoken import Disposed
    from intent.leads.store import Recorded
    from intent.recordings import RecordingFile
    from intent.speech.listen import OnVoices
    from knowledge_base.access import Principal
    from knowledge_base.document import DocumentVersion
    from knowledge_base.sync import SyncReport
    from rag.langchain_retriever import PassageRetriever
    from rag.passage import Passage
    from serve.call_lane import CallLane
    from serve.document_queue import DocumentQueue
    from serve.recording_keeper import RecordingKeeper
    from serve.transcripts import Original
    from serve.watch import Watcher

NAMES_CHARS = 2_000  # of a text are searched for product names
CHANGES = frozenset({"added", "updated", "removed"})  # outcomes of a sync after which documents may disagree
ADDED = "added"  # folder below <home>/documents for single documents
EXAMPLES = (
    "{name}的管理费率是多少",
    "{name}过去一年净值增长率和业绩比较基准收益率各是多少",
    "{name}的风险等级",
)


@dataclass(frozen=True, kw_only=True)
class OpenedDocument:
    """A document as a page shows it."""

    title: str
    subtitle: str  # publisher and day, where known
    text: str


class House(Rooms):
    """The product on one machine with one home folder. Close it to release the database and the index."""

    def at_home(self, home: Path, *, benchmark_name: str = "") -> House:
        """Another house with the same settings and weights but its own home, and database and NAV there."""
        models = self.settings.models.model_copy(update={"cache_dir": self.cache_dir})
        own_nav = {"nav_dir": "", "benchmark_file": "", "benchmark_name": benchmark_name}
        copilot = self.settings.copilot.model_copy(update=own_nav)
        compliance = self.settings.compliance.model_copy(update={"audit_checkpoint": None})  # those of the firm's log
        changed = {
            "home": home, "database_url": None, "models": models, "copilot": copilot, "compliance": compliance,
        }  # fmt: skip
        return House(self.settings.model_copy(update=changed))

    @once
    def document_queue(self) -> DocumentQueue:
        from serve.document_queue import DocumentQueue

        return DocumentQueue(self)

    @once
    def recording_keeper(self) -> RecordingKeeper:
        from serve.recording_keeper import RecordingKeeper

        return RecordingKeeper(self)

    @once
    def call_records(self) -> CallRecords:
        from intent.call_records.numbers import LineBook
        from intent.call_records.store import CallRecords
        from serve.call_lane import read_again

        return CallRecords(self.engine, LineBook(self.audit.keyed_hash), read_again(self.jobs))

    @once
    def call_lane(self) -> CallLane:
        from serve.call_lane import CallLane

        return CallLane(self)

    @once
    def watcher(self) -> Watcher | None:
        """Who looks into the watched folder; None where the settings name none."""
        from serve.watch import Watcher

        calls = self.settings.calls
        return Watcher(self, calls.watch, calls) if calls.watch is not None else None

    def readiness(self) -> dict[str, str]:
        """What must answer before requests can be served: name -> ok, or the reason."""
        checks: dict[str, Callable[[], object]] = {
            "database": lambda: self.users.list(principal=self.users.principal(None)),
            "rules": lambda: self.rule_pack.label,
            "index": lambda: self.index.stats(),  # opens without the encoder's weights
        }
        return {name: _state(check) for name, check in checks.items()}

    # compliance

    def check(
        self,
        draft: Draft,
        *,
        client_id: str | None,
        product_codes: Sequence[str],
        channel: str,
        principal: Principal,
        sources: Sequence[Source] = (),
    ) -> Verdict:
        """Judge a text with what the house knows of the client and of the products given or named in it.

        sources: where given, every number of the text must stand in one of them. Raises NotFoundError for a client not
        to be seen, UnknownProductError for a code that is given and unknown.
        """
        context = self.context_of(
            draft, client_id=client_id, product_codes=product_codes, channel=channel, principal=principal
        )
        return self.gate.review(draft, replace(context, sources=tuple(sources)), principal=principal)

    def context_of(
        self,
        draft: Draft,
        *,
        client_id: str | None,
        product_codes: Sequence[str],
        channel: str,
        principal: Principal,
    ) -> ReviewContext:
        """What a text is judged in; raises what `check` raises."""
        self._refuse_unknown(product_codes, principal)
        named = self.products.resolve(draft.text[:NAMES_CHARS], principal=principal, today=self.today()).products
        codes = dict.fromkeys((*product_codes, *(code for product in named for code in product.codes)))
        return self.context(client_id, tuple(codes), channel, principal)

    def _refuse_unknown(self, product_codes: Sequence[str], principal: Principal) -> None:
        """A slip of the pen must not leave a product unchecked; a restricted security need be no product."""
        restricted = self.products.restricted(principal=principal, on=self.today()) if product_codes else ()
        for code in product_codes:
            if not any(security.code == code for security in restricted):
                self.products.get(code, principal=principal)

    def context(
        self, client_id: str | None, product_codes: Sequence[str], channel: str, principal: Principal
    ) -> ReviewContext:
        """The gate's context for a client and products. Raises NotFoundError for a client not to be seen."""
        today = self.today()
        known = self.review_facts.client_context(client_id, today=today, principal=principal)
        products = self.review_facts.products(product_codes, principal=principal, today=today)
        return replace(known, products=products, channel=channel)

    # knowledge

    def sync(
        self, folder: Path, *, delete: bool, principal: Principal, progress: Callable[[int, int, str], None]
    ) -> SyncReport:
        """Bring catalog and index to the state of a folder."""
        from knowledge_base.sync import sync_folder

        report = sync_folder(
            folder,
            catalog=self.catalog,
            indexer=self.index,
            principal=principal,
            progress=progress,
            delete=delete,
            settings=self.settings.knowledge,
            instructs=self.instructions.instructs,
        )
        if any(row.outcome in CHANGES for row in report.rows):
            self.find_conflicts(principal=principal)
            self.learn_names()
        if any(row.outcome in ("removed", "updated") for row in report.rows):
            self.index.align()
        return report

    def learn_names(self) -> int:
        """Make the names of all products and shares words of the index; returns how many chunks that changed."""
        from serve.users import OPERATOR

        products = (known.name for known in self.products.names(principal=OPERATOR))
        shares = (share.name for share in self.shares.all(principal=OPERATOR))
        return self.index.learn_names([*products, *shares])

    def find_conflicts(self, *, principal: Principal) -> tuple[int, int]:
        """Look for contradictions among what is in force today; returns how many are new and how many went."""
        from knowledge_base.access import system_principal
        from knowledge_base.conflicts import find_conflicts

        found = find_conflicts(self.catalog, self.facts, principal=system_principal("conflicts"), on=self.today())
        return self.conflict_queue.refresh(found, principal=principal)

    def amend_document(self, version_id: str, changed: Mapping[str, Any], *, principal: Principal) -> DocumentVersion:
        """Change what the catalog says of a version, in the index too. Raises what `DocumentKeeper.amend` raises.

        Where labels change the index forgets the version first: no kill in between leaves it open to who lost it.
        """
        from knowledge_base.access import system_principal
        from knowledge_base.catalog import searchable

        self.document_keeper.check(version_id, changed, principal=principal)
        if "labels" in changed:
            self.index.remove(version_id)
        version = self.document_keeper.amend(version_id, changed, principal=principal)
        if searchable(version):
            self.index.add(version, self.catalog.parsed(version_id, principal=system_principal("index")))
        else:
            self.index.remove(version_id)
        self.find_conflicts(principal=principal)
        return version

    def erase_over(self, *, principal: Principal) -> tuple[str, ...]:
        """Erase versions whose time is over, from the index first; returns their ids."""
        over = self.document_keeper.due(self.today(), principal=principal)
        for version_id in over:
            self.index.remove(version_id)
            self.document_keeper.erase(version_id, principal=principal)
            self.audit.append(event="knowledge.document.erased", actor=principal.user_id, data={"version": version_id})
        if over:
            self.index.align()
        return over

    def add_documents(
        self, files: Sequence[Path], *, principal: Principal, progress: Callable[[int, int, str], None]
    ) -> SyncReport:
        """Copy documents into home and sync them; the originals may go away afterwards."""
        import shutil

        folder = self.settings.home / "documents" / ADDED
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            beside = folder / f".{file.name}.new"
            shutil.copyfile(file, beside)
            beside.replace(folder / file.name)
        return self.sync(folder, delete=False, principal=principal, progress=progress)

    def search(self, text: str, *, k: int, principal: Principal) -> tuple[Passage, ...]:
        """The best passages for a text among what is in force today."""
        from rag.retrieve import Query

        named = self.securities.resolve(text, principal=principal, today=self.today())
        codes = tuple(code for product in named.products for code in product.codes)
        return self.retriever.search(Query(text=text, on=self.today(), product_codes=codes, k=k), principal)

    def langchain_retriever(self, principal: Principal, *, k: int = 5) -> PassageRetriever:
        """A LangChain `BaseRetriever` over what `principal` may read, without what instructs a model."""
        from rag.langchain_retriever import PassageRetriever
        from serve.knowledge_tools import KnowledgeTools

        tools = KnowledgeTools(house=self, principal=principal)
        return PassageRetriever(lambda query: tools.passages(query, k))

    def open_document(self, version_id: str, *, principal: Principal) -> OpenedDocument:
        """A document version with its canonical text. Raises NotFoundError for one not to be read."""
        from knowledge_base.errors import UnknownVersionError

        if version_id.startswith("wording:"):
            return self._open_wording(version_id, principal)
        principal = self.opinion_rights.reading(principal)
        try:
            version = self.catalog.version(version_id, principal=principal)
            text = self.catalog.text(version_id, principal=principal)
        except UnknownVersionError as error:
            raise NotFoundError("这份文件不存在，或您没有查看权限。") from error
        day = version.published_on or version.effective_from
        parts = [version.publisher or "", f"{day:%Y-%m-%d}" if day else ""]
        return OpenedDocument(title=version.title, subtitle=" ".join(filter(None, parts)), text=text)

    def _open_wording(self, name: str, principal: Principal) -> OpenedDocument:
        """An approved wording, by the name that answers cite."""
        from knowledge_base.errors import UnknownWordingError

        try:
            _, wording_id, version = name.split(":")
            found = self.wordings.get(wording_id, int(version), principal=principal)
        except (ValueError, UnknownWordingError) as error:
            raise NotFoundError("没有这条话术或这个版本。") from error
        return OpenedDocument(title=found.question, subtitle=found.title, text=found.text)

    def example_questions(self, *, principal: Principal) -> Iterator[str]:
        """Up to three questions on products that documents speak of."""
        covered = {code for v in self.catalog.in_force(self.today(), principal=principal) for code in v.product_codes}
        named = [p for p in self.products.all(principal=principal) if p.code in covered]
        for product, template in zip(named, EXAMPLES, strict=False):
            yield template.format(name=product.name)

    # calls

    def transcribe(
        self,
        path: Path,
        *,
        advisor_channel: str | None = None,
        call_id: str | None = None,
        client_id: str | None = None,
        on_voices: OnVoices = lambda voices: None,
    ) -> Call:
        """One recording to turns. `advisor_channel`: left, right, or None where settings or words decide.

        `client_id`: whose products the engine is told of. `on_voices` is told the words of each voice with their times.
        """
        from intent.archive import advisor_channel as channel_of
        from intent.pipeline import transcribe_call
        from intent.speech.decoder import RawFormat

        speech = self.settings.speech
        channel, known_from = channel_of(advisor_channel, speech)
        return transcribe_call(
            path,
            transcriber=self.transcriber,
            call_id=call_id,
            advisor_channel=channel,
            roles_from=known_from,
            turn_pause_s=speech.turn_pause_s,
            max_duration_s=speech.max_duration_s,
            min_confidence=speech.min_confidence,
            raw=RawFormat.named(speech.raw),
            hotwords=self.hotwords(client_id),
            repairer=self.repairer,
            on_voices=on_voices,
        )

    def take_call(self, recording: RecordingFile, *, principal: Principal) -> tuple[Call, CallReading, Recorded]:
        """The whole call way: recording -> turns -> wishes -> leads, cases and tickets, all in one.

        What is recorded and returned is masked (`speech.mask`); the words lie in the audit log, encrypted.
        """
        from serve.transcripts import shown

        heard, key = self._heard(recording)
        started_at = datetime.fromisoformat(recording.started_at) if recording.started_at else None
        call = replace(
            heard,
            client_id=recording.client_id,
            advisor_id=recording.advisor_id,
            started_at=started_at,
            call_type=recording.call_type,
        )
        reading = self.pipeline.read(call)
        self._keep_words(call, reading, principal)
        call, reading = shown(call, reading, self.transcript_masks)
        recorded = self.leads.record(reading, call, principal=principal)
        self.kept_transcripts.drop(*key)
        return call, reading, recorded

    def _heard(self, recording: RecordingFile) -> tuple[Call, tuple[str, ...]]:
        """The recording as turns, and the key its transcript is kept under until the call is recorded.

        A call whose reading failed (no weights of the classifier, a database that was away) is not transcribed again.
        """
        from intent.call import Call
        from intent.errors import AudioError, CallFileError
        from intent.recordings import content_hash

        channel = recording.advisor_channel
        try:
            content = content_hash(recording.path)
        except CallFileError as error:
            raise AudioError(str(error)) from error
        key = (content, self.transcriber.name, channel or self.settings.speech.advisor_channel)
        if (kept := self.kept_transcripts.get(*key)) is not None:
            return Call(id=recording.call_id, transcript=kept, recording_path=str(recording.path)), key
        heard = self.transcribe(
            recording.path, advisor_channel=channel, call_id=recording.call_id, client_id=recording.client_id
        )
        self.kept_transcripts.keep(heard.transcript, *key, client_id=recording.client_id)
        return heard, key

    def _branch_of(self, call: Call) -> str | None:
        from intent.leads.directory import KnowledgeBaseDirectory
        from serve.users import OPERATOR

        known = KnowledgeBaseDirectory(self.clients, OPERATOR).standing(call.client_id) if call.client_id else None
        return known.branch if known else None

    def _keep_words(self, call: Call, reading: CallReading, principal: Principal) -> None:
        """What was said goes into the audit log, before anything follows from it."""
        from copilot.dossier import CALL_READ, call_payload

        self.audit.append(
            event=CALL_READ,
            actor=principal.user_id,
            subject=call.client_id,
            data={
                "call": self.audit.keyed_hash(call.id),
                "turns": len(call.transcript.turns),
                "model": reading.model_version,
                "version": version("tougu"),
                "advisor": call.advisor_id,
                "branch": self._branch_of(call),
                "rules": sorted({finding.rule for finding in reading.findings}),
                **self._prompts_of(reading),
            },
            payload=call_payload(call, reading),
        )

    def _prompts_of(self, reading: CallReading) -> dict[str, Any]:
        """Hashes of the prompts by which chat models helped to read a call: its note worded, its leads looked at."""
        from intent.verification import PROMPT
        from prompts.settings import ChatTask

        used = {"call_note": reading.note.prompt} if reading.note and reading.note.prompt else {}
        if reading.of("lead") and self.chat(ChatTask.VERIFY) is not None:
            used[PROMPT] = self.prompts.get(PROMPT).sha256
        return {"prompts": used} if used else {}

    def originals_of_call(self, call_id: str, *, principal: Principal) -> Original:
        """The words behind the masks of a call that the principal may see; the opening is logged before.

        Raises LeadNotFoundError for a call that they may not see, and what KeptOriginals.of_call raises.
        """
        client_id = self.leads.call(call_id, principal=principal)["client_id"]
        return self.originals.of_call(call_id, client_id, principal=principal)

    def dispose_spoken(self, finding_id: str, *, how: str, note: str, lead: str, principal: Principal) -> Disposed:
        """Dispose of what an advisor said, and write it into the audit log."""
        done = self.spoken.dispose(finding_id, how=how, note=note, lead=lead, principal=principal)
        self.audit.append(
            event="speech.disposed",
            actor=principal.user_id,
            subject=done.finding.client_id,
            data={
                "finding": finding_id, "rule": done.finding.rule, "how": how,
                "released": [each.id for each in done.released], "closed": [each.id for each in done.closed],
            },
            payload={"call_id": done.finding.call_id, "quote": done.finding.quote, "note": note},
        )  # fmt: skip
        return done

    # operations

    def import_file(self, kind: str, path: Path, *, principal: Principal) -> dict[str, Any]:
        """Import a documented CSV. Raises ServeError naming the first bad rows; nothing was written then."""
        from intent.leads.dispositions import import_dispositions
        from knowledge_base.imports import import_csv
        from serve.errors import ServeError

        if kind == "calls":
            return self._import_calls(path)
        if kind in ("call-records", "phones"):
            return self._import_records(kind, path, principal)
        if kind == "dispositions":
            report = import_dispositions(self.leads, path, principal=principal)
        else:
            report = import_csv(kind, path, engine=self.engine, principal=principal)
            if kind in ("products", "shares") and report.ok:
                self.learn_names()
        if not report.ok:
            rows = "; ".join(f"line {r.line}, {r.column}: {r.problem} {r.remedy}" for r in report.bad[:5])
            raise ServeError(f"{path} was not imported, {report.bad_count} rows are wrong: {rows}")
        return {"kind": kind, "path": str(path), "added": report.added, "replaced": report.replaced}

    def _import_calls(self, path: Path) -> dict[str, Any]:
        """Put the recordings that a call metadata file names before the worker.

        A call known by its id takes what is told anew while it waits. Raises JobStateError for one that was read.
        """
        from intent.recordings import load_call_metadata

        recordings = load_call_metadata(path)
        taken = Counter(self.call_queue.take(recording.call_id, _row(recording)).how for recording in recordings)
        return {"kind": "calls", "path": str(path), "added": taken["added"], "replaced": taken["amended"]}

    def _import_records(self, kind: str, path: Path, principal: Principal) -> dict[str, Any]:
        """What telephone systems tell of calls, or whose numbers are whose. Raises CallFileError for a bad row."""
        from intent.call_records.record import load_call_records, load_lines

        if kind == "phones":
            added, replaced = self.call_records.write_lines(load_lines(path), principal=principal)
            return {"kind": kind, "path": str(path), "added": added, "replaced": replaced}
        told = self.call_records.tell(load_call_records(path), principal=principal)
        how = Counter(each.how for each in told)
        return {
            "kind": kind, "path": str(path), "added": how["new"], "replaced": how["changed"], "late": how["late"],
            "asked": sum(bool(each.reason) for each in told),
        }  # fmt: skip


def _row(recording: RecordingFile) -> dict[str, Any]:
    """What the queue is told of a recording; numbers stay out of it."""
    from dataclasses import asdict

    told = {name: value for name, value in asdict(recording).items() if name not in ("numbers", "direction")}
    return {**told, "path": str(recording.path.resolve())}


def _state(check: Callable[[], object]) -> str:
    try:
        check()
    except Exception as error:  # readiness reports whatever is wrong
        return " ".join(str(error).split()) or type(error).__name__
    return "ok"


def as_day(text: str | None) -> date | None:
    """A day given as YYYY-MM-DD. Raises ServeError for anything else."""
    from serve.errors import ServeError

    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ServeError(f"{text} is no day: write it as YYYY-MM-DD.") from error
