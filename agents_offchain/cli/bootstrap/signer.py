"""The process that alone holds keys."""

from __future__ import annotations

from agents_offchain.chain.signer.approvals import ApprovalDesk, ensure_secret
from agents_offchain.chain.signer.audit import AuditLog
from agents_offchain.chain.signer.budgets import Budgets
from agents_offchain.chain.signer.guard import Guard, KeyFolder
from agents_offchain.chain.signer.keystore import open_keystore
from agents_offchain.chain.signer.server import SignerServer
from agents_offchain.cli.bootstrap.waiting import until_told_to_stop
from agents_offchain.cli.development import read_passphrase
from agents_offchain.cli.places import key_folder, passphrase_file
from agents_offchain.primitives.hexes import encode_hex
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.approvals import ApprovalBook
from agents_offchain.storage.database import Database


async def run_signer(settings: Settings) -> int:
    """Open the home's keystore and serve it on the home's socket, under the policy beside the keys."""
    folder = KeyFolder(key_folder(settings))
    keys = open_keystore(folder.path, read_passphrase(passphrase_file(settings)))
    budgets = Budgets(folder.budgets)
    addresses = {name: key.address for name, key in keys.items()}
    database = Database(settings.database())
    desk = ApprovalDesk(ApprovalBook(database), ensure_secret(folder.path), budgets)
    audit = AuditLog(folder.path)
    audit.append("unlocked", keys={name: encode_hex(address) for name, address in addresses.items()})
    guard = Guard(
        folder,
        addresses,
        budgets,
        approvals=desk,
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
        await database.close()
    return 0
