"""Recordings are removed after their time and with their client's key, and never under a legal hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from compliance_filters.audit.erasure import Erasure
from compliance_filters.audit.read import entries_of
from compliance_filters.errors import SealedError
from intent.call import Transcript
from knowledge_base.access import Principal, Role
from serve.wiring import House
from tests.serve.conftest import client_of
from tests.serve.test_call_page import take
from tests.serve.test_worker import sound

__all__ = ["sound"]
OFFICER = Principal(user_id="CO1", roles=frozenset({Role.COMPLIANCE}))
NOW = datetime.now(UTC)


@pytest.fixture
def kept(house: House, sound: Path) -> House:
    speech = house.settings.speech.model_copy(update={"keep_recordings_days": 100})
    house.settings = house.settings.model_copy(update={"speech": speech})
    take(house, sound)
    return house


def recordings(house: House) -> list[Path]:
    return list((house.settings.home / "recordings").iterdir())


def test_a_recording_goes_after_its_time_and_that_is_logged(kept: House) -> None:
    assert kept.recording_keeper.sweep(NOW + timedelta(days=99)).removed == 0
    assert kept.recording_keeper.sweep(NOW + timedelta(days=101)).removed == 1
    assert recordings(kept) == []
    client = client_of(kept)
    assert client.get("/v1/calls/k7").json()["recording"] is False
    assert client.get("/v1/calls/k7/audio").status_code == 404
    assert "recording.removed" in {entry.event for entry in entries_of(kept.audit, "C0003")}
    assert kept.recording_keeper.sweep(NOW + timedelta(days=102)).removed == 0


def test_a_legal_hold_keeps_it(kept: House) -> None:
    kept.erasure.hold("C0003", reason="诉讼", principal=OFFICER)
    swept = kept.recording_keeper.sweep(NOW + timedelta(days=101))
    assert (swept.removed, swept.held, len(recordings(kept))) == (0, 1, 1)
    kept.erasure.lift("C0003", reason="结案", principal=OFFICER)
    assert kept.recording_keeper.sweep(NOW + timedelta(days=101)).removed == 1


def test_zero_days_keep_for_ever(house: House, sound: Path) -> None:
    take(house, sound)
    assert house.recording_keeper.sweep(NOW + timedelta(days=99_999)).removed == 0


def test_nobody_listens_to_a_sealed_client(kept: House) -> None:
    kept.erasure.seal("C0003", reason="客户要求删除", principal=OFFICER)
    assert client_of(kept).get("/v1/calls/k7/audio").status_code == 403
    with pytest.raises(SealedError, match="sealed"):
        kept.recording_keeper.check_open("C0003")
    kept.recording_keeper.check_open("C0001")
    kept.recording_keeper.check_open(None)
    assert len(recordings(kept)) == 1


def test_a_recording_goes_with_its_clients_key(kept: House) -> None:
    at_once = Erasure(kept.audit, keep_years=0)
    at_once.seal("C0003", reason="客户要求删除", principal=OFFICER)
    at_once.destroy("C0003", principal=OFFICER)
    assert kept.recording_keeper.sweep(NOW).removed == 0, "one person is not enough"
    at_once.destroy("C0003", principal=Principal(user_id="CO2", roles=frozenset({Role.COMPLIANCE})))
    assert kept.recording_keeper.sweep(NOW).removed == 1
    assert recordings(kept) == []


def test_a_transcript_of_a_call_that_nobody_tried_again_goes(house: House) -> None:
    said = Transcript(turns=(), duration_s=1.0)
    house.kept_transcripts.keep(said, "a", client_id="C0003")
    house.recording_keeper.sweep(NOW + timedelta(days=6))
    assert house.kept_transcripts.get("a") == said
    house.recording_keeper.sweep(NOW + timedelta(days=8))
    assert house.kept_transcripts.get("a") is None
    assert not list((house.settings.home / "heard").iterdir())


def test_files_that_lie_elsewhere_are_left_alone(kept: House, sound: Path) -> None:
    from sqlalchemy import update

    from intent.leads.tables import calls

    with kept.engine.begin() as connection:
        connection.execute(update(calls).values(recording_path=str(sound)))
    assert kept.recording_keeper.sweep(NOW + timedelta(days=101)).removed == 0
    assert sound.is_file()
