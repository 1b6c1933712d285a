"""A telephone told piece by piece: masked in what is stored and shown, kept under key; and calls stored before that."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from intent.follow_ups.tables import follow_ups
from intent.leads.tables import calls, leads, spoken_findings
from intent.notes.tables import call_note_texts, call_notes, call_tasks
from intent.speech.audio import Samples
from intent.speech.transcribe import Segment, Transcription, Word
from knowledge_base.access import AccessDeniedError, Principal, Role
from serve.errors import ServeError
from serve.stored_masks import QUEUE, StoredMasks
from serve.users import OPERATOR
from serve.wiring import House
from tests.intent.sound import voice, write_wav
from tests.serve.conftest import Tougu, client_of
from tests.serve.test_worker import upload, work

ADVISOR = [("您好，这里是远山证券。", 0.2), ("嗯。", 5.2), ("好的。", 7.2), ("资料我今天下午发给您。", 9.0)]
CLIENT = [("我想开通港股通，怎么办？我的手机号是幺三八", 2.4), ("零零幺二", 6.2), ("三四五六", 8.2)]
PIECES = ("幺三八", "零零幺二", "三四五六")
HOLDING = (calls, leads, spoken_findings, follow_ups, call_notes, call_note_texts, call_tasks)


class Dictating:
    """An engine that hears the advisor left and the client right, each line at its second, a character a word."""

    name = "dictating"

    def __init__(self) -> None:
        self._channels = [ADVISOR, CLIENT]

    def transcribe(self, samples: Samples, *, hotwords: Sequence[str] = ()) -> Transcription:
        lines = self._channels[0]
        self._channels = self._channels[::-1]
        return Transcription(segments=tuple(_segment(text, at) for text, at in lines), speech_s=8.0)


def _segment(text: str, at: float) -> Segment:
    step = 0.1
    words = tuple(Word(text=c, start_s=at + i * step, end_s=at + (i + 1) * step) for i, c in enumerate(text))
    return Segment(text=text, start_s=at, end_s=words[-1].end_s, words=words)


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    return write_wav(tmp_path / "both.wav", voice(115, 0, 11.0), voice(210, 1, 11.0))  # every word lies in sound


def take(house: House, sound: Path, call_id: str = "d1") -> None:
    house.transcriber = Dictating()
    content = sound.read_bytes() + call_id.encode()  # each call is a recording of its own
    other = sound.with_name(f"{call_id}.wav")
    other.write_bytes(content)
    upload(client_of(house), other, call_id=call_id, client_id="C0003", advisor_id="A001", advisor_channel="left")
    work(house)


def set_masks(house: House, on: bool) -> None:
    speech = house.settings.speech.model_copy(update={"mask": on})
    house.settings = house.settings.model_copy(update={"speech": speech})
    vars(house).pop("transcript_masks", None)


def stored(house: House) -> str:
    """Every row that a call leads to, as text."""
    with house.engine.connect() as connection:
        return "\n".join(str(connection.execute(select(table)).all()) for table in HOLDING)


def test_no_piece_is_stored_or_shown_and_all_are_kept(house: House, sound: Path) -> None:
    take(house, sound)
    client = client_of(house)
    pages = ("/v1/calls/d1", "/v1/calls/d1/turns", "/v1/calls/d1/note", "/v1/leads", "/v1/tasks", "/v1/cases")
    told = "".join(client.get(page).text for page in pages) + stored(house)
    assert "港股通" in told
    assert [piece for piece in PIECES if piece in told] == []
    kept = {turn["text"] for turn in client.get("/v1/calls/d1/originals").json()["turns"]}
    assert {"零零幺二", "三四五六"} < kept
    assert any("幺三八" in text for text in kept)


def test_the_words_of_a_transcription_hide_them_too(house: House, sound: Path) -> None:
    house.transcriber = Dictating()
    told = client_of(house).post(
        "/v1/audio/transcriptions",
        files={"file": ("both.wav", sound.read_bytes())},
        data={"model": "any", "response_format": "verbose_json", "timestamp_granularities[]": "word"},
    )
    said = "".join(word["word"] for word in told.json()["words"])
    assert "港股通" in said
    assert [piece for piece in PIECES if piece in told.text + said] == []


class TestStoredBefore:
    """Calls that were stored while masks were off."""

    @pytest.fixture
    def old(self, house: House, sound: Path) -> House:
        set_masks(house, False)
        take(house, sound, "d1")
        take(house, sound, "d2")
        assert "幺三八" in stored(house)
        set_masks(house, True)
        return house

    def mask(self, house: House, stop: threading.Event | None = None) -> StoredMasks:
        masks = StoredMasks(house)
        masks.enqueue(principal=OPERATOR)
        masks.run(stop=stop or threading.Event())
        return masks

    def test_they_are_masked_where_they_lie_and_kept_under_key(self, old: House) -> None:
        before = len(stored(old).splitlines())
        masks = self.mask(old)
        assert [piece for piece in PIECES if piece in stored(old)] == []
        assert "港股通" in stored(old)
        assert len(stored(old).splitlines()) == before
        assert (masks.progress().done, masks.progress().failed) == (2, 0)
        changed = {each.call_id: each.originals for each in masks.changed()}
        words = "".join(old.originals.open(changed["d2"], principal=OPERATOR).texts.values())
        assert "幺三八" in words

    def test_a_second_time_nothing_is_done(self, old: House) -> None:
        self.mask(old)
        entries, rows = len(list(self.mask(old).changed())), stored(old)
        assert len(list(self.mask(old).changed())) == entries
        assert stored(old) == rows

    def test_the_command_tells_of_a_call_again_when_masks_find_more_in_it(
        self, old: House, tougu: Tougu, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("serve.stored_masks.MASKS", 0)
        for n in ("d1", "d2"):  # as an earlier run left them
            old.jobs.enqueue(QUEUE, f"0:{n}", {"call_id": n})
        for job in old.jobs.claim(QUEUE, "w", 60, limit=2):
            old.jobs.complete(job, {"originals": f"earlier-{job.payload['call_id']}"})
        monkeypatch.setattr("serve.stored_masks.MASKS", 1)
        monkeypatch.setenv("TOUGU_HOME", str(old.settings.home))
        told = tougu("calls", "mask").out
        assert [line.split()[0] for line in told.splitlines()] == ["d1", "d2"]
        assert "earlier" not in told

    def test_stopped_it_goes_on_where_it_was(self, old: House) -> None:
        stop = threading.Event()
        masks = StoredMasks(old)
        masks.enqueue(principal=OPERATOR)
        (job,) = old.jobs.claim(QUEUE, "a process that is killed", 0.01)
        stop.set()
        masks.run(stop=stop)
        assert masks.progress().done == 0
        assert self.mask(old).progress().done == 2
        assert [piece for piece in PIECES if piece in stored(old)] == []
        assert old.jobs.get(job.id).attempts == 2

    def test_of_a_sealed_client_what_can_be_seen_is_masked(self, old: House) -> None:
        officer = Principal(user_id="CO1", roles=frozenset({Role.COMPLIANCE}))
        old.erasure.seal("C0003", reason="客户要求删除", principal=officer)
        assert self.mask(old).progress().failed == 0

    def test_an_advisor_masks_nothing_and_masks_must_be_on(self, old: House) -> None:
        with pytest.raises(AccessDeniedError):
            StoredMasks(old).enqueue(principal=Principal(user_id="A001", roles=frozenset({Role.ADVISOR})))
        set_masks(old, False)
        with pytest.raises(ServeError, match=r"speech\.mask"):
            StoredMasks(old).enqueue(principal=OPERATOR)
