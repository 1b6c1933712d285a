"""The gate and what lies around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serve.once import once
from serve.rooms.ground import Ground

if TYPE_CHECKING:
    from compliance_filters.audit.erasure import Erasure
    from compliance_filters.audit.log import AuditLog
    from compliance_filters.audit.opening import Openings
    from compliance_filters.gate import Gate
    from compliance_filters.review.decisions import Decisions
    from compliance_filters.review.indicators import Indicators
    from compliance_filters.review.mistakes import MistakeBook
    from compliance_filters.review.queue import ReviewQueue
    from compliance_filters.rulebook import DatedRulebooks
    from compliance_filters.rules.pack import RulePack
    from compliance_filters.rules.shelf import PackShelf
    from compliance_filters.semantic.filter import SemanticFilter
    from compliance_filters.watch import Watch
    from serve.ports import ReviewFacts


class ComplianceRooms(Ground):
    """Rules, audit log, gate, review."""

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
    def filter_watch(self) -> Watch:
        """Which filters hang."""
        from compliance_filters.watch import Watch

        return Watch()

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
            watch=self.filter_watch,
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
