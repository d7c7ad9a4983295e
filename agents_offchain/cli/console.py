"""What the command says: plain lines for people, one JSON object a line for programs, errors on stderr."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Any

from agents_offchain.primitives.errors import AitbcError


@dataclass(frozen=True)
class Console:
    """Where a command writes; `is_json` decides in which form."""

    is_json: bool = False

    def line(self, text: str = "") -> None:
        """A line for people; programs do not get it."""
        if not self.is_json:
            print(text, flush=True)

    def event(self, name: str, /, **fields: Any) -> None:
        """A line for programs; people do not get it."""
        if self.is_json:
            print(json.dumps({"event": name, **fields}), flush=True)

    def document(self, value: dict[str, Any]) -> None:
        """The one answer of a command under `--json`."""
        if self.is_json:
            print(json.dumps(value, indent=2), flush=True)

    def warn(self, text: str) -> None:
        print(text, file=sys.stderr, flush=True)


def print_error(error: AitbcError, *, is_json: bool) -> None:
    """One sentence and its mend on stderr; under `--json` the error as one object there."""
    if is_json:
        print(json.dumps(error.as_dict(), default=str), file=sys.stderr, flush=True)
        return
    print(f"aitbc: {error.message}", file=sys.stderr)
    for line in error.fields.get("log_tail") or ():
        print(f"    | {line[:400]}", file=sys.stderr)
    if error.mend:
        print(f"  -> {error.mend}", file=sys.stderr)
    sys.stderr.flush()
