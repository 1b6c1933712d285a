"""A pseudonymiser of a few fixed names, strict about tokens as the real one is."""

from __future__ import annotations

import re

NAMES = ("张伟民", "李秀英")
TOKEN = re.compile(r"〔客户\d+〕")


class NameHider:
    def hide(self, text: str) -> tuple[str, dict[str, str]]:
        tokens = {}
        for number, name in enumerate((name for name in NAMES if name in text), 1):
            tokens[f"〔客户{number}〕"] = name
            text = text.replace(name, f"〔客户{number}〕")
        return text, tokens

    def restore(self, text: str, tokens: dict[str, str]) -> str:
        if set(TOKEN.findall(text)) != set(tokens):
            raise ValueError("a token was lost or invented")
        for token, original in tokens.items():
            text = text.replace(token, original)
        return text
