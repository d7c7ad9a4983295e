"""`aitbc completion`: the script by which a shell completes commands and options."""

from __future__ import annotations

import sys

from typer.completion import completion_init, get_completion_script  # type: ignore[attr-defined]

from agents_offchain.primitives.errors import Refused

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_AITBC_COMPLETE"
HINTS = {
    "bash": "# aitbc completion bash >> ~/.bashrc",
    "zsh": "# aitbc completion zsh > a file `_aitbc` in a folder of $fpath",
    "fish": "# aitbc completion fish > ~/.config/fish/completions/aitbc.fish",
}


class ShellUnknown(Refused):
    """There is no script for that shell."""


def enable() -> None:
    """Let `aitbc` answer a shell that asks for completions."""
    completion_init()


def run_completion(shell: str) -> int:
    """Print the script.

    Raises:
        ShellUnknown: it is none of bash, zsh and fish.
    """
    if shell not in SHELLS:
        raise ShellUnknown(f"There is no completion for {shell[:40]!r}.", mend=f"Known: {', '.join(SHELLS)}.")
    script = get_completion_script(prog_name="aitbc", complete_var=VARIABLE, shell=shell)
    sys.stdout.write(f"{script}\n{HINTS[shell]}\n" if shell != "zsh" else f"{script}\n")
    return 0
