"""A few labelled lines by template: enough for the heads to learn two intents in a test."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

WISHES = ("我想开通{}", "{}怎么开通？", "给我办一个{}吧", "{}要什么条件，我想开", "帮我开一下{}", "{}能开吗，我要开")
REFUSALS = ("{}我不要", "不用了，{}没兴趣", "{}就算了，不考虑")
PRODUCTS = (("permission.hk", "港股通"), ("margin.open", "融资融券"), ("quant.tools", "条件单"))
NOTHING = ("嗯", "嗯。", "好的，再见", "今天天气不错", "你说", "喂，听得见吗", "刚吃完饭", "谢谢你啊")


def lines() -> list[dict[str, Any]]:
    """Every template in every split, so that a split lacks no intent."""
    made: list[dict[str, Any]] = []
    for split in ("train", "train", "calibration", "dev", "test"):
        for intent, name in PRODUCTS:
            made += [_line(made, t.format(name), split, intent, "interest") for t in WISHES]
            made += [_line(made, t.format(name), split, intent, "decline") for t in REFUSALS]
        made += [_line(made, text, split, "none", "interest") for text in NOTHING]
    return [{**line, "id": f"t{n}"} for n, line in enumerate(made)]


def write_lines(path: Path) -> Path:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines()), "utf-8")
    return path


def _line(made: list[dict[str, Any]], text: str, split: str, intent: str, polarity: str) -> dict[str, Any]:
    return {
        "id": str(len(made)),
        "role": "client",
        "text": text,
        "context": [],
        "intents": [{"id": intent, "polarity": polarity}],
        "tags": [],
        "split": split,
    }
