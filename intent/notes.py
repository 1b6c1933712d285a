"""The call note: purpose, what was promised, the next action; sentences of the call with their turns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib import resources

import yaml

from intent.call import Speaker, Transcript, Turn, Wish
from intent.classifier.taxonomy import Taxonomy

LONGEST_QUOTE = 60  # characters
PLACES = {"lead": "商机", "case": "登记事项", "ticket": "工单", "consent": "意愿变更"}
POLITE_START = 2  # turns of greeting that hold no purpose


def call_note(transcript: Transcript, wishes: Sequence[Wish], taxonomy: Taxonomy) -> str:
    """A note in Chinese, extractive: nothing stands in it that nobody said, each line with its turn.

    Turn numbers count from 1, as people count.
    """
    turns = transcript.turns
    if not turns:
        return "本次录音没有可读的通话内容。"
    parts = (
        _section("来电目的", _purpose(turns, wishes, taxonomy)),
        _section("顾问承诺", [_cite(t) for t in turns if t.speaker is Speaker.ADVISOR and _promises(t.text)]),
        _section("客户答应", [_cite(t) for t in turns if t.speaker is Speaker.CLIENT and _agreed(t.text)]),
        _section("下一步", _next(wishes, taxonomy)),
    )
    return "\n".join(part for part in parts if part)


def _purpose(turns: Sequence[Turn], wishes: Sequence[Wish], taxonomy: Taxonomy) -> list[str]:
    if wishes:
        named: dict[str, Wish] = {}
        for wish in wishes:
            named.setdefault(wish.intent, wish)
        return [
            f"{taxonomy[w.intent].zh}：{_shorten(w.evidence[0].quote)}（第{w.evidence[0].turn + 1}轮）"
            for w in named.values()
        ]
    said = [t for t in turns[POLITE_START:] if t.speaker is not Speaker.ADVISOR] or list(turns)
    return [_cite(max(said, key=lambda t: len(t.text))) + "；未发现明确需求"]


def _next(wishes: Sequence[Wish], taxonomy: Taxonomy) -> list[str]:
    return [
        f"{PLACES[w.goes_to]}：{taxonomy[w.intent].zh}"
        + (f"（{w.product}）" if w.product else "")
        + (f"，约{w.amount_cny:,.0f}元" if w.amount_cny is not None else "")
        + (f"，暂缓：{w.held_because}" if w.held_because else f"，{taxonomy[w.intent].sla_hours}小时内处理")
        for w in wishes
    ]


def _section(title: str, lines: Sequence[str]) -> str:
    return f"【{title}】\n" + "\n".join(f"- {each}" for each in lines) if lines else ""


def _cite(turn: Turn) -> str:
    return f"{_shorten(turn.text)}（第{turn.index + 1}轮）"


def _shorten(text: str) -> str:
    return text if len(text) <= LONGEST_QUOTE else text[: LONGEST_QUOTE - 1] + "…"


def _promises(text: str) -> bool:
    return _cues()["advisor_promises"].search(text) is not None


def _agreed(text: str) -> bool:
    return _cues()["client_promises"].search(text) is not None


@cache
def _cues() -> dict[str, re.Pattern[str]]:
    text = resources.files("intent").joinpath("note_cues.yaml").read_text("utf-8")
    return {name: re.compile(pattern) for name, pattern in yaml.safe_load(text).items()}
