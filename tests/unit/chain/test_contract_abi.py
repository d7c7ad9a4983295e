"""Every function, event and error of every committed ABI goes through the codecs and comes back."""

from __future__ import annotations

import contextlib
import json
from importlib import resources
from typing import Any

import pytest
from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from agents_offchain.chain.contract_abi import (
    ContractAbi,
    canonical_type,
    decode_revert,
    jsonable,
    load_abi,
    revert_of,
)
from agents_offchain.chain.errors import ContractMissing, RpcRefused
from tests.fakes.abi_values import values_of
from tests.fakes.contracts import encode_log

pytestmark = pytest.mark.unit
NAMES = sorted(
    file.name.removesuffix(".json")
    for file in (resources.files("agents_offchain.chain") / "abi").iterdir()
    if file.name.endswith(".json")
)
CASES = settings(max_examples=max(settings().max_examples // 8, 5))


def entries(kind: str) -> list[Any]:
    return [
        pytest.param(name, entry, id=f"{name}-{entry['name']}-{len(entry['inputs'])}-{index}")
        for name in NAMES
        for index, entry in enumerate(_document(name)["abi"])
        if entry["type"] == kind
    ]


def _document(name: str) -> dict[str, Any]:
    file = resources.files("agents_offchain.chain") / "abi" / f"{name}.json"
    return dict(json.loads(file.read_text()))


def _signature(entry: dict[str, Any]) -> str:
    return f"{entry['name']}({','.join(canonical_type(field) for field in entry['inputs'])})"


def _flat(value: Any) -> Any:
    """Structs as tuples again, whatever they were named by."""
    if isinstance(value, dict):
        return tuple(_flat(part) for part in value.values())
    if isinstance(value, list | tuple):
        return tuple(_flat(part) for part in value)
    return value


@pytest.mark.parametrize(("name", "entry"), entries("function"))
@given(data=st.data())
@CASES
def test_function__with_any_arguments__is_encoded_under_its_selector(
    name: str, entry: dict[str, Any], data: st.DataObject
) -> None:
    abi, signature = load_abi(name), _signature(entry)
    types = [canonical_type(field) for field in entry["inputs"]]
    args = data.draw(st.tuples(*(values_of(kind) for kind in types)))
    calldata = abi.encode_call(signature, *args)
    assert calldata[:4] == keccak(text=signature)[:4]
    assert decode(types, calldata[4:]) == args


@pytest.mark.parametrize(("name", "entry"), [case for case in entries("function") if case.values[1]["outputs"]])
@given(data=st.data())
@CASES
def test_output__with_any_values__comes_back_named(name: str, entry: dict[str, Any], data: st.DataObject) -> None:
    types = [canonical_type(field) for field in entry["outputs"]]
    values = data.draw(st.tuples(*(values_of(kind) for kind in types)))
    answer = load_abi(name).decode_output(_signature(entry), encode(types, values))
    assert _flat(answer) == (values[0] if len(types) == 1 else values)
    assert json.dumps(jsonable(answer))


@pytest.mark.parametrize(("name", "entry"), entries("event"))
@given(data=st.data())
@CASES
def test_event__with_any_values__comes_back_named(name: str, entry: dict[str, Any], data: st.DataObject) -> None:
    abi = load_abi(name)
    args = {field["name"]: data.draw(values_of(canonical_type(field))) for field in entry["inputs"]}
    topics, payload = encode_log(abi, entry["name"], **args)
    decoded = abi.decode_log(topics, payload)
    assert decoded is not None
    event, named = decoded
    assert event == entry["name"]
    for field in entry["inputs"]:
        if field["indexed"] and field["type"] in ("string", "bytes"):
            raw = args[field["name"]]
            assert named[field["name"]] == keccak(raw if isinstance(raw, bytes) else raw.encode())
        else:
            assert _flat(named[field["name"]]) == args[field["name"]]
    assert json.dumps(jsonable(named))


@pytest.mark.parametrize(("name", "entry"), entries("error"))
@given(data=st.data())
@CASES
def test_error__with_any_values__is_named_with_them(name: str, entry: dict[str, Any], data: st.DataObject) -> None:
    types = [canonical_type(field) for field in entry["inputs"]]
    values = data.draw(st.tuples(*(values_of(kind) for kind in types)))
    raw = keccak(text=_signature(entry))[:4] + encode(types, values)
    error = load_abi(name).decode_revert(raw)
    assert error.fields["error"] == entry["name"]
    assert list(error.fields["args"]) == [field["name"] for field in entry["inputs"]]
    assert list(error.fields["args"].values()) == [jsonable(value) for value in values]
    assert json.dumps(error.as_dict())
    assert entry["name"] in error.message


@given(raw=st.binary(max_size=100), selector=st.sampled_from([b"", *load_abi("JobEscrow").errors]))
def test_decode_revert__of_any_bytes__is_a_reason_or_unknown(raw: bytes, selector: bytes) -> None:
    error = decode_revert(selector + raw, load_abi("JobEscrow").errors)
    assert json.dumps(error.as_dict())


@pytest.mark.parametrize(
    ("raw", "name", "message"),
    [
        (keccak(text="Error(string)")[:4] + encode(["string"], ["too late"]), "Error", "too late"),
        (keccak(text="Error(string)")[:4] + b"\xff" * 7, "Unknown", "without a known reason"),
        (keccak(text="Error(string)")[:4] + encode(["bytes"], [b"\xff\xfe"]), "Error", "\ufffd"),
        (keccak(text="Panic(uint256)")[:4] + encode(["uint256"], [0x11]), "Panic", "0x11"),
        (b"\1\2\3\4", "Unknown", "without a known reason"),
    ],
)
def test_decode_revert__of_what_solidity_itself_says__is_read(raw: bytes, name: str, message: str) -> None:
    error = decode_revert(raw, {})
    assert error.fields["error"] == name
    assert message in error.message


@pytest.mark.parametrize(
    ("message", "code", "data", "expected"),
    [
        ("execution reverted", 3, "0x", "Unknown"),
        ("execution reverted", None, None, "Unknown"),
        ("VM Exception while processing transaction: revert", -32000, None, "Unknown"),
        ("whatever", 3, None, "Unknown"),
        ("execution reverted", 3, "0xzz", "Unknown"),
        ("insufficient funds for gas * price + value", -32000, None, None),
        ("header not found", -32000, None, None),
    ],
)
def test_revert_of__a_refusal__tells_a_contracts_from_the_nodes_own(
    message: str, code: int | None, data: str | None, expected: str | None
) -> None:
    reverted = revert_of(RpcRefused(f"The node refused: {message}", code=code, data=data))
    assert (reverted and reverted.fields["error"]) == expected


def test_revert_of__with_several_abis__finds_the_one_that_knows() -> None:
    selector = keccak(text="JobEscrow_UnknownJob(uint256)")[:4]
    refused = RpcRefused("reverted", code=3, data="0x" + (selector + encode(["uint256"], [7])).hex())
    reverted = revert_of(refused, load_abi("TestDollar"), load_abi("JobEscrow"))
    assert reverted is not None
    assert reverted.message == "The contract refused: JobEscrow_UnknownJob(jobId=7)."


@given(data=st.binary(max_size=64))
def test_decode_output__of_bytes_of_something_else__is_fatal_or_a_value(data: bytes) -> None:
    with contextlib.suppress(ContractMissing):
        assert load_abi("JobEscrow").decode_output("jobOf", data)


def test_decode_log__with_other_topics__is_none() -> None:
    abi = load_abi("JobEscrow")
    assert abi.decode_log([], b"") is None
    assert abi.decode_log([b"\1" * 32], b"") is None
    assert abi.decode_log([abi.topic("BudgetSet")], encode(["uint256"], [1])) is None


@pytest.mark.parametrize("ask", [lambda abi: abi.function("nope"), lambda abi: abi.topic("Nope")])
def test_abi__asked_for_what_it_has_not__is_fatal(ask: Any) -> None:
    with pytest.raises(ContractMissing, match="JobEscrow has no"):
        ask(load_abi("JobEscrow"))


def test_load_abi__of_an_unknown_contract__says_how_to_get_it() -> None:
    with pytest.raises(ContractMissing, match="make codegen"):
        load_abi("Nothing")


def test_function__that_is_overloaded__is_found_by_its_types() -> None:
    abi = ContractAbi(
        "Two",
        [
            {"type": "function", "name": "f", "inputs": [], "outputs": []},
            {"type": "function", "name": "f", "inputs": [{"name": "a", "type": "uint8"}], "outputs": []},
        ],
    )
    assert abi.encode_call("f") == keccak(text="f()")[:4]
    assert abi.encode_call("f(uint8)", 1)[:4] == keccak(text="f(uint8)")[:4]


@pytest.mark.parametrize("value", [2**53, -(2**53), 2**256 - 1])
def test_jsonable__of_integers_a_browser_cannot_hold__is_text(value: int) -> None:
    assert jsonable({"a": (value, 2**53 - 1, True, b"\1", None)}) == {"a": [str(value), 2**53 - 1, True, "0x01", None]}
