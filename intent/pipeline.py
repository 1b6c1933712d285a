"""The call way: recording -> channels -> speech -> turns with roles -> intents -> wishes -> reading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from intent.call import Bar, Call, CallReading, LineReading, Speaker, Turn, Wish
from intent.classifier.model import IntentClassifier
from intent.classifier.taxonomy import Taxonomy
from intent.classifier.utterance import CONTEXT_TURNS, MOST_BY_WORDS, chars_read, utterances_at
from intent.inspection.inspector import Inspector
from intent.inspection.speech import SpeechChecker, spoken_violations
from intent.notes.write import NoteMaker
from intent.speech.annotate import with_numbers
from intent.speech.audio import MAX_DURATION_S, open_sound
from intent.speech.decoder import RawFormat
from intent.speech.hearing import OnWindow
from intent.speech.listen import MIN_CONFIDENCE, OnVoices, listen
from intent.speech.repair import Repairer
from intent.speech.transcribe import Transcriber
from intent.verification import LeadCheck, verified
from intent.wishes import TurnReading, WishMaker, hold_won_by_promise


def transcribe_call(
    path: Path,
    *,
    transcriber: Transcriber,
    call_id: str | None = None,
    client_id: str | None = None,
    advisor_id: str | None = None,
    started_at: datetime | None = None,
    advisor_channel: int | None = None,
    roles_from: str = "metadata",
    turn_pause_s: float = 1.2,
    max_duration_s: float = MAX_DURATION_S,
    min_confidence: float = MIN_CONFIDENCE,
    raw: RawFormat | None = None,
    hotwords: Sequence[str] = (),
    repairer: Repairer | None = None,
    on_voices: OnVoices = lambda voices: None,
    on_window: OnWindow = lambda done_s: None,
) -> Call:
    """A recording as a call with turns; `advisor_channel` (0 left, 1 right) where `roles_from` names it.

    `raw`: the format of a file without header. `hotwords`: names that may be spoken in this call. `repairer` puts
    names and terms right; what was heard stays in the turns. `on_window` is told the seconds that are done.
    Raises AudioError or TranscriptionError.
    """
    transcript = listen(
        open_sound(path, max_duration_s=max_duration_s, raw=raw),
        transcriber,
        advisor_channel=advisor_channel,
        channel_known_from=roles_from,
        pause_s=turn_pause_s,
        min_confidence=min_confidence,
        on_voices=on_voices,
        hotwords=hotwords,
        on_window=on_window,
    )
    if repairer is not None:
        transcript = replace(transcript, turns=repairer.repair(transcript.turns))
    transcript = replace(transcript, turns=with_numbers(transcript.turns))
    return Call(
        id=call_id or path.stem,
        transcript=transcript,
        started_at=started_at,
        client_id=client_id,
        advisor_id=advisor_id,
        recording_path=str(path),
    )


class CallPipeline:
    """Reads calls. Client turns raise wishes, advisor turns are inspected, both meet in the note."""

    def __init__(
        self,
        *,
        classifier: IntentClassifier,
        wish_maker: WishMaker,
        checker: SpeechChecker,
        inspector: Inspector,
        taxonomy: Taxonomy,
        note_maker: NoteMaker | None = None,
        checks: Sequence[LeadCheck] = (),
        lead_threshold: float = 0.0,
        context_turns: int = CONTEXT_TURNS,
    ) -> None:
        """`checks` look at each lead again. `lead_threshold` comes on top of the classifier's own; 0 leaves it be."""
        self._classifier, self._wish_maker = classifier, wish_maker
        self._checker, self._inspector, self._taxonomy = checker, inspector, taxonomy
        self._note_maker = note_maker or NoteMaker(taxonomy)
        self._checks = checks
        self._lead_threshold, self._context_turns = lead_threshold, context_turns

    def read(self, call: Call) -> CallReading:
        """Everything asked for in one call, with evidence, the advisor's violations, and the note.

        A transcript too poor to read gives none of these but a note that asks somebody to listen.
        """
        if call.transcript.unreadable:
            return self._unread(call)
        turns = call.transcript.turns
        findings = spoken_violations(turns, self._checker)
        spoken = self._read_turns(turns)
        readings = self._of(spoken)
        wanted = self._wish_maker.wishes(readings, turns, bar=self._classifier.bar, started_at=call.started_at)
        sure = [w for w in wanted if w.goes_to != "lead" or w.confidence >= self._lead_threshold]
        checked = verified(sure, turns, self._checks)
        wishes = hold_won_by_promise(checked, findings, self._taxonomy)
        told = [finding for finding in findings if not finding.confidential]
        return CallReading(
            call_id=call.id,
            wishes=wishes,
            findings=findings,
            note=self._note_maker.note(call, wishes),
            model_version=self._classifier.version,
            unsure=self._unsure(readings, wishes, turns),
            left_out=_left_out(turns),
            inspection=self._inspector.inspect(call.id, call.transcript, told, call_type=call.call_type),
        )

    def _unread(self, call: Call) -> CallReading:
        blank = replace(call, transcript=replace(call.transcript, turns=()))
        return CallReading(
            call_id=call.id,
            wishes=(),
            note=self._note_maker.note(blank, ()),
            model_version=self._classifier.version,
        )

    def _read_turns(self, turns: Sequence[Turn]) -> list[tuple[Turn, LineReading]]:
        """The turns of clients with what was read in them; a long one stands there several times, piece by piece."""
        spoken = [turn for turn in turns if turn.speaker is not Speaker.ADVISOR and turn.text.strip()]
        said = [(turn, each) for turn in spoken for each in utterances_at(turns, turn.index, self._context_turns)]
        read = self._classifier.read_many([utterance for _, utterance in said])
        return [(turn, reading) for (turn, _), reading in zip(said, read, strict=True)]

    def _of(self, spoken: Sequence[tuple[Turn, LineReading]]) -> list[TurnReading]:
        """What is sure and what is in doubt, turn by turn: doubts of several turns can carry a lead."""
        return [
            TurnReading(turn=turn, intent=intent)
            for turn, said in spoken
            for intent in (*said.intents, *said.unsure)
            if intent.intent in self._taxonomy
        ]

    def _unsure(
        self, readings: Sequence[TurnReading], raised: Sequence[Wish], turns: Sequence[Turn]
    ) -> tuple[Wish, ...]:
        """Leads in doubt that were neither raised nor refused later."""
        known = {wish.intent for wish in raised}
        doubted = self._wish_maker.wishes(readings, turns, bar=Bar(refusal=self._classifier.bar.refusal))
        return tuple(wish for wish in doubted if wish.goes_to == "lead" and wish.intent not in known)


def _left_out(turns: Sequence[Turn]) -> tuple[str, ...]:
    """What of the words nobody read, a sentence a turn; of an advisor's turn only what looks for words in it is cut."""
    return tuple(
        f"第{turn.index + 1}轮有{len(turn.text)}字，{'，'.join(cut)}，其余请人工听。"
        for turn in turns
        if (cut := _cut(turn))
    )


def _cut(turn: Turn) -> list[str]:
    """How far each reader of a turn came that did not come to its end."""
    advisor = turn.speaker is Speaker.ADVISOR
    by_words = "金额和提议" if advisor else "金额、日期、代码、撤回和复核"
    ends = {} if advisor else {"意图": chars_read(turn.text)}
    ends[by_words] = MOST_BY_WORDS
    return [f"{what}只读了前{end}字" for what, end in ends.items() if end < len(turn.text)]
