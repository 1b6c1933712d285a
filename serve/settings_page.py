"""Write the table of settings into a page: python -m serve.settings_page docs/operations.md"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from serve.settings import Settings, describe

BEGIN, END = "<!-- settings: python -m serve.settings_page docs/operations.md -->", "<!-- end of settings -->"


def settings_table() -> str:
    """Every setting with its default and its meaning, in Markdown, by group."""
    lines = ["| setting | default | meaning |", "|---|---|---|"]
    group = ""
    for key, field, value in describe(Settings.model_construct()):
        head, dot, _ = key.partition(".")
        if dot and head != group:
            group = head
            lines.append(f"| **{group}** | | |")
        lines.append(f"| `{key}` | {_default(value)} | {_meaning(field.description or '')} |")
    return "\n".join(lines)


def with_table(page: str) -> str:
    """The page with the table between its marks. Raises ValueError where it has none."""
    before, begin, rest = page.partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page does not hold {BEGIN} and {END}: put them where the table belongs")
    return f"{before}{BEGIN}\n\n{settings_table()}\n\n{END}{after}"


def _meaning(description: str) -> str:
    """Without the full stop and the capital of a sentence; an abbreviation keeps its own."""
    text = description if description.endswith("...") else description.removesuffix(".")
    text = text.replace("|", "\\|")
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def _default(value: Any) -> str:
    if value is None or value in ("", (), {}):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return ", ".join(map(_default, value))
    return f"`{value}`" if isinstance(value, str | Path) else f"{value:g}" if isinstance(value, float) else str(value)


def main() -> None:
    """The command line: rewrites the pages that are named."""
    for name in sys.argv[1:]:
        page = Path(name)
        page.write_text(with_table(page.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
