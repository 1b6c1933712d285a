"""Batches of diagnoses: resumable, nothing made twice, failures set aside, killed without loss."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from compliance_filters.audit.read import entries_of
from copilot.batch import BatchOutcome, target
from copilot.batch_data import read_clients
from copilot.diagnosis.errors import DiagnosisError
from intent.segments.store import SegmentStore
from jobs.tables import JobState
from knowledge_base.access import Principal, Role
from knowledge_base.tables import clients, holdings
from serve.diagnose_batch import diagnose_batch
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import Tougu, settings_of
from tests.serve.loop_cases import with_navs

GOOD = ("C0001", "C0002", "C0003")


@pytest.fixture
def full(home: Path) -> Iterator[House]:
    house = House(settings_of(with_navs(home)))
    yield house
    house.close()


def run(house: House, ids: Sequence[str], out: Path, **options: Any) -> dict[str, BatchOutcome]:
    chosen: dict[str, Any] = {
        "format": "html", "nav": None, "benchmark": None, "benchmark_name": None, "workers": 1, "retry_failed": False,
        "principal": OPERATOR, "on_progress": lambda _: None, **options,
    }  # fmt: skip
    return {each.client_id: each for each in diagnose_batch(house, ids, out=out, **chosen)}


def manifest(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]


class TestBatch:
    def test_a_report_a_client_and_reasons_for_the_others(self, full: House, tmp_path: Path) -> None:
        out = tmp_path / "out"
        found = run(full, [*GOOD, "C0001", "C0023", "nobody"], out)
        assert list(found) == [*GOOD, "C0023", "nobody"]
        assert {each.file for each in found.values() if each.file} == {f"{name}.html" for name in GOOD}
        assert "持仓" in str(found["C0023"].reason)
        assert "nobody" in str(found["nobody"].reason)
        assert [line["client_id"] for line in manifest(out)] == list(found)
        assert sorted(path.name for path in out.iterdir()) == [*(f"{name}.html" for name in GOOD), "manifest.jsonl"]

    def test_every_file_is_an_export_in_the_log(self, full: House, tmp_path: Path) -> None:
        run(full, GOOD, tmp_path)
        for name in GOOD:
            assert "access.export" in [entry.event for entry in entries_of(full.audit, name)]

    def test_a_second_run_does_nothing(self, full: House, tmp_path: Path) -> None:
        first = run(full, [*GOOD, "C0023"], tmp_path)
        times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.html")}
        judged = full.audit.verify().entries
        second = run(full, [*GOOD, "C0023"], tmp_path)
        assert second == first
        assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.html")} == times
        assert full.audit.verify().entries == judged

    def test_changed_data_and_a_lost_or_changed_file_are_made_anew(self, full: House, tmp_path: Path) -> None:
        first = run(full, GOOD, tmp_path)
        with full.engine.begin() as connection:
            connection.execute(update(holdings).where(holdings.c.client_id == "C0001").values(units=1000))
        (tmp_path / "C0002.html").unlink()
        (tmp_path / "C0003.html").write_text("tampered")
        second = run(full, GOOD, tmp_path)
        assert second["C0001"].sha256 != first["C0001"].sha256
        assert all(second[name].audit_id != first[name].audit_id for name in GOOD)
        assert "tampered" not in (tmp_path / "C0003.html").read_text("utf-8")

    def test_a_new_nav_concerns_everybody(self, full: House, tmp_path: Path) -> None:
        first = run(full, GOOD, tmp_path)
        nav = full.settings.home / "nav" / "990012.csv"  # another fund may be the better choice now
        nav.write_text("\n".join(nav.read_text("utf-8").splitlines()[:-1]) + "\n", "utf-8")
        second = run(full, GOOD, tmp_path)
        assert all(second[name].audit_id != first[name].audit_id for name in GOOD)

    def test_failures_wait_until_they_are_retried(self, full: House, tmp_path: Path) -> None:
        nav = full.settings.home / "nav"
        kept = {path: path.read_bytes() for path in nav.glob("9*.csv")}
        for path in kept:
            path.unlink()
        assert run(full, ["C0001"], tmp_path)["C0001"].state is JobState.QUARANTINED
        assert run(full, ["C0001"], tmp_path)["C0001"].state is JobState.QUARANTINED
        assert run(full, ["C0001"], tmp_path, retry_failed=True)["C0001"].state is JobState.QUARANTINED
        for path, content in kept.items():
            path.write_bytes(content)
        assert run(full, ["C0001"], tmp_path)["C0001"].file == "C0001.html", "other data is another row"

    def test_rights_are_those_of_who_asks(self, full: House, tmp_path: Path) -> None:
        full.users.add("A001", roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
        advisor = Principal(user_id="A001", roles=frozenset({Role.ADVISOR}))
        found = run(full, ["C0001", "C0002"], tmp_path, principal=advisor)  # C0002 is theirs
        assert found["C0001"].state is JobState.QUARANTINED
        assert found["C0002"].file == "C0002.html"

    def test_progress_is_told(self, full: House, tmp_path: Path) -> None:
        told: list[tuple[int, int]] = []
        run(full, GOOD, tmp_path, on_progress=lambda p: told.append((p.finished, p.total)))
        assert told[-1] == (3, 3)

    @pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "..", "客户 1", "."])
    def test_no_id_leads_out_of_the_folder(self, name: str, tmp_path: Path) -> None:
        path = target({"client_id": name, "out": str(tmp_path), "format": "pdf"})
        assert path.resolve().parent == tmp_path.resolve()
        assert path.name not in (".pdf", "..pdf")


class TestList:
    def write(self, tmp_path: Path, text: str) -> Path:
        path = tmp_path / "list.csv"
        path.write_bytes(text.encode("utf-8"))
        return path

    @pytest.mark.parametrize(
        "text",
        ["client_id\nC1\nC2\n", "\ufeffname,id\n甲,C1\n乙,C2\n", "C1\r\n\r\nC2\r\n", "CLIENT_ID,x\nC1,\nC2,\n,\n"],
    )
    def test_ids_are_found(self, tmp_path: Path, text: str) -> None:
        assert read_clients(self.write(tmp_path, text)) == ["C1", "C2"]

    @pytest.mark.parametrize("text", ["", "client_id\n", "name,phone\n甲,1\n"])
    def test_what_names_nobody_is_refused(self, tmp_path: Path, text: str) -> None:
        with pytest.raises(DiagnosisError, match="client"):
            read_clients(self.write(tmp_path, text))


class TestCommand:
    def test_a_segment_that_is_not_there(self, tougu: Tougu, tmp_path: Path) -> None:
        ran = tougu("diagnose", "--segment", "nobody", "--out", tmp_path)
        assert ran.code == 1
        assert "nobody" in ran.err

    def test_a_segments_members_are_a_list(
        self, tougu: Tougu, hash_environment: Path, furnished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def members(store: SegmentStore, name: str, *, principal: Principal) -> tuple[str, ...]:
            return {"wealthy": ("C0001", "C0002")}[name]

        shutil.copytree(furnished, hash_environment)
        with_navs(hash_environment)
        monkeypatch.setattr(SegmentStore, "members", members)
        ran = tougu("diagnose", "--segment", "wealthy", "--out", tmp_path / "out", "--format", "html", "--json")
        assert ran.code == 0, ran.err
        assert [each["client_id"] for each in json.loads(ran.out)] == ["C0001", "C0002"]
        assert sorted(path.name for path in (tmp_path / "out").glob("*.html")) == ["C0001.html", "C0002.html"]

    def test_a_batch_needs_a_folder_and_one_subject(self, tougu: Tougu, tmp_path: Path) -> None:
        listed = tmp_path / "list.csv"
        listed.write_text("C1\n")
        assert "--out" in tougu("diagnose", "--clients", listed).err
        assert "Name one of" in tougu("diagnose", "990001", "--clients", listed).err

    @pytest.mark.slow
    def test_killed_without_mercy_it_goes_on_where_it_was(self, home: Path, tmp_path: Path) -> None:
        house = House(settings_of(with_navs(home)))
        with house.engine.begin() as connection:
            connection.execute(update(clients).values(opt_outs=[]))
        ids = [each.id for each in house.clients.all(principal=OPERATOR) if each.account_state == "open"]
        house.close()
        listed, out = tmp_path / "list.csv", tmp_path / "out"
        listed.write_text("client_id\n" + "\n".join(ids))
        environment = {
            **os.environ, "TOUGU_HOME": str(home), "TOUGU_MODELS__ENCODER_KIND": "hash",
            "TOUGU_COMPLIANCE__PROFILE": "rules", "TOUGU_INTENT__METHOD": "rules", "TOUGU_JOBS__LEASE_S": "3",
            "TOUGU_JOBS__HEARTBEAT_S": "1", "PYTHONPATH": str(Path(__file__).parents[2]),
        }  # fmt: skip
        command = [sys.executable, "-m", "serve.cli", "diagnose", "--clients", str(listed), "--out", str(out),
                   "--format", "html", "--jobs", "2"]  # fmt: skip
        running = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True)
        deadline = time.monotonic() + 120
        while len(list(out.glob("*.html"))) < 2 and time.monotonic() < deadline and running.poll() is None:
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()
        made = {path: path.stat().st_mtime_ns for path in out.glob("*.html")}
        assert 2 <= len(made) < len(ids), "it was killed in the middle"
        again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
        assert again.returncode == 0, again.stderr
        assert sorted(path.stem for path in out.glob("*.html")) == sorted(ids)
        assert {line["state"] for line in manifest(out)} == {"done"}
        remade = [path.name for path, before in made.items() if path.stat().st_mtime_ns != before]
        assert len(remade) <= 2, "only what was in hand may be written again"
        assert list(out.glob(".*")) == []
