"""A house that can deliver, and the steps of the loop that several tests take."""

from __future__ import annotations

import re
import shutil
import threading
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from copilot.loop.senders import ScriptedCodeSender
from copilot.settings import CopilotSettings, DeliverySettings
from jobs.worker import run_worker
from serve.app import create_app
from serve.diagnosing import DiagnosisHandler
from serve.sample import sample_folder
from serve.settings import Settings
from serve.users import OPERATOR
from serve.wiring import House
from serve.worker import DIAGNOSES, client_messages
from tests.serve.conftest import settings_of

CLIENT, OTHER_CLIENT = "C0001", "C0009"
ADVISOR = "A006"  # of CLIENT
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 MicroMessenger/8.0.50"


def loop_settings(home: Path, **delivery: Any) -> Settings:
    rules = DeliverySettings(**{"sender": "file", "code_pause_s": 0, **delivery})
    return settings_of(home).model_copy(update={"copilot": CopilotSettings(delivery=rules)})


def with_navs(home: Path) -> Path:
    """All NAV files of the sample."""
    shutil.copytree(sample_folder() / "funds" / "nav", home / "nav", dirs_exist_ok=True)
    return home


class Firm:
    """A house, its API, and the gateway that brings messages to clients."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.gateway = ScriptedCodeSender()
        house.code_sender = self.gateway
        self.api = TestClient(create_app(house), base_url="http://127.0.0.1")

    def work(self) -> None:
        """Do the ordered diagnoses, then send what is to be sent."""
        run_worker(
            self.house.jobs, DIAGNOSES, DiagnosisHandler(self.house), stop=threading.Event(),
            settings=self.house.settings.jobs, until_empty=True,
        )  # fmt: skip
        self.post_out()

    def post_out(self) -> None:
        messages = client_messages(self.house)
        assert messages is not None
        messages.run_once()

    def diagnosis(self, client_id: str = CLIENT, **headers: str) -> str:
        """Order one and have it made; returns its id."""
        answer = self.api.post("/v1/diagnoses", json={"client_id": client_id, "format": "html"}, headers=headers)
        assert answer.status_code == 202, answer.text
        self.work()
        return str(answer.json()["id"])

    def send(self, report: str, version: int = 1, **headers: str) -> dict[str, Any]:
        """Send a version; returns the link, with its address."""
        answer = self.api.post(f"/v1/diagnoses/{report}/deliveries", json={"version": version}, headers=headers)
        assert answer.status_code == 201, answer.text
        self.post_out()
        return dict(answer.json())

    def sent(self, client_id: str = CLIENT) -> dict[str, Any]:
        return self.send(self.diagnosis(client_id))

    def reader(self, agent: str = PHONE) -> TestClient:
        """A browser of a client, with cookies of its own."""
        return TestClient(
            create_app(self.house), base_url="http://127.0.0.1", headers={"user-agent": agent}, follow_redirects=False
        )

    def code(self, reader: TestClient, path: str) -> str:
        """Ask for a code and take it from the gateway."""
        assert reader.post(f"{path}/code").status_code == 200
        self.post_out()
        return self.gateway.last("code").secret

    def inside(self, link: dict[str, Any]) -> tuple[TestClient, str]:
        """A client who has identified, and the path of the report."""
        reader, path = self.reader(), path_of(link)
        assert reader.post(f"{path}/enter", data={"code": self.code(reader, path)}).status_code == 303
        return reader, path

    def events(self, client_id: str = CLIENT) -> list[str]:
        """Audit events of the loop about a client, the oldest first."""
        from compliance_filters.audit.read import entries_of

        found = [entry.event for entry in entries_of(self.house.audit, client_id)]
        return [event for event in found if event.startswith("delivery.")]

    def reactions(self, link: dict[str, Any]) -> list[Any]:
        return list(self.house.reactions.of(self.house.links.get(link["id"], principal=OPERATOR)))


def path_of(link: dict[str, Any]) -> str:
    found = re.fullmatch(r"https?://[^/]+(/r/[A-Za-z0-9_-]{22})", link["url"])
    assert found, link["url"]
    return found.group(1)
