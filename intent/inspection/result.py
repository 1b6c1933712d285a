"""What an inspection says of one call. Every point lost and every segment names its turn and its seconds."""

from __future__ import annotations

from dataclasses import dataclass

UNKNOWN = "unknown"  # the call type where neither metadata nor content tells it


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where something is heard; seconds from the recording's start, None where the transcript has no times."""

    turn: int  # `index` of the turn
    start_s: float | None
    end_s: float | None
    quote: str = ""


@dataclass(frozen=True, kw_only=True)
class TalkMeasures:
    """How the talk was shared. Seconds and rates are None where the transcript has no times; see `measures`."""

    advisor_s: float | None
    client_s: float | None
    advisor_share: float | None  # of all speech with a known speaker, 0..1
    monologue_s: float | None  # the longest of the advisor
    monologue_at: Place | None
    silence_s: float | None
    silence_share: float | None  # of the time from the first word to the last, 0..1
    longest_silence_s: float | None
    longest_silence_at: Place | None  # the turn after which it came
    advisor_interruptions: tuple[Place, ...]
    client_interruptions: tuple[Place, ...]
    advisor_chars_per_s: float | None
    client_chars_per_s: float | None
    estimated: bool  # roles are guesses: mono, told from the words, or unknown


@dataclass(frozen=True, kw_only=True)
class TurnEmotion:
    """What a turn of the client sounds like by its words: a filter for a reader, never a score of a person."""

    emotion: str  # anger | worry | hurry | satisfied
    cue: str
    place: Place


@dataclass(frozen=True, kw_only=True)
class ItemResult:
    """One item of the checklist in one call."""

    item: str
    zh: str
    state: str  # done | missing | late | unclear | refused | unheard | not_applicable
    why: str = ""
    said_at: Place | None = None
    answered_at: Place | None = None
    expected_by: Place | None = None  # of a missing or late item: the turn by which it had to be said
    critical: bool = False
    weight: float = 0.0  # points of the business layer


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Points lost in one layer, and where."""

    layer: int  # 1 abilities | 2 business rules
    of: str  # ability, rule or item
    points: float
    why: str
    place: Place
    critical: bool = False


@dataclass(frozen=True, kw_only=True)
class Ability:
    """One ability of layer 1; None where the transcript does not allow to judge it."""

    id: str
    zh: str
    points: float | None
    of_points: float


@dataclass(frozen=True, kw_only=True)
class Score:
    """Two layers of 0..100 and their weighted mean; None where there was no advisor to judge."""

    total: float | None
    ability: float | None  # layer 1
    business: float | None  # layer 2
    capped: bool = False  # by a critical loss
    abilities: tuple[Ability, ...] = ()
    losses: tuple[Loss, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Segment:
    """About ten seconds to listen to, and why; rank 1 is the worst of the call."""

    rank: int
    start_s: float
    end_s: float
    risk: float  # points, the sum of what lies in it
    turns: tuple[int, ...]
    why: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """One inspected call."""

    call_id: str
    duration_s: float
    call_type: str  # id of a checklist, or unknown
    call_type_from: str  # metadata | content | unknown
    measures: TalkMeasures
    emotions: tuple[TurnEmotion, ...]
    checklist: tuple[ItemResult, ...]
    score: Score
    segments: tuple[Segment, ...]
    passed: bool  # by machine: nobody has to listen
    why_not_passed: tuple[str, ...]
    left_out: tuple[str, ...]  # what could not be judged, one sentence each
    version: str  # of checklists and scoring
