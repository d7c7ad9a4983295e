"""Who may call what: no role moves principal, nothing is initialised, delegated or payable by surprise (U1, U2).

`tests/contracts/powers.toml` names every function that changes state, who may call it and whose money it can move. The
contracts come from the committed ABI files: a contract or a function that the table does not know fails, so that a new
power is written down before it ships. `U1_roles` in forge calls every function as every role; behaviour behind each
line is tested in the forge suites.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]
ABI_ROOT = ROOT / "agents_offchain" / "chain" / "abi"
POWERS: dict[str, dict[str, Any]] = tomllib.loads((ROOT / "tests" / "contracts" / "powers.toml").read_text())
# Play money, on local chains only: anybody mints it.
PLAY = {"TestDollar", "TokenFaucet"}
CONTRACTS = sorted(path.stem for path in ABI_ROOT.glob("*.json") if path.stem not in PLAY)
MOVES = {"nothing", "own", "owed", "signed", "gift", "ruled", "forfeit", "votes"}
ROLE = re.compile(
    r"^(the next )?(owner|governor|time-lock|deployer|treasury|guardian|(a |the )?(reporter|juror)s?)\b(?! or operator)"
)
HARMLESS = {"nothing", "own", "votes"}
DELEGATECALL, CALLCODE, SELFDESTRUCT = 0xF4, 0xF2, 0xFF
PUSH1, PUSH32 = 0x60, 0x7F


def compiled(name: str) -> dict[str, Any]:
    """The committed ABI file of a contract."""
    document: dict[str, Any] = json.loads((ABI_ROOT / f"{name}.json").read_text())
    return document


def functions(name: str) -> dict[str, list[str]]:
    """The rows of the table for a contract."""
    return {function: row for function, row in POWERS[name].items() if function != "payable"}


def opcodes(code: bytes) -> Iterator[int]:
    """Every instruction of runtime code that can be reached in order; what PUSH carries is data."""
    position = 0
    while position < len(code):
        opcode = code[position]
        yield opcode
        position += 1 + (opcode - PUSH1 + 1 if PUSH1 <= opcode <= PUSH32 else 0)


def test_U1_contracts__when_they_are_published__are_in_the_table() -> None:
    assert sorted(POWERS) == CONTRACTS


@pytest.mark.parametrize("name", CONTRACTS)
def test_U1_functions__when_they_change_state__are_in_the_table(name: str) -> None:
    entries = [entry for entry in compiled(name)["abi"] if entry["type"] == "function"]
    changing = {entry["name"] for entry in entries if entry["stateMutability"] not in ("view", "pure")}
    assert changing == set(functions(name)), "write who may call it, and whose money it moves, into powers.toml"


@pytest.mark.parametrize("name", CONTRACTS)
def test_U1_roles__when_they_have_a_function__move_nobody_elses_money(name: str) -> None:
    rows = functions(name)
    assert {moves for _, moves in rows.values()} <= MOVES
    roles = {function: moves for function, (who, moves) in rows.items() if ROLE.match(who)}
    assert {function: moves for function, moves in roles.items() if moves not in HARMLESS} == {}


@pytest.mark.parametrize("name", CONTRACTS)
def test_U1_functions__when_named_as_initialisers__do_not_exist(name: str) -> None:
    words = ("init", "setup", "upgrade", "sweep", "rescue", "pause", "emergency")
    assert [function for function in functions(name) if function.lower().startswith(words)] == []


@pytest.mark.parametrize("name", CONTRACTS)
def test_U2_functions__when_called_with_coins__refuse_them(name: str) -> None:
    payable = {e.get("name", e["type"]) for e in compiled(name)["abi"] if e.get("stateMutability") == "payable"}
    assert payable == set(POWERS[name].get("payable", ()))
    assert not payable & {"multicall", "aggregate", "tryAggregate"}


@pytest.mark.parametrize("name", [name for name in CONTRACTS if name not in ("AitbcGovernor", "TimelockController")])
def test_U1_code__when_disassembled__delegates_and_destroys_nothing(name: str) -> None:
    found = set(opcodes(bytes.fromhex(compiled(name)["deployedBytecode"][2:])))
    assert not found & {DELEGATECALL, CALLCODE, SELFDESTRUCT}
