"""Documents on their way: into catalogue and index, out of both, and before readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serve.errors import NotFoundError
from serve.rooms import Rooms

if TYPE_CHECKING:
    from knowledge_base.access import Principal
    from knowledge_base.document import DocumentVersion
    from knowledge_base.sync import ReconcileReport, SyncReport
    from rag.passage import Passage

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


class DocumentWays(Rooms):
    """What is done with documents."""

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

    def reconcile_index(self, *, principal: Principal) -> ReconcileReport:
        """Put back what the index lost, and take out what a kill left in it."""
        from knowledge_base.sync import reconcile

        report = reconcile(catalog=self.catalog, indexer=self.index, principal=principal)
        if report.removed:
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
