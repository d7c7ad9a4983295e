"""Stands between a request and a key: kill switch, policy, budgets. Nothing is signed that did not pass here.

In: opened keys and the folder they lie in. Out: a `Judgement` whose budgets are reserved on disk, or a refusal. The
policy file is read again when it changes; a file that is absent, unsound, or writable by others lets nothing through.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import structlog

from agents_offchain.chain.addresses import load_deployment
from agents_offchain.chain.errors import DeploymentMissing, PolicyInvalid, SignerPaused, SignerRefused
from agents_offchain.chain.signer.budgets import Budgets
from agents_offchain.chain.signer.judge import Judge, Judgement
from agents_offchain.chain.signer.keystore import Key
from agents_offchain.chain.signer.policy import Policy, parse_policy
from agents_offchain.chain.signer.requests import SignTransaction, SignTyped

log = structlog.get_logger(__name__)
POLICY_FILE = "policy.toml"
BUDGET_FILE = "budgets.db"
FROZEN_FILE = "frozen"
KEY_PREFIX = "key:"
_Stamp = tuple[int, int, int]


class Authority(Protocol):
    """What the server asks before it signs; `Guard` is one."""

    async def authorise(self, key: Key, request: SignTransaction | SignTyped) -> Judgement:
        """Allow a request, with its budgets reserved.

        Raises:
            SignerRefused: the policy does not allow it.
            SignerPaused: not now: frozen, a budget is spent, or a person has to approve it.
        """
        ...


class Approvals(Protocol):
    """Where a person is asked; `approvals.ApprovalDesk` is one."""

    async def require(self, key: str, judgement: Judgement) -> tuple[int, bytes]:
        """Number and seal of the approval under which this may be signed; raises when there is none."""
        ...


@dataclass(frozen=True)
class KeyFolder:
    """The files beside the keys that govern them."""

    path: Path

    @property
    def policy(self) -> Path:
        return self.path / POLICY_FILE

    @property
    def budgets(self) -> Path:
        return self.path / BUDGET_FILE

    def frozen(self, key: str = "") -> Path:
        """The kill switch: of one key, or of all."""
        return self.path / (f"{FROZEN_FILE}.{key}" if key else FROZEN_FILE)

    def frozen_reason(self, key: str) -> str | None:
        """Why a key signs nothing now; None when it is not frozen. A switch that cannot be read is on."""
        for file in (self.frozen(), self.frozen(key)):
            try:
                return file.read_text()[:200].strip() or "no reason given"
            except FileNotFoundError:
                continue
            except (OSError, ValueError):
                return f"{file.name} cannot be read"
        return None


class Guard:
    """The authority over the keys of one folder.

    Args:
        addresses: Of every key, by name; `key:NAME` in a policy means one.
        approvals: Asked about what is above a threshold; without one that is refused.
        deployment_file: Contracts that the policy names without an address are looked up here.
        on_policy: Told the policy's digest whenever another one takes effect, and the reason when one does not.
    """

    def __init__(
        self,
        folder: KeyFolder,
        addresses: Mapping[str, bytes],
        budgets: Budgets,
        *,
        approvals: Approvals | None = None,
        deployment_file: Path | None = None,
        on_policy: Callable[[str, str], Any] = lambda digest, trouble: None,
    ) -> None:
        self._folder = folder
        self._addresses = addresses
        self._budgets = budgets
        self._approvals = approvals
        self._deployment_file = deployment_file
        self._on_policy = on_policy
        self._policy: Policy | PolicyInvalid | None = None
        self._policy_stamp: _Stamp | None = None
        self._contracts: dict[str, frozenset[bytes]] = {}
        self._contracts_stamp: _Stamp | None = None

    async def authorise(self, key: Key, request: SignTransaction | SignTyped) -> Judgement:
        self.require_thawed(key.name)
        judgement = self.judge(key, request)
        if judgement.is_dry_run:
            raise SignerRefused(
                f"Dry run: {judgement.title} would have been signed by {key.name}.",
                mend="Set dry_run = false in policy.toml to sign.",
            )
        approval_id, seal = await self._approval(key, judgement) if judgement.approval_reason else (None, None)
        self.require_thawed(key.name)  # somebody may have pulled the switch while the database answered
        if judgement.nonce is not None:
            self._budgets.reserve(key.name, judgement.chain_id, judgement.nonce, judgement.charges, seal)
        return replace(judgement, approval_id=approval_id)

    async def _approval(self, key: Key, judgement: Judgement) -> tuple[int, bytes]:
        if self._approvals is None:
            raise SignerRefused(f"{judgement.title} needs an approval, and this signer has no queue for it.")
        return await self._approvals.require(key.name, judgement)

    def require_thawed(self, key: str) -> None:
        """Raises SignerPaused while the kill switch is on."""
        reason = self._folder.frozen_reason(key)
        if reason is not None:
            raise SignerPaused(
                f"{key} is frozen: {reason}", mend="`aitbc keys thaw` lets it sign again.", retry_after_seconds=5.0
            )

    def judge(self, key: Key, request: SignTransaction | SignTyped) -> Judgement:
        """What the policy says, budgets aside.

        Raises:
            SignerRefused: it does not allow the request.
            SignerPaused: there is no usable policy.
        """
        judge = Judge(self._current(), self._addresses_of)
        if isinstance(request, SignTyped):
            return judge.typed(key.name, request)
        return judge.transaction(key.name, key.address, request)

    def reload(self) -> None:
        """Read the policy now, so that trouble with it is known before the first request."""
        stamp = _stamp(self._folder.policy)
        if stamp is None or stamp == self._policy_stamp:
            return
        self._policy_stamp = stamp
        digest = ""
        try:
            text = _read_private(self._folder.policy)
            digest = hashlib.sha256(text.encode()).hexdigest()
            self._policy = parse_policy(text)
            log.info("signing_policy", sha256=digest, keys=sorted(self._policy.keys))
            self._on_policy(digest, "")
        except PolicyInvalid as error:
            self._policy = error
            log.error("signing_policy_invalid", reason=error.message)
            self._on_policy(digest, error.message)

    def _current(self) -> Policy:
        if _stamp(self._folder.policy) is None:
            if self._policy_stamp is not None:
                self._on_policy("", "There is no signing policy any more.")
            self._policy, self._policy_stamp = None, None
        else:
            self.reload()
        if isinstance(self._policy, Policy):
            return self._policy
        if self._policy is None:
            raise SignerPaused(
                "There is no signing policy, so nothing is signed.", mend=f"Write {self._folder.policy}."
            )
        raise SignerPaused(f"Nothing is signed: {self._policy.message}", mend=f"Mend {self._folder.policy}.")

    def _addresses_of(self, name: str) -> frozenset[bytes]:
        if name.startswith(KEY_PREFIX):
            address = self._addresses.get(name.removeprefix(KEY_PREFIX))
            return frozenset() if address is None else frozenset({address})
        return self._deployed().get(name, frozenset())

    def _deployed(self) -> dict[str, frozenset[bytes]]:
        """Contracts of every generation in the deployment file, by name; none while it is absent or unsound."""
        stamp = _stamp(self._deployment_file) if self._deployment_file else None
        if stamp is None or self._deployment_file is None:
            return {}
        if stamp != self._contracts_stamp:
            self._contracts_stamp = stamp
            try:
                self._contracts = load_deployment(self._deployment_file).addresses()
            except DeploymentMissing:
                self._contracts = {}
        return self._contracts


def _stamp(file: Path) -> _Stamp | None:
    """What changes when a file does; None when there is none."""
    try:
        facts = os.stat(file)
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _read_private(file: Path) -> str:
    """A file's text, if nobody else can have written it.

    Raises:
        PolicyInvalid: others may write it, or it cannot be read.
    """
    try:
        with file.open() as stream:
            facts = os.fstat(stream.fileno())
            if facts.st_uid != os.getuid() or facts.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise PolicyInvalid(f"{file.name} can be written by others.", mend=f"chmod 600 {file}")
            return stream.read()
    except (OSError, ValueError) as error:
        raise PolicyInvalid(f"{file.name} cannot be read: {error}.") from error
