"""What can be asked of the signer: one JSON line in, one JSON line out.

Decoding is strict, since whoever reaches the socket may send anything.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from agents_offchain.chain.errors import SignerRefused
from agents_offchain.primitives.eip712 import Domain, Field
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.primitives.hexes import checksum, decode_address, decode_hex, encode_hex

MAX_LINE_BYTES = 1 << 20
TRANSACTION_BITS = {
    "chainId": 64,
    "nonce": 64,
    "gas": 64,
    "value": 256,
    "maxFeePerGas": 256,
    "maxPriorityFeePerGas": 256,
}
"""Size of each number of a transaction."""
TRANSACTION_FIELDS = ("to", "data", *TRANSACTION_BITS)
_STATIC_TYPE = re.compile(
    r"address|bool|uint(?:8|16|24|32|40|48|56|64|96|128|160|192|224|256)|bytes(?:[1-9]|[12]\d|3[012])"
)
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,63}")


@dataclass(frozen=True)
class SignTransaction:
    """An EIP-1559 transaction; integers are ints, `to` and `data` are hex."""

    key: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class SignTyped:
    """Flat EIP-712 typed data of static types."""

    key: str
    domain: Domain
    type_name: str
    fields: tuple[Field, ...]
    values: tuple[Any, ...]


@dataclass(frozen=True)
class ShowAddress:
    key: str


Request = SignTransaction | SignTyped | ShowAddress


def encode_line(data: dict[str, Any]) -> bytes:
    """A request or a reply as one line; integers of any size stay integers."""
    return json.dumps(data).encode() + b"\n"


def decode_line(line: bytes) -> Any:
    """The inverse of `encode_line`.

    Raises:
        SignerRefused: the line is not JSON.
    """
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise SignerRefused("The signing request is not JSON.") from error


def encode_request(request: Request) -> dict[str, Any]:
    """A request as JSON-compatible data."""
    if isinstance(request, SignTransaction):
        return {"op": "sign_transaction", "key": request.key, "fields": request.fields}
    if isinstance(request, SignTyped):
        domain = request.domain
        return {
            "op": "sign_typed",
            "key": request.key,
            "domain": [domain.name, domain.version, domain.chain_id, encode_hex(domain.verifying_contract)],
            "type": request.type_name,
            "fields": [list(field) for field in request.fields],
            "values": [encode_hex(v) if isinstance(v, bytes) else v for v in request.values],
        }
    return {"op": "address", "key": request.key}


def decode_request(data: Any) -> Request:
    """The inverse of `encode_request`.

    Raises:
        SignerRefused: not a request of ours.
    """
    try:
        operation, key = data["op"], data["key"]
        if not isinstance(key, str):
            raise SignerRefused("The key's name must be a string.")
        if operation == "address":
            return ShowAddress(key)
        if operation == "sign_transaction":
            return SignTransaction(key, _transaction(data["fields"]))
        if operation == "sign_typed":
            return _typed(key, data)
    except SignerRefused:
        raise
    except (AitbcError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise SignerRefused(f"The signing request is malformed: {type(error).__name__}.") from error
    raise SignerRefused(f"The signer has no operation {str(operation)[:40]!r}.")


def _transaction(fields: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(fields, dict) or set(fields) != set(TRANSACTION_FIELDS):
        raise SignerRefused(f"A transaction has exactly the fields {', '.join(TRANSACTION_FIELDS)}.")
    for name, bits in TRANSACTION_BITS.items():
        _require_uint(name, fields[name], bits)
    if fields["maxPriorityFeePerGas"] > fields["maxFeePerGas"]:
        raise SignerRefused("maxPriorityFeePerGas is more than maxFeePerGas.")
    to, data = decode_address(fields["to"]), decode_hex(fields["data"])
    return {**fields, "to": checksum(to), "data": encode_hex(data)}  # the library takes no other form


def _require_uint(name: str, value: Any, bits: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << bits:
        raise SignerRefused(f"{name} must be an unsigned integer of {bits} bits.")


def _typed(key: str, data: dict[str, Any]) -> SignTyped:
    name, version, chain_id, contract = data["domain"]
    if not all(isinstance(text, str) and text.encode() for text in (name, version)):
        raise SignerRefused("The domain's name and version must be text.")
    _require_uint("chainId", chain_id, 64)
    fields = tuple((_identifier(field), kind) for field, kind in data["fields"])
    if not isinstance(data["values"], list) or len(fields) != len(data["values"]):
        raise SignerRefused("Typed data needs one value for each field.")
    values = tuple(_value(field, kind, value) for (field, kind), value in zip(fields, data["values"], strict=True))
    domain = Domain(name, version, chain_id, decode_address(contract))
    return SignTyped(key, domain, _identifier(data["type"]), fields, values)


def _identifier(name: Any) -> str:
    if not isinstance(name, str) or _IDENTIFIER.fullmatch(name) is None:
        raise SignerRefused("Types and fields are named by plain identifiers.")
    return name


def _value(field: str, kind: Any, value: Any) -> Any:
    """A value that surely fits its type, since what is signed must be what was meant."""
    if not isinstance(kind, str) or _STATIC_TYPE.fullmatch(kind) is None:
        raise SignerRefused(f"Typed data of type {str(kind)[:40]!r} is not signed.")
    if kind.startswith("uint"):
        _require_uint(field, value, int(kind[4:]))
    elif kind == "bool":
        if not isinstance(value, bool):
            raise SignerRefused(f"{field} must be true or false.")
    else:
        return decode_hex(value, 20 if kind == "address" else int(kind[5:]))
    return value
