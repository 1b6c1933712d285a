"""Calls on their way: a recording to turns, wishes, leads, cases and tickets, and the words behind the masks."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serve.ways.documents import DocumentWays

if TYPE_CHECKING:
    from intent.call import Call, CallReading
    from intent.leads.spoken import Disposed
    from intent.leads.store import Recorded
    from intent.recordings import RecordingFile
    from intent.speech.hearing import OnWindow
    from intent.speech.listen import OnVoices
    from knowledge_base.access import Principal
    from serve.transcripts import Original


class CallWays(DocumentWays):
    """What is done with calls."""

    def transcribe(
        self,
        path: Path,
        *,
        advisor_channel: str | None = None,
        call_id: str | None = None,
        client_id: str | None = None,
        on_voices: OnVoices = lambda voices: None,
        on_window: OnWindow = lambda done_s: None,
    ) -> Call:
        """One recording to turns. `advisor_channel`: left, right, or None where settings or words decide.

        `client_id`: whose products the engine is told of. `on_voices` is told the words of each voice with their times,
        `on_window` the seconds that are done, window by window.
        """
        from intent.archive import advisor_channel as channel_of
        from intent.pipeline import transcribe_call
        from intent.speech.decoder import RawFormat

        speech = self.settings.speech
        channel, known_from = channel_of(advisor_channel, speech)
        return transcribe_call(
            path,
            transcriber=self.transcriber,
            call_id=call_id,
            advisor_channel=channel,
            roles_from=known_from,
            turn_pause_s=speech.turn_pause_s,
            max_duration_s=speech.max_duration_s,
            min_confidence=speech.min_confidence,
            raw=RawFormat.named(speech.raw),
            hotwords=self.hotwords(client_id),
            repairer=self.repairer,
            on_voices=on_voices,
            on_window=on_window,
        )

    def take_call(
        self, recording: RecordingFile, *, principal: Principal, on_window: OnWindow = lambda done_s: None
    ) -> tuple[Call, CallReading, Recorded]:
        """The whole call way: recording -> turns -> wishes -> leads, cases and tickets, all in one.

        What is recorded and returned is masked (`speech.mask`); the words lie in the audit log, encrypted.
        """
        from serve.transcripts import shown

        heard, key = self._heard(recording, on_window)
        started_at = datetime.fromisoformat(recording.started_at) if recording.started_at else None
        call = replace(
            heard,
            client_id=recording.client_id,
            advisor_id=recording.advisor_id,
            started_at=started_at,
            call_type=recording.call_type,
        )
        reading = self.pipeline.read(call)
        self._keep_words(call, reading, principal)
        call, reading = shown(call, reading, self.transcript_masks)
        recorded = self.leads.record(reading, call, principal=principal)
        self.kept_transcripts.drop(*key)
        return call, reading, recorded

    def _heard(self, recording: RecordingFile, on_window: OnWindow) -> tuple[Call, tuple[str, ...]]:
        """The recording as turns, and the key its transcript is kept under until the call is recorded.

        A call whose reading failed (no weights of the classifier, a database that was away) is not transcribed again.
        """
        from intent.call import Call
        from intent.errors import AudioError, CallFileError
        from intent.recordings import content_hash

        channel = recording.advisor_channel
        try:
            content = content_hash(recording.path)
        except CallFileError as error:
            raise AudioError(str(error)) from error
        key = (content, self.transcriber.name, channel or self.settings.speech.advisor_channel)
        if (kept := self.kept_transcripts.get(*key)) is not None:
            return Call(id=recording.call_id, transcript=kept, recording_path=str(recording.path)), key
        heard = self.transcribe(
            recording.path,
            advisor_channel=channel,
            call_id=recording.call_id,
            client_id=recording.client_id,
            on_window=on_window,
        )
        self.kept_transcripts.keep(heard.transcript, *key, client_id=recording.client_id)
        return heard, key

    def _branch_of(self, call: Call) -> str | None:
        from intent.leads.directory import KnowledgeBaseDirectory
        from serve.users import OPERATOR

        known = KnowledgeBaseDirectory(self.clients, OPERATOR).standing(call.client_id) if call.client_id else None
        return known.branch if known else None

    def _keep_words(self, call: Call, reading: CallReading, principal: Principal) -> None:
        """What was said goes into the audit log, before anything follows from it."""
        from copilot.dossier import CALL_READ, call_payload

        self.audit.append(
            event=CALL_READ,
            actor=principal.user_id,
            subject=call.client_id,
            data={
                "call": self.audit.keyed_hash(call.id),
                "turns": len(call.transcript.turns),
                "model": reading.model_version,
                "version": version("tougu"),
                "advisor": call.advisor_id,
                "branch": self._branch_of(call),
                "rules": sorted({finding.rule for finding in reading.findings}),
                **self._prompts_of(reading),
            },
            payload=call_payload(call, reading),
        )

    def _prompts_of(self, reading: CallReading) -> dict[str, Any]:
        """Hashes of the prompts by which chat models helped to read a call: its note worded, its leads looked at."""
        from intent.verification import PROMPT
        from prompts.settings import ChatTask

        used = {"call_note": reading.note.prompt} if reading.note and reading.note.prompt else {}
        if reading.of("lead") and self.chat(ChatTask.VERIFY) is not None:
            used[PROMPT] = self.prompts.get(PROMPT).sha256
        return {"prompts": used} if used else {}

    def originals_of_call(self, call_id: str, *, principal: Principal) -> Original:
        """The words behind the masks of a call that the principal may see; the opening is logged before.

        Raises LeadNotFoundError for a call that they may not see, and what KeptOriginals.of_call raises.
        """
        client_id = self.leads.call(call_id, principal=principal)["client_id"]
        return self.originals.of_call(call_id, client_id, principal=principal)

    def dispose_spoken(self, finding_id: str, *, how: str, note: str, lead: str, principal: Principal) -> Disposed:
        """Dispose of what an advisor said, and write it into the audit log."""
        done = self.spoken.dispose(finding_id, how=how, note=note, lead=lead, principal=principal)
        self.audit.append(
            event="speech.disposed",
            actor=principal.user_id,
            subject=done.finding.client_id,
            data={
                "finding": finding_id, "rule": done.finding.rule, "how": how,
                "released": [each.id for each in done.released], "closed": [each.id for each in done.closed],
            },
            payload={"call_id": done.finding.call_id, "quote": done.finding.quote, "note": note},
        )  # fmt: skip
        return done
