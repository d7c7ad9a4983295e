"""Options that every command takes alike, and how a command ends."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

Home = Annotated[
    Path | None, typer.Option("--home", help="Folder of this installation's data. Default: .aitbc in the repository.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]


def finish(code: int) -> NoReturn:
    """End a command with its exit code."""
    raise typer.Exit(code)
