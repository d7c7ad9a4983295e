"""What the signer's log must show after every story: whole, further than before, and with everything on the chain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from agents_offchain.chain.signer.audit import Head, read_lines, verify
from agents_offchain.chain.signer.keystore import list_keys


class Auditor:
    """Follows the log of one folder of keys; keeps the last head itself, as the log's own page advises."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._head: Head | None = None
        self._addresses = {"0x" + key.address.hex() for key in list_keys(folder)}

    def look(self, transactions: Iterable[Mapping[str, Any]]) -> list[str]:
        """What is wrong, in sentences; `transactions` are the chain's."""
        check = verify(self._folder, self._head)
        if not check.is_whole:
            return [f"the audit log is broken: {check.trouble}"]
        self._head = check.head
        told = {line.get("tx") for line in read_lines(self._folder) if line["event"] == "signed"}
        mined = {entry["hash"] for entry in transactions if entry["from"] in self._addresses}
        return [f"{len(mined - told)} mined transactions are not in the audit log"] if mined - told else []
