"""May this be signed? The policy's answer for one request; pure, and refusing whatever it does not know.

In: a policy, the addresses its names stand for, a key and a decoded request. Out: a `Judgement`: what it would take
from which budget, and whether a person has to approve it first. It never looks at budgets itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from eth_utils.crypto import keccak

from agents_offchain.chain.errors import SignerRefused
from agents_offchain.chain.market_plan import CREATE2_PROXY, SALT
from agents_offchain.chain.signer.calls import amount_at, creation_code
from agents_offchain.chain.signer.policy import ANYBODY, PERMITS, CallRule, KeyRules, Limits, Policy, TypedRule
from agents_offchain.chain.signer.requests import SignTransaction, SignTyped
from agents_offchain.primitives.hexes import HexInvalid, decode_address, decode_hex

MEND = "Allow it in policy.toml beside the keys, if it is meant."
SELF = "self"
WEI = "wei"


@dataclass(frozen=True)
class Charge:
    """What a signature takes from a budget; `meter` names it, `amount` is in the meter's smallest unit."""

    meter: str
    amount: int
    limits: Limits


@dataclass(frozen=True)
class Judgement:
    """An allowed request: what it is, what it takes, and why a person has to approve it (empty: nobody has to).

    `effect` names what a transaction does whatever its nonce and its fees; `nonce` is None for typed data.
    """

    title: str
    charges: tuple[Charge, ...] = ()
    approval_reason: str = ""
    effect: bytes = b""
    nonce: int | None = None
    chain_id: int = 0
    is_dry_run: bool = False
    approval_id: int | None = None
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Judge:
    """Applies one policy.

    Args:
        addresses_of: The addresses of a contract's or a key's name, of a contract one for each generation of the
            market; none when nobody knows. The policy's own addresses come first.
    """

    policy: Policy
    addresses_of: Callable[[str], frozenset[bytes]]

    def transaction(self, key: str, own: bytes, request: SignTransaction) -> Judgement:
        """Raises SignerRefused when the policy does not allow it."""
        fields = request.fields
        rules = self._rules(key, fields["chainId"])
        to, data = decode_address(fields["to"]), decode_hex(fields["data"])
        if rules.wei is None:
            raise SignerRefused(f"{key} may not send transactions.", mend=MEND)
        title, token_charge = self._match(key, own, rules, to, data, fields["value"])
        cost_wei = fields["value"] + fields["gas"] * fields["maxFeePerGas"]
        charges = (Charge(WEI, cost_wei, rules.wei), *token_charge)
        for charge in charges:
            if charge.amount > charge.limits.per_call:
                raise SignerRefused(
                    f"{title} takes {charge.amount} of {charge.meter}; {key} may spend {charge.limits.per_call} in one "
                    "call.",
                    mend="Raise per_call in policy.toml, if it is meant.",
                )
        return Judgement(
            title=title,
            charges=charges,
            approval_reason=_reason(charges),
            effect=keccak(
                b"".join(
                    (own, fields["chainId"].to_bytes(32, "big"), to, fields["value"].to_bytes(32, "big"), keccak(data))
                )
            ),
            nonce=fields["nonce"],
            chain_id=fields["chainId"],
            is_dry_run=rules.dry_run,
            details={"to": fields["to"], "value": str(fields["value"]), "selector": fields["data"][:10]},
        )

    def typed(self, key: str, request: SignTyped) -> Judgement:
        """Raises SignerRefused when the policy does not allow it."""
        domain = request.domain
        rules = self._rules(key, domain.chain_id)
        written = f"{request.type_name}({','.join(f'{kind} {name}' for name, kind in request.fields)})"
        for rule in rules.typed:
            if (rule.domain, rule.version, rule.type) != (domain.name, domain.version, written):
                continue
            if request.type_name in PERMITS and not rule.is_permit:
                continue
            if domain.verifying_contract in self._resolve(rule.contract):
                self._require_values(key, rule, request)
                return Judgement(
                    title=f"{request.type_name} of {rule.domain}", chain_id=domain.chain_id, is_dry_run=rules.dry_run
                )
        raise SignerRefused(
            f"{key} may not sign {request.type_name} of {domain.name[:60]!r} at 0x{domain.verifying_contract.hex()}.",
            mend=MEND,
        )

    def _require_values(self, key: str, rule: TypedRule, request: SignTyped) -> None:
        """Check the fields that a rule bounds."""
        values = {name: value for (name, _), value in zip(request.fields, request.values, strict=True)}
        for name, recipient in rule.recipients.items():
            if values[name] not in self._resolve(recipient):
                raise SignerRefused(f"{key} may sign {request.type_name} only with {name} as {recipient}.", mend=MEND)
        for name, most in rule.most.items():
            if values[name] > most:
                raise SignerRefused(
                    f"{request.type_name} says {values[name]} as {name}; {key} may sign {most} at most.",
                    mend="Raise it in policy.toml, if it is meant.",
                )

    def _rules(self, key: str, chain_id: int) -> KeyRules:
        rules = self.policy.keys.get(key)
        if rules is None:
            raise SignerRefused(f"The policy allows {key} nothing.", mend=MEND)
        if chain_id not in rules.chains:
            raise SignerRefused(f"{key} signs nothing for chain {chain_id}.", mend=MEND)
        return rules

    def _match(
        self, key: str, own: bytes, rules: KeyRules, to: bytes, data: bytes, value: int
    ) -> tuple[str, tuple[Charge, ...]]:
        """The title of the rule that allows a call, and what it takes besides wei."""
        if to == own and not data and value == 0 and rules.can_fill_nonces:
            return "fill a nonce", ()
        if to == CREATE2_PROXY and value == 0 and data[:32] == SALT:
            for contract in rules.deploys:
                if data[32:].startswith(creation_code(contract)):
                    return f"deploy {contract}", ()
        for rule in rules.calls:
            if len(data) >= 4 and rule.selector_bytes == data[:4] and to in self._resolve(rule.contract):
                return rule.title, self._inside(key, own, rule, data, value)
        raise SignerRefused(
            f"{key} may not call 0x{to.hex()} with {'0x' + data[:4].hex() if data else 'no data'}.", mend=MEND
        )

    def _inside(self, key: str, own: bytes, rule: CallRule, data: bytes, value: int) -> tuple[Charge, ...]:
        """Check recipients and find the amount of a call that a rule names."""
        shape = rule.shape
        if value and shape is not None and not shape.is_payable:
            raise SignerRefused(f"{rule.title} takes no coin, and {value} wei would go with it.", mend=MEND)
        if shape is None:
            return ()
        arguments = shape.read(data)
        allowed = rule.recipients or ()
        if ANYBODY not in allowed:
            known = {address for name in allowed for address in ({own} if name == SELF else self._resolve(name))}
            for address in shape.addresses(arguments):
                if address not in known:
                    raise SignerRefused(f"{rule.title} may not name 0x{address.hex()} for {key}.", mend=MEND)
        if rule.amount is None:
            return ()
        amount = amount_at(arguments, shape.path_of(rule.amount.argument))
        return (Charge(f"{rule.title}:{rule.amount.argument}", amount, rule.amount),)

    def _resolve(self, name: str) -> frozenset[bytes]:
        """The addresses that a name or a hex string stands for; none when nobody knows."""
        if name in self.policy.contracts:
            return self.policy.contracts[name]
        if name.startswith("0x"):
            try:
                return frozenset({decode_address(name)})
            except HexInvalid:
                return frozenset()
        return self.addresses_of(name)


def _reason(charges: tuple[Charge, ...]) -> str:
    for charge in charges:
        if charge.limits.approve_above is not None and charge.amount > charge.limits.approve_above:
            return f"{charge.amount} of {charge.meter} is more than {charge.limits.approve_above}"
    return ""
