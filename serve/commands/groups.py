"""A group of commands that does something by itself: words that name no command of it go to its default one."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup


class GroupWithDefault(TyperGroup):
    """`tougu calls PATH` runs the command `read` on PATH; `tougu calls note ID` is a command of its own."""

    default = "read"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Puts the default command before words that name none; `--help` stays with the group."""
        named = bool(args) and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else [self.default, *args])
