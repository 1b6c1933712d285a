from __future__ import annotations

import json

import pytest

from prompts.errors import ChatUnavailableError
from prompts.json_replies import json_text

SCHEMA = {
    "type": "object",
    "properties": {"wants": {"type": "boolean"}},
    "required": ["wants"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "said",
    [
        '{"wants": true}',
        '```json\n{"wants": true}\n```',
        '好的：{"wants": true}。还有{别的}',
        '{"quote": "x"} 更正：{"wants": true}',
    ],
)
def test_the_value_that_keeps_the_schema(said: str) -> None:
    assert json.loads(json_text(said, SCHEMA, model="m")) == {"wants": True}


@pytest.mark.parametrize("said", ["", "不", '{"wants": "no"}', '{"wants": true', "[1]", "{" * 3000])
def test_anything_else_is_no_reply(said: str) -> None:
    with pytest.raises(ChatUnavailableError, match="not the JSON"):
        json_text(said, SCHEMA, model="m")
