"""Logs: structured, and blind to what people say."""

from __future__ import annotations

import json
import logging

from serve.logs import JsonFormatter, TextFormatter


def record(**extra: object) -> logging.LogRecord:
    made = logging.LogRecord("tougu.http", logging.INFO, __file__, 1, "request", None, None)
    for key, value in extra.items():
        setattr(made, key, value)
    return made


def test_json_carries_the_fields() -> None:
    line = json.loads(JsonFormatter().format(record(route="/v1/questions", ms=12)))
    assert (line["event"], line["route"], line["ms"]) == ("request", "/v1/questions", 12)


def test_what_people_said_is_withheld_in_both_forms() -> None:
    spoken = record(text="我想赎回二十万", question="保本吗")
    for formatter in (JsonFormatter(), TextFormatter()):
        line = formatter.format(spoken)
        assert "二十万" not in line
        assert "保本" not in line
        assert "[withheld]" in line
