"""What every way stands on: database, weights, jobs, knowledge."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from serve.once import once
from serve.settings import Settings
from serve.users import Users

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from jobs.leases import JobStore
    from jobs.outbox import Outbox
    from knowledge_base.catalog import Catalog
    from knowledge_base.clients import Clients
    from knowledge_base.conflict_queue import ConflictQueue
    from knowledge_base.events import EventStore
    from knowledge_base.facts import FactStore
    from knowledge_base.keeping import DocumentKeeper
    from knowledge_base.products import Products
    from knowledge_base.shares import Securities, Shares
    from knowledge_base.wordings import Wordings
    from models.encoder import Encoder
    from models.registry import ModelStore
    from serve.opinions import OpinionRights

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Ground:
    """The parts that need no other room."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def today(self) -> date:
        """Today in China, where every rule and report counts its days."""
        return datetime.now(SHANGHAI).date()

    @property
    def cache_dir(self) -> Path:
        return self.settings.models.cache_dir or self.settings.home / "cache"

    # bottom floor

    @once
    def engine(self) -> Engine:
        from serve.database import migrate, open_engine

        made = open_engine(self.settings.url)
        migrate(made)
        return made

    @once
    def users(self) -> Users:
        return Users(self.engine)

    @once
    def model_store(self) -> ModelStore:
        from models.settings import open_store

        return open_store(self.settings.models, self.cache_dir)

    @once
    def encoder(self) -> Encoder:
        from models.encoders.choice import load_encoder

        chosen = self.settings.models
        return load_encoder(
            self.model_store,
            chosen.encoder_kind,
            dtype=chosen.encoder_dtype,
            batch=chosen.encoder_batch,
            threads=chosen.threads,
        )

    @once
    def jobs(self) -> JobStore:
        from jobs.leases import JobStore

        rules = self.settings.jobs
        return JobStore(self.engine, max_attempts=rules.max_attempts, backoff=rules.backoff)

    @once
    def outbox(self) -> Outbox:
        from jobs.outbox import Outbox

        return Outbox(self.engine)

    # knowledge

    @once
    def catalog(self) -> Catalog:
        from knowledge_base.catalog import Catalog

        return Catalog(self.engine)

    @once
    def products(self) -> Products:
        from knowledge_base.products import Products

        return Products(self.engine)

    @once
    def shares(self) -> Shares:
        from knowledge_base.shares import Shares

        return Shares(self.engine)

    @once
    def securities(self) -> Securities:
        from knowledge_base.shares import Securities

        return Securities(self.products, self.shares)

    @once
    def opinion_rights(self) -> OpinionRights:
        from serve.opinions import OpinionRights

        return OpinionRights(self.clients, self.products, self.shares, self.today)

    @once
    def clients(self) -> Clients:
        from knowledge_base.clients import Clients

        return Clients(self.engine)

    @once
    def client_events(self) -> EventStore:
        from knowledge_base.events import EventStore

        return EventStore(self.engine)

    @once
    def facts(self) -> FactStore:
        from knowledge_base.facts import FactStore

        return FactStore(self.engine)

    @once
    def document_keeper(self) -> DocumentKeeper:
        from knowledge_base.keeping import DocumentKeeper

        return DocumentKeeper(self.catalog)

    @once
    def conflict_queue(self) -> ConflictQueue:
        from knowledge_base.conflict_queue import ConflictQueue

        return ConflictQueue(self.engine)

    @once
    def wordings(self) -> Wordings:
        from knowledge_base.wordings import Wordings

        return Wordings(self.engine)
