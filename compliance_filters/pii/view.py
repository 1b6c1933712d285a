"""A text as the readers of identifiers see it: one width, one script, digits as digits, nothing invisible.

Every step but the removal of invisible characters keeps the length, so a clean text costs one pass.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from mandarin.offsets import Mapped
from mandarin.script import strip_invisible

GAP = r"[ \t\-.·_/,、—–\u20e3]"  # what people put between the groups of a number; U+20E3 is the keycap of an emoji
SAID_DIGITS = dict(zip("零〇幺一二三四五六七八九壹贰叁肆伍陆柒捌玖貳參陸", "001123456789123456789236", strict=True))
_TRADITIONAL = dict(
    zip("號樓棟電話證賬帳戶機銀郵東資碼單開門區縣鎮鄉園莊灣廣場裡層組隊總聯係給為愛媽爺孫趙陳張劉楊黃吳許鄧馮",
        "号楼栋电话证账账户机银邮东资码单开门区县镇乡园庄湾广场里层组队总联系给为爱妈爷孙赵陈张刘杨黄吴许邓冯",
        strict=True)
)  # fmt: skip
_ALL = f"0-9{''.join(SAID_DIGITS)}"
_RUN = re.compile(rf"[{_ALL}](?:{GAP}{{0,3}}[{_ALL}]){{6,}}")
_SAID_DIGIT = re.compile(f"[{''.join(SAID_DIGITS)}]")
# 一 is a digit unless it begins or ends a word: 一直, 统一.
_WORD = re.compile("(?<=[统唯之第专单万不周期])一|一(?=[直定个下些起般样切旦共方面会])")
_TO_DIGIT = str.maketrans(SAID_DIGITS)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e01ef]"
)


def _folded() -> dict[int, str]:
    """Single characters that stand for one ASCII character: full width, circled, styled and other scripts' digits."""
    blocks = ((0x2460, 0x2469), (0x24EA, 0x24EB), (0x2776, 0x2794), (0xFF01, 0xFF5F), (0x1D7CE, 0x1D800))
    found = {0x3000: " ", 0xA0: " "}
    for first, stop in (*blocks, (0x0660, 0x066A), (0x06F0, 0x06FA), (0x0966, 0x0970)):
        for code in range(first, stop):
            plain = unicodedata.normalize("NFKC", chr(code))
            digit = unicodedata.digit(chr(code), None)
            if digit is not None:
                found[code] = str(digit)
            elif len(plain) == 1 and plain.isascii():
                found[code] = plain
    return found


_PLAIN = {**_folded(), **str.maketrans(_TRADITIONAL)}
_STYLED = "\U0001d7ce-\U0001d7ff"  # digits as one range: a set of single characters beyond U+FFFF is slow
_ODD = re.compile(f"[{re.escape(''.join(chr(code) for code in _PLAIN if code <= 0xFFFF))}{_STYLED}]+")
_BASIC = "".join(chr(code) for code, plain in _PLAIN.items() if plain.isdigit() and code <= 0xFFFF)
_ANY_DIGIT = _ALL + re.escape(_BASIC) + _STYLED
_LETTER = "A-Za-z\u0130\u0131\u017f\u212a"  # what matches a letter when case is ignored
# The set of first characters stands first, and each form looks behind itself, so that plain text is skipped fast.
_MAY_HOLD = re.compile(
    rf"[{_ANY_DIGIT}{_LETTER}十百@＠艾微(\[{{（](?:"
    rf"(?<=[{_ANY_DIGIT}])(?:[ \t\-.·_/,，、—–\u3000\u20e3\ufe0f]{{0,3}}[{_ANY_DIGIT}]){{6}}"
    rf"|(?<=[{_ANY_DIGIT}十百{_LETTER}])[号號栋棟幢座室弄组組户戶楼樓单單#\-－]"
    r"|(?<=[@＠])|(?<=艾)特|(?<=[(\[{（])\s?[aA][tT]|(?<=微)信|(?<=[qQ])[qQ]|(?<=[vV])[xX]|(?<=[wW])[eE][cC][hH][aA][tT])"
)


def may_hold_identifiers(text: str) -> bool:
    """One look that most texts fail: no long number, no house number, no mail sign, nothing invisible."""
    return bool(_MAY_HOLD.search(text) or _INVISIBLE.search(text))


@dataclass(frozen=True, kw_only=True)
class PlainView:
    """What readers see, and the way back; `visible` is None where nothing was taken out."""

    text: str
    visible: Mapped | None = None

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` lies in the text handed in."""
        return self.visible.original_span(start, end) if self.visible else (start, end)


def plain_view(text: str) -> PlainView:
    """The text as readers see it. Never raises on odd characters."""
    visible = strip_invisible(text) if _INVISIBLE.search(text) else None
    return PlainView(text=_same_length(visible.text if visible else text), visible=visible)


def _same_length(text: str) -> str:
    folded = _ODD.sub(lambda odd: odd.group().translate(_PLAIN), text)
    pieces: list[str] = []
    position = 0
    for run in _RUN.finditer(folded):
        if _SAID_DIGIT.search(folded, run.start(), run.end()):
            pieces += (folded[position : run.start()], _digits(folded, run.start(), run.end()))
            position = run.end()
    return "".join([*pieces, folded[position:]]) if pieces else folded


def _digits(text: str, start: int, end: int) -> str:
    """The run with digits for the spoken ones; words that only hold a 一 stay."""
    words = {found.start() for found in _WORD.finditer(text, start, min(len(text), end + 1))}
    return "".join(c if start + i in words else c.translate(_TO_DIGIT) for i, c in enumerate(text[start:end]))
