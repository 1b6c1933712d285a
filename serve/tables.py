"""Tables of the composition root: the people and the programs that use it, and their logins."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Column, Date, Integer, LargeBinary, MetaData, String, Table, Text

from jobs.clock import UtcDateTime

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("roles", JSON, nullable=False),
    Column("branches", JSON, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# Secrets stand here hashed, or encrypted with the house's login key: who reads the tables gets in nowhere.

credentials = Table(
    "credentials",
    metadata,
    Column("user_id", String(64), primary_key=True),
    Column("password", String(255)),  # PHC string; empty until it is set
    Column("totp", LargeBinary),  # encrypted
    Column("totp_step", BigInteger),  # of the last code used
    Column("changed_at", UtcDateTime, nullable=False),
)

login_setups = Table(
    "login_setups",
    metadata,
    Column("token", String(64), primary_key=True),  # SHA-256 of the one-time link
    Column("user_id", String(64), nullable=False, index=True),
    Column("totp", LargeBinary, nullable=False),  # encrypted; becomes the user's where they prove to have it
    Column("expires_at", UtcDateTime, nullable=False),
)

login_sessions = Table(
    "login_sessions",
    metadata,
    Column("id", String(64), primary_key=True),  # SHA-256 of the cookie
    Column("user_id", String(64), nullable=False, index=True),
    Column("how", String(16), nullable=False),  # password | oidc | wecom
    Column("address", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

login_failures = Table(
    "login_failures",
    metadata,
    Column("name", String(80), primary_key=True),  # account or address, hashed: names that were mistyped say much
    Column("shown", String(80), nullable=False),  # the account where it exists, or the address
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False),
    Column("locked_until", UtcDateTime),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(16), primary_key=True),  # the part of the key that may be shown
    Column("secret", String(64), nullable=False),  # SHA-256
    Column("name", String(40), nullable=False),
    Column("role", String(32), nullable=False),
    Column("groups", JSON, nullable=False),
    Column("branches", JSON, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("created_by", String(64), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("used_at", UtcDateTime),
    Column("used_from", String(64), nullable=False),
)

export_requests = Table(
    "export_requests",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("what", String(40), nullable=False),
    Column("rows", Integer, nullable=False),
    Column("about", String(64)),  # a client
    Column("reason", Text, nullable=False),
    Column("asked_by", String(64), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("state", String(12), nullable=False),  # pending | approved | refused
    Column("decided_by", String(64)),
    Column("decided_at", UtcDateTime),
    Column("decision", Text, nullable=False),
    Column("fetch_until", UtcDateTime),
)

rows_shown = Table(
    "rows_shown",
    metadata,
    Column("user_id", String(64), primary_key=True),  # of a person, or key:NAME
    Column("day", Date, primary_key=True),  # of China
    Column("rows", Integer, nullable=False),
)
