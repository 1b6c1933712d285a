"""Logging in and out, by password and code; what wrong ones cost; what the log says of it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from knowledge_base.access import Role
from serve.errors import ServeError, UserError
from serve.rights import totp
from serve.rights.lockout import LockedError
from serve.rights.logins import Attempt, LoginError
from serve.settings import Settings
from serve.tables import login_failures, login_sessions
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import client_of
from tests.serve.rights.conftest import OWN, PASSWORD, add, log_in, told, with_auth

Browser = Callable[[], TestClient]


def test_without_logins_the_operator_is_let_in(house: House) -> None:
    told = client_of(house).get("/v1/me").json()
    assert len(told.pop("pages")) > 10, "the operator may open every page"
    assert told == {"id": "operator", "roles": ["system"], "branches": [], "login": False, "idle_minutes": 60}


def test_the_first_password_closes_the_house(house: House, anna: Browser) -> None:
    stranger = client_of(house)
    answer = stranger.get("/v1/leads")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert stranger.get("/v1/me", headers={"tougu-as": "A001"}).status_code == 401
    assert anna().get("/v1/me").json()["id"] == "A001"


def test_the_header_names_nobody_any_more(house: House, anna: Browser) -> None:
    add(house, "boss", Role.COMPLIANCE)
    assert anna().get("/v1/me", headers={"tougu-as": "boss"}).json()["id"] == "A001"


def test_pages_lead_to_the_login_and_back(house: House, anna: Browser) -> None:
    answer = client_of(house).get("/board?x=1", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Fboard%3Fx%3D1")
    assert anna().get("/board").status_code == 200
    assert client_of(house).get("/login").status_code == 200
    assert client_of(house).get("/livez").status_code == 200


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(house: House, anna: Browser) -> None:
    add(house, "A002", Role.ADVISOR)
    answer = client_of(house).post("/v1/login", json={"user": "A002", "password": PASSWORD}, headers=OWN)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert answer.headers["cache-control"] == "no-store"


def test_over_https_the_cookie_is_secure(settings: Settings) -> None:
    server = settings.server.model_copy(update={"url": "https://tougu.firm.example"})
    house = House(with_auth(settings, embedded=True).model_copy(update={"server": server}))
    add(house, "A001", Role.ADVISOR)
    browser = TestClient(client_of(house).app, base_url="https://tougu.firm.example")
    own = {"origin": "https://tougu.firm.example"}
    answer = browser.post("/v1/login", json={"user": "A001", "password": PASSWORD}, headers=own)
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-tougu_session=")
    assert "Secure" in cookie
    assert "SameSite=none" in cookie
    assert browser.get("/v1/me").json()["id"] == "A001"
    house.close()


def test_only_the_hash_of_a_session_is_kept(house: House, anna: Browser) -> None:
    token = anna().cookies["tougu_session"]
    with house.engine.connect() as connection:
        (row,) = connection.execute(login_sessions.select()).all()
    assert token not in map(str, row)
    assert len(row.id) == 64


def test_logging_out_ends_the_session_on_the_server(house: House, anna: Browser) -> None:
    browser = anna()
    token = browser.cookies["tougu_session"]
    assert browser.post("/v1/logout").status_code == 204
    again = client_of(house)
    again.cookies.set("tougu_session", token)
    assert again.get("/v1/me").status_code == 401
    assert [each["event"] for each in told(house, "log")] == ["logout", "login"]


@pytest.mark.parametrize("column", ["seen_at", "expires_at"])
def test_idle_and_old_sessions_end(house: House, anna: Browser, column: str) -> None:
    browser = anna()
    long_ago = datetime.now(UTC) - timedelta(minutes=61)
    with house.engine.begin() as connection:
        connection.execute(update(login_sessions).values({column: long_ago}))
    assert browser.get("/v1/me").status_code == 401


def test_who_is_removed_is_out_at_once(house: House, anna: Browser) -> None:
    browser = anna()
    add(house, "A002", Role.ADVISOR)
    house.users.remove("A001", principal=OPERATOR)
    assert browser.get("/v1/me").status_code == 401
    house.users.add("A001", roles=[Role.ADVISOR], branches=[], labels=[], principal=OPERATOR)
    assert browser.get("/v1/me").status_code == 401


def test_changes_by_a_login_say_where_they_come_from(house: House, anna: Browser) -> None:
    browser = anna()
    del browser.headers["origin"]
    assert browser.post("/v1/leads/claim", json={}).status_code == 403
    for site, status in (("same-origin", 200), ("same-site", 403), ("cross-site", 403)):
        assert browser.post("/v1/leads/claim", json={}, headers={"sec-fetch-site": site}).status_code == status
    assert browser.post("/v1/leads/claim", json={}, headers={"origin": "https://evil.example"}).status_code == 403
    evil = {"user": "A001", "password": PASSWORD}
    assert browser.post("/v1/login", json=evil, headers={"origin": "https://evil.example"}).status_code == 403


class TestWrongOnes:
    def test_one_answer_for_a_wrong_password_and_for_nobody(self, house: House, anna: Browser) -> None:
        anna()
        answers = [
            client_of(house).post("/v1/login", json={"user": user, "password": "wrong"}, headers=OWN)
            for user in ("A001", "nobody-here")
        ]
        assert [each.status_code for each in answers] == [401, 401]
        assert answers[0].json() == answers[1].json()
        assert [each["actor"] for each in told(house, "login.failed")] == ["nobody", "A001"]

    def test_a_typed_password_in_the_field_of_the_name_is_not_kept(self, house: House, anna: Browser) -> None:
        anna()
        client_of(house).post("/v1/login", json={"user": "my-secret-password", "password": "x"}, headers=OWN)
        with house.engine.connect() as connection:
            kept = [str(row) for row in connection.execute(login_failures.select())]
        assert "my-secret" not in " ".join(kept)
        assert "my-secret" not in str(told(house, "login"))

    @pytest.mark.parametrize("user", ["A001", "nobody-here"])
    def test_too_many_have_to_wait_longer_and_longer(self, house: House, anna: Browser, user: str) -> None:
        anna()
        tries = [
            client_of(house).post("/v1/login", json={"user": user, "password": "wrong"}, headers=OWN) for _ in range(7)
        ]
        assert [each.status_code for each in tries] == [401] * 5 + [429] * 2
        assert 0 < int(tries[-1].headers["retry-after"]) <= 30
        past = datetime.now(UTC) - timedelta(seconds=1)
        with house.engine.begin() as connection:
            connection.execute(update(login_failures).values(locked_until=past))
        with pytest.raises(LoginError):
            house.logins.enter(Attempt(user_id=user, password="wrong"))
        with pytest.raises(LockedError) as waiting:
            house.logins.enter(Attempt(user_id=user, password=PASSWORD))
        assert 30 < int(waiting.value.headers["retry-after"]) <= 60

    def test_security_unlocks(self, house: House, anna: Browser) -> None:
        anna()
        for _ in range(5):
            with pytest.raises(LoginError):
                house.logins.enter(Attempt(user_id="A001", password="wrong", address="10.0.0.9"))
        assert [(e.shown, e.failures) for e in house.lockouts.list(principal=OPERATOR)] == [("A001", 5)]
        house.lockouts.unlock("A001", principal=OPERATOR)
        assert house.logins.enter(Attempt(user_id="A001", password=PASSWORD))

    def test_an_address_that_tries_many_accounts_has_to_wait(self, settings: Settings) -> None:
        house = House(with_auth(settings, address_failures=6))
        add(house, "A001", Role.ADVISOR)
        for number in range(6):
            with pytest.raises(LoginError):
                house.logins.enter(Attempt(user_id=f"user{number}", password="wrong", address="10.0.0.9"))
        with pytest.raises(LockedError):
            house.logins.enter(Attempt(user_id="A001", password=PASSWORD, address="10.0.0.9"))
        assert house.logins.enter(Attempt(user_id="A001", password=PASSWORD, address="10.0.0.1"))
        house.close()

    def test_many_at_once_are_counted_one_by_one(self, house: House, anna: Browser) -> None:
        anna()

        def guess(number: int) -> str:
            try:
                house.logins.enter(Attempt(user_id="A001", password=f"guess {number}"))
            except (LoginError, LockedError) as error:
                return type(error).__name__
            return "in"

        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(guess, range(16)))
        assert outcomes.count("LoginError") == 5
        assert "in" not in outcomes

    def test_a_right_one_forgives_the_wrong_ones_before(self, house: House, anna: Browser) -> None:
        anna()
        for _ in range(3):
            for _ in range(4):
                with pytest.raises(LoginError):
                    house.logins.enter(Attempt(user_id="A001", password="wrong"))
            assert house.logins.enter(Attempt(user_id="A001", password=PASSWORD))


class TestCodes:
    def test_a_code_is_asked_for_and_opens_once(self, house: House, anna: Browser) -> None:
        anna()
        secret = totp.new_secret()
        house.credentials.set_totp("A001", secret)
        ask = {"user": "A001", "password": PASSWORD}
        first = client_of(house).post("/v1/login", json=ask, headers=OWN)
        assert (first.status_code, first.json()["needs"]) == (401, "code")
        code = totp.code(secret, int(datetime.now(UTC).timestamp()) // 30)
        assert client_of(house).post("/v1/login", json={**ask, "code": code}, headers=OWN).status_code == 200
        assert client_of(house).post("/v1/login", json={**ask, "code": code}, headers=OWN).status_code == 401

    def test_the_secret_is_encrypted_in_the_table(self, house: House, anna: Browser) -> None:
        anna()
        secret = totp.new_secret()
        house.credentials.set_totp("A001", secret)
        from serve.tables import credentials

        with house.engine.connect() as connection:
            (row,) = connection.execute(credentials.select()).all()
        assert secret not in row.totp
        assert house.credentials.of("A001").secret == secret

    def test_an_administrator_needs_one(self, settings: Settings) -> None:
        house = House(with_auth(settings, totp_roles=(Role.SECURITY,)))
        add(house, "sec", Role.SECURITY)
        with pytest.raises(LoginError, match="authenticator") as refused:
            house.logins.enter(Attempt(user_id="sec", password=PASSWORD))
        assert refused.value.more == {"needs": "setup"}
        house.close()


class TestSetup:
    def test_a_one_time_link_sets_password_and_authenticator(self, settings: Settings) -> None:
        house = House(with_auth(settings, totp_roles=(Role.SECURITY,)))
        house.users.add("sec", roles=[Role.SECURITY], branches=[], labels=[], principal=OPERATOR)
        token, _until = house.credentials.invite("sec", principal=OPERATOR)
        browser = client_of(house)
        offer = browser.post("/v1/login/setup", json={"token": token}).json()
        assert (offer["user"], offer["code_needed"]) == ("sec", True)
        done = {"token": token, "password": PASSWORD}
        assert browser.post("/v1/login/setup/done", json=done).json()["needs"] == "code"
        assert browser.post("/v1/login/setup/done", json={**done, "password": "short"}).status_code == 422
        secret = house.logins.setup(token).secret
        code = totp.code(secret, int(datetime.now(UTC).timestamp()) // 30)
        assert browser.post("/v1/login/setup/done", json={**done, "code": code}).status_code == 200
        assert browser.post("/v1/login/setup", json={"token": token}).status_code == 401
        later = totp.code(secret, int(datetime.now(UTC).timestamp()) // 30 + 1)
        assert log_in(house, "sec", code=later).get("/v1/me").json()["roles"] == ["security"]
        house.close()

    def test_a_newer_link_voids_the_older(self, house: House, anna: Browser) -> None:
        anna()
        first, _ = house.credentials.invite("A001", principal=OPERATOR)
        house.credentials.invite("A001", principal=OPERATOR)
        with pytest.raises(LoginError):
            house.logins.setup(first)

    @pytest.mark.parametrize("weak", ["short", "aaaaaaaaaaaaaa", "A001A001A001", "x" * 300])
    def test_weak_passwords_are_refused(self, house: House, anna: Browser, weak: str) -> None:
        anna()
        with pytest.raises(ServeError, match="password"):
            house.credentials.set_password("A001", weak)


def test_changing_ones_password_ends_the_other_logins(house: House, anna: Browser) -> None:
    here, there = anna(), anna()
    body = {"old": PASSWORD, "new": "另外一句 更长的话 2027"}
    assert here.post("/v1/me/password", json={**body, "old": "wrong"}).status_code == 401
    assert here.post("/v1/me/password", json=body).status_code == 204
    assert (here.get("/v1/me").status_code, there.get("/v1/me").status_code) == (200, 401)


def test_a_page_learns_that_the_one_who_is_logged_in_works(house: House, anna: Browser) -> None:
    browser = anna()
    assert browser.get("/v1/staff").json() == [{"id": "A001", "roles": ["advisor"]}]


def test_nobody_is_two_administrators_or_the_machine_or_changes_themselves(house: House) -> None:
    for roles in ([Role.SYSTEM], [Role.SECURITY, Role.AUDIT], [Role.ADMINISTRATOR, Role.SECURITY, Role.ADVISOR]):
        with pytest.raises(UserError):
            house.users.add("x", roles=roles, branches=[], labels=[], principal=OPERATOR)
    house.users.add("adm", roles=[Role.ADMINISTRATOR], branches=[], labels=[], principal=OPERATOR)
    with pytest.raises(UserError, match="own roles"):
        house.users.add("adm", roles=[Role.COMPLIANCE], branches=[], labels=[], principal=house.users.principal("adm"))
