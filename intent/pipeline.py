"""The call way: recording -> channels -> speech -> turns with roles -> intents -> wishes -> reading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from intent.call import Call, CallReading, Speaker, Turn
from intent.classifier.model import IntentClassifier
from intent.classifier.taxonomy import Taxonomy
from intent.classifier.utterance import CONTEXT_TURNS, utterance_at
from intent.notes import call_note
from intent.quality import SpeechChecker, inspect
from intent.speech.audio import decode
from intent.speech.listen import listen
from intent.speech.transcribe import Transcriber
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
    max_duration_s: float = 4 * 3600.0,
) -> Call:
    """A recording as a call with turns; `advisor_channel` (0 left, 1 right) where `roles_from` names it.

    Raises AudioError or TranscriptionError.
    """
    recording = decode(path, max_duration_s=max_duration_s)
    transcript = listen(
        recording,
        transcriber,
        advisor_channel=advisor_channel,
        channel_known_from=roles_from,
        pause_s=turn_pause_s,
    )
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
        taxonomy: Taxonomy,
        lead_threshold: float = 0.0,
        context_turns: int = CONTEXT_TURNS,
    ) -> None:
        """`lead_threshold` comes on top of the classifier's own; 0 leaves the choice to it."""
        self._classifier, self._wish_maker = classifier, wish_maker
        self._checker, self._taxonomy = checker, taxonomy
        self._lead_threshold, self._context_turns = lead_threshold, context_turns

    def read(self, call: Call) -> CallReading:
        """Everything asked for in one call, with evidence, the advisor's violations, and the note."""
        turns = call.transcript.turns
        findings = inspect(turns, self._checker)
        wanted = self._wish_maker.wishes(self._read_turns(turns), turns)
        sure = [w for w in wanted if w.goes_to != "lead" or w.confidence >= self._lead_threshold]
        wishes = hold_won_by_promise(sure, findings, self._taxonomy)
        return CallReading(
            call_id=call.id,
            wishes=wishes,
            findings=findings,
            note=call_note(call.transcript, wishes, self._taxonomy),
            model_version=self._classifier.version,
        )

    def _read_turns(self, turns: Sequence[Turn]) -> list[TurnReading]:
        spoken = [turn for turn in turns if turn.speaker is not Speaker.ADVISOR and turn.text.strip()]
        utterances = [utterance_at(turns, turn.index, self._context_turns) for turn in spoken]
        found = self._classifier.read_many(utterances)
        return [
            TurnReading(turn=turn, intent=intent)
            for turn, intents in zip(spoken, found, strict=True)
            for intent in intents
            if intent.intent in self._taxonomy
        ]
