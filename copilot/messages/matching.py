"""When a text that was sent is the one that was cleared: word for word, or but for spaces, emoji and a greeting."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache
from importlib.resources import files

import yaml

_CITE = re.compile(r"\[\d{1,3}\]")  # marks of citations, which mean nothing to a client
_FACE = re.compile(r"\[[\u4e00-\u9fffA-Za-z]{1,6}\]")  # [微笑], as chat programs write their faces
_ENDS = "，。！？；：、,.!?;:~～…"
_DROPPED = frozenset({"So", "Sk", "Cf", "Cc", "Zs", "Zl", "Zp", "Mn", "Me", "Cs", "Co"})


def exact_hash(text: str) -> str:
    """SHA-256 of the text as it stands, as `Cleared` carries it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def near_hash(text: str) -> str:
    """SHA-256 of what is left of a text when everything is gone that does not change what it says."""
    return exact_hash(bare(text))


def bare(text: str) -> str:
    """Without spaces, emoji, citation marks, and a greeting or thanks around it; full width folded.

    Signs of words stay: a comma moved, a number changed or a sentence left out is another text.
    """
    folded = unicodedata.normalize("NFKC", _FACE.sub("", _CITE.sub("", text)))
    kept = "".join(c for c in folded if unicodedata.category(c) not in _DROPPED).strip(_ENDS)
    before, after = _greetings()
    while (cut := after.sub("", before.sub("", kept)).strip(_ENDS)) and cut != kept:
        kept = cut
    return kept


@cache
def _greetings() -> tuple[re.Pattern[str], re.Pattern[str]]:
    raw = yaml.safe_load(files("copilot.messages").joinpath("greetings.yaml").read_text(encoding="utf-8"))
    ends = f"[{re.escape(_ENDS)}]"
    before = re.compile(rf"^(?:{'|'.join(raw['before'])}){ends}+", re.IGNORECASE)
    after = re.compile(rf"(?:^|(?<={ends}))(?:{'|'.join(raw['after'])}){ends}*$", re.IGNORECASE)
    return before, after
