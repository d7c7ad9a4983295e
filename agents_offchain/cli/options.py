"""Options that every command takes alike, how commands are grouped, and how a command ends."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

Home = Annotated[
    Path | None, typer.Option("--home", help="Folder of this installation's data. Default: .aitbc in the repository.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


def command_group(name: str, text: str) -> typer.Typer:
    """The commands under one word; without a command it shows its help."""
    return typer.Typer(
        name=name, help=text, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False
    )


def finish(code: int) -> NoReturn:
    """End a command with its exit code."""
    raise typer.Exit(code)
