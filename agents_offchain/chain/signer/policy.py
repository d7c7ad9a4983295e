"""What each key may sign, as data: `policy.toml` in the folder of the keys.

In: the file's text. Out: a `Policy` whose every rule was checked against the committed ABIs. Nothing is allowed that
is not written there: a key without a section, a chain, a contract, a function, a recipient or a type that is not
listed is refused. A rule that would be wide by accident must say so: addresses in a call's arguments need
`recipients`, with `["*"]` for any, and allowances may never be given to just anybody.

    [keys.agent]
    chains = [31337]
    wei = { per_call = "1e18", per_hour = "5e18", per_day = "2e19" }     # value and the most its gas can cost
    [[keys.agent.calls]]
    contract = "JobEscrow"
    function = "submit"

Amounts are integers of the smallest unit, as text: `"1000000"`, `"1_000_000"` or `"1e6"`.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from agents_offchain.chain.errors import PolicyInvalid
from agents_offchain.chain.signer.calls import CallShape, call_shape, creation_code
from agents_offchain.primitives.hexes import HexInvalid, decode_address, decode_hex

ANYBODY = "*"
GRANTS = frozenset({"approve", "increaseAllowance", "setApprovalForAll", "permit"})
"""Functions that let somebody else move what is ours; their recipients are always named."""
PERMITS = frozenset(
    {
        "Permit",
        "PermitSingle",
        "PermitBatch",
        "PermitTransferFrom",
        "PermitBatchTransferFrom",
        "PermitWitnessTransferFrom",
        "PermitBatchWitnessTransferFrom",
        "TransferWithAuthorization",
        "ReceiveWithAuthorization",
        "CancelAuthorization",
        "SetApprovalForAll",
    }
)
"""Typed data that moves money by signature alone (EIP-2612, Permit2, ERC-3009); only where `is_permit` says so."""
_TYPE_NAME = re.compile(r"([A-Za-z_$][A-Za-z0-9_$]{0,63})\(([^()]*)\)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_AMOUNT = re.compile(r"(\d{1,78})(?:e(\d{1,2}))?")


def _amount(value: Any) -> int:
    match = _AMOUNT.fullmatch(value.replace("_", "")) if isinstance(value, str) else None
    if match is None:
        raise ValueError('an amount is text such as "1000000", "1_000_000" or "1e6"')
    number: int = int(match[1]) * 10 ** int(match[2] or 0)
    if number >= 1 << 256:
        raise ValueError("an amount has at most 256 bits")
    return number


Amount = Annotated[int, BeforeValidator(_amount)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Limits(_Strict):
    """How much may go out in one call, in any hour and in any day; above `approve_above` a person is asked."""

    per_call: Amount
    per_hour: Amount
    per_day: Amount
    approve_above: Amount | None = None


class AmountLimits(Limits):
    """Limits on an argument of a call, such as the amount of an approval; `argument` may be `terms.budget`."""

    argument: str


class CallRule(_Strict):
    """A call that may be signed: of a function, or of a bare selector that nobody looks into."""

    contract: str
    function: str = ""
    selector: str = ""
    recipients: tuple[str, ...] | None = None
    amount: AmountLimits | None = None

    @property
    def shape(self) -> CallShape | None:
        return call_shape(self.contract, self.function) if self.function else None

    @property
    def selector_bytes(self) -> bytes:
        return self.shape.selector if self.shape else decode_hex(self.selector, 4)

    @property
    def title(self) -> str:
        return f"{self.contract}.{self.function or self.selector}"


class TypedRule(_Strict):
    """Typed data that may be signed: exactly this domain and this type, fields included.

    `recipients` says what an address field must be (`{ to = "JobEscrow" }`), `most` how much a number field may say.
    """

    domain: str
    version: str
    contract: str
    type: str
    is_permit: bool = False
    recipients: dict[str, str] = {}
    most: dict[str, Amount] = {}

    @model_validator(mode="after")
    def _check(self) -> TypedRule:
        match = _TYPE_NAME.fullmatch(self.type)
        if match is None:
            raise ValueError('a type is written out, such as "Verdict(uint256 jobId,uint8 score)"')
        if match[1] in PERMITS and not self.is_permit:
            raise ValueError(f"{match[1]} moves money by signature alone; say is_permit = true if that is meant")
        kinds = {name: kind for kind, _, name in (part.partition(" ") for part in match[2].split(","))}
        for name, wanted in [*((name, "address") for name in self.recipients), *((name, "uint") for name in self.most)]:
            if not kinds.get(name, "").startswith(wanted):
                raise ValueError(f"{match[1]} has no field {name} of the type {wanted}")
        return self


class KeyRules(_Strict):
    """What one key may sign."""

    chains: tuple[int, ...] = Field(min_length=1)
    wei: Limits | None = None
    calls: tuple[CallRule, ...] = ()
    deploys: tuple[str, ...] = ()
    typed: tuple[TypedRule, ...] = ()
    can_fill_nonces: bool = False
    dry_run: bool = False

    @model_validator(mode="after")
    def _check(self) -> KeyRules:
        if (self.calls or self.deploys or self.can_fill_nonces) and self.wei is None:
            raise ValueError("a key that sends transactions needs `wei` limits: value and gas together")
        return self


class _File(_Strict):
    version: int = Field(ge=1, le=1)
    contracts: dict[str, str | tuple[str, ...]] = {}
    keys: dict[str, KeyRules]


@dataclass(frozen=True)
class Policy:
    """A checked policy. `contracts` are the addresses that the file itself gives; one name may have several."""

    keys: dict[str, KeyRules]
    contracts: dict[str, frozenset[bytes]]


def parse_policy(text: str) -> Policy:
    """Read and check a policy.

    Raises:
        PolicyInvalid: it is not TOML, has unknown or wrong fields, or a rule that would be wide by accident.
    """
    try:
        file = _File.model_validate(_tuples(tomllib.loads(text)))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyInvalid(f"The signing policy is not TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PolicyInvalid(f"The signing policy is wrong at {where or 'the top'}: {first['msg']}.") from error
    try:
        contracts = {
            name: frozenset(decode_address(text) for text in ([given] if isinstance(given, str) else given))
            for name, given in file.contracts.items()
        }
        for name, rules in file.keys.items():
            _require_sound(name, rules)
    except HexInvalid as error:
        raise PolicyInvalid(f"The signing policy holds a bad hex string: {error.message}") from error
    return Policy(file.keys, contracts)


def _tuples(value: Any) -> Any:
    """TOML's lists as tuples, since a policy never changes."""
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    if isinstance(value, dict):
        return {name: _tuples(item) for name, item in value.items()}
    return value


def _require_sound(name: str, rules: KeyRules) -> None:
    if _NAME.fullmatch(name) is None:
        raise PolicyInvalid(f"{name[:60]!r} is not the name of a key.")
    for contract in rules.deploys:
        creation_code(contract)
    for rule in rules.calls:
        _require_sound_call(f"keys.{name}: {rule.title}", rule)


def _require_sound_call(where: str, rule: CallRule) -> None:
    if bool(rule.function) == bool(rule.selector):
        raise PolicyInvalid(f"{where}: name either a function or a selector.")
    shape = rule.shape
    if shape is None:
        decode_hex(rule.selector, 4)
        if rule.recipients != (ANYBODY,) or rule.amount is not None:
            raise PolicyInvalid(f'{where}: a selector is not looked into; say recipients = ["*"] and no amount.')
        return
    if shape.has_addresses and rule.recipients is None:
        raise PolicyInvalid(f'{where}: its arguments hold addresses; list recipients, or ["*"] for any.')
    if shape.signature.partition("(")[0] in GRANTS and ANYBODY in (rule.recipients or ()):
        raise PolicyInvalid(f"{where}: an allowance is never given to just anybody; list recipients.")
    if rule.amount is not None:
        shape.path_of(rule.amount.argument)
