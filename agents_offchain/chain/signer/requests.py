"""What can be asked of the signer: one JSON line in, one JSON line out.

Decoding is strict, since whoever reaches the socket may send anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from agents_offchain.chain.errors import SignerRefused
from agents_offchain.primitives.eip712 import Domain, Field
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.primitives.hexes import decode_address, decode_hex, encode_hex

MAX_LINE_BYTES = 1 << 20
_STATIC = ("address", "bool")
TRANSACTION_FIELDS = ("chainId", "nonce", "to", "value", "data", "gas", "maxFeePerGas", "maxPriorityFeePerGas")


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
    if set(fields) != set(TRANSACTION_FIELDS):
        raise SignerRefused(f"A transaction has exactly the fields {', '.join(TRANSACTION_FIELDS)}.")
    for name in TRANSACTION_FIELDS:
        value = fields[name]
        if name in ("to", "data"):
            decode_hex(value, 20 if name == "to" else None)
        elif isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise SignerRefused(f"{name} must be a non-negative integer.")
    return {**fields, "type": 2}


def _typed(key: str, data: dict[str, Any]) -> SignTyped:
    name, version, chain_id, contract = data["domain"]
    fields = tuple((str(field), str(kind)) for field, kind in data["fields"])
    if len(fields) != len(data["values"]):
        raise SignerRefused("Typed data needs one value for each field.")
    values = tuple(_value(kind, value) for (_, kind), value in zip(fields, data["values"], strict=True))
    domain = Domain(str(name), str(version), int(chain_id), decode_address(contract))
    return SignTyped(key, domain, str(data["type"]), fields, values)


def _value(kind: str, value: Any) -> Any:
    if kind.startswith("bytes") and kind != "bytes":
        return decode_hex(value, int(kind[5:]))
    if kind.startswith("uint") or kind in _STATIC:
        return value
    raise SignerRefused(f"Typed data of type {kind} is not signed.")
