"""Reversible pseudonyms for what goes to a chat model: 〔手机1〕 out, the number back after the verdict."""

from __future__ import annotations

import re
from collections.abc import Iterable

from compliance_filters.pii import find_identifiers

_TOKEN = re.compile(r"〔[\u4e00-\u9fff]{2,4}\d{1,4}〕")
_LABELS = {
    "身份证号": "证件",
    "手机号": "手机",
    "银行卡号": "卡号",
    "证券账户": "账户",
    "邮箱": "邮箱",
    "住址": "住址",
}


class Pseudonyms:
    """Hides identifiers and known names; the same value gets the same token within one text.

    It keeps no state: whoever calls `hide` holds the map and gives it to `restore`.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._names = tuple(sorted({n for n in names if len(n) >= 2}, key=len, reverse=True))

    def with_names(self, names: Iterable[str]) -> Pseudonyms:
        """The same, knowing more names of the client master."""
        return Pseudonyms((*self._names, *names))

    def hide(self, text: str) -> tuple[str, dict[str, str]]:
        """The text with tokens, and token -> original; tokens already in the text are not reused."""
        spans = [(i.start, i.end, _LABELS[i.kind]) for i in find_identifiers(text)]
        for name in self._names:
            spans += [
                (m.start(), m.end(), "客户")
                for m in re.finditer(re.escape(name), text)
                if not any(start < m.end() and m.start() < end for start, end, _ in spans)
            ]
        taken = set(_TOKEN.findall(text))
        tokens: dict[str, str] = {}
        pieces: list[str] = []
        position = 0
        for start, end, label in sorted(spans):
            pieces += (text[position:start], _token(label, text[start:end], tokens, taken))
            position = end
        return "".join([*pieces, text[position:]]), tokens

    def restore(self, text: str, tokens: dict[str, str]) -> str:
        """Put the originals back. Raises ValueError when a token is lost or invented."""
        lost = [token for token in tokens if token not in text]
        if lost:
            raise ValueError(
                f"the text lost {len(lost)} of {len(tokens)} tokens ({', '.join(lost[:3])}): draft it again"
            )
        found = re.findall(r"〔[^〕]{0,12}〕?", text)
        invented = [token for token in found if _TOKEN.fullmatch(token) and token not in tokens]
        if invented:
            raise ValueError(f"the text holds unknown tokens ({', '.join(invented[:3])}): draft it again")
        return _TOKEN.sub(lambda m: tokens.get(m.group(), m.group()), text)


def _token(label: str, original: str, tokens: dict[str, str], taken: set[str]) -> str:
    for token, value in tokens.items():
        if value == original:
            return token
    number = 1
    while (token := f"〔{label}{number}〕") in tokens or token in taken:
        number += 1
    tokens[token] = original
    return token
