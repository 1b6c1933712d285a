"""The list of the day: an advisor's own clients who are to be spoken to, with reasons, the most pressing first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, Engine

from copilot.day.reasons import Maturity, Reason, of_facts, open_leads, promises, total
from copilot.day.rules import DayRules, load_day_rules
from intent.board.desk import BoardDesk
from intent.classifier.taxonomy import Taxonomy
from intent.notes.desk import NoteDesk
from knowledge_base.access import Principal
from knowledge_base.batches import batches
from knowledge_base.catalog import Catalog
from knowledge_base.client_facts import BATCH, ClientFacts, load_facts, purchases
from knowledge_base.clients import Client, Clients
from knowledge_base.consents import Purpose, refused_by
from knowledge_base.document import DocumentVersion
from knowledge_base.products import Product, Products

MOST_OWN = 5000  # clients of one advisor that are looked at
MOST_LEADS = 500
MATURES = "maturity"  # event: a product of the client ends
AHEAD_DAYS = 31


@dataclass(frozen=True, kw_only=True)
class DayClient:
    """One client of the list."""

    client: Client
    reasons: tuple[Reason, ...]  # the strongest first
    points: int


@dataclass(frozen=True, kw_only=True)
class DayList:
    """The list, and how many more had a reason."""

    day: date
    advisor_id: str
    clients: tuple[DayClient, ...]
    more: int  # clients with a reason who did not fit
    kept_back: int  # clients with a reason who do not wish to be contacted


class DayDesk:
    """Makes the list from leads, promises, client facts and documents; keeps nothing."""

    def __init__(
        self, engine: Engine, *, board: BoardDesk, notes: NoteDesk, clients: Clients, products: Products,
        catalog: Catalog, taxonomy: Taxonomy, rules: DayRules | None = None,
    ) -> None:  # fmt: skip
        self._engine, self._board, self._notes, self._clients = engine, board, notes, clients
        self._products, self._catalog, self._taxonomy = products, catalog, taxonomy
        self.rules = rules or load_day_rules()

    def of(self, *, principal: Principal, today: date, advisor_id: str | None = None) -> DayList:
        """The list of one advisor, one's own by default. Clients whom the principal may not see are not on it."""
        whose = advisor_id or principal.user_id
        own = {
            client.id: client
            for client in self._clients.all(principal=principal, limit=MOST_OWN, advisor_id=whose)
            if client.account_state != "closed"
        }
        refused = self._refused(own)
        found = self._reasons(own, refused, whose, principal, today)
        may = {each: reasons for each, reasons in found.items() if Purpose.CONTACT not in refused[each]}
        ranked = sorted(
            (
                DayClient(client=own[each], points=total(reasons), reasons=tuple(sorted(reasons, key=_strongest)))
                for each, reasons in may.items()
            ),
            key=lambda one: (-one.points, one.client.id),
        )
        return DayList(
            day=today, advisor_id=whose, clients=tuple(ranked[: self.rules.clients]),
            more=max(len(ranked) - self.rules.clients, 0), kept_back=len(found) - len(may),
        )  # fmt: skip

    def _refused(self, own: Mapping[str, Client]) -> dict[str, frozenset[Purpose]]:
        refused: dict[str, frozenset[Purpose]] = {}
        with self._engine.connect() as connection:
            for part in batches(own.values(), BATCH):
                refused |= refused_by(connection, part)
        return refused

    def _reasons(
        self, own: Mapping[str, Client], refused: Mapping[str, frozenset[Purpose]], whose: str, principal: Principal,
        today: date,
    ) -> dict[str, list[Reason]]:  # fmt: skip
        tasks = self._notes.tasks(
            principal=principal, advisor_id=whose, due_before=datetime.now(UTC) + timedelta(days=1), limit=MOST_LEADS
        )
        leads = self._board.page("todo", principal=principal, advisor_id=whose, limit=MOST_LEADS).leads
        words = {intent.id: intent.zh for intent in self._taxonomy}
        told = [*promises(tasks, self.rules, today), *open_leads(leads, words, self.rules, today, datetime.now(UTC))]
        told += self._of_facts(list(own), principal, today)
        found: dict[str, list[Reason]] = defaultdict(list)
        for client_id, reason in told:
            if client_id in own and not self._unwanted(reason, refused[client_id]):
                found[client_id].append(reason)
        return found

    def _unwanted(self, reason: Reason, refused: frozenset[Purpose]) -> bool:
        return self.rules.reasons[reason.kind].marketing and bool(refused & {Purpose.MARKETING, Purpose.PERSONALISED})

    def _of_facts(self, ids: Sequence[str], principal: Principal, today: date) -> list[tuple[str, Reason]]:
        since = today - timedelta(days=self.rules.reasons["cash"].past_days)
        products = {product.code: product for product in self._products.all(principal=principal)}
        names = {code: product.name for code, product in products.items()}
        news = self._news(principal, today)
        found = []
        with self._engine.connect() as connection:
            for part in batches(ids, BATCH):
                facts = load_facts(connection, list(part), since=since, until=today + timedelta(days=AHEAD_DAYS))
                ends = _maturities(connection, facts, products)
                for client_id, known in facts.items():
                    reasons = of_facts(known, ends.get(client_id, ()), news, names, self.rules, today)
                    found += [(client_id, reason) for reason in reasons]
        return found

    def _news(self, principal: Principal, today: date) -> dict[str, list[DocumentVersion]]:
        rule = self.rules.reasons["announcement"]
        first = today - timedelta(days=rule.past_days)
        found: dict[str, list[DocumentVersion]] = defaultdict(list)
        for version in self._catalog.in_force(today, principal=principal):
            fresh = version.published_on is not None and first <= version.published_on <= today
            if fresh and version.document_type not in rule.leave_out:
                for code in version.product_codes:
                    found[code].append(version)
        return found


def _maturities(
    connection: Connection, facts: Mapping[str, ClientFacts], products: Mapping[str, Product]
) -> dict[str, list[Maturity]]:
    """Announced ends, and the days on which a lock ends that began with a purchase of what is still held."""
    found: dict[str, list[Maturity]] = defaultdict(list)
    for client_id, known in facts.items():
        found[client_id] += [
            Maturity(product_code=each.product_code, day=each.day, why="到期")
            for each in known.event_days
            if each.kind == MATURES and each.product_code
        ]
    locked = {code: product.lock_months for code, product in products.items() if product.lock_months}
    held = {(known.client.id, h.product_code) for known in facts.values() for h in known.holdings if h.units > 0}
    for client_id, code, day in purchases(connection, list(facts), list(locked)):
        if (client_id, code) in held:
            end = months_later(day, locked[code])
            found[client_id].append(Maturity(product_code=code, day=end, why="锁定期满"))
    return found


def months_later(day: date, months: int) -> date:
    """The same day so many months later; the last of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = (date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def _strongest(reason: Reason) -> tuple[int, str, str]:
    return -reason.points, reason.kind, reason.zh
