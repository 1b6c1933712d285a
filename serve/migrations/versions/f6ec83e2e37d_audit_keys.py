"""audit log: payloads encrypted under a key of each client

Entries written before keep their hashes: their canonical form is the same, now built from the columns. Their
payloads were not encrypted and stay as they are, since the chain is bound to those bytes.
"""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision: str = "f6ec83e2e37d"
down_revision: str | None = "6ea7cf2bc401"
branch_labels: None = None
depends_on: None = None

SUITE = "ed25519-sha256-aesgcm"
PAGE = 1_000
AS_BYTES = {"sqlite": "CAST(p.body AS BLOB)", "postgresql": "convert_to(p.body, 'UTF8')"}


def upgrade() -> None:
    _make_keys()
    with op.batch_alter_table("audit_head", schema=None) as batch_op:
        batch_op.add_column(sa.Column("suite", sa.String(length=60), nullable=False, server_default=SUITE))
        batch_op.alter_column("hash", existing_type=sa.VARCHAR(length=64), type_=sa.String(length=128))
    with op.batch_alter_table("audit_head", schema=None) as batch_op:
        batch_op.alter_column("suite", existing_type=sa.String(length=60), server_default=None)
    _move_payloads()
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.add_column(sa.Column("data", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("payload", sa.String(length=128), nullable=True))
    _fill_columns(op.get_bind())
    with op.batch_alter_table("audit_log", schema=None) as batch_op:
        batch_op.alter_column("data", existing_type=sa.Text(), nullable=False)
        batch_op.drop_column("body")
        for name in ("subject", "prev", "hash"):
            batch_op.alter_column(name, existing_type=sa.VARCHAR(length=64), type_=sa.String(length=128))


def downgrade() -> None:
    raise RuntimeError("Texts encrypted under a client's key cannot go back: restore a backup made before the upgrade.")


def _make_keys() -> None:
    op.create_table(
        "audit_key",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("owner", sa.String(length=128), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed_by", sa.String(length=120), nullable=True),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retain_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_by", sa.String(length=120), nullable=True),
        sa.Column("hold_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("destroy_by", sa.String(length=120), nullable=True),
        sa.Column("destroy_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("destroyed_by", sa.String(length=120), nullable=True),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    living = sa.text("state != 'destroyed'")
    op.create_index(
        "ix_audit_key_living", "audit_key", ["owner"], unique=True, sqlite_where=living, postgresql_where=living
    )


def _move_payloads() -> None:
    op.rename_table("audit_payload", "audit_payload_plain")
    op.create_table(
        "audit_payload",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_id", sa.String(length=40), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["key_id"], ["audit_key.id"]),
        sa.ForeignKeyConstraint(["seq"], ["audit_log.seq"]),
        sa.PrimaryKeyConstraint("seq"),
    )
    body = AS_BYTES[op.get_bind().dialect.name]
    op.execute(
        f"INSERT INTO audit_payload (seq, key_id, body) SELECT l.seq, NULL, {body} "
        "FROM audit_payload_plain p JOIN audit_log l ON l.id = p.audit_id"
    )
    op.drop_table("audit_payload_plain")


def _fill_columns(connection: sa.Connection) -> None:
    """What only the body said: the data and the payload's hash."""
    page = sa.text("SELECT seq, body FROM audit_log WHERE seq > :after ORDER BY seq LIMIT :page")
    fill = sa.text("UPDATE audit_log SET data = :data, payload = :payload WHERE seq = :seq")
    after = 0
    while rows := connection.execute(page, {"after": after, "page": PAGE}).all():
        bodies = [(row.seq, json.loads(row.body)) for row in rows]
        connection.execute(
            fill,
            [
                {"seq": seq, "data": json.dumps(body["data"], sort_keys=True, separators=(",", ":")),
                 "payload": body["payload"]}
                for seq, body in bodies
            ],
        )  # fmt: skip
        after = rows[-1].seq
