"""Speech to text in the OpenAI shape: `POST /v1/audio/transcriptions`; only what masks hide is kept, encrypted."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Coroutine, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.routing import APIRoute

from intent.call import Transcript
from intent.speech.annotate import hidden_in, masked_words, shown_transcript
from intent.speech.formats import to_srt, to_vtt
from intent.speech.transcribe import Segment, Word
from serve.audio_upload import Peeking, refuse_long
from serve.routes.wire import PrincipalDep, SeenDep, the_house

BLOCK = 1 << 20
Format = Literal["json", "text", "srt", "verbose_json", "vtt"]
Granularity = Literal["word", "segment"]


class LookedAt(APIRoute):
    """A route whose upload is looked at while it arrives."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def peeking(request: Request) -> Response:
            length = request.headers.get("content-length", "")
            peeked = Peeking(
                request.receive,
                content_length=int(length) if length.isdecimal() else None,
                max_duration_s=the_house(request).settings.speech.max_duration_s,
            )
            return await handle(Request(request.scope, peeked))

        return peeking


router = APIRouter(prefix="/v1", tags=["audio"], route_class=LookedAt)


@router.post("/audio/transcriptions", response_class=Response)
def transcribe(
    request: Request,
    principal: PrincipalDep,
    seen: SeenDep,
    file: UploadFile,
    model: Annotated[str, Form(max_length=120, description="Any: the engine of the settings answers.")] = "",
    language: Annotated[str | None, Form(max_length=8, description="Only the language of the settings.")] = None,
    response_format: Annotated[Format, Form()] = "json",
    prompt: Annotated[str, Form(description="Refused: words of a prompt come back where nothing was said.")] = "",
    granularities: Annotated[
        list[Granularity],
        Form(alias="timestamp_granularities[]", description="word, segment or both; needs verbose_json."),
    ] = ["segment"],  # noqa: B006  (read only)
    temperature: Annotated[float, Form(ge=0, le=1, description="Taken and not used: decoding is greedy.")] = 0.0,
) -> Response:
    """Transcribe a recording with all that calls get: channels, roles, guards, terms put right.

    What the file is is told from its content. Segments are turns; `speaker` is advisor, client or unknown. Words are
    as the engine heard them, before terms were put right. Telephones, papers, cards and addresses are masked
    (`speech.mask`); `originals` of verbose_json says under which id the words are kept, encrypted.

    413 for what is too long or too large, as soon as that is known; 415 and 422 for what is no recording, 503 where the
    engine does not answer. Errors are problem documents with the `error` of the OpenAI API in them.
    """
    house = the_house(request)
    known = house.settings.speech.language
    if prompt.strip():
        raise HTTPException(422, "A prompt is not taken: its words come back where nothing was said. Send none.")
    if language and known != "auto" and language != known:
        raise HTTPException(422, f"This server transcribes {known}: leave language out, or set speech.language.")
    if "word" in granularities and response_format != "verbose_json":
        raise HTTPException(422, "Times of words come in verbose_json only: set response_format to it.")
    path, digest = _kept_for_now(file, house.settings.home / "recordings")
    voices: list[list[Word]] = []
    try:
        refuse_long(path, house.settings.speech.max_duration_s)
        call = house.transcribe(path, call_id=digest[:20], on_voices=lambda found: voices.extend(map(_words_of, found)))
    finally:
        path.unlink(missing_ok=True)
    seen.view("transcript", [(None, digest[:20])])
    masker = house.transcript_masks
    transcript = shown_transcript(call, masker, house.originals)
    if response_format == "verbose_json":
        hidden = hidden_in(call.transcript.turns, masker) if masker else ()
        words = chain.from_iterable(masked_words(each, masker, hidden) if masker else each for each in voices)
        return JSONResponse(_verbose(transcript, words, granularities))
    return _answer(transcript, response_format)


def _answer(transcript: Transcript, form: Format) -> Response:
    if form == "srt":
        return PlainTextResponse(to_srt(transcript), media_type="application/x-subrip; charset=utf-8")
    if form == "vtt":
        return PlainTextResponse(to_vtt(transcript), media_type="text/vtt; charset=utf-8")
    text = "".join(turn.text for turn in transcript.turns)
    if form == "text":
        return PlainTextResponse(text + "\n")
    return JSONResponse({"text": text})


def _words_of(voice: Sequence[Segment]) -> list[Word]:
    return [word for segment in voice for word in segment.words]


def _verbose(transcript: Transcript, words: Iterable[Word], granularities: Sequence[Granularity]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "task": "transcribe",
        "language": transcript.language,
        "duration": transcript.duration_s,
        "text": "".join(turn.text for turn in transcript.turns),
        "warnings": list(transcript.warnings),
        "marks": list(transcript.marks),
        "engine": transcript.engine,
        "originals": transcript.originals or None,
    }
    if "segment" in granularities:
        told["segments"] = _segments(transcript)
    if "word" in granularities:
        spoken = sorted(words, key=lambda word: word.start_s)
        told["words"] = [{"word": w.text, "start": round(w.start_s, 3), "end": round(w.end_s, 3)} for w in spoken]
    return told


def _segments(transcript: Transcript) -> list[dict[str, Any]]:
    return [
        {
            "id": turn.index,
            "start": turn.start_s,
            "end": turn.end_s,
            "text": turn.text,
            "speaker": turn.speaker.value,
            "confidence": turn.confidence,
            "heard": turn.heard if turn.repairs else None,
        }
        for turn in transcript.turns
    ]


def _kept_for_now(file: UploadFile, folder: Path) -> tuple[Path, str]:
    """The upload as a hidden file that the caller removes, and its SHA-256.

    It lies among the recordings: what a killed process leaves there goes with the uploads that broke off.
    """
    digest = hashlib.sha256()
    folder.mkdir(parents=True, exist_ok=True)
    ending = Path(file.filename or "").suffix.lower()[:8]
    handle, name = tempfile.mkstemp(prefix=".transcribe-", suffix=ending, dir=folder)
    with os.fdopen(handle, "wb") as out:
        while block := file.file.read(BLOCK):
            digest.update(block)
            out.write(block)
    return Path(name), digest.hexdigest()
