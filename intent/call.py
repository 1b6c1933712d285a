"""Types of the call way: a recording, its turns, and what was read in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intent.inspection.result import Inspection
    from intent.notes.note import CallNote


class Speaker(StrEnum):
    ADVISOR = "advisor"
    CLIENT = "client"
    UNKNOWN = "unknown"


class Polarity(StrEnum):
    INTEREST = "interest"
    DECLINE = "decline"
    EXISTING = "existing"


@dataclass(frozen=True, kw_only=True)
class Repair:
    """A name or term that the engine had written as other words of its sound."""

    start: int  # offsets into the turn's text, where the right word now stands
    end: int
    heard: str  # what the engine wrote
    score: float  # how sure, 0..1


@dataclass(frozen=True, kw_only=True)
class SpokenNumber:
    """A number in a turn, beside the words it was said with."""

    start: int  # offsets into the turn's text
    end: int
    value: str  # decimal, in base units: 二十万 is 200000
    unit: str  # 元, %, 份 ...; empty where none was said
    kind: str  # amount | percent | percentage_points | basis_points | ratio | code | date | ordinal | count
    approximate: bool = False  # 十几万, 两三个


@dataclass(frozen=True, kw_only=True)
class Turn:
    """What one speaker said without a break; times are seconds from the recording's start."""

    index: int
    speaker: Speaker
    text: str
    start_s: float
    end_s: float
    confidence: float | None = None  # of the transcription, 0..1; None where text came in as text
    repairs: tuple[Repair, ...] = ()  # in order of place
    numbers: tuple[SpokenNumber, ...] = ()  # in order of place

    @property
    def heard(self) -> str:
        """The text as the engine wrote it, repairs undone."""
        text = self.text
        for repair in reversed(self.repairs):
            text = text[: repair.start] + repair.heard + text[repair.end :]
        return text


@dataclass(frozen=True, kw_only=True)
class Transcript:
    """The turns of one recording in order of time, and what a reader must know of its quality."""

    turns: tuple[Turn, ...]
    duration_s: float
    language: str = "zh"
    engine: str = ""  # name and size of what transcribed it
    warnings: tuple[str, ...] = ()  # e.g. truncated file, roles guessed from words, no speech
    roles_from: str = "unknown"  # metadata | settings | words | unknown
    originals: str = (
        ""  # where what is masked here is kept, encrypted: `tougu calls original`; empty: nothing is masked
    )
    unreadable: str = ""  # why a person must listen instead of reading it, in Chinese; empty where it can be read
    salvaged: bool = False  # the recording is damaged, truncated, or its header lies: this is what could be decoded

    @property
    def marks(self) -> tuple[str, ...]:
        """What programs sort transcripts by: no_speech, salvaged, listen (too poor to be read)."""
        told = {"no_speech": not self.turns, "salvaged": self.salvaged, "listen": bool(self.unreadable)}
        return tuple(name for name, holds in told.items() if holds)


@dataclass(frozen=True, kw_only=True)
class Call:
    """One call: its recording or text, and who took part, as far as known."""

    id: str
    transcript: Transcript
    started_at: datetime | None = None
    client_id: str | None = None
    advisor_id: str | None = None
    recording_path: str | None = None
    call_type: str | None = None  # id of a checklist, where metadata names it


@dataclass(frozen=True, kw_only=True)
class TurnIntent:
    """An intent read in one client turn."""

    intent: str  # id of the taxonomy
    polarity: Polarity
    confidence: float  # calibrated probability, 0..1
    by: str  # model version or "rules"


@dataclass(frozen=True, kw_only=True)
class LineReading:
    """What one client turn says: what is sure enough to act on, and leads in doubt, the likeliest first."""

    intents: tuple[TurnIntent, ...] = ()
    unsure: tuple[TurnIntent, ...] = ()

    @property
    def abstained(self) -> bool:
        """Nothing is said, and something was in doubt."""
        return bool(self.unsure) and not self.intents


@dataclass(frozen=True, kw_only=True)
class Bar:
    """What the confidences of a whole call must come to; a single line has thresholds of its own."""

    lead: float = 0.0  # of all its turns together
    case: float = 0.0  # of its surest turn: a call has many turns that could be mistaken for one
    refusal: float = 0.0  # of a turn that withdraws what was wanted before it


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """The words that prove a reading, with the seconds where they are heard."""

    turn: int
    quote: str
    start_s: float
    end_s: float


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Something a call asks for: becomes a lead, case, ticket or consent by the taxonomy's goes_to."""

    intent: str
    goes_to: str  # lead | case | ticket | consent
    polarity: Polarity
    evidence: tuple[Evidence, ...]
    confidence: float
    product: str | None = None  # as spoken; the six digits of a code where no name was said
    amount_cny: Decimal | None = None
    amount_about: bool = False  # said as about so much: 二十来万
    day: date | None = None  # the day to come that the client named with it, on a clock of China
    urgency: str = "normal"  # low | normal | high
    held_because: str | None = None  # e.g. won by a promise of the advisor
    doubts: tuple[str, ...] = ()  # what a second look said against it; each has lowered the confidence


@dataclass(frozen=True, kw_only=True)
class SpeechFinding:
    """A rule the advisor broke in speech; judged by the checker that serve injects."""

    turn: int
    rule: str
    quote: str
    disposition: str  # register | call_back | train
    severity: str = "medium"  # low | medium | high
    start_s: float = 0.0  # where the turn is heard
    confidential: bool = False  # for compliance alone; the advisor gets no hint
    suspected: bool = False  # by a model that is not sure: worth an ear, no accusation


@dataclass(frozen=True, kw_only=True)
class CallReading:
    """Everything read in one call."""

    call_id: str
    wishes: tuple[Wish, ...]
    findings: tuple[SpeechFinding, ...] = ()
    note: CallNote | None = None
    model_version: str = ""
    inspection: Inspection | None = None  # without what is for compliance alone
    unsure: tuple[Wish, ...] = ()  # leads in doubt that were not raised
    left_out: tuple[str, ...] = ()  # what was not read, in Chinese, a sentence each

    def of(self, goes_to: str) -> tuple[Wish, ...]:
        """The wishes that go to `lead`, `case`, `ticket` or `consent`."""
        return tuple(w for w in self.wishes if w.goes_to == goes_to)
