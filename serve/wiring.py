"""The house: rooms put together, and what the command line, the API and the demo ask of several at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serve.once import once
from serve.ways.calls import CallWays

if TYPE_CHECKING:
    from compliance_filters.finding import Draft, ReviewContext, Source, Verdict
    from intent.call_records.store import CallRecords
    from intent.recordings import RecordingFile
    from knowledge_base.access import Principal
    from rag.langchain_retriever import PassageRetriever
    from serve.call_lane import CallLane
    from serve.document_queue import DocumentQueue
    from serve.recording_keeper import RecordingKeeper
    from serve.watch import Watcher

NAMES_CHARS, NAMES_OVERLAP = 2_000, 60  # a text is searched for product names in pieces of this length


class House(CallWays):
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
            "filters": self._filters_answer,
            "index": lambda: self.index.stats(),  # opens without the encoder's weights
        }
        return {name: _state(check) for name, check in checks.items()}

    def _filters_answer(self) -> None:
        """Raises ServeError where a filter of the gate hangs, so that every text waits for an officer."""
        from serve.errors import ServeError

        if hanging := sorted(name for name in self.filter_watch.stuck if self.filter_watch.hangs(name)):
            raise ServeError(
                f"The filter {', '.join(hanging)} hangs and no text is cleared: restart the service, and keep its log."
            )

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
        codes = dict.fromkeys((*product_codes, *self._codes_named(draft.text, principal)))
        return self.context(client_id, tuple(codes), channel, principal)

    def _codes_named(self, text: str, principal: Principal) -> Iterator[str]:
        """Codes of the products named anywhere in a text; what is too long to be judged is not searched to its end."""
        most = min(len(text), self.settings.compliance.max_chars)
        for at in range(0, most, NAMES_CHARS - NAMES_OVERLAP):
            piece = text[at : at + NAMES_CHARS]
            for product in self.products.resolve(piece, principal=principal, today=self.today()).products:
                yield from product.codes

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

    def langchain_retriever(self, principal: Principal, *, k: int = 5) -> PassageRetriever:
        """A LangChain `BaseRetriever` over what `principal` may read, without what instructs a model."""
        from rag.langchain_retriever import PassageRetriever
        from serve.knowledge_tools import KnowledgeTools

        tools = KnowledgeTools(house=self, principal=principal)
        return PassageRetriever(lambda query: tools.passages(query, k))

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
