"""Talk measures: how two people shared the time of a call."""

from __future__ import annotations

from collections.abc import Sequence

from intent.call import Speaker, Transcript, Turn
from intent.inspection.result import Place, TalkMeasures
from intent.inspection.wording import Wording, spoken

OVERLAP_S = 0.2  # talking at once for less than this is the rhythm of speech
SURE_ROLES = ("metadata", "settings")


def measures(transcript: Transcript, wording: Wording) -> TalkMeasures:
    """Talk measures of a transcript. Conventions:

    - Speech is the sum of a speaker's turns in seconds; where both talk at once it counts for both.
    - A monologue is the speech of one speaker until the other takes a turn with more than backchannels
      (嗯, 好的); pauses within it do not count.
    - Silence is the time from the start of the first turn to the end of the last in which nobody speaks: ringing
      and hanging up are none.
    - An interruption is a turn with more than backchannels that begins while the other has more than 0.2 s of a
      turn still to speak, that turn being itself more than backchannels.
    - The rate is spoken characters (letters, digits, Han) without punctuation by second of speech.
    """
    turns = sorted((turn for turn in transcript.turns if turn.text.strip()), key=lambda turn: turn.start_s)
    timed = has_times(turns)
    advisor, client = (_speech(turns, who) if timed else None for who in (Speaker.ADVISOR, Speaker.CLIENT))
    known = (advisor or 0.0) + (client or 0.0)
    monologue_s, monologue_at = _monologue(turns, wording) if timed else (None, None)
    silence_s, span_s, longest_s, longest_at = _silence(turns) if timed else (None, 0.0, None, None)
    return TalkMeasures(
        advisor_s=advisor,
        client_s=client,
        advisor_share=round(advisor / known, 3) if advisor is not None and known else None,
        monologue_s=monologue_s,
        monologue_at=monologue_at,
        silence_s=silence_s,
        silence_share=round(silence_s / span_s, 3) if silence_s is not None and span_s else None,
        longest_silence_s=longest_s,
        longest_silence_at=longest_at,
        advisor_interruptions=_interruptions(turns, Speaker.ADVISOR, wording) if timed else (),
        client_interruptions=_interruptions(turns, Speaker.CLIENT, wording) if timed else (),
        advisor_chars_per_s=_rate(turns, Speaker.ADVISOR, advisor),
        client_chars_per_s=_rate(turns, Speaker.CLIENT, client),
        estimated=transcript.roles_from not in SURE_ROLES,
    )


def has_times(turns: Sequence[Turn]) -> bool:
    """Whether any turn lasts; a text without seconds has turns of no length."""
    return any(turn.end_s > turn.start_s for turn in turns)


def place_of(turn: Turn, quote: str = "", *, timed: bool = True) -> Place:
    """A turn as a place."""
    return Place(
        turn=turn.index,
        start_s=turn.start_s if timed else None,
        end_s=turn.end_s if timed else None,
        quote=quote or turn.text,
    )


def _length(turn: Turn) -> float:
    return max(0.0, turn.end_s - turn.start_s)


def _speech(turns: Sequence[Turn], speaker: Speaker) -> float:
    return round(sum(_length(turn) for turn in turns if turn.speaker is speaker), 2)


def _monologue(turns: Sequence[Turn], wording: Wording) -> tuple[float | None, Place | None]:
    """The advisor's longest: seconds of speech, and its place from its first turn's start to its last one's end."""
    runs: list[list[Turn]] = [[]]
    for turn in turns:
        if turn.speaker is Speaker.ADVISOR:
            runs[-1].append(turn)
        elif runs[-1] and not wording.is_backchannel(turn.text):
            runs.append([])
    longest = max(runs, key=lambda run: sum(map(_length, run)))
    if not longest:
        return None, None
    first, last = longest[0], longest[-1]
    place = Place(turn=first.index, start_s=first.start_s, end_s=last.end_s, quote=first.text)
    return round(sum(map(_length, longest)), 2), place


def _silence(turns: Sequence[Turn]) -> tuple[float, float, float, Place | None]:
    """Silence in all, the span it is a part of, the longest gap, and the turn after which that came."""
    total, longest, where = 0.0, 0.0, None
    last = turns[0]
    for turn in turns[1:]:
        gap = turn.start_s - last.end_s
        if gap > 0:
            total += gap
        if gap > longest:
            longest = gap
            where = Place(turn=last.index, start_s=last.end_s, end_s=turn.start_s, quote=last.text)
        last = max(last, turn, key=lambda each: each.end_s)
    return round(total, 2), last.end_s - turns[0].start_s, round(longest, 2), where


def _interruptions(turns: Sequence[Turn], speaker: Speaker, wording: Wording) -> tuple[Place, ...]:
    other = Speaker.CLIENT if speaker is Speaker.ADVISOR else Speaker.ADVISOR
    floor: Turn | None = None  # the other's turn that ends last so far
    found: list[Place] = []
    for turn in turns:
        if turn.speaker is other and not wording.is_backchannel(turn.text):
            floor = turn if floor is None else max(floor, turn, key=lambda each: each.end_s)
        cuts_in = turn.speaker is speaker and floor is not None and turn.start_s < floor.end_s - OVERLAP_S
        if cuts_in and not wording.is_backchannel(turn.text):
            found.append(place_of(turn))
    return tuple(found)


def _rate(turns: Sequence[Turn], speaker: Speaker, seconds: float | None) -> float | None:
    if not seconds:
        return None
    return round(sum(len(spoken(turn.text)) for turn in turns if turn.speaker is speaker) / seconds, 2)
