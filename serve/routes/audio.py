"""Speech to text in the OpenAI shape: `POST /v1/audio/transcriptions`; nothing of it is kept."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Form, HTTPException, Request, Response, UploadFile
from fastapi.responses import JSONResponse, PlainTextResponse

from intent.call import Transcript
from intent.speech.formats import to_srt, to_vtt
from serve.routes.wire import PrincipalDep, SeenDep, the_house

router = APIRouter(prefix="/v1", tags=["audio"])
BLOCK = 1 << 20
Format = Literal["json", "text", "srt", "verbose_json", "vtt"]


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
    temperature: Annotated[float, Form(ge=0, le=1, description="Taken and not used: decoding is greedy.")] = 0.0,
) -> Response:
    """Transcribe a recording with all that calls get: channels, roles, guards, terms put right.

    What the file is is told from its content. Segments are turns; `speaker` is advisor, client or unknown.
    422 for what is no recording or too long, 503 where the engine does not answer.
    """
    house = the_house(request)
    known = house.settings.speech.language
    if prompt.strip():
        raise HTTPException(422, "A prompt is not taken: its words come back where nothing was said. Send none.")
    if language and known != "auto" and language != known:
        raise HTTPException(422, f"This server transcribes {known}: leave language out, or set speech.language.")
    path, digest = _kept_for_now(file)
    try:
        transcript = house.transcribe(path, call_id=digest[:20]).transcript
    finally:
        path.unlink(missing_ok=True)
    seen.view("transcript", [(None, digest[:20])])
    return _answer(transcript, response_format)


def _answer(transcript: Transcript, form: Format) -> Response:
    if form == "srt":
        return PlainTextResponse(to_srt(transcript), media_type="application/x-subrip; charset=utf-8")
    if form == "vtt":
        return PlainTextResponse(to_vtt(transcript), media_type="text/vtt; charset=utf-8")
    text = "".join(turn.text for turn in transcript.turns)
    if form == "text":
        return PlainTextResponse(text + "\n")
    return JSONResponse({"text": text} if form == "json" else _verbose(transcript, text))


def _verbose(transcript: Transcript, text: str) -> dict[str, Any]:
    return {
        "task": "transcribe",
        "language": transcript.language,
        "duration": transcript.duration_s,
        "text": text,
        "segments": [
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
        ],
        "warnings": list(transcript.warnings),
        "engine": transcript.engine,
    }


def _kept_for_now(file: UploadFile) -> tuple[Path, str]:
    """The upload as a temporary file that the caller removes, and its SHA-256."""
    digest = hashlib.sha256()
    handle, name = tempfile.mkstemp(prefix="tougu-audio-", suffix=Path(file.filename or "").suffix.lower()[:8])
    with os.fdopen(handle, "wb") as out:
        while block := file.file.read(BLOCK):
            digest.update(block)
            out.write(block)
    return Path(name), digest.hexdigest()
