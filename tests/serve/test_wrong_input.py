"""What a request gets wrong: one sentence of the house in Chinese, whatever it is; nobody's body is read."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import BaseModel
from starlette.testclient import TestClient

from knowledge_base.access import Role
from serve.routes.wire import Clean
from serve.settings import Settings
from serve.wiring import House
from serve.wrong_input import sentence
from tests.serve.conftest import api_routes, client_of
from tests.serve.rights.conftest import add, log_in, told, with_auth

JSON = {"content-type": "application/json"}
FRAMEWORK = re.compile(r"Input should|required|Extra inputs|String should|decode|Value error|parsing|Not Found|Method")
CHECK = "/v1/compliance/check"


def asked(client: TestClient, body: object, path: str = CHECK) -> tuple[int, str]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = client.post(path, content=raw, headers=JSON)
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    assert FRAMEWORK.search(answer.text.replace('"title"', "")[50:]) is None or answer.status_code < 400, answer.text
    return answer.status_code, answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({}, "请求内容里的 text 没有填写：请补上后再提交。"),
        ({"text": 3}, "请求内容里的 text 不是文字：请提交一段文字。"),
        ({"text": None}, "请求内容里的 text 不是文字：请提交一段文字。"),
        ({"text": "\u3000"}, "请求内容里的 text：内容为空：请填写文字。"),
        ({"text": "好" * 200_001}, "请求内容里的 text 太长：请缩短到200000个字符以内。"),
        (
            {"text": "好", "target": "x"},
            "请求内容里的 target 不在可选值之中：请从'answer'、'report'、'advisor_speech'、",
        ),
        ({"text": "好", "product_codes": "x"}, "请求内容里的 product_codes 不是列表：请提交一个列表。"),
        ({"text": "好", "product_codes": ["x"] * 51}, "请求内容里的 product_codes 项数太多：请最多提交50项。"),
        ({"text": "好", "product_codes": ["x", 3]}, "请求内容里的 product_codes.1 不是文字：请提交一段文字。"),
        ({"text": "好", "generated": []}, "请求内容里的 generated 不是真假值：请填写true或false。"),
        ({"text": "好", "txet": 1}, "请求内容里的 txet 不是这个接口的字段：请去掉它，或核对拼写。"),
        ([], "请求内容不是JSON对象"),
        (b"null", "请求内容不是JSON对象：请以application/json提交一个对象。"),
        (b"", "请求内容没有填写：请补上后再提交。"),
        (b'{"text": ', "请求内容不是合法的JSON：请检查引号、逗号和括号后再提交。"),
        (b"[" * 100_000, "请求内容无法解析：请检查格式后重新提交。"),
        (b'{"text": ' + b"9" * 5000 + b"}", "请求内容无法解析：请检查格式后重新提交。"),
    ],
)
def test_wrong_json_is_one_sentence(client: TestClient, body: object, detail: str) -> None:
    status, said = asked(client, body)
    assert status in (400, 422)
    assert said.startswith(detail)
    assert said.endswith("。")


@pytest.mark.parametrize(
    "body",
    [
        {"text": "一半\ud83d的表情"}, {"text": "好\x00"}, {"text": "好", "product_codes": ["\udfff"]},
        {"text": "好", "\ud800": 1}, {"text": "好", "a\x00": 1}, b'{"text": "\xed\xa0\xbd"}',
    ],
)  # fmt: skip
def test_text_that_no_answer_and_no_column_holds_is_refused(client: TestClient, body: object) -> None:
    assert asked(client, body) == (422, "请求内容含有无法保存的字符：请删去不可见的控制字符和残缺的表情后再提交。")


@pytest.mark.parametrize("text", ["您好😀", "您\u200b好", "\u202e您好", "您好👨‍👩‍👧", "您好\r\n\t"])
def test_what_is_only_unusual_is_judged(client: TestClient, text: str) -> None:
    assert client.post(CHECK, json={"text": text}).status_code == 200


def test_a_name_that_the_sender_made_up_is_not_given_back(client: TestClient) -> None:
    for name in ("k" * 5000, "<script>", "13800138000\n", "张三"):
        assert asked(client, {"text": "好", name: 1}) == (
            422, "请求内容不是这个接口的字段：请去掉它，或核对拼写。"
        )  # fmt: skip


def test_addresses_and_methods_that_are_none(client: TestClient) -> None:
    for answer, status in ((client.get("/v1/nothing"), 404), (client.put(CHECK), 405), (client.get("/x/y"), 404)):
        assert answer.status_code == status
        assert answer.json()["detail"].startswith("没有这个地址" if status == 404 else "这个地址不接受这种请求方法")


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=a"])
def test_a_form_that_is_cut_off(client: TestClient, kind: str) -> None:
    answer = client.post("/v1/calls", content=b"--a\r\nbroken", headers={"content-type": kind})
    assert answer.status_code in (400, 422)
    assert FRAMEWORK.search(answer.json()["detail"]) is None
    assert answer.json()["detail"].startswith("请求内容")


def test_wrong_parameters_of_addresses(client: TestClient) -> None:
    for path, detail in (
        ("/v1/leads?limit=x", "地址中的参数里的 limit 不是整数：请填写一个整数。"),
        ("/v1/leads?limit=0", "地址中的参数里的 limit 太小：请填写不小于1的值。"),
        ("/v1/leads?limit=" + "9" * 5000, "地址中的参数里的 limit 数字太大：请填写一个较小的整数。"),
        ("/v1/messages/unmatched?day=x", "地址中的参数里的 day 不是日期：请写成2026-11-22的样子。"),
        ("/v1/products/card", "地址中的参数里的 q 没有填写：请补上后再提交。"),
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["detail"]) == (422, detail)


def test_a_kind_that_has_no_words_yet_is_a_sentence_too() -> None:
    assert sentence([{"type": "of tomorrow", "loc": ("body", "a"), "msg": "English."}]) == (
        "请求内容里的 a 格式不对：请按接口说明填写。"
    )
    assert "请按接口说明填写" in sentence([{"type": "too_long", "loc": ("body", "a"), "msg": "English."}])


def test_every_body_is_looked_through(client: TestClient) -> None:
    """A body of another base would let text in that breaks the answer, or the database."""
    app: Any = client.app
    bodies = [(route.path, model) for route in api_routes(app) for model in _models(route.body_field)]
    assert len(bodies) > 50
    assert [path for path, model in bodies if not issubclass(model, Clean)] == []


def _models(field: Any) -> Iterator[type[BaseModel]]:
    kinds = [] if field is None else [field.field_info.annotation]
    for kind in kinds:
        kinds += getattr(kind, "__args__", ())
        if isinstance(kind, type) and issubclass(kind, BaseModel) and not kind.__name__.startswith("Body_"):
            yield kind


class TestNobody:
    @pytest.fixture
    def closed(self, settings: Settings) -> Iterator[House]:
        made = House(with_auth(settings, required=True))
        add(made, "A001", Role.ADVISOR)
        yield made
        made.close()

    @pytest.fixture
    def read(self, closed: House) -> tuple[FastAPI, list[int]]:
        """The application, and how many pieces of bodies it took."""
        taken: list[int] = []
        inner: Any = client_of(closed).app

        async def counting(scope: Any, receive: Any, send: Any) -> None:
            async def counted() -> Any:
                taken.append(1)
                return await receive()

            await inner(scope, counted if scope["type"] == "http" else receive, send)

        return counting, taken  # type: ignore[return-value]

    @pytest.mark.parametrize("shown", [{}, {"cookie": "tougu_session=made-up"}, {"authorization": "Bearer tgk_x"}])
    @pytest.mark.parametrize("path", [CHECK, "/v1/calls", "/v1/audio/transcriptions", "/v1/knowledge/files?name=a.md"])
    def test_no_byte_of_a_body_is_read(self, read: tuple[FastAPI, list[int]], shown: dict[str, str], path: str) -> None:
        app, taken = read
        browser = TestClient(app, base_url="http://127.0.0.1")
        headers = {"origin": "http://127.0.0.1", **JSON, **shown}
        answer = browser.post(path, content=b"{" * 1_000_000, headers=headers)
        assert (answer.status_code, taken) == (401, [])
        assert answer.headers["content-type"] == "application/problem+json"
        assert "登录" in answer.json()["detail"]

    def test_who_is_somebody_is_told_what_is_wrong(self, closed: House) -> None:
        assert asked(log_in(closed, "A001"), b"{")[0] == 422

    def test_a_wrong_key_is_in_the_log_with_the_place_and_without_an_id(self, closed: House) -> None:
        browser = client_of(closed)
        answer = browser.post("/v1/leads/l-13800138000/ack", headers={"authorization": "Bearer tgk_x"}, json={})
        assert answer.status_code == 401
        assert told(closed, "refused")[0]["route"] == "POST /v1/leads"
