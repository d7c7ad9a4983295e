"""The process that alone holds keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agents_offchain.chain.signer.audit import AuditLog
from agents_offchain.chain.signer.budgets import Budgets
from agents_offchain.chain.signer.guard import Guard, KeyFolder
from agents_offchain.chain.signer.judge import Judgement
from agents_offchain.chain.signer.keyring import KeyAddresses, KeyRing
from agents_offchain.chain.signer.seals import ensure_secret
from agents_offchain.chain.signer.server import SignerServer
from agents_offchain.cli.bootstrap.waiting import until_told_to_stop
from agents_offchain.cli.development import read_passphrase
from agents_offchain.cli.places import key_folder, passphrase_file
from agents_offchain.primitives.hexes import encode_hex
from agents_offchain.primitives.settings import Settings

if TYPE_CHECKING:
    from agents_offchain.chain.signer.approvals import ApprovalDesk
    from agents_offchain.storage.database import Database


class ApprovalQueue:
    """Opens the home's database with the first question; a signer that never asks has no database code in it."""

    def __init__(self, settings: Settings, secret: bytes, budgets: Budgets) -> None:
        self._settings = settings
        self._secret = secret
        self._budgets = budgets
        self._database: Database | None = None
        self._desk: ApprovalDesk | None = None

    async def require(self, key: str, judgement: Judgement) -> tuple[int, bytes]:
        if self._desk is None:
            from agents_offchain.chain.signer.approvals import ApprovalDesk
            from agents_offchain.storage.approvals import ApprovalBook
            from agents_offchain.storage.database import Database

            self._database = Database(self._settings.database())
            self._desk = ApprovalDesk(ApprovalBook(self._database), self._secret, self._budgets)
        return await self._desk.require(key, judgement)

    async def close(self) -> None:
        if self._database is not None:
            await self._database.close()


async def run_signer(settings: Settings) -> int:
    """Open the home's keystore and serve it on the home's socket, under the policy beside the keys."""
    folder = KeyFolder(key_folder(settings))
    audit = AuditLog(folder.path)
    keys = KeyRing(
        folder.path,
        read_passphrase(passphrase_file(settings)),
        on_open=lambda key: audit.append("unlocked", keys={key.name: encode_hex(key.address)}),
    )
    budgets = Budgets(folder.budgets)
    queue = ApprovalQueue(settings, ensure_secret(folder.path), budgets)
    audit.append("unlocked", keys={name: encode_hex(key.address) for name, key in keys.items()})
    guard = Guard(
        folder,
        KeyAddresses(keys),
        budgets,
        approvals=queue,
        deployment_file=settings.deployment_file,
        on_policy=lambda digest, trouble: audit.append("policy", sha256=digest, trouble=trouble),
    )
    guard.reload()
    server = SignerServer(keys, guard, audit, settings.signer_socket)
    await server.start()
    try:
        await until_told_to_stop()
    finally:
        await server.close()
        budgets.close()
        await queue.close()
    return 0
