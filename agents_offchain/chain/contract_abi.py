"""Encode calls, decode logs and reverts, from the committed ABI files, with every codec built once.

Hand-cached decoders on raw JSON are some thirty times faster than a general client's event processing
(docs/adr/0004-own-json-rpc-edge.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from importlib import resources
from types import NoneType
from typing import Any

import orjson
from eth_abi.abi import encode
from eth_abi.codec import ABICodec
from eth_abi.decoding import StringDecoder
from eth_abi.encoding import TextStringEncoder
from eth_abi.exceptions import DecodingError
from eth_abi.registry import BaseEquals
from eth_abi.registry import registry as default_registry
from eth_utils.crypto import keccak

from agents_offchain.chain.errors import ContractMissing, ContractReverted, RpcRefused
from agents_offchain.chain.event_words import EventWords
from agents_offchain.primitives.hexes import HexInvalid, decode_hex

PANIC_SELECTOR = bytes.fromhex("4e487b71")
ERROR_SELECTOR = bytes.fromhex("08c379a0")
_SAFE = 2**53
"""From here on not every integer is a number in JSON everywhere."""
_PLAIN = (str, int, float, NoneType)
REVERT_CODE = 3
"""What nodes answer for a reverted simulation."""


def _tolerant_codec() -> ABICodec:
    """The usual codec, but no stranger's text makes it fail."""
    registry = default_registry.copy()  # type: ignore[no-untyped-call]
    registry.unregister("string")
    is_string = BaseEquals("string")  # type: ignore[no-untyped-call]
    decoder = StringDecoder(handle_string_errors="replace")  # type: ignore[no-untyped-call]
    registry.register(is_string, TextStringEncoder, decoder, label="string")
    return ABICodec(registry)


CODEC = _tolerant_codec()


@dataclass(frozen=True)
class Function:
    """One function of an ABI with its selector and types."""

    name: str
    selector: bytes
    input_types: tuple[str, ...]
    output_types: tuple[str, ...]
    output_components: tuple[Any, ...]


@dataclass(frozen=True)
class EventCodec:
    """How to read one event from topics and data."""

    name: str
    topic: bytes
    indexed: tuple[tuple[str, str], ...]
    plain: tuple[tuple[str, str], ...]
    plain_components: tuple[Any, ...]
    words: EventWords

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Names of the arguments that are text."""
        return tuple(name for name, kind in self.plain if kind == "string")


class ContractAbi:
    """The ABI of one contract. Functions are found by name, or by `name(types)` when overloaded."""

    def __init__(self, name: str, abi: list[dict[str, Any]], bytecode: str = "") -> None:
        self.name = name
        self.bytecode = bytes.fromhex(bytecode.removeprefix("0x"))
        self._functions: dict[str, Function] = {}
        self.events: dict[bytes, EventCodec] = {}
        self.errors: dict[bytes, tuple[str, tuple[tuple[str, str], ...]]] = {}
        self.constructor_types: tuple[str, ...] = ()
        for entry in abi:
            self._add(entry)

    def _add(self, entry: dict[str, Any]) -> None:
        inputs = entry.get("inputs", [])
        types = tuple(canonical_type(field) for field in inputs)
        if entry["type"] == "constructor":
            self.constructor_types = types
            return
        if entry["type"] not in ("function", "event", "error"):
            return
        signature = f"{entry['name']}({','.join(types)})"
        hashed = keccak(text=signature)
        if entry["type"] == "function":
            outputs = tuple(canonical_type(field) for field in entry["outputs"])
            function = Function(entry["name"], hashed[:4], types, outputs, tuple(entry["outputs"]))
            self._functions[signature] = function
            self._functions.setdefault(entry["name"], function)
        elif entry["type"] == "event":
            pairs = [(field["name"], canonical_type(field), bool(field["indexed"]), field) for field in inputs]
            indexed = tuple((name, kind) for name, kind, is_indexed, _ in pairs if is_indexed)
            plain = tuple((name, kind) for name, kind, is_indexed, _ in pairs if not is_indexed)
            components = tuple(field for _, _, is_indexed, field in pairs if not is_indexed)
            self.events[hashed] = EventCodec(
                entry["name"], hashed, indexed, plain, components, EventWords(indexed, plain)
            )
        else:
            names = tuple((field["name"], canonical_type(field)) for field in inputs)
            self.errors[hashed[:4]] = (entry["name"], names)

    def function(self, name: str) -> Function:
        try:
            return self._functions[name]
        except KeyError:
            raise ContractMissing(f"{self.name} has no function {name}.") from None

    def topic(self, event: str) -> bytes:
        """topic0 of an event by name."""
        for topic, codec in self.events.items():
            if codec.name == event:
                return topic
        raise ContractMissing(f"{self.name} has no event {event}.")

    def encode_call(self, name: str, *args: Any) -> bytes:
        """Calldata: selector and ABI-encoded arguments; structs are tuples in field order."""
        function = self.function(name)
        return function.selector + encode(function.input_types, args)

    def decode_output(self, name: str, data: bytes) -> Any:
        """A single output as itself, several as a dict by name; structs are dicts.

        Raises:
            ContractMissing: the data is not what this function returns.
        """
        function = self.function(name)
        try:
            values = CODEC.decode(function.output_types, data)
        except DecodingError as error:
            raise ContractMissing(
                f"What answers {self.name}.{name} is not {self.name}.", mend="Deploy again."
            ) from error
        named = [_named(field, value) for field, value in zip(function.output_components, values, strict=True)]
        if len(named) == 1:
            return named[0]
        return {
            field["name"] or str(index): value
            for index, (field, value) in enumerate(zip(function.output_components, named, strict=True))
        }

    def decode_log(self, topics: list[bytes], data: bytes) -> tuple[str, dict[str, Any]] | None:
        """(event name, arguments) or None for an event that is not in this ABI.

        Indexed values of dynamic type come as their 32-byte hash, as the chain keeps them. Anybody may log
        a text that is not UTF-8; its bad bytes, and zero bytes that a database refuses, become U+FFFD.
        """
        codec = self.events.get(topics[0]) if topics else None
        if codec is None or len(topics) != len(codec.indexed) + 1:
            return None
        args = codec.words.read(topics[1:], data)
        if args is None:
            return codec.name, _decode_slowly(codec, topics, data)
        for field in codec.texts:
            args[field] = args[field].replace("\0", "\ufffd")
        return codec.name, args

    def decode_revert(self, data: bytes) -> ContractReverted:
        """The Solidity error that a revert's data names."""
        return decode_revert(data, self.errors)

    def encode_constructor(self, *args: Any) -> bytes:
        """Creation code with constructor arguments."""
        return self.bytecode + encode(self.constructor_types, args)


def _decode_slowly(codec: EventCodec, topics: list[bytes], data: bytes) -> dict[str, Any]:
    """Any event, by the library."""
    args: dict[str, Any] = {}
    for (name, kind), topic in zip(codec.indexed, topics[1:], strict=True):
        args[name] = topic if _is_dynamic(kind) else CODEC.decode([kind], topic)[0]
    values = CODEC.decode([kind for _, kind in codec.plain], data)
    for field, value in zip(codec.plain_components, values, strict=True):
        args[field["name"]] = _named(field, value)
    return args


def decode_revert(data: bytes, errors: Mapping[bytes, tuple[str, tuple[tuple[str, str], ...]]]) -> ContractReverted:
    """Name a revert by its selector; `Error(string)` and `Panic(uint256)` are known everywhere.

    Any contract may revert with any bytes, so what cannot be read is an unknown reason, not a failure.
    """
    selector, payload = data[:4], data[4:]
    try:
        if selector == ERROR_SELECTOR:
            reason = CODEC.decode(["string"], payload)[0][:500]
            return ContractReverted(f"The contract refused: {reason}", error="Error", args={"reason": reason})
        if selector == PANIC_SELECTOR:
            code = CODEC.decode(["uint256"], payload)[0]
            return ContractReverted(f"The contract panicked with code {code:#x}.", error="Panic", args={"code": code})
        if selector in errors:
            name, fields = errors[selector]
            values = CODEC.decode([kind for _, kind in fields], payload)
            args = {field: jsonable(value) for (field, _), value in zip(fields, values, strict=True)}
            shown = ", ".join(f"{field}={value}" for field, value in args.items())
            return ContractReverted(f"The contract refused: {name}({shown}).", error=name, args=args)
    except DecodingError:
        pass
    return ContractReverted(
        "The contract refused without a known reason.", error="Unknown", args={"data": "0x" + data[:500].hex()}
    )


@lru_cache(maxsize=64)
def load_abi(name: str) -> ContractAbi:
    """The committed ABI of one of our contracts.

    Raises:
        ContractMissing: no such contract.
    """
    file = resources.files("agents_offchain.chain") / "abi" / f"{name}.json"
    try:
        document = orjson.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise ContractMissing(f"There is no ABI for {name}.", mend="Run `make codegen`.") from error
    return ContractAbi(name, document["abi"], document.get("bytecode", ""))


def canonical_type(field: dict[str, Any]) -> str:
    """The type as it stands in a signature: tuples spelled out, arrays kept."""
    kind = str(field["type"])
    if not kind.startswith("tuple"):
        return kind
    return "(" + ",".join(canonical_type(part) for part in field["components"]) + ")" + kind[5:]


def jsonable(value: Any) -> Any:
    """ABI values as JSON: bytes as hex, big integers as decimal strings, tuples as lists."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, _PLAIN):
        return value if not isinstance(value, int) or -_SAFE < value < _SAFE else str(value)
    if isinstance(value, Mapping):
        return {key: jsonable(part) for key, part in value.items()}
    return [jsonable(part) for part in value]


def _named(field: dict[str, Any], value: Any) -> Any:
    kind = str(field["type"])
    if kind == "string":
        return value.replace("\0", "\ufffd")
    if not kind.startswith("tuple"):
        return value
    if kind.endswith("]"):
        inner = {**field, "type": kind[: kind.rindex("[")]}
        return [_named(inner, part) for part in value]
    return {part["name"]: _named(part, item) for part, item in zip(field["components"], value, strict=True)}


def _is_dynamic(kind: str) -> bool:
    return kind in ("string", "bytes") or kind.endswith("]") or kind.startswith("(")


def revert_of(error: RpcRefused, *abis: ContractAbi) -> ContractReverted | None:
    """The contract's error inside a node's refusal; None when the node refused for reasons of its own."""
    data = error.fields.get("data")
    try:
        raw = decode_hex(data) if isinstance(data, str) and data.startswith("0x") else b""
    except HexInvalid:
        raw = b""
    if raw:
        known = {selector: entry for abi in abis for selector, entry in abi.errors.items()}
        return decode_revert(raw, known)
    if data == "0x" or error.fields.get("code") == REVERT_CODE or "revert" in error.message.lower():
        return ContractReverted("The contract refused without a reason.", error="Unknown", args={})
    return None
