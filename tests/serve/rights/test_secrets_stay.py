"""No key, password or token is in any log line, answer, page or row of the audit log, whatever fails."""

from __future__ import annotations

import base64
import io
import logging
import threading
from collections.abc import Iterator
from http.server import ThreadingHTTPServer

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from starlette.testclient import TestClient

from intent.settings import LeadSettings, WebhookSettings
from knowledge_base.access import Role
from prompts.settings import ChatSettings
from serve.logs import JsonFormatter, TextFormatter
from serve.rights.settings import OidcSettings, WecomSettings
from serve.secrets import audit_key, audit_signer, link_key
from serve.settings import Settings
from serve.users import OPERATOR
from serve.wiring import House
from serve.worker import running_worker
from tests.intent.test_webhooks import SECRET, Receiver
from tests.prompts.chat_server import ChatServer
from tests.serve.conftest import FEE, client_of
from tests.serve.rights.conftest import PASSWORD, add, log_in, with_auth
from tests.serve.staff_cases import BUY, record, wish
from tests.serve.test_faults import patient

CHAT_KEY, OIDC_SECRET, WECOM_SECRET = "sk-chat-3f1c9b", "oidc-7a20e4d1", "wecom-55d0c2aa"
TOTP = b"20 bytes of a secret"
WRONG = "不是这个口令 8842"
PAGES = ("/", "/login", "/login/setup", "/board", "/review", "/knowledge", "/evaluations", "/openapi.json", "/metrics",
         "/v1/login", "/v1/me", "/v1/models", "/v1/audit", "/v1/users", "/v1/security/keys", "/v1/security/sessions",
         "/v1/webhooks/dead", "/v1/personal-data/statement", "/readyz")  # fmt: skip


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Every log line of every library, as both formats write it, at the finest level."""
    out, root = io.StringIO(), logging.getLogger()
    level, handlers = root.level, []
    for formatter in (JsonFormatter(), TextFormatter()):
        handlers.append(logging.StreamHandler(out))
        handlers[-1].setFormatter(formatter)
        root.addHandler(handlers[-1])
    ours = logging.getLogger("tougu")
    before = ours.level
    root.setLevel(logging.WARNING)  # as `serve.logs.configure` leaves libraries, ours at their finest
    ours.setLevel(logging.DEBUG)
    yield out
    ours.setLevel(before)
    root.setLevel(level)
    for handler in handlers:
        root.removeHandler(handler)


@pytest.fixture
def refusing() -> Iterator[str]:
    handler = type("Handler", (Receiver,), {"got": [], "extra": {}, "status": 410})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{made.server_port}/hook"
        made.shutdown()


@pytest.fixture
def house(settings: Settings, refusing: str) -> Iterator[House]:
    """With a secret in every place that has one; what it talks to refuses."""
    with ChatServer() as chat:
        chat.status = 500
        hook = WebhookSettings(url=refusing, secret=SecretStr(SECRET), allow_private=True)
        held = {
            "chat": ChatSettings(base_url=chat.base_url, model="tiny", api_key=SecretStr(CHAT_KEY), max_retries=0),
            "leads": LeadSettings(webhook=hook, clock_every_s=0.05),
        }
        auth = {
            "oidc": OidcSettings(issuer="http://127.0.0.1:9", client_id="t", client_secret=SecretStr(OIDC_SECRET)),
            "wecom": WecomSettings(corp_id="c", secret=SecretStr(WECOM_SECRET), api_url="http://127.0.0.1:9"),
        }
        made = House(with_auth(settings.model_copy(update=held), **auth))
        yield made
        made.close()


def test_no_secret_is_told(house: House, lines: io.StringIO) -> None:
    told: list[str] = []

    def ask(browser: TestClient, method: str, path: str, **body: object) -> None:
        answer = browser.request(method, path, **body)  # type: ignore[arg-type]
        told.extend((answer.text, str({k: v for k, v in answer.headers.items() if k != "set-cookie"})))

    for name, role in (("A001", Role.ADVISOR), ("sec", Role.SECURITY), ("ops", Role.OPERATIONS)):
        add(house, name, role)
    house.credentials.set_totp("sec", TOTP)
    link, _ = house.credentials.invite("A001", principal=OPERATOR)
    house.credentials.set_password("A001", PASSWORD)
    key = house.api_keys.add("pull", role=Role.CRM, groups=["leads"], days=1, principal=OPERATOR)
    stranger = client_of(house)
    for attempt in ({"password": WRONG}, {"password": WRONG, "code": "123456"}):
        ask(stranger, "POST", "/v1/login", json={"user": "A001", **attempt}, headers={"origin": "http://127.0.0.1"})
    ask(stranger, "GET", "/v1/leads", headers={"authorization": f"Bearer {key[:-1]}x"})
    ask(stranger, "GET", "/v1/leads", headers={"authorization": f"Bearer {key}"})
    for provider in ("oidc", "wecom"):
        ask(stranger, "GET", f"/login/{provider}", follow_redirects=False)
        ask(stranger, "GET", f"/login/{provider}/callback?code=c0de&state=s", follow_redirects=False)
    advisor, operations = log_in(house, "A001"), log_in(house, "ops")
    record(house, "k1", "C0003", wish("fund.buy", "lead", BUY))
    with running_worker(house, wanted=True):
        ask(advisor, "POST", "/v1/questions", json={"question": FEE})
        patient(lambda: operations.get("/v1/webhooks/dead"), lambda reply: bool(reply.json()["disabled"]))
    ask(advisor, "POST", "/v1/me/password", json={"old": WRONG, "new": PASSWORD + "新"})
    for browser in (advisor, operations, stranger):
        for path in PAGES:
            ask(browser, "GET", path, follow_redirects=False)
    cookies = [str(browser.cookies.get("tougu_session")) for browser in (advisor, operations)]
    secrets = {
        "chat key": CHAT_KEY, "oidc": OIDC_SECRET, "wecom": WECOM_SECRET, "webhook": SECRET.removeprefix("whsec_"),
        "password": PASSWORD, "wrong password": WRONG, "invitation": link,
        "authenticator": base64.b32encode(TOTP).decode(),
        "api key": key.split("_", 2)[2], "session": cookies[0], "session of another": cookies[1],
        "authenticator raw": str(TOTP), "audit key": audit_key(house.settings).hex(),
        "signing key": audit_signer(house.settings).private.hex(), "link key": link_key(house.settings).hex(),
    }  # fmt: skip
    assert all(len(secret) >= 8 for secret in secrets.values()), secrets.keys()
    kept = database(house)
    for place, words in (("logs", lines.getvalue()), ("answers", "\n".join(told)), ("rows", kept)):
        assert [name for name, secret in secrets.items() if secret in words] == [], place
    assert "request" in lines.getvalue(), "there were log lines"
    assert "login.failed" in kept


def database(house: House) -> str:
    """Every row of every table, as text: a stolen database opens no door."""
    from serve.database import all_metadata

    names = [table.name for part in all_metadata() for table in part.sorted_tables]
    with house.engine.connect() as connection:
        return "\n".join(str(row) for name in names for row in connection.execute(text(f'select * from "{name}"')))
