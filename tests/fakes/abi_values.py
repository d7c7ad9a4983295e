"""Random values for any ABI type, for tests that go through every function, event and error."""

from __future__ import annotations

from typing import Any

from eth_abi.grammar import ABIType, TupleType, parse
from hypothesis import strategies as st


def values_of(kind: str) -> st.SearchStrategy[Any]:
    """Values that `eth_abi` encodes as this type and decodes as themselves."""
    return _of(parse(kind))


def _of(parsed: ABIType) -> st.SearchStrategy[Any]:
    if parsed.is_array:
        dimension = parsed.arrlist[-1]
        low, high = (dimension[0], dimension[0]) if dimension else (0, 3)
        return st.lists(_of(parsed.item_type), min_size=low, max_size=high).map(tuple)
    if isinstance(parsed, TupleType):
        return st.tuples(*(_of(component) for component in parsed.components))
    return _basic(parsed.base, parsed.sub)


def _basic(base: str, size: Any) -> st.SearchStrategy[Any]:
    match base:
        case "uint":
            return st.integers(0, 2**size - 1)
        case "int":
            return st.integers(-(2 ** (size - 1)), 2 ** (size - 1) - 1)
        case "bool":
            return st.booleans()
        case "address":
            return st.binary(min_size=20, max_size=20).map(lambda raw: "0x" + raw.hex())
        case "string":
            return st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
        case "bytes":
            return st.binary(min_size=size or 0, max_size=size or 40)
    raise ValueError(f"no values for {base}")
