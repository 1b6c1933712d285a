"""The OpenAPI document, and whatever it lets in: schemathesis asks every operation, and no answer is an error of ours.

Each operation is asked what fits the document and what does not, about things that are there and things that are not,
by people of wide and of few rights. Nothing may end in 5xx, every refusal is a problem document in one sentence, and
answers have the type and shape that is declared.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings

from intent.speech.transcribe import ScriptedTranscriber
from knowledge_base.access import Role
from serve.app import create_app
from serve.rights.callers import COOKIE
from serve.rights.settings import LimitSettings
from serve.users import OPERATOR
from serve.wiring import House
from tests.serve.conftest import settings_of
from tests.serve.rights.conftest import EAST, with_auth
from tests.serve.rights.matrix import busy
from tests.serve.rights.matrix import rows as matrix_rows

STAFF = [Role.ADVISOR, Role.SUPERVISOR, Role.COMPLIANCE, Role.EDITOR, Role.OPERATIONS, Role.CRM]
CALLERS = {"wide": [*STAFF, Role.ADMINISTRATOR], "keeper": [Role.SECURITY], "few": [Role.ADVISOR]}
HOST = "http://127.0.0.1"
FOUND = settings(  # two cases of an operation and a way of making them, the same ones on every run
    max_examples=2, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip


@dataclass
class Asker:
    """Asks one application as several people and keeps what went wrong, each kind once."""

    house: House
    app: FastAPI
    ids: dict[str, dict[str, str]]  # by route: what stands in its path in a house that has it
    wrong: dict[str, str] = field(default_factory=dict)
    statuses: dict[int, int] = field(default_factory=dict)

    def ask(self, case: Any, client: Any, caller: str, *, real: bool) -> None:
        known = self.ids.get(f"{case.method.upper()} {case.path}", {})
        if real and known:
            case.path_parameters = {**(case.path_parameters or {}), **known}
        cookie = {COOKIE: self.house.sessions.open(caller, how="password", address="test")}
        try:
            answer = case.call(base_url=HOST, session=client, cookies=cookie, headers={"origin": HOST}, app=self.app)
        except Exception as error:
            self.note(case, type(error).__name__, traceback.format_exc()[-1500:])
            return
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        self.judge(case, answer)

    def judge(self, case: Any, answer: Any) -> None:
        from schemathesis.core.failures import FailureGroup
        from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

        if answer.status_code >= 500:
            self.note(case, str(answer.status_code), answer.text[:300])
        if answer.status_code >= 400 and (told := not_a_problem(answer)):
            self.note(case, told, answer.text[:300])
        try:
            case.validate_response(answer, checks=[content_type_conformance, response_schema_conformance])
        except FailureGroup as failed:
            for each in failed.exceptions:
                self.note(case, type(each).__name__, f"{answer.status_code} {str(each)[:600]}")

    def note(self, case: Any, kind: str, told: str) -> None:
        self.wrong.setdefault(f"{case.method.upper()} {case.path}: {kind}", f"{case.as_curl_command()[:400]}\n{told}")


def not_a_problem(answer: Any) -> str:
    """What is wrong about a refusal; empty for a problem document with a sentence."""
    if answer.headers.get("content-type", [""])[0].startswith("text/html"):
        return ""  # pages of clients refuse in words
    try:
        told = json.loads(answer.text)
    except ValueError:
        return "no JSON"
    if not isinstance(told, dict) or {"type", "title", "status", "detail"} - told.keys():
        return "no problem document"
    return "" if told["detail"] and told["status"] == answer.status_code else "no sentence"


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    from serve.sample import import_people

    limits = LimitSettings(person_per_minute=0, address_per_minute=0)
    home = tmp_path_factory.mktemp("openapi") / "home"
    house = House(with_auth(settings_of(home), required=True).model_copy(update={"limits": limits}))
    house.transcriber = ScriptedTranscriber(["你好"] * 9999)
    import_people(house)
    ids = busy(house)
    for name, roles in CALLERS.items():
        house.users.add(name, roles=roles, branches=[EAST], labels=[], principal=OPERATOR)
    found = {row.route: {name: ids[kind] for name, kind in row.ids.items()} for row in matrix_rows()}
    yield Asker(house=house, app=create_app(house), ids=found)
    house.close()


def test_the_document_is_valid(asker: Asker) -> None:
    import schemathesis

    schemathesis.openapi.from_dict(asker.app.openapi()).validate()


def test_every_operation_says_how_it_refuses(asker: Asker) -> None:
    for path, operations in asker.app.openapi()["paths"].items():
        for method, operation in operations.items():
            assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}, (method, path)
            assert "422" not in operation["responses"]


@pytest.mark.slow
def test_whatever_is_asked_no_answer_is_an_error_of_ours(asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.python import asgi

    monkeypatch.setattr("serve.app.unexpected", _with_traceback)
    schema = schemathesis.openapi.from_dict(asker.app.openapi())
    asked: set[str] = set()
    with asgi.get_client(asker.app) as client:
        for found in schema.get_all_operations():
            operation = found.ok()
            asked.add(operation.label)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                _ask(asker, operation.as_strategy(generation_mode=mode), client)
    assert len(asked) > 140
    assert {200, 404, 403, 422} <= asker.statuses.keys(), "some came through, some were refused"
    assert asker.wrong == {}, "\n\n".join(f"{name}\n{told}" for name, told in asker.wrong.items())


def _ask(asker: Asker, strategy: Any, client: Any) -> None:
    """The first case is about what is there, the others about what was made up; each is asked by two."""
    count = 0

    @FOUND
    @given(case=strategy)
    def ask(case: Any) -> None:
        nonlocal count
        count += 1
        for caller in ("wide", "few" if count == 1 else "keeper"):
            asker.ask(case, client, caller, real=count == 1)

    try:
        ask()
    except Exception as error:
        if type(error).__name__ not in ("Unsatisfiable", "NegativeGenerationError", "SkipTest", "Skipped"):
            raise


def _with_traceback(error: Exception) -> Any:
    """The answer to an error of ours, with the place of it, for who reads the failure of this test."""
    from serve.problems import problem

    return problem(500, "".join(traceback.format_exception(error)[-3:])[-900:])
