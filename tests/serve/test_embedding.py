"""The sidebar in pages of others, in WeCom, and how much of it a browser loads."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr, ValidationError
from starlette.testclient import TestClient

from copilot.settings import WeComSettings
from serve.settings import ServerSettings, Settings
from serve.wecom import Signatures, Ticket, WeComError, WeComTickets
from serve.wiring import House
from tests.serve.conftest import client_of

MOST_BYTES = 60_000
CRM = "https://crm.example.com"


def house_with(settings: Settings, **server: Any) -> House:
    return House(settings.model_copy(update={"server": ServerSettings(**server)}))


def test_the_page_is_light(client: TestClient) -> None:
    sizes: dict[str, int] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in sizes:
            continue
        reply = client.get(path, headers={"accept-encoding": "gzip"}).raise_for_status()
        content = reply.content
        sizes[path] = len(gzip.compress(content))
        assert reply.headers.get("content-encoding") == ("gzip" if path != "/" and len(content) > 500 else None), path
        text = content.decode()
        waiting += re.findall(r'(?:src|href)="(/static/[^"]+)"', text) if path == "/" else []
        waiting += re.findall(r'from "(/static/[^"]+)"', text)
    assert "/static/sidebar_answer.js" in sizes
    assert "/static/vendor/wecom-jssdk.js" not in sizes, "loaded inside WeCom only"
    assert sum(sizes.values()) <= MOST_BYTES, sizes


def test_chinese_and_english_say_the_same_things() -> None:
    folder = files("serve").joinpath("static")
    text = folder.joinpath("strings.js").read_text("utf-8")
    written = dict(re.findall(r"const (ZH|EN) = (\{.*?\n\});", text, re.DOTALL))
    bare = {name: re.sub(r'"[^"]*"|`[^`]*`', "", body) for name, body in written.items()}
    known, english = (re.findall(r"(\w+)\s*:", bare[name]) for name in ("ZH", "EN"))
    assert known == english
    assert not re.search(r"[\u4e00-\u9fff]", written["EN"])
    holes, same = (re.findall(r"(\w+): \(([^)]*)\) =>", bare[name]) for name in ("ZH", "EN"))
    assert holes == same
    scripts = [each for each in folder.iterdir() if re.fullmatch(r"sidebar\w*\.js", each.name)]
    lines = [line for each in scripts for line in each.read_text("utf-8").splitlines()]
    used = {name for line in lines for name in re.findall(r"\bw\.(\w+)", line)}
    assert len(used) > 60
    assert used <= set(known)
    chinese = [line for line in lines if re.search(r"[\u4e00-\u9fff]", line) and "new RegExp(" not in line]
    assert chinese == [], "what is shown stands in strings.js"


def test_only_named_pages_hold_the_sidebar_and_nothing_else_is_held(settings: Settings) -> None:
    with_crm = client_of(house_with(settings, frame_ancestors=(CRM,)))
    assert f"frame-ancestors 'self' {CRM}" in with_crm.get("/").headers["content-security-policy"]
    assert CRM not in with_crm.get("/review").headers["content-security-policy"]
    assert with_crm.get("/v1/sidebar").json() == {"origins": ["http://127.0.0.1", CRM]}


@pytest.mark.parametrize("bad", ["*", "crm.example.com", "https://crm.example.com/", "https://a.b; script-src *"])
def test_what_is_no_origin_is_refused(bad: str) -> None:
    with pytest.raises(ValidationError, match="no origin"):
        ServerSettings(frame_ancestors=(bad,))


def test_the_demo_host_is_served_by_setting(settings: Settings, client: TestClient) -> None:
    assert client.get("/demo-host").status_code == 404
    page = client_of(house_with(settings, demo_host=True)).get("/demo-host")
    assert "/static/demo_host.js" in page.text


class FixedTickets:
    """A ticket source double: a ticket of each kind, counted."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ticket(self, kind: str) -> Ticket:
        self.asked.append(kind)
        return Ticket(text=f"ticket-{kind}", good_for_s=7200)


def test_a_page_of_this_server_is_signed_as_wecom_prescribes(settings: Settings) -> None:
    wecom = WeComSettings(corp_id="ww1", agent_id="7", secret=SecretStr("s"))
    house = House(settings.model_copy(update={"copilot": settings.copilot.model_copy(update={"wecom": wecom})}))
    tickets = FixedTickets()
    house.wecom_signatures = Signatures(tickets)
    client = client_of(house)
    assert client.get("/v1/wecom").json() == {"corp_id": "ww1", "agent_id": "7"}
    url = "http://127.0.0.1/?lang=en"
    for kind in ("corp", "agent", "agent"):
        told = client.get("/v1/wecom/signature", params={"kind": kind, "url": url}).json()
        line = f"jsapi_ticket=ticket-{kind}&noncestr={told['nonceStr']}&timestamp={told['timestamp']}&url={url}"
        assert told["signature"] == hashlib.sha1(line.encode(), usedforsecurity=False).hexdigest()
    assert tickets.asked == ["corp", "agent"]
    elsewhere = client.get("/v1/wecom/signature", params={"kind": "corp", "url": "https://evil.example.com/"})
    assert elsewhere.status_code == 404


def test_without_settings_wecom_is_not_there(client: TestClient) -> None:
    assert client.get("/v1/wecom").status_code == 404
    assert client.get("/v1/wecom/signature", params={"kind": "corp", "url": "http://127.0.0.1/"}).status_code == 404
    with pytest.raises(ValidationError, match="needs agent_id"):
        WeComSettings(corp_id="ww1")


@pytest.fixture
def wecom() -> Iterator[tuple[str, list[str]]]:
    """A server that speaks as WeCom does to who knows the secret; its address, and what was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            query = parse_qs(urlsplit(self.path).query)
            told: dict[str, Any] = {"errcode": 0, "ticket": "t", "expires_in": 7200}
            if "/gettoken" in self.path:
                right = query.get("corpsecret") == ["right"]
                told = {"errcode": 0, "access_token": "a"} if right else {"errcode": 40001, "errmsg": "invalid"}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(told).encode())

        def log_message(self, *_: object) -> None:
            """Tests need no access log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_tickets_are_fetched_and_a_wrong_secret_is_told_without_it(wecom: tuple[str, list[str]]) -> None:
    url, asked = wecom
    rules = {"corp_id": "ww1", "agent_id": "7", "url": url}
    right = WeComTickets(WeComSettings(**rules, secret=SecretStr("right")))  # type: ignore[arg-type]
    assert right.ticket("agent") == Ticket(text="t", good_for_s=7200.0)
    assert asked[-1] == "/cgi-bin/ticket/get?access_token=a&type=agent_config"
    wrong = WeComTickets(WeComSettings(**rules, secret=SecretStr("hunter2")))  # type: ignore[arg-type]
    with pytest.raises(WeComError, match="40001") as refused:
        wrong.ticket("corp")
    assert "hunter2" not in str(refused.value)
