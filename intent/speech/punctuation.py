"""Marks where the engine gave none: by pauses between words, particles and question words. No word is changed."""

from __future__ import annotations

import re
from collections.abc import Sequence

from intent.speech.transcribe import Word
from mandarin.script import HAN

MARKS = "，。！？、；：,.!?;:…"
MIN_BARE = 12  # characters without any mark from which a text is hard to read
COMMA_S, STOP_S = 0.25, 0.7  # pauses between two words
SHORTEST = 3  # characters between two marks
_MARK = re.compile(f"[{re.escape(MARKS)}]")
_HAN = re.compile(f"[{HAN}]")
_ASKS = re.compile(
    "(?:吗|(?<![那这多])么|是不是|好不好|行不行|可不可以|能不能|对吧|是吧)$|"
    "(?:什么|怎么|多少|哪[个些里儿只家]?|几[个年月天号点]?|谁|为啥|咋)[^，。？！]{0,6}(?:呢|啊|呀|的|了|办|样|回事)?$"
)
_ENDS = re.compile("[了吧啊呢呀嘛哦啦吗]$")  # a sentence may end here at a shorter pause


def punctuated(words: Sequence[Word], text: str) -> str:
    """`text`, which the words make up, with marks at pauses and at its end, if it is long and has none.

    Words without times (one word for a whole segment) leave the end alone to be marked.
    """
    if _MARK.search(text) or len(_HAN.findall(text)) < MIN_BARE:
        return text
    pieces: list[str] = []
    said = ""  # since the last mark
    for word, after in zip(words, [*words[1:], None], strict=True):
        said += word.text.strip()
        mark = _last(said) if after is None else _between(said, after.start_s - word.end_s)
        if mark:
            pieces.append(said + mark)
            said = ""
    marked = "".join(pieces) + said
    return marked if _bare(marked) == _bare(text) else text


def _between(said: str, pause_s: float) -> str:
    if len(said) < SHORTEST or pause_s < COMMA_S:
        return ""
    if pause_s >= STOP_S or (pause_s >= STOP_S / 2 and _ENDS.search(said)):
        return _last(said)
    return "，"


def _last(said: str) -> str:
    return "？" if _ASKS.search(said) else "。"


def _bare(text: str) -> str:
    return re.sub(rf"[\s{re.escape(MARKS)}]", "", text)
