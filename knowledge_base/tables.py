"""Tables of what the firm knows: documents, facts, products, clients and advisors."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from jobs.clock import UtcDateTime

metadata = MetaData()


class ExactDecimal(TypeDecorator[Decimal]):
    """A Decimal that comes back exactly: NUMERIC on PostgreSQL, text on SQLite (which has only floats)."""

    impl = Numeric
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = String(60) if dialect.name == "sqlite" else Numeric(38, 12)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        return str(value) if value is not None and dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        exact = Decimal(str(value))
        return exact if dialect.name == "sqlite" else exact.normalize() + Decimal(0)


def _of_version(*, primary_key: bool = True) -> Column[str]:
    return Column(
        "version_id",
        String(40),
        ForeignKey("kb_versions.id", ondelete="CASCADE"),
        primary_key=primary_key,
        nullable=False,
    )


versions = Table(
    "kb_versions",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("document_id", String(40), nullable=False, index=True),
    Column("path", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("document_type", String(40), nullable=False),
    Column("period", String(20)),
    Column("product_codes", JSON, nullable=False),
    Column("publisher", Text),
    Column("published_on", Date),
    Column("effective_from", Date),
    Column("effective_to", Date),
    Column("status", String(20), nullable=False),
    Column("labels", JSON, nullable=False),
    Column("content_sha256", String(64), nullable=False, index=True),
    Column("topic", Text),
    Column("supersedes", JSON, nullable=False),  # titles, paths or ids named by the front matter
    Column("warnings", JSON, nullable=False),
    Column("indexed", Boolean, nullable=False),  # False until the index has committed it: not visible
    Column("risk_level", String(4)),  # of what the document is about, where it says so: R1..R5
    Column("retain_until", Date),  # last day on which its text is kept once it is out of force; none = for good
    Column("erased_at", UtcDateTime),  # when text, blocks and facts were removed; the row stays as their trace
    Column("added_at", UtcDateTime, nullable=False),
    Column("facts_read", Integer, nullable=False, server_default="0"),  # extract.EXTRACTOR that read its facts
)

version_labels = Table("kb_version_labels", metadata, _of_version(), Column("label", String(80), primary_key=True))

version_products = Table(
    "kb_version_products",
    metadata,
    _of_version(),
    Column("product_code", String(20), primary_key=True, index=True),
)

contents = Table(
    "kb_contents",
    metadata,
    _of_version(),
    Column("text", Text, nullable=False),  # canonical text: citations point into it
    Column("blocks", LargeBinary, nullable=False),  # zlib-compressed JSON of the blocks
)

files = Table(
    "kb_files",
    metadata,
    Column("folder", String(500), primary_key=True),  # absolute path of the synced folder
    Column("path", String(500), primary_key=True),  # relative to it
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("version_id", String(40), ForeignKey("kb_versions.id", ondelete="SET NULL")),
    Column("reason", Text),  # why it failed; version_id is then empty
)

facts = Table(
    "kb_facts",
    metadata,
    Column("id", String(40), primary_key=True),
    _of_version(primary_key=False),
    Column("entity", Text, nullable=False),
    Column("product_code", String(20), index=True),
    Column("share_class", String(10)),
    Column("attribute", String(60), nullable=False),
    Column("period", String(40)),
    Column("window", String(20)),
    Column("as_of", Date),
    Column("value", ExactDecimal),
    Column("value_text", Text),
    Column("unit", String(20)),
    Column("start_offset", Integer, nullable=False),
    Column("end_offset", Integer, nullable=False),
    Column("quote", Text, nullable=False),
    Index("ix_kb_facts_question", "product_code", "attribute", "period"),
    Index("ix_kb_facts_version", "version_id"),
)

products = Table(
    "kb_products",
    metadata,
    Column("code", String(20), primary_key=True),
    Column("name", Text, nullable=False),
    Column("full_name", Text),
    Column("main_code", String(20)),
    Column("share_class", String(10)),
    Column("company", Text),
    Column("manager", Text),
    Column("kind", Text),
    Column("benchmark", Text),
    Column("risk_level", String(4)),
    Column("risk_source", Text),
    Column("risk_as_of", Date),
    Column("inception", Date),  # the day its contract took effect
    Column("on_sale_from", Date),
    Column("on_sale_to", Date),
    Column("minimum_cny", ExactDecimal),
    Column("manager_since", Date),
    Column("size_cny", ExactDecimal),  # net assets of the whole fund
    Column("size_as_of", Date),
    Column("subscription_fee", JSON),  # tiers [below, per cent] by yuan, rising; below null = without bound
    Column("redemption_fee", JSON),  # tiers [below, per cent] by days held
    Column("lock_months", Integer),  # least holding period
    Column("source", String(40), nullable=False),  # "import", or the version that named it
)

product_names = Table(
    "kb_product_names",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("product_code", String(20), primary_key=True),
    Column("source", String(40), primary_key=True),  # "import", or the version that named it
    Column("kind", String(20), nullable=False),  # full | short | alias
)

restricted = Table(
    "kb_restricted",
    metadata,
    Column("code", String(20), primary_key=True),
    Column("name", Text),  # of what is no product here
    Column("reason", Text, nullable=False),
    Column("since", Date, nullable=False),
    Column("until", Date),
)

shares = Table(
    "kb_shares",
    metadata,
    Column("code", String(8), primary_key=True),  # 690118; funds and shares of other exchanges may have the same
    Column("exchange", String(2), primary_key=True),  # SH | SZ | BJ | HK
    Column("name", String(80), nullable=False),
    Column("full_name", Text),
    Column("aliases", JSON, nullable=False),
    Column("industry", Text),
)

agreements = Table(  # on investment advice: who may be given an opinion on a share
    "kb_agreements",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("client_id", String(60), ForeignKey("kb_clients.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("since", Date, nullable=False),
    Column("until", Date),  # last day; none = until it is ended
)

advisors = Table(
    "kb_advisors",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("name", Text, nullable=False),
    Column("branch", String(60), nullable=False),
    Column("licence_number", String(40)),
    Column("registered_adviser", Boolean, nullable=False),
    Column("lines", JSON),  # product lines served; none or empty = all
    Column("capacity", Integer),  # open leads at a time; none = as the settings say
)

clients = Table(
    "kb_clients",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("name", Text, nullable=False),
    Column("advisor_id", String(60), index=True),
    Column("branch", String(60), index=True),
    Column("risk_level", String(4)),
    Column("risk_level_expires", Date),
    Column("consents", JSON, nullable=False),  # purposes agreed to
    Column("opt_outs", JSON, nullable=False),  # channels or purposes refused
    Column("account_state", String(20), nullable=False),
    Column("assets_cny", ExactDecimal),
    Column("risk_level_as_of", Date),  # day of the questionnaire
    Column("questionnaire_id", String(80)),
    Column("goal", String(20)),  # liquidity | preservation | income | growth
    Column("horizon_months", Integer),
    Column("liquidity_cny", ExactDecimal),  # money needed within a year
    Column("kind", String(16)),  # individual | institution | product; none = individual
    Column("born_on", Date),
    Column("revenue_cny", ExactDecimal),  # earned with the client in the last twelve months
)

holdings = Table(
    "kb_holdings",
    metadata,
    Column("client_id", String(60), ForeignKey("kb_clients.id", ondelete="CASCADE"), primary_key=True),
    Column("product_code", String(20), primary_key=True),
    Column("units", ExactDecimal, nullable=False),
    Column("cost_cny", ExactDecimal, nullable=False),
    Column("as_of", Date, nullable=False),
)

transactions = Table(
    "kb_transactions",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("client_id", String(60), ForeignKey("kb_clients.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("product_code", String(20), nullable=False),
    Column("kind", String(20), nullable=False),  # buy | sell | dividend | reinvest | split | transfer_in | transfer_out
    Column("day", Date, nullable=False),  # of the NAV it was done at
    Column("units", ExactDecimal, nullable=False),
    Column("amount_cny", ExactDecimal, nullable=False),
    Column("fee_cny", ExactDecimal),
)

events = Table(
    "kb_events",
    metadata,
    Column("id", String(60), primary_key=True),
    Column("client_id", String(60), ForeignKey("kb_clients.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(60), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("product_code", String(20)),
    Column("amount_cny", ExactDecimal),
    Column("detail", Text),
)

event_days = Table(  # what rolling windows are summed from: a client's month is some thirty short rows
    "kb_event_days",
    metadata,
    Column("client_id", String(60), ForeignKey("kb_clients.id", ondelete="CASCADE"), primary_key=True),
    Column("day", Date, primary_key=True),  # of China
    Column("kind", String(60), primary_key=True),
    Column("product_code", String(20), primary_key=True),  # empty where the event names none
    Column("times", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),  # a hundredth of a yuan: sums stay exact on every database
)

client_changes = Table(  # clients of whom something changed that nobody has looked at since
    "kb_client_changes",
    metadata,
    Column("client_id", String(60), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

client_insistence = Table(
    "kb_client_insistence",
    metadata,
    Column("client_id", String(60), ForeignKey("kb_clients.id", ondelete="CASCADE"), primary_key=True),
    Column("document_id", String(120), primary_key=True),
    Column("product_code", String(20), primary_key=True),
    Column("sha256", String(64), nullable=False),  # of the signed document
    Column("signed_at", UtcDateTime, nullable=False),
    Column("recording_id", Text, nullable=False),
    Column("client_level", String(4), nullable=False),  # as it stood at the signature
    Column("risk_level", String(4), nullable=False),  # as it stood at the signature
)

consents = Table(  # append-only: what holds is the last version of a purpose
    "kb_consents",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("client_id", String(60), nullable=False),  # without reference: a withdrawal counts before its import
    Column("purpose", String(20), nullable=False),
    Column("version", Integer, nullable=False),  # of the client and purpose, from 1
    Column("state", String(10), nullable=False),  # granted | withdrawn | unasked
    Column("source", String(10), nullable=False),  # call | staff
    Column("call_id", String(120)),
    Column("start_s", Float),  # the second of the call at which it was said
    Column("quote", Text, nullable=False),
    Column("by", String(64), nullable=False),
    Column("why", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    UniqueConstraint("client_id", "purpose", "version", name="uq_kb_consents_version"),
)

import_runs = Table(
    "kb_import_runs",
    metadata,
    Column("kind", String(20), primary_key=True),
    Column("runs", Integer, nullable=False),  # grows with every import that wrote something
)
