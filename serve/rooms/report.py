"""The report way, and the loop from a cleared report to its reader and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from serve.errors import SettingsError
from serve.once import once
from serve.rooms.leads import LeadRooms

if TYPE_CHECKING:
    from copilot.diagnosis.data.provider import NavFolder
    from copilot.diagnosis.rewriting import ProseRewriter
    from copilot.loop.codes import CodeDesk
    from copilot.loop.effect import EffectStudy
    from copilot.loop.keys import LinkKeys
    from copilot.loop.links import LinkDesk
    from copilot.loop.reactions import Reactions
    from copilot.loop.reading import ReadingRoom
    from copilot.loop.senders import CodeSender
    from copilot.loop.tasks import TaskDesk
    from copilot.loop.versions import ReportVersions
    from copilot.reports import ReportDesk

UNNAMED = "指数"  # what readers meet where nobody named the benchmark and its file is called benchmark.csv


class ReportRooms(LeadRooms):
    """Funds and clients to diagnoses."""

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
            rewriter=self.report_rewriter,
        )

    @once
    def report_rewriter(self) -> ProseRewriter | None:
        """Only where the settings wish for it and name a model that may write to clients: reports are for them."""
        from copilot.diagnosis.rewriting import ProseRewriter
        from prompts.settings import ChatTask

        model = self.chat(ChatTask.REPORT, for_clients=True) if self.settings.copilot.rewrite_reports else None
        return ProseRewriter(model, self.prompts, self.gate.judge) if model else None

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
        called = name or chosen.benchmark_name or (UNNAMED if file.stem == "benchmark" else file.stem)
        return NavFolder(place, file, benchmark_name=called)

    @once
    def report_versions(self) -> ReportVersions:
        from copilot.loop.versions import ReportVersions
        from serve.ports import OfficerDecisions
        from serve.users import OPERATOR

        return ReportVersions(
            self.audit,
            lambda: self.reports,
            OfficerDecisions(self.gate, self.review_queue),
            as_user=lambda name: self.users.principal(None if name == OPERATOR.user_id else name),
        )

    @once
    def link_keys(self) -> LinkKeys:
        from copilot.loop.keys import LinkKeys
        from serve.secrets import link_key

        return LinkKeys(link_key(self.settings))

    @once
    def links(self) -> LinkDesk:
        from copilot.loop.links import LinkDesk

        server, rules = self.settings.server, self.settings.copilot.delivery
        base = rules.public_url or f"http://127.0.0.1:{server.port}"
        return LinkDesk(self.audit, lambda: self.link_keys, rules, base_url=base)

    @once
    def codes(self) -> CodeDesk:
        from copilot.loop.codes import CodeDesk

        return CodeDesk(self.audit, self.link_keys, self.settings.copilot.delivery)

    @once
    def reading_room(self) -> ReadingRoom:
        from copilot.loop.reading import ReadingRoom

        return ReadingRoom(self.audit)

    @once
    def reactions(self) -> Reactions:
        from copilot.loop.reactions import Reactions

        return Reactions(self.audit)

    @once
    def report_tasks(self) -> TaskDesk:
        from copilot.loop.tasks import TaskDesk

        return TaskDesk(self.audit)

    @once
    def code_sender(self) -> CodeSender | None:
        """Who brings addresses and codes to clients; None where the settings name nobody."""
        from copilot.loop.senders import FileCodeSender, WebhookCodeSender
        from intent.leads.webhooks import WebhookSender

        rules = self.settings.copilot.delivery
        if rules.sender == "file":
            return FileCodeSender(rules.folder or self.settings.home / "messages")
        if rules.sender == "webhook" and rules.secret is not None:
            return WebhookCodeSender(
                WebhookSender(
                    url=rules.url,
                    secret=rules.secret.get_secret_value(),
                    allow_private=rules.allow_private,
                    timeout_s=rules.timeout_s,
                    source="/tougu/reports",
                )
            )
        return None

    @once
    def effect_study(self) -> EffectStudy:
        from copilot.loop.effect import EffectStudy
        from copilot.loop.past import PastAccounts
        from serve.users import OPERATOR

        past = PastAccounts(self.clients, self.products, self.review_facts, self.nav_folder())
        return EffectStudy(self.engine, self.clients, lambda name, day: past.on(name, day, principal=OPERATOR))
