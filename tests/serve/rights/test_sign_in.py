"""The firm's own sign-in: out and back by a real provider, and every lie of one ends at the login page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import SecretStr
from starlette.testclient import TestClient

from knowledge_base.access import Role
from serve.rights.settings import OidcSettings, WecomSettings
from serve.rights.sign_in import inner_path
from serve.settings import ServerSettings, Settings
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import client_of
from tests.serve.rights.conftest import told, with_auth
from tests.serve.rights.provider import Provider, running

LIES: dict[str, dict[str, Any]] = {
    "another nonce": {"claims": {"nonce": "other"}},
    "no nonce": {"without": ("nonce",)},
    "expired": {"claims": {"exp": int(time.time()) - 600}},
    "no end": {"without": ("exp",)},
    "another audience": {"claims": {"aud": "other"}},
    "given to another program": {"claims": {"aud": ["tougu", "other"], "azp": "other"}},
    "another issuer": {"claims": {"iss": "https://evil.example"}},
    "alg none": {"algorithm": "none"},
    "a shared key": {"algorithm": "HS256"},
    "signed by somebody else": {"signs_with": rsa.generate_private_key(65537, 2048)},
    "no name": {"without": ("preferred_username",)},
    "a name that is no user": {"claims": {"preferred_username": "nobody"}},
    "discovery of another": {"issuer_in_discovery": "https://evil.example"},
    "a wrong secret": {"secret": "other"},
}


@pytest.fixture
def provider() -> Iterator[Provider]:
    with running() as made:
        yield made


def house_of(settings: Settings, provider: Provider, **oidc: Any) -> House:
    rules = OidcSettings(issuer=provider.base, client_id="tougu", client_secret=SecretStr("shared"), **oidc)
    wecom = WecomSettings(corp_id="corp", agent_id="1", secret=SecretStr("shared"), api_url=provider.base)
    server = ServerSettings(url="http://127.0.0.1")
    return House(with_auth(settings, oidc=rules, wecom=wecom).model_copy(update={"server": server}))


@pytest.fixture
def house(settings: Settings, provider: Provider) -> Iterator[House]:
    made = house_of(settings, provider)
    made.users.add("A001", roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    yield made
    made.close()


def out(browser: TestClient, provider: Provider, path: str = "/board") -> str:
    answer = browser.get(f"/login/oidc?next={path}", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith(f"{provider.base}/authorize?")
    return provider.went_out(answer.headers["location"])


def back(browser: TestClient, state: str, code: str = "good") -> str:
    answer = browser.get(f"/login/oidc/callback?code={code}&state={state}", follow_redirects=False)
    assert answer.status_code == 303
    return answer.headers["location"]


def test_out_and_back_to_where_one_was(house: House, provider: Provider) -> None:
    browser = client_of(house)
    assert browser.get("/v1/login").json() == {"required": True, "sign_ins": ["oidc", "wecom"]}
    assert back(browser, out(browser, provider)) == "/board"
    assert browser.get("/v1/me").json()["id"] == "A001"
    assert told(house, "login")[0] == {"event": "login", "actor": "A001", "address": "testclient", "how": "oidc"}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_ends_at_the_login_page(house: House, provider: Provider, lie: str) -> None:
    browser = client_of(house)
    if "issuer_in_discovery" not in LIES[lie]:
        state = out(browser, provider)
    for name, value in LIES[lie].items():
        setattr(provider, name, value)
    if "issuer_in_discovery" in LIES[lie]:
        assert browser.get("/login/oidc", follow_redirects=False).headers["location"] == "/login?failed=1"
        return
    assert back(browser, state) == "/login?failed=1"
    assert browser.get("/v1/me").status_code == 401
    assert told(house, "login")[0]["event"] == "login.failed"


def test_an_answer_for_another_browser_or_state_opens_nothing(house: House, provider: Provider) -> None:
    browser, other = client_of(house), client_of(house)
    state = out(browser, provider)
    assert back(other, state) == "/login?failed=1"
    assert back(browser, state[:-1] + ("a" if state[-1] != "a" else "b")) == "/login?failed=1"
    assert back(browser, state, code="") == "/login?failed=1"
    browser.cookies.set("tougu_sign_in", "garbage", path="/login")
    assert back(client_of(house), state) == "/login?failed=1"


def test_roles_follow_the_groups_where_the_settings_say_so(settings: Settings, provider: Provider) -> None:
    house = house_of(settings, provider, roles={"advisors": Role.ADVISOR, "heads": Role.SUPERVISOR})
    for groups, roles in ((["advisors"], ["advisor"]), (["heads", "other"], ["supervisor"])):
        provider.claims = {"groups": groups, "preferred_username": "new.person"}
        browser = client_of(house)
        assert back(browser, out(browser, provider)) == "/board"
        assert browser.get("/v1/me").json()["roles"] == roles
    provider.claims = {"groups": ["other"], "preferred_username": "new.person"}
    browser = client_of(house)
    assert back(browser, out(browser, provider)) == "/login?failed=1"
    house.close()


class TestWecom:
    def come(self, house: House, code: str = "good") -> tuple[TestClient, str]:
        browser = client_of(house)
        address = browser.get("/login/wecom?next=/", follow_redirects=False).headers["location"]
        assert address.startswith("https://open.weixin.qq.com/connect/oauth2/authorize?appid=corp&")
        assert address.endswith("#wechat_redirect")
        state = address.split("state=")[1].split("&")[0]
        assert state.isalnum()
        answer = browser.get(f"/login/wecom/callback?code={code}&state={state}", follow_redirects=False)
        return browser, answer.headers["location"]

    def test_a_member_comes_in(self, house: House, provider: Provider) -> None:
        browser, path = self.come(house)
        assert path == "/"
        assert browser.get("/v1/me").json()["id"] == "A001"
        assert told(house, "login")[0]["how"] == "wecom"

    def test_a_token_that_ran_out_is_renewed_once(self, house: House, provider: Provider) -> None:
        provider.stale = 1
        assert self.come(house)[1] == "/"
        assert provider.tokens == 2

    @pytest.mark.parametrize(
        "member", [{"errcode": 0, "openid": "x"}, {"errcode": 40029}, {"errcode": 0, "userid": "nobody"}, {}]
    )
    def test_who_is_no_member_or_no_user_does_not(
        self, house: House, provider: Provider, member: dict[str, Any]
    ) -> None:
        provider.member = member
        assert self.come(house)[1] == "/login?failed=1"

    def test_a_wrong_code_or_secret_does_not(self, house: House, provider: Provider) -> None:
        assert self.come(house, code="bad")[1] == "/login?failed=1"
        provider.secret = "other"
        assert self.come(house_of(house.settings, provider))[1] == "/login?failed=1"


@pytest.mark.parametrize(
    "path", ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "", "/a\nb", "/\t/evil.example"]
)
def test_one_goes_on_within_this_server_only(path: str) -> None:
    assert inner_path(path) == "/"
    assert inner_path("/board?x=1#y") == "/board?x=1#y"
