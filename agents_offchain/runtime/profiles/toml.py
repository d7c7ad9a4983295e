"""A profile as the TOML file that an operator reads and changes; `load_profile` gives the same profile back."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from agents_offchain.runtime.profiles.profile import Profile

HEAD = """# An agent of this home. `aitbc agent schema` prints what may stand here, `aitbc agent show` what it does now.
"""


def render_profile(profile: Profile) -> str:
    """The file's text, every field written out."""
    document = profile.model_dump()
    parts = [HEAD]
    for name, value in document.items():
        if isinstance(value, tuple | list):
            parts += [_table(f"[[{name}]]", row) for row in value]
        else:
            parts.append(_table(f"[{name}]", value))
    return "\n".join(parts)


def _table(head: str, fields: dict[str, Any]) -> str:
    lines = [f"{name} = {_value(value)}" for name, value in fields.items() if value is not None]
    return "\n".join([head, *lines, ""])


def _value(value: Any) -> str:
    """A scalar in TOML; its basic strings are those of JSON, less the escapes that TOML has not."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f'"{value}"'
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)
