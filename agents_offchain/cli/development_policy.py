"""The signing policy of the development keys: what the local market needs of each, and nothing else.

In: the keys' addresses. Out: `policy.toml` beside the keys. Where the local contracts will stand follows from the
deployment plan, so the policy names addresses before anything is deployed. A file that somebody has changed is theirs
and stays as it is; one that is as it was written is written anew when a release needs other rules.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from agents_offchain.chain.devnet.anvil import DEVNET_CHAIN_ID
from agents_offchain.chain.market_plan import CREATE2_PROXY, deployment_plan
from agents_offchain.chain.proxies.authorized_hire import AUTHORIZATION_FIELDS, AUTHORIZATION_TYPE
from agents_offchain.chain.signer.policy import parse_policy
from agents_offchain.cli.development import REPORTERS
from agents_offchain.cli.market import local_plan
from agents_offchain.coordination.decision.agreement.certificate import DECISION_FIELDS, DECISION_TYPE
from agents_offchain.coordination.decision.agreement.messages import STATEMENT_FIELDS, STATEMENT_TYPE
from agents_offchain.coordination.decision.ballot import BALLOT_FIELDS, BALLOT_TYPE
from agents_offchain.coordination.decision.ballot import DOMAIN_NAME as BALLOT_DOMAIN_NAME
from agents_offchain.coordination.decision.ballot import DOMAIN_VERSION as BALLOT_DOMAIN_VERSION
from agents_offchain.coordination.decision.delegation import DELEGATION_FIELDS, DELEGATION_TYPE
from agents_offchain.messaging.protocols.envelope import DOMAIN_NAME, DOMAIN_VERSION, ENVELOPE_FIELDS, ENVELOPE_TYPE
from agents_offchain.messaging.protocols.session import (
    SESSION_DOMAIN_NAME,
    SESSION_DOMAIN_VERSION,
    SESSION_FIELDS,
    SESSION_TYPE,
)
from agents_offchain.primitives.eip712 import (
    ORACLE_DOMAIN_NAME,
    ORACLE_DOMAIN_VERSION,
    VERDICT_FIELDS,
    VERDICT_TYPE,
    Field,
)
from agents_offchain.primitives.hexes import checksum
from agents_offchain.primitives.payments import (
    ORDER_FIELDS,
    ORDER_TYPE,
    PAYMENTS_DOMAIN_NAME,
    PAYMENTS_DOMAIN_VERSION,
    VOUCHER_FIELDS,
    VOUCHER_TYPE,
)

_NO_ROLES: Mapping[str, str] = MappingProxyType({})
_NOWHERE: Mapping[str, frozenset[bytes]] = MappingProxyType({})
_MARK = "# Written by aitbc for development keys; once you change anything below it is yours. sha256 "
_SENDER = """
[keys.{name}]
chains = [{chain}]
wei = {{ per_call = "{caps[0]}", per_hour = "{caps[1]}", per_day = "{caps[2]}" }}
can_fill_nonces = true
"""
_CALL = """[[keys.{name}.calls]]
contract = "{contract}"
function = "{function}"
"""
_TO_SELF, _TO_ANYBODY = 'recipients = ["self"]\n', 'recipients = ["*"]\n'
_TO_HOUSE = 'recipients = ["JobEscrow", "PaymentChannels"]\n'
_OF_DOLLARS = 'recipients = ["TestDollar"]\n'


def _up_to(argument: str) -> str:
    """At most 1,000 test dollars a call, 10,000 an hour, 100,000 a day."""
    return f'amount = {{ argument = "{argument}", per_call = "1e9", per_hour = "1e10", per_day = "1e11" }}\n'


_CALLS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "agent": (
        ("AgentRegistry", "register(string)", ""),
        ("AgentRegistry", "setAgentURI", ""),
        ("ServiceListings", "createListing", ""),
        ("ServiceListings", "updateListing", ""),
        ("ServiceListings", "closeListing", ""),
        ("JobEscrow", "submit", ""),
        ("JobEscrow", "decline", ""),
        ("JobEscrow", "withdraw", _OF_DOLLARS),
        ("PaymentChannels", "release", _TO_ANYBODY),
        ("PaymentChannels", "finishClose", _TO_ANYBODY),
        ("PaymentChannels", "withdraw", _OF_DOLLARS),
    ),
    "client": (
        ("TestDollar", "mint", _TO_SELF),
        ("TestDollar", "approve", _TO_HOUSE + _up_to("value")),
        ("JobEscrow", "hire", _TO_ANYBODY + _up_to("terms.budget")),
        ("JobEscrow", "accept", ""),
        ("JobEscrow", "withdraw", _OF_DOLLARS),
        ("PaymentChannels", "open", _TO_ANYBODY + _up_to("amount")),
        ("PaymentChannels", "topUp", _TO_ANYBODY + _up_to("amount")),
        ("PaymentChannels", "startClose", _TO_ANYBODY),
        ("PaymentChannels", "finishClose", _TO_ANYBODY),
        ("PaymentChannels", "withdraw", _OF_DOLLARS),
        ("PaymentChannels", "fillPurse", _TO_ANYBODY + _up_to("amount")),
    ),
    "cashier": (
        ("PaymentChannels", "claimBatch", _TO_ANYBODY),
        ("PaymentChannels", "settleOrders", _TO_ANYBODY),
        ("PaymentChannels", "withdrawFor", _TO_ANYBODY),
        ("JobEscrow", "hireWithAuthorization", _TO_ANYBODY),
    ),
    "keeper": (
        ("ResultOracle", "postVerdict", ""),
        ("ResultOracle", "settle", ""),
        ("JobEscrow", "noShow", ""),
        ("DecisionLedger", "anchor", ""),
        ("DisputeDesk", "refer", ""),
        ("DisputeDesk", "rule", ""),
        ("JurorCourt", "draw", ""),
        ("JurorCourt", "renewDraw", ""),
        ("JurorCourt", "close", ""),
    ),
    "juror": (
        ("TestDollar", "mint", _TO_SELF),
        ("TestDollar", "approve", 'recipients = ["JurorCourt"]\n' + _up_to("value")),
        ("JurorCourt", "stake", ""),
        ("JurorCourt", "commitVote", ""),
        ("JurorCourt", "revealVote", ""),
        ("JurorCourt", "announceLeave", ""),
        ("JurorCourt", "unstake", _TO_SELF),
        ("JurorCourt", "withdrawFor", 'recipients = ["TestDollar", "self"]\n'),
    ),
}
"""Role -> (contract, function, further lines). A development key of that name has it; others are given one."""
LENT = frozenset({"cashier", "juror"})
"""Roles that no development key has by itself."""
REPORTER = "reporter"
GATEWAY = "gateway"
ROLES = (*_CALLS, REPORTER)
_SPEAKERS = ("agent", "client")
_SESSION = (SESSION_DOMAIN_NAME, SESSION_DOMAIN_VERSION, SESSION_TYPE, SESSION_FIELDS)
_VOTES = (
    (BALLOT_DOMAIN_NAME, BALLOT_DOMAIN_VERSION, BALLOT_TYPE, BALLOT_FIELDS),
    (BALLOT_DOMAIN_NAME, BALLOT_DOMAIN_VERSION, DELEGATION_TYPE, DELEGATION_FIELDS),
)
_AGREEMENT = (
    ("AITBC DecisionLedger", "1", STATEMENT_TYPE, STATEMENT_FIELDS),
    ("AITBC DecisionLedger", "1", DECISION_TYPE, DECISION_FIELDS),
)
_MOST_UNITS = "1e9"
DOLLAR_DOMAIN_NAME = "Test Dollar"
_CAPS = {True: ("1e18", "5e18", "2e19"), False: ("1e16", "5e16", "2e17")}
"""Wei a call, an hour and a day: of play money, and of any other."""


_DEPLOYER_CALLS = (
    ("ReporterStakeFactory", "make", _TO_ANYBODY),
    ("TestDollar", "mint", _TO_SELF),
    ("TestDollar", "approve", 'recipients = ["ReporterStake"]\n' + _up_to("value")),
    ("ReporterStake", "stakeFor", _TO_ANYBODY + _up_to("amount")),
)
"""What the local market needs beside its contracts: the reporters' stakes, in test dollars."""


def ensure_development_policy(
    folder: Path,
    addresses: Mapping[str, bytes],
    roles: Mapping[str, str] = _NO_ROLES,
    known: Mapping[str, frozenset[bytes]] = _NOWHERE,
) -> Path:
    """Write the policy of the development keys unless somebody has written their own; its path.

    Args:
        roles: Role of each further key, by its name.
        known: Where the contracts of the home's market stand, those of older generations too.
    """
    file, text = folder / "policy.toml", development_policy(addresses, roles, known)
    if file.exists() and not is_ours(file):
        return file
    whole = f"{_MARK}{_digest(text)}\n{text}"
    if not file.exists() or file.read_text() != whole:
        draft = file.with_suffix(".new")
        draft.unlink(missing_ok=True)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(whole)
        draft.replace(file)
    return file


def development_policy(
    addresses: Mapping[str, bytes],
    roles: Mapping[str, str] = _NO_ROLES,
    known: Mapping[str, frozenset[bytes]] = _NOWHERE,
) -> str:
    """The policy's text; it has been read by the signer's own parser."""
    plan = deployment_plan(local_plan(addresses))
    deploys = ", ".join(f'"{step.name}"' for step in plan.steps if step.maker == CREATE2_PROXY)
    parts = ["version = 1\n\n[contracts]\n"]
    parts += [_place(name, address, known.get(name, frozenset())) for name, address in plan.contracts.items()]
    parts.append(_sender("deployer") + f"deploys = [{deploys}]\n")
    parts += [_call("deployer", *call) for call in _DEPLOYER_CALLS]
    parts += [role_section(name, name, DEVNET_CHAIN_ID) for name in _CALLS if name not in LENT]
    parts += [role_section(name, REPORTER, DEVNET_CHAIN_ID) for name in REPORTERS]
    parts.append(role_section(GATEWAY, GATEWAY, DEVNET_CHAIN_ID))
    parts += [role_section(name, role, DEVNET_CHAIN_ID) for name, role in sorted(roles.items())]
    text = "".join(parts)
    parse_policy(text)
    return text


def _place(name: str, planned: bytes, known: frozenset[bytes]) -> str:
    """Where a contract stands, as a line of the policy: the planned address first."""
    places = [checksum(address) for address in (planned, *sorted(known - {planned}))]
    return f"{name} = {json.dumps(places if len(places) > 1 else places[0])}\n"


def role_section(name: str, role: str, chain_id: int) -> str:
    """The section of one key: what a role needs on a chain. Contracts go by name."""
    if role == REPORTER:
        return (
            f"\n[keys.{name}]\nchains = [{chain_id}]\n"
            + _typed(name, ORACLE_DOMAIN_NAME, ORACLE_DOMAIN_VERSION, VERDICT_TYPE, VERDICT_FIELDS)
            + _typed(name, DOMAIN_NAME, DOMAIN_VERSION, ENVELOPE_TYPE, ENVELOPE_FIELDS)
        )
    if role == GATEWAY:
        return f"\n[keys.{name}]\nchains = [{chain_id}]\n" + _typed(name, *_SESSION)
    return _sender(name, chain_id) + "".join(_call(name, *call) for call in _CALLS[role]) + _words(name, role)


def speaker_section(name: str, chain_id: int, ledger: str | None = None) -> str:
    """What an agent needs that only talks, votes and agrees: sessions, ballots, delegations, and the statements and
    seals of an agreement when the policy names the contract `ledger`."""
    words = "".join(_typed(name, *kind) for kind in (_SESSION, *_VOTES))
    if ledger is not None:
        words += "".join(_typed(name, *kind, contract=ledger) for kind in _AGREEMENT)
    return f"\n[keys.{name}]\nchains = [{chain_id}]\n{words}"


def _words(name: str, role: str) -> str:
    """Agents and clients also talk and vote."""
    words = "".join(_typed(name, *kind) for kind in (_SESSION, *_VOTES)) if role in _SPEAKERS else ""
    return words + (_promises(name) if role == "client" else "")


def _promises(name: str) -> str:
    """What a client may promise off chain, within the same bounds as what it may send."""
    voucher = _typed(
        name, PAYMENTS_DOMAIN_NAME, PAYMENTS_DOMAIN_VERSION, VOUCHER_TYPE, VOUCHER_FIELDS, contract="PaymentChannels"
    )
    order = _typed(
        name, PAYMENTS_DOMAIN_NAME, PAYMENTS_DOMAIN_VERSION, ORDER_TYPE, ORDER_FIELDS, contract="PaymentChannels"
    )
    hire = _typed(name, DOLLAR_DOMAIN_NAME, "1", AUTHORIZATION_TYPE, AUTHORIZATION_FIELDS, contract="TestDollar")
    return (
        f'{voucher}most = {{ cumulative = "{_MOST_UNITS}" }}\n'
        f'{order}most = {{ amount = "{_MOST_UNITS}" }}\n'
        f'{hire}is_permit = true\nrecipients = {{ to = "JobEscrow" }}\nmost = {{ value = "{_MOST_UNITS}" }}\n'
    )


def _sender(name: str, chain_id: int = DEVNET_CHAIN_ID) -> str:
    return _SENDER.format(name=name, chain=chain_id, caps=_CAPS[chain_id == DEVNET_CHAIN_ID])


def _call(name: str, contract: str, function: str, further: str) -> str:
    return _CALL.format(name=name, contract=contract, function=function) + further


def _typed(
    name: str, domain: str, version: str, type_name: str, fields: tuple[Field, ...], contract: str = "ResultOracle"
) -> str:
    if domain in (SESSION_DOMAIN_NAME, BALLOT_DOMAIN_NAME):
        contract = "AgentRegistry"
    written = f"{type_name}({','.join(f'{kind} {field}' for field, kind in fields)})"
    return (
        f'[[keys.{name}.typed]]\ndomain = "{domain}"\nversion = "{version}"\n'
        f'contract = "{contract}"\ntype = "{written}"\n'
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def is_ours(file: Path) -> bool:
    """Whether a policy file stands as it was written here; one that is not there is not."""
    if not file.exists():
        return False
    first, _, rest = file.read_text().partition("\n")
    return first == _MARK + _digest(rest)
