"""The call way over HTTP: upload a recording, ask for the job, read the result."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request, UploadFile
from fastapi.responses import FileResponse

from intent.leads.queue import body
from intent.recordings import RECORDINGS
from jobs.leases import Job
from knowledge_base.access import SEES_EVERY_CLIENT, Principal, Role
from serve.call_queue import FRESH
from serve.errors import NotFoundError
from serve.routes.wire import WORD, JobOut, Moment, PrincipalDep, SeenDep, the_house
from serve.wiring import House

if TYPE_CHECKING:
    from serve.wiring import House

router = APIRouter(prefix="/v1", tags=["calls"])
BLOCK = 1 << 20
TYPES = {".m4a": "audio/mp4", ".aac": "audio/aac", ".opus": "audio/ogg", ".wav": "audio/wav", ".amr": "audio/amr"}


def job_out(job: Job) -> JobOut:
    """A job as the API shows it."""
    return JobOut(
        id=job.id,
        state=job.state.value,
        progress_done=job.progress_done,
        progress_total=job.progress_total or 0,
        note=job.progress_note,
        result=job.result,
        error=job.error,
    )


@router.post("/calls", status_code=202)
def take_call(
    request: Request,
    principal: PrincipalDep,
    recording: UploadFile,
    call_id: Annotated[str | None, Form(max_length=120, pattern=WORD)] = None,
    client_id: Annotated[str | None, Form(max_length=64, pattern=WORD)] = None,
    advisor_id: Annotated[str | None, Form(max_length=64, pattern=WORD)] = None,
    started_at: Annotated[Moment | None, Form(description="ISO 8601 with a zone.")] = None,
    advisor_channel: Annotated[str | None, Form(pattern="^(left|right)$")] = None,
    call_type: Annotated[
        str | None, Form(max_length=40, pattern=WORD, description="Id of a checklist, e.g. sale.")
    ] = None,
) -> JobOut:
    """Store a recording and read it in the background.

    The same recording twice is one job. What is told of it the second time counts while it waits or after it failed
    (it is tried again then); 409 where it is being read, or was read, with other metadata, or where it was brought by
    somebody whose calls are not yours to see.
    """
    house = the_house(request)
    _may_name(house, client_id, advisor_id, principal)
    suffix = Path(recording.filename or "").suffix.lower()
    if suffix not in RECORDINGS:
        raise HTTPException(
            415, f"{suffix or 'A file without ending'} is no recording: send {', '.join(sorted(RECORDINGS))}."
        )
    if call_type is not None and call_type not in house.inspector.checklists:
        known = ", ".join(each.id for each in house.inspector.checklists.types)
        raise HTTPException(422, f"There is no checklist for the call type {call_type}: send one of {known}.")
    path, digest = _store(recording, house.settings.home / "recordings", suffix)
    taken = house.call_queue.take(
        digest,
        {
            "path": str(path),
            "call_id": call_id,  # without one, the first characters of its hash
            "client_id": client_id,
            "advisor_id": advisor_id,
            "started_at": started_at.isoformat() if started_at else None,
            "advisor_channel": advisor_channel,
            "call_type": call_type,
        },
        priority=FRESH,
        principal=principal,
    )
    return job_out(taken.job)


def _may_name(house: House, client_id: str | None, advisor_id: str | None, principal: Principal) -> None:
    """A recording makes leads and cases: an advisor brings their own, and nobody those of a client they may not see.

    Raises UnknownClientError, AccessDeniedError.
    """
    if principal.has(*SEES_EVERY_CLIENT):
        return  # a telephone system may tell of a client before the client file does
    if client_id is not None:
        house.clients.get(client_id, principal=principal)
    if advisor_id not in (None, principal.user_id):
        principal.require("bring recordings of other advisors", Role.SUPERVISOR)


def _store(recording: UploadFile, folder: Path, suffix: str) -> tuple[Path, str]:
    """Write the upload beside, flush it, and rename it to its content hash."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / f".upload-{os.getpid()}-{id(recording)}"
    digest = hashlib.sha256()
    try:
        with beside.open("wb") as file:
            while block := recording.file.read(BLOCK):
                digest.update(block)
                file.write(block)
            file.flush()
            os.fsync(file.fileno())
        path = folder / f"{digest.hexdigest()}{suffix}"
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path, digest.hexdigest()


@router.post("/jobs/{job_id}/requeue", status_code=202)
def requeue(job_id: str, request: Request, principal: PrincipalDep) -> JobOut:
    """Try a call in quarantine again; what was transcribed of it is not transcribed again. 409 for any other state."""
    return job_out(the_house(request).call_queue.requeue(job_id, principal=principal))


@router.get("/jobs/{job_id}")
def job(job_id: str, request: Request, principal: PrincipalDep) -> JobOut:
    """State and progress of a background job, for who started it, supervisors of that advisor, and operations."""
    return job_out(the_house(request).job_desk.get(job_id, principal=principal))


@router.get("/calls/{call_id}")
def call(call_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> dict[str, Any]:
    """Note, findings, inspection, warnings and leads of a call that was read; `recording`: whether it can be played."""
    house = the_house(request)
    found = house.leads.call(call_id, principal=principal)
    seen.view("call", [(found["client_id"], call_id)])
    path = found.pop("recording_path")
    told = [
        {**body(lead), "zh": house.taxonomy[lead.intent].zh if lead.intent in house.taxonomy else lead.intent}
        for lead in house.leads.of_call(call_id, principal=principal)
    ]
    rules = house.rule_pack.rules
    findings = [
        {**each, "zh": rules[each["rule"]].zh if each["rule"] in rules else each["rule"]} for each in found["findings"]
    ]
    return {**found, "findings": findings, "recording": path is not None and Path(path).is_file(), "leads": told}


@router.get("/calls/{call_id}/turns")
def turns(call_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> list[dict[str, Any]]:
    """What was said, turn by turn with its seconds, identifiers masked; 403 where the client's texts are sealed."""
    from copilot.dossier import call_turns
    from intent.speech.annotate import covered

    house = the_house(request)
    found = house.leads.call(call_id, principal=principal)
    said = call_turns(house.audit, call_id, found["client_id"])
    seen.view("turns", [(found["client_id"], call_id)])
    masker = house.transcript_masks
    if masker is None:
        return said
    masks = masker.masks_of([(turn["speaker"], turn["text"]) for turn in said])
    return [{**turn, "text": covered(turn["text"], found)} for turn, found in zip(said, masks, strict=True)]


@router.get("/calls/{call_id}/peaks")
def wave(call_id: str, request: Request, principal: PrincipalDep) -> dict[str, object]:
    """How loud each part of the recording is, for the wave of its page: 0 to 100, channel by channel."""
    from intent.speech.decoder import RawFormat
    from serve.peaks import FOLDER, peaks

    house = the_house(request)
    path = _recording(house, call_id, house.leads.call(call_id, principal=principal))
    speech = house.settings.speech
    folder = house.settings.home / FOLDER
    return peaks(path, folder, max_duration_s=speech.max_duration_s, raw=RawFormat.named(speech.raw))


@router.get("/calls/{call_id}/originals")
def originals(call_id: str, request: Request, principal: PrincipalDep) -> dict[str, Any]:
    """The words behind the masks of a call, by turn, for compliance and supervisors; the opening is logged before."""
    found = the_house(request).originals_of_call(call_id, principal=principal)
    return {"turns": [{"turn": n, "text": text} for n, text in found.texts.items()]}


@router.get("/calls/{call_id}/audio", response_class=FileResponse)
def audio(call_id: str, request: Request, principal: PrincipalDep, seen: SeenDep) -> FileResponse:
    """The recording as it came, by ranges, so that a player can begin at the second of an evidence."""
    found = the_house(request).leads.call(call_id, principal=principal)
    path = _recording(the_house(request), call_id, found)
    seen.playback("call", [(found["client_id"], call_id)])
    return FileResponse(
        path,
        media_type=TYPES.get(path.suffix.lower()),  # others as the system knows them
        headers={"cache-control": "no-store"},
        content_disposition_type="inline",
    )


def _recording(house: House, call_id: str, found: dict[str, Any]) -> Path:
    """The file of a call. Raises NotFoundError for one that is gone, SealedError for one of a sealed client."""
    path = Path(found["recording_path"] or "")
    if not path.is_file():
        raise NotFoundError(f"The recording of the call {call_id} is not kept here any more: ask operations for it.")
    house.recording_keeper.check_open(found["client_id"])
    return path
