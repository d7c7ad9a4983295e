"""Options and help of `aitbc pictures`. What the commands do is in `folder`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agents_offchain.cli.console import Console
from agents_offchain.cli.options import AsJson, Home, command_group, finish

pictures = command_group(
    "pictures", "Pictures of your own: found by words, copies found by likeness; nothing leaves this machine."
)
GROUPS = (pictures,)
Folder = Annotated[Path, typer.Argument(help="Where the pictures lie; folders inside it too.")]


@pictures.command("find", epilog="Example:  aitbc pictures find holiday 'a cat on a sofa' --count 3")
def find(
    folder: Folder,
    text: Annotated[str, typer.Argument(help="What they show, in English.")],
    count: Annotated[int, typer.Option(min=1, max=1000, help="At most so many.")] = 5,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show the pictures that are nearest to a text. Each is looked at once; later searches are quick."""
    from agents_offchain.cli.pictures.folder import run_find
    from agents_offchain.cli.places import settings_for

    finish(run_find(settings_for(home), Console(as_json), folder, text, count))


@pictures.command("copies", epilog="Exit codes: 0 none · 1 some.  Example:  aitbc pictures copies holiday")
def copies(folder: Folder, home: Home = None, as_json: AsJson = False) -> None:
    """Show groups of pictures that are copies of one another: scaled, compressed, brightened or a little cut."""
    from agents_offchain.cli.pictures.folder import run_copies
    from agents_offchain.cli.places import settings_for

    finish(run_copies(settings_for(home), Console(as_json), folder))
