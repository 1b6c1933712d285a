from __future__ import annotations

import socket

import pytest

from prompts.errors import ChatError, ChatUnavailableError
from prompts.hosts import refuse_outside
from prompts.openai_chat import OpenAIChat
from prompts.settings import ChatSettings


def resolves_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8001/v1",
        "http://localhost/v1",
        "https://10.2.3.4/v1",
        "http://192.168.1.9/v1",
        "http://172.31.0.1/v1",
        "http://[::1]:8001/v1",
        "http://[fd00::5]/v1",
        "http://[::ffff:10.0.0.1]/v1",
    ],
)
def test_own_hosts_pass(url: str) -> None:
    refuse_outside(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://8.8.8.8/v1",
        "http://169.254.169.254/v1",
        "http://172.32.0.1/v1",
        "http://0.0.0.0/v1",
        "http://[2001:4860::1]/v1",
        "http://[::ffff:8.8.8.8]/v1",
    ],
)
def test_hosts_outside_are_refused(url: str) -> None:
    with pytest.raises(ChatError, match="allow_external"):
        refuse_outside(url)


def test_a_name_is_judged_by_all_its_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    resolves_to(monkeypatch, "10.0.0.7")
    refuse_outside("http://models.example/v1")
    resolves_to(monkeypatch, "10.0.0.7", "93.184.216.34")
    with pytest.raises(ChatError, match=r"93\.184\.216\.34"):
        refuse_outside("http://models.example/v1")


def test_an_unknown_name_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(ChatUnavailableError, match="cannot be resolved"):
        refuse_outside("http://models.example/v1")


def test_the_adapter_refuses_an_outside_address_at_once() -> None:
    settings = ChatSettings(base_url="https://8.8.8.8/v1", model="tiny")
    with pytest.raises(ChatError, match="lies outside"):
        OpenAIChat(settings)
    OpenAIChat(settings.model_copy(update={"allow_external": True}))
