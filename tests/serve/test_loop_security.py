"""Attacks on a link: guessed tokens and codes, replays, other links, dead links, markup, other hosts."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from copilot.loop.keys import LinkKeys, new_link_id
from copilot.settings import DeliverySettings
from copilot.tables import report_links, report_sessions
from knowledge_base.tables import clients
from serve.secrets import link_key
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.loop_cases import CLIENT, OTHER_CLIENT, Firm, loop_settings, path_of, with_navs

MARKUP = "<script>alert(1)</script>&\"'"


@pytest.fixture
def firm(home: Path) -> Iterator[Firm]:
    house = House(loop_settings(with_navs(home)))
    yield Firm(house)
    house.close()


@pytest.fixture
def public(home: Path) -> Iterator[Firm]:
    """Behind a gateway of the firm."""
    house = House(loop_settings(with_navs(home), public_url="https://report.example.com"))
    yield Firm(house)
    house.close()


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06d}"


def shift(firm: Firm, **later: timedelta) -> None:
    """Move times of all links."""
    with firm.house.engine.begin() as connection:
        row = connection.execute(select(report_links)).one()
        connection.execute(update(report_links).values({name: getattr(row, name) + by for name, by in later.items()}))


class TestTokens:
    def test_a_token_has_128_bits_and_its_hash_needs_the_key(self) -> None:
        one, other = LinkKeys(b"a" * 32), LinkKeys(b"b" * 32)
        link = new_link_id()
        assert len(one.token(link)) == 22
        assert one.token(link) != other.token(link)
        assert one.token_hash("x") != other.token_hash("x")
        assert len({one.token(new_link_id()) for _ in range(500)}) == 500
        with pytest.raises(ValueError, match="32 bytes"):
            LinkKeys(b"short")

    def test_the_key_is_made_once_and_for_its_owner_alone(self, firm: Firm) -> None:
        key = link_key(firm.house.settings)
        assert link_key(firm.house.settings) == key
        assert (firm.house.settings.home / "link.key").stat().st_mode & 0o777 == 0o600

    def test_guessed_expired_revoked_and_malformed_links_look_the_same(self, firm: Firm) -> None:
        link = firm.sent()
        path, reader = path_of(link), firm.reader()
        answers = [reader.get(f"/r/{'A' * 22}"), reader.get("/r/x"), reader.get(f"/r/{'%20' * 22}")]
        shift(firm, expires_at=timedelta(days=-30))
        answers.append(reader.get(path))
        shift(firm, expires_at=timedelta(days=30))
        assert reader.get(path).status_code == 200
        assert firm.api.post(f"/v1/deliveries/{link['id']}/revoke", json={"reason": "发错版本"}).status_code == 200
        answers.append(reader.get(path))
        assert {each.status_code for each in answers} == {404}
        assert len({each.text for each in answers}) == 1

    @pytest.mark.parametrize("how", ["revoked", "expired"])
    def test_who_is_inside_is_out_when_the_link_ends(self, firm: Firm, how: str) -> None:
        link = firm.sent()
        reader, path = firm.inside(link)
        assert "甄海棠" in reader.get(path).text
        if how == "revoked":
            firm.api.post(f"/v1/deliveries/{link['id']}/revoke", json={"reason": "发错版本"})
        else:
            shift(firm, expires_at=timedelta(days=-30))
        for page in ("", "/s/0", "/report", "/report.pdf"):
            assert reader.get(path + page).status_code == 404
        assert reader.post(f"{path}/code").status_code == 404
        assert reader.post(f"{path}/enter", data={"code": "123456"}).status_code == 404


class TestCodes:
    def test_nothing_is_shown_before_the_code(self, firm: Firm) -> None:
        path, reader = path_of(firm.sent()), firm.reader()
        for page in ("", "/s/0", "/report", "/report.pdf"):
            answer = reader.get(path + page)
            assert "甄海棠" not in answer.text
            assert not answer.content.startswith(b"%PDF")
        assert "获取验证码" in reader.get(path).text

    def test_a_code_is_used_once(self, firm: Firm) -> None:
        path, first, second = path_of(firm.sent()), firm.reader(), firm.reader()
        code = firm.code(first, path)
        assert first.post(f"{path}/enter", data={"code": code}).status_code == 303
        replay = second.post(f"{path}/enter", data={"code": code})
        assert (replay.status_code, "set-cookie" in replay.headers) == (403, False)
        assert "甄海棠" not in second.get(path).text

    def test_a_code_grows_old_and_a_new_one_voids_it(self, firm: Firm) -> None:
        path, reader = path_of(firm.sent()), firm.reader()
        old = firm.code(reader, path)
        new = firm.code(reader, path)
        assert old != new
        assert reader.post(f"{path}/enter", data={"code": old}).status_code == 403
        shift(firm, code_until=timedelta(minutes=-6))
        late = reader.post(f"{path}/enter", data={"code": new})
        assert late.status_code == 403
        assert "失效" in late.text

    def test_wrong_codes_lock_and_then_revoke_the_link(self, firm: Firm) -> None:
        link = firm.sent()
        path, reader = path_of(link), firm.reader()
        for lock in range(3):
            for _ in range(5):
                code = firm.code(reader, path)  # a fresh code does not forgive earlier misses
                last = reader.post(f"{path}/enter", data={"code": wrong(code)})
                if last.status_code != 403:
                    break
            if lock < 2:
                assert last.status_code == 429
                right = reader.post(f"{path}/enter", data={"code": firm.gateway.last("code").secret})
                assert right.status_code == 429, "even the right code waits"
                assert reader.post(f"{path}/code").status_code == 429
                shift(firm, locked_until=timedelta(hours=-1), codes_since=timedelta(days=-2))
        assert last.status_code == 404
        found = firm.house.links.get(link["id"], principal=OPERATOR)
        assert (found.state, found.revoked_by) == ("revoked", "system")
        whys = [task["why"] for task in firm.api.get("/v1/deliveries/tasks").json()["tasks"]]
        assert "locked" in whys
        assert firm.events().count("delivery.code_wrong") == 15
        assert firm.events().count("delivery.locked") == 3

    def test_attempts_made_at_once_are_counted_one_by_one(self, firm: Firm) -> None:
        link = firm.sent()
        path = path_of(link)
        code = firm.code(firm.reader(), path)
        found = firm.house.links.get(link["id"], principal=OPERATOR)
        steps: list[str] = []
        guesses = [f"{(int(code) + n) % 1_000_000:06d}" for n in range(1, 13)]

        def guess(text: str) -> None:
            steps.append(firm.house.codes.enter(found, text).step.value)

        threads = [threading.Thread(target=guess, args=(text,)) for text in guesses]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert steps.count("wrong") == 4
        assert steps.count("locked") == 8

    def test_codes_are_not_sent_without_end(self, firm: Firm) -> None:
        path, reader = path_of(firm.sent()), firm.reader()
        answers = [reader.post(f"{path}/code").status_code for _ in range(12)]
        assert answers == [200] * 10 + [429] * 2

    def test_a_pause_lies_between_two_codes(self, home: Path, tmp_path: Path) -> None:
        house = House(loop_settings(with_navs(home), code_pause_s=60))
        firm = Firm(house)
        path, reader = path_of(firm.sent()), firm.reader()
        assert [reader.post(f"{path}/code").status_code for _ in range(2)] == [200, 429]
        house.close()

    @pytest.mark.parametrize("text", ["", "12345", "1234567", "１２３４５６", "abcdef", "12 34", MARKUP, "\ud800"])
    def test_what_is_no_code_is_no_attempt(self, firm: Firm, text: str) -> None:
        path, reader = path_of(firm.sent()), firm.reader()
        firm.code(reader, path)
        answer = reader.post(f"{path}/enter", data={"code": text.encode("utf-8", "surrogatepass")})
        assert answer.status_code == 422
        assert MARKUP not in answer.text
        assert "delivery.code_wrong" not in firm.events()

    def test_a_session_opens_its_own_link_alone_and_ends(self, firm: Firm) -> None:
        mine, path = firm.inside(firm.sent())
        other = path_of(firm.sent(OTHER_CLIENT))
        cookie = mine.cookies.get("tougu_reader")
        thief = firm.reader()
        assert "柏舟" not in thief.get(other, headers={"cookie": f"tougu_reader={cookie}"}).text
        assert "甄海棠" in thief.get(path, headers={"cookie": f"tougu_reader={cookie}"}).text
        code = firm.code(mine, path)
        assert thief.post(f"{other}/enter", data={"code": code}).status_code == 403
        with firm.house.engine.begin() as connection:
            row = connection.execute(select(report_sessions)).one()
            assert cookie not in tuple(row)
            connection.execute(update(report_sessions).values(expires_at=row.created_at))
        assert "甄海棠" not in mine.get(path).text

    def test_leaving_ends_the_session_on_the_server(self, firm: Firm) -> None:
        reader, path = firm.inside(firm.sent())
        cookie = reader.cookies.get("tougu_reader")
        reader.post(f"{path}/leave")
        assert "甄海棠" not in firm.reader().get(path, headers={"cookie": f"tougu_reader={cookie}"}).text

    def test_the_cookie_is_for_this_link_and_not_for_scripts(self, public: Firm) -> None:
        path, reader = path_of(public.sent()), public.reader()
        entered = reader.post(f"{path}/enter", data={"code": public.code(reader, path)})
        cookie = entered.headers["set-cookie"].lower()
        for word in ("httponly", "samesite=lax", "secure", f"path={path.lower()}", "max-age=1800"):
            assert word in cookie


class TestPages:
    def test_names_and_questions_are_never_markup(self, firm: Firm) -> None:
        with firm.house.engine.begin() as connection:
            connection.execute(update(clients).where(clients.c.id == CLIENT).values(name=MARKUP))
        link = firm.sent()
        reader, path = firm.inside(link)
        reader.post(f"{path}/consent", data={"answer": "yes"})
        assert reader.post(f"{path}/question", data={"question": MARKUP}).status_code == 303
        assert reader.post(f"{path}/question", data={"question": MARKUP * 40}).status_code == 422
        pages = [reader.get(path + page) for page in ("", f"?done={MARKUP}", "/s/0", "/report")]
        for answer in pages:
            assert answer.status_code == 200
            assert "<script>" not in answer.text
            assert "script-src" not in answer.headers["content-security-policy"]
            assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "&lt;script&gt;" in pages[0].text
        (task,) = [t for t in firm.api.get("/v1/deliveries/tasks").json()["tasks"] if t["why"] == "question"]
        assert task["words"] == MARKUP

    def test_pages_are_not_kept_indexed_or_told_to_others(self, firm: Firm) -> None:
        reader, path = firm.inside(firm.sent())
        for page in ("", "/s/0", "/report", "/report.pdf"):
            headers = reader.get(path + page).headers
            assert headers["cache-control"] == "no-store"
            assert headers["referrer-policy"] == "no-referrer"
            assert "noindex" in headers["x-robots-tag"]
            assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert "<script" not in reader.get(path).text

    def test_no_suggestion_can_be_made_up(self, firm: Firm) -> None:
        link = firm.sent()
        reader, path = firm.inside(link)
        reader.post(f"{path}/consent", data={"answer": "yes"})
        assert reader.post(f"{path}/accept", data={"section": "1"}).status_code == 422
        assert [each.kind for each in firm.reactions(link)] == []

    def test_forms_of_clients_are_short(self, firm: Firm) -> None:
        reader, path = firm.inside(firm.sent())
        assert reader.post(f"{path}/question", data={"question": "长" * 40_000}).status_code == 413


class TestGateway:
    @pytest.mark.parametrize("url", ["http://127.0.0.1:8600", "https://x/path", "ftp://x", "report.example.com"])
    def test_a_public_address_is_a_host_of_its_own(self, url: str) -> None:
        with pytest.raises(ValueError, match="public_url"):
            DeliverySettings(public_url=url)

    def test_under_the_public_name_only_client_pages_answer(self, public: Firm) -> None:
        path, reader = path_of(public.sent()), public.reader()
        public = {"host": "report.example.com"}
        assert reader.get(path, headers=public).status_code == 200
        for page in ("/", "/review", "/v1/deliveries", "/v1/leads", "/openapi.json", "/metrics", "/static/style.css"):
            assert reader.get(page, headers=public).status_code == 404
        assert reader.get(path, headers={"host": "evil.example.com"}).status_code == 400

    def test_forms_of_other_sites_are_refused(self, public: Firm) -> None:
        path, reader = path_of(public.sent()), public.reader()
        for origin, status in (("https://evil.example.com", 403), ("https://report.example.com", 200), ("null", 200)):
            headers = {"host": "report.example.com", "origin": origin}
            assert reader.post(f"{path}/code", headers=headers).status_code == status
        assert reader.post("/v1/compliance/check", json={"text": "x"}, headers={"origin": "null"}).status_code == 403

    def test_the_address_is_that_of_the_gateway(self, public: Firm) -> None:
        assert public.sent()["url"].startswith("https://report.example.com/r/")
