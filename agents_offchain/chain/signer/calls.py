"""What a transaction would do, read from its calldata by a committed ABI.

In: a contract's and a function's name. Out: the selector, and for calldata the addresses and amounts in it.
Calldata that is not exactly what the ABI encodes is unreadable, and what cannot be read is not signed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any

import orjson
from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils.crypto import keccak

from agents_offchain.chain.contract_abi import canonical_type, load_abi
from agents_offchain.chain.errors import ContractMissing, PolicyInvalid, SignerRefused
from agents_offchain.primitives.hexes import decode_address


@dataclass(frozen=True)
class CallShape:
    """One function of one contract: how its calldata begins and what the rest means."""

    contract: str
    signature: str
    selector: bytes
    inputs: tuple[dict[str, Any], ...]
    is_payable: bool

    @property
    def types(self) -> tuple[str, ...]:
        return tuple(canonical_type(field) for field in self.inputs)

    @property
    def has_addresses(self) -> bool:
        return any("address" in kind for kind in self.types)

    def read(self, data: bytes) -> tuple[Any, ...]:
        """The arguments of calldata.

        Raises:
            SignerRefused: it is not exactly what these arguments encode to.
        """
        try:
            arguments = decode(self.types, data[4:])
            is_exact = self.selector + encode(self.types, arguments) == data
        except (DecodingError, EncodingError, ValueError, TypeError, OverflowError) as error:
            raise SignerRefused(f"The calldata is not one of {self.contract}.{self.signature}.") from error
        if not is_exact:
            raise SignerRefused(f"The calldata of {self.contract}.{self.signature} holds more than its arguments.")
        return tuple(arguments)

    def addresses(self, arguments: tuple[Any, ...]) -> Iterator[bytes]:
        """Every address among the arguments, at any depth."""
        for field, value in zip(self.inputs, arguments, strict=True):
            yield from _addresses(field, str(field["type"]), value)

    def path_of(self, dotted: str) -> tuple[int, ...]:
        """Where an unsigned integer named `argument.field` lies.

        Raises:
            PolicyInvalid: there is none of that name.
        """
        fields, path, kind = list(self.inputs), [], ""
        for word in dotted.split("."):
            names = [str(field["name"]) for field in fields]
            if word not in names:
                raise PolicyInvalid(f"{self.contract}.{self.signature} has no argument {dotted}.")
            path.append(names.index(word))
            kind, fields = str(fields[path[-1]]["type"]), list(fields[path[-1]].get("components", []))
        if not kind.startswith("uint") or kind.endswith("]"):
            raise PolicyInvalid(f"{dotted} of {self.contract}.{self.signature} is not an unsigned integer.")
        return tuple(path)


def amount_at(arguments: tuple[Any, ...], path: tuple[int, ...]) -> int:
    """The integer that a path of `CallShape.path_of` leads to."""
    value: Any = arguments
    for index in path:
        value = value[index]
    return int(value)


@lru_cache(maxsize=256)
def call_shape(contract: str, function: str) -> CallShape:
    """A function by its name, or by `name(types)` where several share a name.

    Raises:
        PolicyInvalid: no such contract or function, or the name alone does not say which.
    """
    try:
        file = resources.files("agents_offchain.chain") / "abi" / f"{contract}.json"
        entries = orjson.loads(file.read_bytes())["abi"]
    except (OSError, ValueError) as error:
        raise PolicyInvalid(f"There is no ABI of a contract named {contract}.") from error
    shapes = [_shape(contract, entry) for entry in entries if entry["type"] == "function"]
    found = [shape for shape in shapes if function in (shape.signature, shape.signature.partition("(")[0])]
    if len(found) != 1:
        known = ", ".join(shape.signature for shape in found)
        raise PolicyInvalid(
            f"{contract} has {'several functions' if found else 'no function'} {function}.",
            mend=f"Name one of: {known}." if found else "",
        )
    return found[0]


@lru_cache(maxsize=64)
def creation_code(contract: str) -> bytes:
    """What the creation code of a contract of ours begins with; constructor arguments follow it.

    Raises:
        PolicyInvalid: no such contract.
    """
    try:
        code = load_abi(contract).bytecode
    except ContractMissing as error:
        raise PolicyInvalid(f"There is no contract named {contract}.") from error
    if not code:
        raise PolicyInvalid(f"{contract} is an interface; it cannot be deployed.")
    return code


def _shape(contract: str, entry: dict[str, Any]) -> CallShape:
    inputs = tuple(entry["inputs"])
    signature = f"{entry['name']}({','.join(canonical_type(field) for field in inputs)})"
    is_payable = entry.get("stateMutability") == "payable"
    return CallShape(contract, signature, keccak(text=signature)[:4], inputs, is_payable)


def _addresses(field: dict[str, Any], kind: str, value: Any) -> Iterator[bytes]:
    if kind.endswith("]"):
        inner = kind[: kind.rindex("[")]
        for item in value:
            yield from _addresses(field, inner, item)
    elif kind == "tuple":
        for part, item in zip(field["components"], value, strict=True):
            yield from _addresses(part, str(part["type"]), item)
    elif kind == "address":
        yield decode_address(value)
