"""What a reply to a prompt must keep, by name: the checks that a template's cases are held to.

They are the contract between a prompt and whoever reads its reply, in a form that a case can state; the reader
(rag.draft, intent.notes.wording, intent.verification, copilot.diagnosis.rewriting) checks more, against its sources.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from mandarin.numerals import find_numerals
from prompts.chat import Schema
from prompts.errors import ChatUnavailableError
from prompts.json_replies import json_text

_MARK = re.compile(r"\[(\d+)\]")
_PLACEHOLDER = re.compile(r"\[f\d+\]")
_SENTENCE = re.compile(r"[^。！？!?\n]*[^。！？!?\s][^。！？!?\n]*[。！？!?]*(?:\[\d+\])*")
_HEADING = re.compile(r"【[^】]*】")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]{2,}")
_LEAST_HAN = 0.5  # of a Chinese reply's letters; names of products may be Latin
Check = Callable[[str, Mapping[str, str]], str | None]


def faults(reply: str, variables: Mapping[str, str], checks: tuple[str, ...], schema: Schema | None) -> dict[str, str]:
    """What a reply breaks: name of the check and what is wrong, in one phrase; empty when it may stand."""
    found = {name: wrong for name in checks if (wrong := CHECKS[name](reply, variables))}
    if schema is not None:
        try:
            json_text(reply, schema, model="case")
        except ChatUnavailableError:
            found["schema"] = "it is not the JSON that the schema asks for"
    return found


def _cites(reply: str, variables: Mapping[str, str]) -> str | None:
    """Every sentence carries a [n] that the variables number."""
    given = {n for value in variables.values() for n in _MARK.findall(value)}
    for sentence in _SENTENCE.findall(_HEADING.sub("", reply)):
        marks = _MARK.findall(sentence)
        if not marks:
            return f"the sentence {sentence.strip()!r} cites nothing"
        if unknown := set(marks) - given:
            return f"it cites [{sorted(unknown)[0]}], which was not given"
    return None


def _numbers(reply: str, variables: Mapping[str, str]) -> str | None:
    """No number that the variables do not hold with its unit."""
    given = {(n.value, n.unit) for value in variables.values() for n in find_numerals(_MARK.sub("", value))}
    new = [n.quote for n in find_numerals(_MARK.sub("", reply)) if (n.value, n.unit) not in given]
    return f"it brings the number {new[0]}, which was not given" if new else None


def _placeholders(reply: str, variables: Mapping[str, str]) -> str | None:
    """Every [f1] of `lines` once, in its order, and no digit beside them."""
    if _PLACEHOLDER.findall(reply) != _PLACEHOLDER.findall(variables["lines"]):
        return "placeholders are lost, doubled or in another order"
    bare = _PLACEHOLDER.sub("", reply)
    return "it brings a number of its own" if any(c.isdigit() for c in bare) or find_numerals(bare) else None


def _same_lines(reply: str, variables: Mapping[str, str]) -> str | None:
    given, wanted = len(_rows(reply)), len(_rows(variables["lines"]))
    return None if given == wanted else f"it has {given} lines and not {wanted}"


def _one_line(reply: str, variables: Mapping[str, str]) -> str | None:
    return None if len(_rows(reply)) == 1 else "it is not one line"


def _chinese(reply: str, variables: Mapping[str, str]) -> str | None:
    han, latin = len(_HAN.findall(reply)), sum(len(word) for word in _LATIN.findall(reply))
    return None if han and han / (han + latin) >= _LEAST_HAN else "it is not in Chinese"


def _rows(text: str) -> list[str]:
    return [row for row in text.splitlines() if row.strip()]


CHECKS: Mapping[str, Check] = {
    "cites": _cites,
    "numbers": _numbers,
    "placeholders": _placeholders,
    "same_lines": _same_lines,
    "one_line": _one_line,
    "chinese": _chinese,
}
