"""The commands of `aitbc --help`, grouped by what a person came for."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

SECTIONS = {
    "The market on this machine": ("up", "down", "status", "watch", "logs", "doctor", "health", "demo"),
    "Have work done": ("find", "ask-market", "ask-for", "hire", "jobs"),
    "Earn": ("agent", "reporter", "juror", "keeper", "cashier", "withdraw"),
    "Pay in small parts": ("channel", "order", "relay"),
    "Keys and records": ("keys", "approvals", "audit", "index", "dead"),
    "Talk and decide": ("agents", "ask", "decisions", "api-key"),
    "Models and knowledge": ("language", "knowledge", "pictures"),
}
REST = "More"


class Sectioned(TyperGroup):
    """A group whose help shows its commands by section; one that no section names comes last."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        shown = {name: command for name, command in commands.items() if command is not None and not command.hidden}
        named = {name for names in SECTIONS.values() for name in names}
        width = max(map(len, shown), default=0)
        for title, names in {**SECTIONS, REST: tuple(name for name in shown if name not in named)}.items():
            rows = [
                (name.ljust(width), shown[name].get_short_help_str(formatter.width - 6 - width))
                for name in names
                if name in shown
            ]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)
