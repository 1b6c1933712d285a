"""Replies that must be JSON: found in what a model said, and held against their schema."""

from __future__ import annotations

import json

import jsonschema

from prompts.chat import Schema
from prompts.errors import ChatUnavailableError


def json_text(said: str, schema: Schema, *, model: str) -> str:
    """The JSON value in a reply, also inside a code fence or between words.

    Raises ChatUnavailableError when there is none, or when it does not keep the schema.
    """
    for start in (at for at, mark in enumerate(said) if mark in "{["):
        try:
            value, _end = json.JSONDecoder().raw_decode(said, start)
            jsonschema.validate(value, schema)
        except (ValueError, jsonschema.ValidationError, RecursionError):
            continue
        return json.dumps(value, ensure_ascii=False)
    raise ChatUnavailableError(f"the reply of {model} is not the JSON that was asked for: ask again or another model")
