"""What is wrong with a request, in one sentence of the house: no word of the framework, and nothing of the input back.

The words are data: `wrong_input.yaml`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from http import HTTPStatus
from importlib.resources import files
from typing import Any

import yaml
from starlette.exceptions import HTTPException

FILE = "wrong_input.yaml"
PLACES = {"body": "请求内容", "query": "地址中的参数", "path": "地址", "header": "请求头", "cookie": "Cookie"}
VALUE_ERROR = "Value error, "  # pydantic's words before those of a validator of the house
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_\[\]-]{0,63}")
_UNREADABLE = "请求内容无法解析：请检查格式后重新提交。"
_FRAMEWORK = {
    HTTPStatus.NOT_FOUND: "没有这个地址：请核对路径，全部接口见 /openapi.json。",
    HTTPStatus.METHOD_NOT_ALLOWED: "这个地址不接受这种请求方法：请核对后再试，全部接口见 /openapi.json。",
    HTTPStatus.BAD_REQUEST: _UNREADABLE,
}
_UNPARSED = "There was an error parsing the body"  # FastAPI, of a body that is too deep or of a number without end


def sentence(errors: Sequence[Mapping[str, Any]]) -> str:
    """The first finding of a validation: where, what, and what to do."""
    first = errors[0]
    kind, context = str(first["type"]), _bounds(first.get("ctx") or {})
    place = _place(first["loc"])
    if kind == "value_error":
        return f"{place.strip()}：{str(first['msg']).removeprefix(VALUE_ERROR).rstrip('.。')}。"
    what, todo = _words().get(kind) or _words()["other"]
    try:
        told = todo.format_map(context)
    except KeyError:  # a bound that this version of the framework names otherwise
        told = _words()["other"][1]
    return f"{place}{what}：{told}。"


def _bounds(context: Mapping[str, Any]) -> Mapping[str, Any]:
    """The bounds of a field; a list of choices without the framework's English between them."""
    if not isinstance(choices := context.get("expected"), str):
        return context
    return {**context, "expected": choices.replace(" or ", ", ").replace(", ", "、")}


def of_framework(error: HTTPException) -> str:
    """The words of an HTTPException, with a sentence in place of what the framework says of its own."""
    told, status = str(error.detail), HTTPStatus(error.status_code)
    # Starlette's own class is raised by the framework alone with this status, as for a form that is cut off.
    unreadable = told == _UNPARSED or (type(error) is HTTPException and status is HTTPStatus.BAD_REQUEST)
    if unreadable or told == status.phrase:
        return _FRAMEWORK.get(status, told)
    return told


def field(location: Sequence[Any]) -> str:
    """The name of the field that a finding is about; a name that the sender made up is not given back."""
    return next((str(part) for part in reversed(location) if _FIELD.fullmatch(str(part))), "")


def _place(location: Sequence[Any]) -> str:
    """`请求内容里的 events.3.at ` of ("body", "events", 3, "at"): as far as the names are plain."""
    named: list[str] = []
    for part in location[1:]:
        if not isinstance(part, int) and not _FIELD.fullmatch(str(part)):
            break
        named.append(str(part))
    base = PLACES.get(str(location[0]), "请求内容") if location else "请求内容"
    return f"{base}里的 {'.'.join(named)} " if named and not isinstance(location[1], int) else base


@cache
def _words() -> Mapping[str, Sequence[str]]:
    found: Mapping[str, Sequence[str]] = yaml.safe_load(files("serve").joinpath(FILE).read_text(encoding="utf-8"))
    return found
