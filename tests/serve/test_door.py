"""The closed door: loopback, this host's name, this server's own pages, bodies of a bearable size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from serve.auth import require_closed_door
from serve.errors import OpenDoorError
from serve.settings import ServerSettings, Settings
from serve.wiring import House
from tests.serve.conftest import client_of


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_is_let_in(host: str) -> None:
    require_closed_door(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.10", "8.8.8.8", "example.com", "", "127.0.0.1.evil.com"])
def test_any_other_address_is_refused(host: str) -> None:
    with pytest.raises(OpenDoorError, match=r"SSH tunnel"):
        require_closed_door(host)


def test_another_address_needs_logins_and_https() -> None:
    with pytest.raises(OpenDoorError, match=r"server\.url"):
        require_closed_door("0.0.0.0", url="http://tougu.firm.example", logins=True)
    require_closed_door("0.0.0.0", url="https://tougu.firm.example", logins=True)


@pytest.mark.parametrize("host", ["127.0.0.1:8600", "localhost", "LOCALHOST:1", "[::1]:8600"])
def test_own_names_in_the_host_header(client: TestClient, host: str) -> None:
    assert client.get("/livez", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.example:8600", "", "[::1", "10.0.0.1"]
)
def test_a_name_that_was_rebound_to_this_machine_is_refused(client: TestClient, host: str) -> None:
    answer = client.get("/v1/examples", headers={"host": host})
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:9999", "http://127.0.0.1.evil"])
def test_a_change_from_another_site_is_refused(client: TestClient, origin: str) -> None:
    answer = client.post("/v1/leads/claim", json={}, headers={"origin": origin})
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_change_from_our_own_page_is_taken(client: TestClient) -> None:
    own = {"origin": "http://127.0.0.1"}
    assert client.post("/v1/leads/claim", json={}, headers=own).status_code == 200


class TestBodySize:
    @pytest.fixture
    def narrow(self, settings: Settings) -> Iterator[TestClient]:
        house = House(settings.model_copy(update={"server": ServerSettings(max_body_bytes=500)}))
        yield client_of(house)
        house.close()

    def test_a_large_body_is_refused(self, narrow: TestClient) -> None:
        answer = narrow.post("/v1/compliance/check", json={"text": "好" * 500})
        assert answer.status_code == 413
        assert answer.headers["content-type"] == "application/problem+json"
        assert "max_body_bytes" in answer.json()["detail"]

    def test_one_that_hides_its_size_too(self, narrow: TestClient) -> None:
        def drip() -> Iterator[bytes]:
            yield b'{"text": "'
            yield from (b"x" * 100 for _ in range(10))
            yield b'"}'

        headers = {"content-type": "application/json"}
        assert narrow.post("/v1/compliance/check", content=drip(), headers=headers).status_code == 413

    def test_a_small_one_passes(self, narrow: TestClient) -> None:
        assert narrow.post("/v1/compliance/check", json={"text": "好"}).status_code == 200


def test_headers_keep_other_sites_out(client: TestClient) -> None:
    headers = client.get("/").headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
