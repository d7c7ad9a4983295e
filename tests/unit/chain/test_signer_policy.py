"""What may be signed: the policy file, and the judge that applies it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.errors import PolicyInvalid, SignerRefused
from agents_offchain.chain.market_plan import CREATE2_PROXY, SALT
from agents_offchain.chain.signer.judge import Judge, Judgement
from agents_offchain.chain.signer.policy import PERMITS, Policy, parse_policy
from agents_offchain.chain.signer.requests import SignTransaction, SignTyped
from agents_offchain.primitives.eip712 import Domain
from tests.unit.chain.signing import (
    CHAIN,
    ESCROW,
    FEE,
    GAS,
    ORACLE,
    POLICY,
    STRANGER,
    TOKEN,
    approve,
    call,
    make_key,
    submit,
    verdict,
)

pytestmark = pytest.mark.unit
AGENT = make_key()
ESCROW_ABI, TOKEN_ABI = load_abi("JobEscrow"), load_abi("TestDollar")


def judge(request: SignTransaction | SignTyped, policy: Policy | None = None) -> Judgement:
    decider = Judge(policy or parse_policy(POLICY), lambda _name: frozenset())
    if isinstance(request, SignTyped):
        return decider.typed(request.key, request)
    return decider.transaction(request.key, AGENT.address, request)


def test_judge__given_a_listed_call__allows_it_and_charges_value_and_gas() -> None:
    judgement = judge(submit())
    assert judgement.title == "JobEscrow.submit"
    assert [(charge.meter, charge.amount) for charge in judgement.charges] == [("wei", GAS * FEE)]
    assert not judgement.approval_reason


def test_judge__given_an_amount__charges_it_and_asks_a_person_above_the_threshold() -> None:
    assert judge(approve(50)).approval_reason == ""
    judgement = judge(approve(51))
    assert [(charge.meter, charge.amount) for charge in judgement.charges][1] == ("TestDollar.approve:value", 51)
    assert "51" in judgement.approval_reason


def test_judge__the_same_effect_at_another_nonce_and_price__has_the_same_name() -> None:
    assert judge(approve(51)).effect == judge(approve(51, nonce=9, gas=90_000)).effect
    assert len({judge(approve(n)).effect for n in range(50, 60)}) == 10


REFUSED: dict[str, SignTransaction | SignTyped] = {
    "unknown key": submit(key="mallory"),
    "another chain": submit(chainId=1),
    "unlisted contract": call(ORACLE, submit().fields["data"] and b"\1\2\3\4"),
    "unlisted function": call(ESCROW, ESCROW_ABI.encode_call("decline", 1)),
    "listed function of another contract": call(TOKEN, ESCROW_ABI.encode_call("submit", 1, b"\7" * 32, b"")),
    "no data": call(ESCROW, b""),
    "half a selector": call(ESCROW, ESCROW_ABI.encode_call("submit", 1, b"\7" * 32, b"")[:3]),
    "selector alone": call(ESCROW, ESCROW_ABI.encode_call("submit", 1, b"\7" * 32, b"")[:4]),
    "trailing bytes": call(TOKEN, TOKEN_ABI.encode_call("approve", ESCROW, 1) + b"\0"),
    "recipient not listed": approve(1, spender=STRANGER),
    "more than a call may": approve(101),
    "coin to a function that takes none": submit(value=1),
    "gas for more than a call may": submit(maxFeePerGas=10**11),
    "coin to a stranger": call(bytes([9]) * 20, b"", value=1),
    "coin to itself": call(AGENT.address, b"", value=1),
    "data to itself": call(AGENT.address, b"\1"),
    "creation of what is not listed": call(CREATE2_PROXY, SALT + load_abi("AgentRegistry").bytecode),
    "creation under another salt": call(CREATE2_PROXY, bytes(32) + TOKEN_ABI.bytecode),
    "typed data by a key without": verdict(key="agent"),
    "typed data for another contract": verdict(contract=STRANGER),
    "typed data for another chain": verdict(chain_id=1),
    "typed data of another version": verdict(domain=Domain("AITBC ResultOracle", "2", CHAIN, ORACLE)),
    "typed data of another type": verdict(type_name="Verdikt"),
    "typed data with other fields": verdict(fields=(("jobId", "uint8"), *verdict().fields[1:])),
    "a transaction by a key without": submit(key="reporter"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_judge__given_anything_not_listed__refuses(case: str) -> None:
    with pytest.raises(SignerRefused):
        judge(REFUSED[case])


def test_judge__given_what_setup_and_the_sender_need__allows_it() -> None:
    assert judge(call(AGENT.address, b"")).title == "fill a nonce"
    assert judge(call(CREATE2_PROXY, SALT + TOKEN_ABI.bytecode)).title == "deploy TestDollar"
    assert judge(call(STRANGER, bytes.fromhex("d0e30db0") + b"x")).title.endswith("0xd0e30db0")
    assert judge(verdict()).charges == ()


ADDRESSES = st.sampled_from([TOKEN, ESCROW, ORACLE, STRANGER, AGENT.address, CREATE2_PROXY]) | st.binary(
    min_size=20, max_size=20
)
DATA = st.binary(max_size=80) | st.sampled_from(
    [
        ESCROW_ABI.encode_call("submit", 1, b"\7" * 32, b""),
        ESCROW_ABI.encode_call("decline", 1),
        TOKEN_ABI.encode_call("approve", ESCROW, 10),
        TOKEN_ABI.encode_call("approve", STRANGER, 10),
        TOKEN_ABI.encode_call("approve", ESCROW, 10**30),
        TOKEN_ABI.encode_call("transfer", STRANGER, 1),
        TOKEN_ABI.encode_call("permit", AGENT.address, STRANGER, 1, 2, 27, b"\1" * 32, b"\1" * 32),
        bytes.fromhex("d0e30db0"),
    ]
)


@given(
    to=ADDRESSES,
    data=DATA,
    value=st.sampled_from([0, 0, 0, 1, 10**30]),
    chain_id=st.sampled_from([CHAIN, CHAIN, 1]),
    fee=st.sampled_from([FEE, FEE, 10**13]),
    key=st.sampled_from(["agent", "agent", "reporter", "mallory"]),
)
def test_judge__given_any_transaction__allows_only_what_a_plain_reading_allows(
    to: bytes, data: bytes, value: int, chain_id: int, fee: int, key: str
) -> None:
    request = call(to, data, key=key, value=value, chainId=chain_id, maxFeePerGas=fee)
    plain = {
        (ESCROW, ESCROW_ABI.encode_call("submit", 1, b"\7" * 32, b"")),
        (TOKEN, TOKEN_ABI.encode_call("approve", ESCROW, 10)),
        (AGENT.address, b""),
    }
    is_wrapped = to == STRANGER and data[:4] == bytes.fromhex("d0e30db0") and value in (0, 1)
    is_plain = ((to, data) in plain and value == 0) or is_wrapped
    expected = key == "agent" and chain_id == CHAIN and fee == FEE and is_plain
    try:
        judge(request)
        allowed = True
    except SignerRefused:
        allowed = False
    assert allowed == expected


@pytest.mark.parametrize("name", sorted(PERMITS))
def test_parse_policy__given_a_permit_without_saying_so__is_refused_and_never_signed(name: str) -> None:
    rule = f"""
[[keys.reporter.typed]]
domain = "Test Dollar"
version = "1"
contract = "TestDollar"
type = "{name}(address owner,address spender,uint256 value)"
"""
    with pytest.raises(PolicyInvalid, match="by signature alone"):
        parse_policy(POLICY + rule)
    permit = verdict(
        domain=Domain("Test Dollar", "1", CHAIN, TOKEN),
        type_name=name,
        fields=(("owner", "address"), ("spender", "address"), ("value", "uint256")),
        values=(AGENT.address, STRANGER, 1),
    )
    with pytest.raises(SignerRefused):
        judge(permit)
    assert judge(permit, parse_policy(POLICY + rule + "is_permit = true\n")).title == f"{name} of Test Dollar"
    with pytest.raises(SignerRefused):
        judge(replace(permit, key="agent"), parse_policy(POLICY + rule + "is_permit = true\n"))


def _with(old: str, new: str) -> str:
    assert old in POLICY
    return POLICY.replace(old, new, 1)


UNSOUND = {
    "not TOML": "version = ",
    "empty": "",
    "version of the future": _with("version = 1", "version = 2"),
    "unknown field at the top": _with("version = 1", "version = 1\nextra = 1"),
    "unknown field in a rule": _with('function = "submit"', 'function = "submit"\nfunctoin = "x"'),
    "no chains": _with(f"chains = [{CHAIN}]", "chains = []"),
    "chain as text": _with(f"chains = [{CHAIN}]", 'chains = ["1"]'),
    "amount as a number": _with('per_call = "1e15"', "per_call = 1"),
    "negative amount": _with('per_call = "1e15"', 'per_call = "-1"'),
    "fractional amount": _with('per_call = "1e15"', 'per_call = "1.5"'),
    "amount over 256 bits": _with('per_call = "1e15"', 'per_call = "1e78"'),
    "missing limit": _with('per_hour = "3e15", ', ""),
    "no limits for a sender": _with('wei = { per_call = "1e15", per_hour = "3e15", per_day = "1e16" }\n', ""),
    "unknown contract": _with('contract = "JobEscrow"\nfunction', 'contract = "NoSuch"\nfunction'),
    "contract outside the folder": _with('contract = "JobEscrow"\nfunction', 'contract = "../x"\nfunction'),
    "unknown function": _with('"submit"', '"submitt"'),
    "unknown argument": _with('argument = "value"', 'argument = "worth"'),
    "argument that is no number": _with('argument = "value"', 'argument = "spender"'),
    "function and selector": _with('function = "submit"', 'function = "submit"\nselector = "0x00000000"'),
    "neither": _with('function = "submit"\n', ""),
    "selector of five bytes": _with("0xd0e30db0", "0xd0e30db000"),
    "selector that seems to be checked": _with('recipients = ["*"]', 'recipients = ["self"]'),
    "addresses without recipients": _with('recipients = ["JobEscrow"]\n', ""),
    "allowance to anybody": _with('recipients = ["JobEscrow"]', 'recipients = ["*"]'),
    "deployment of nothing known": _with('deploys = ["TestDollar"]', 'deploys = ["NoSuch"]'),
    "bad address": _with('TestDollar = "0x', 'TestDollar = "0y'),
    "type without fields": _with('type = "Verdict(', 'type = "Verdict'),
    "key with an odd name": _with("[keys.agent]", '[keys."../agent"]\nchains = [1]\n[keys.agent]'),
}


@pytest.mark.parametrize("case", UNSOUND)
def test_parse_policy__given_an_unsound_file__says_so(case: str) -> None:
    with pytest.raises(PolicyInvalid) as trouble:
        parse_policy(UNSOUND[case])
    assert trouble.value.message


@given(text=st.text(max_size=200) | st.binary(max_size=100).map(lambda data: data.decode("latin-1")))
def test_parse_policy__given_anything_at_all__is_a_policy_or_an_error_of_ours(text: str) -> None:
    try:
        parse_policy(text)
    except PolicyInvalid:
        return
    raise AssertionError("random text became a policy")


@given(
    place=st.integers(0, len(POLICY) - 1),
    character=st.characters(min_codepoint=32, max_codepoint=126),
    cut=st.booleans(),
)
def test_parse_policy__given_one_changed_character__never_allows_what_was_refused(
    place: int, character: str, cut: bool
) -> None:
    text = POLICY[:place] + ("" if cut else character) + POLICY[place + 1 :]
    try:
        policy = parse_policy(text)
    except PolicyInvalid:
        return
    never: list[Any] = [call(bytes([9]) * 20, b"", value=1), submit(key="mallory"), submit(chainId=1), approve(10**6)]
    for request in never:
        with pytest.raises(SignerRefused):
            judge(request, policy)


def test_parse_policy__of_the_example_in_the_operators_guide__is_sound() -> None:
    guide = (Path(__file__).parents[3] / "docs" / "operators.md").read_text()
    policy = parse_policy(guide.partition("```toml\n")[2].partition("```")[0])
    assert [rule.title for rule in policy.keys["agent"].calls] == ["JobEscrow.submit", "TestDollar.approve"]


BOUNDED = """version = 1
[keys.reporter]
chains = [31337]
[[keys.reporter.typed]]
domain = "Test Dollar"
version = "1"
contract = "0x{token}"
type = "ReceiveWithAuthorization(address from,address to,uint256 value)"
is_permit = true
recipients = {{ to = "0x{escrow}" }}
most = {{ value = "1_000" }}
"""


@pytest.mark.parametrize(
    ("to", "value", "is_allowed"), [(ESCROW, 1_000, True), (ESCROW, 1_001, False), (STRANGER, 1, False)]
)
def test_judge__of_typed_data_with_bounded_fields__allows_only_what_is_inside(
    to: bytes, value: int, is_allowed: bool
) -> None:
    fields = (("from", "address"), ("to", "address"), ("value", "uint256"))
    domain = Domain("Test Dollar", "1", CHAIN, TOKEN)
    request = SignTyped("reporter", domain, "ReceiveWithAuthorization", fields, (AGENT.address, to, value))
    policy = parse_policy(BOUNDED.format(token=TOKEN.hex(), escrow=ESCROW.hex()))
    if is_allowed:
        assert judge(request, policy).title == "ReceiveWithAuthorization of Test Dollar"
        return
    with pytest.raises(SignerRefused):
        judge(request, policy)


@pytest.mark.parametrize(
    "bound", ['recipients = { too = "self" }', 'most = { to = "1" }', 'recipients = { value = "x" }']
)
def test_policy__that_bounds_a_field_which_is_not_there__is_refused(bound: str) -> None:
    text = BOUNDED.format(token=TOKEN.hex(), escrow=ESCROW.hex())
    lines = [line for line in text.splitlines() if not line.startswith(("recipients", "most"))]
    with pytest.raises(PolicyInvalid, match="has no field"):
        parse_policy("\n".join([*lines, bound]))
