"""The verbs of scripts/: what they send, what they answer, and how they refuse."""

from __future__ import annotations

import contextlib
import importlib
import json
from pathlib import Path
from typing import Any

import click
import pytest
from ape import chain, project
from click.testing import CliRunner
from eth_abi.abi import encode
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

import scripts
from agents_offchain.chain.contract_abi import load_abi
from agents_offchain.chain.market_plan import CREATE2_PROXY, SALT, create2_address
from scripts import accept, channels, claim, delegate, execute, propose, seed, settle, split, submit, vote, withdraw
from scripts.list import create_listing
from tests.contracts.ape.conftest import DELIVERABLE, Market, People, domain_of, sign_typed, transact_by

VERBS = sorted(path.stem for path in Path(scripts.__file__).parent.glob("*.py") if path.stem != "__init__")
WANTED = {"seed", "register", "list", "submit", "accept", "settle", "vote", "delegate", "propose", "execute", "claim"}
WANTED |= {"withdraw", "channels", "split", "deploy", "hire", "inspect"}
HOUR = 3_600


@pytest.fixture
def told(market: Market) -> scripts.Market:
    """The market in the scripts' own words."""
    return scripts.market(market.document)


def with_contracts(m: scripts.Market, **contracts: Any) -> scripts.Market:
    """The same market with more contracts in its deployment."""
    named = {name: contract.address for name, contract in contracts.items()}
    document = {**m.document, "contracts": {**m.document["contracts"], **named}}
    return scripts.market(document)


def test_verbs__when_listed__are_all_there() -> None:
    assert set(VERBS) >= WANTED


@pytest.mark.parametrize("name", VERBS)
def test_verbs__when_asked_for_help__say_what_they_do_and_name_every_option(name: str) -> None:
    command = importlib.import_module(f"scripts.{name}").cli
    members = list(getattr(command, "commands", {}).values()) or [command]
    for member in members:
        answer = CliRunner().invoke(member, ["--help"])
        assert answer.exit_code == 0, answer.output
        assert member.help
        assert member.help.strip().endswith((".", "may.")), member.help
        assert all(option.help for option in member.params if isinstance(option, click.Option)), name


def test_verbs__given_no_running_market__say_how_to_start_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITBC_HOME", str(tmp_path))
    answer = CliRunner().invoke(accept.cli, ["--account", "TEST::2", "--job", "1"])
    assert answer.exit_code == 1
    assert "make up" in answer.output


def test_verbs__when_run_as_commands__send_with_the_named_account(
    market: Market, people: People, submitted: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AITBC_HOME", str(tmp_path))
    (tmp_path / "deployment.json").write_text(json.dumps(market.document))
    monkeypatch.setattr(scripts, "connected", lambda network: contextlib.nullcontext())
    refused = CliRunner().invoke(accept.cli, ["--account", "TEST::4", "--job", str(submitted)])
    assert refused.exit_code == 1
    assert "The contract refuses: JobEscrow_NotClient" in refused.output
    done = CliRunner().invoke(accept.cli, ["--account", "TEST::2", "--job", str(submitted)])
    assert done.exit_code == 0, done.output
    assert "1.900003 tUSD paid" in done.output
    assert market.escrow.jobOf(submitted).status == 3


def test_seed__when_run_twice__makes_one_listing(told: scripts.Market, people: People) -> None:
    first = seed.seed(told, people.stranger, people.client)
    before = told.listings.listingCount()
    assert seed.seed(told, people.stranger, people.client) == first
    assert told.listings.listingCount() == before
    assert told.token.balanceOf(people.client) >= seed.PURSE


def test_list__given_a_service_that_is_no_word__refuses(told: scripts.Market, people: People) -> None:
    for service in ("", "x" * 33, "prüfen"):
        with pytest.raises(click.ClickException, match="32 letters"):
            create_listing(told, people.stranger, 1, service, 1)


def test_submit_and_settle__after_the_windows__pay_by_a_strangers_hand(
    told: scripts.Market, people: People, hire: Any
) -> None:
    job_id = hire()
    with pytest.raises(click.ClickException, match="is not submitted"):
        settle.settle(told, people.stranger, (job_id,))
    submit.submit(told, people.provider, job_id, DELIVERABLE)
    with pytest.raises(click.ClickException, match=r"can be settled in \d+ s"):
        settle.settle(told, people.stranger, (job_id,))
    chain.pending_timestamp += told.oracle.settleableAt(job_id) - chain.pending_timestamp + 1
    assert settle.settle(told, people.stranger, (job_id,)) == [job_id]
    assert withdraw.withdraw(told, people.stranger, told.document["treasury"]) > 0
    with pytest.raises(click.ClickException, match="has no credit"):
        withdraw.withdraw(told, people.stranger, people.stranger.address)


def test_jobs__given_an_unknown_number__say_which_is_the_newest(told: scripts.Market, people: People) -> None:
    with pytest.raises(click.ClickException, match="There is no job 999; the newest is"):
        accept.accept(told, people.client, 999)


@pytest.mark.parametrize("text", ["ten", "-1", "0.0000001", "NaN", "Infinity"])
def test_amounts__when_they_are_none__are_refused(told: scripts.Market, text: str) -> None:
    with pytest.raises(click.ClickException, match="no amount"):
        told.units(text)
    assert told.units("2.5") == 2_500_000


def test_other_contracts__when_missing_or_elsewhere__are_asked_for(told: scripts.Market, people: People) -> None:
    for address, words in ((None, "--at"), ("0x12", "no address"), (people.stranger.address, "No contract stands")):
        with pytest.raises(click.ClickException, match=words):
            told.other("RevenueSplitter", address)
    with pytest.raises(click.ClickException, match="64 digits"):
        scripts.word("0x12", "digest")


def test_channels__when_opened_claimed_and_closed__end_with_everybodys_part(
    told: scripts.Market, people: People
) -> None:
    m = with_contracts(told, PaymentChannels=people.owner.deploy(project.PaymentChannels))
    terms = channels.Channel(people.client.address, people.provider.address, m.token.address)
    channels.open_channel(m, people.client, terms, 50_000_000)
    signature = channels.voucher(m, people.client, terms, 12_500_000)
    assert channels.claim_voucher(m, people.stranger, terms, 12_500_000, signature) == 12_500_000
    assert channels.close_channel(m, people.client, terms) == "closing"
    with pytest.raises(click.ClickException, match="The grace runs"):
        channels.close_channel(m, people.stranger, terms)
    chain.pending_timestamp += HOUR + 60
    assert channels.close_channel(m, people.stranger, terms) == "closed"
    assert withdraw.withdraw(m, people.stranger, people.client.address, "PaymentChannels") == 37_500_000


def test_split__when_an_agreement_stands__gives_each_its_part(told: scripts.Market, people: People) -> None:
    splitter = people.owner.deploy(project.RevenueSplitter, people.treasury)
    m = with_contracts(told, RevenueSplitter=splitter)
    shares = [(people.client.address, 7_500), (people.treasury.address, 2_500)]
    types = {
        "Agreement": [
            {"name": "payer", "type": "address"},
            {"name": "purpose", "type": "bytes32"},
            {"name": "salt", "type": "uint64"},
            {"name": "shares", "type": "Share[]"},
        ],
        "Share": [{"name": "payee", "type": "address"}, {"name": "bps", "type": "uint16"}],
    }
    message = {
        "payer": people.client.address,
        "purpose": bytes(32),
        "salt": 1,
        "shares": [{"payee": payee, "bps": bps} for payee, bps in shares],
    }
    signature = sign_typed(people.client, domain_of("AITBC RevenueSplitter", splitter.address), types, message)
    agreement = (people.client.address, bytes(32), 1, shares)
    splitter.register(agreement, signature, [b"", b""], sender=people.stranger)
    parts = split.split(m, people.client, splitter.agreementIdOf(agreement), 1_000_001)
    assert parts == [750_001, 250_000]


def test_governance__from_delegation_to_claim__runs_by_the_verbs(told: scripts.Market, people: People) -> None:
    owner, voter = people.owner, people.stranger
    supply = 10**24
    token = owner.deploy(project.AitbcToken, [voter, owner], [supply, supply // 10])
    init_code = load_abi("TimelockController").encode_constructor(60, [], [], bytes.fromhex(owner.address[2:]))
    transact_by(owner)(to_checksum_address(CREATE2_PROXY), SALT + init_code)
    timelock = scripts.contract("TimelockController", to_checksum_address(create2_address(SALT, init_code)))
    governor = owner.deploy(project.AitbcGovernor, token, timelock, 1, 3_600, 10**18, 4)
    for role in ("PROPOSER_ROLE", "EXECUTOR_ROLE"):
        timelock.grantRole(getattr(timelock, role)(), governor, sender=owner)
    claims = owner.deploy(project.MerkleClaim, token, timelock)
    token.transfer(claims, supply // 10, sender=owner)
    m = with_contracts(told, AitbcToken=token, AitbcGovernor=governor, MerkleClaim=claims)

    assert delegate.delegate(m, voter, voter.address) == supply
    root = keccak(keccak(encode(["address", "uint256"], [people.client.address, 1_000])))
    arguments = ("0x" + root.hex(), "ipfs://list")
    with pytest.raises(click.ClickException, match="does not fit 1 arguments: publish"):
        propose.proposal(m, "MerkleClaim", "publish", arguments[:1], "x")
    terms = propose.proposal(m, "MerkleClaim", "publish", arguments, "The first list.")
    chain.pending_timestamp += 10
    chain.mine(1)
    number = propose.propose(m, voter, terms)
    with pytest.raises(click.ClickException, match="is pending, not active"):
        vote.vote(m, voter, number, "for")
    chain.pending_timestamp += 10
    chain.mine(1)
    with pytest.raises(click.ClickException, match="had no votes"):
        vote.vote(m, owner, number, "for")
    assert vote.vote(m, voter, number, "for", "because") == supply
    with pytest.raises(click.ClickException, match="nothing to queue"):
        execute.execute(m, voter, terms)
    chain.pending_timestamp += 3_700
    chain.mine(1)
    assert execute.execute(m, voter, terms) == "queued"
    with pytest.raises(click.ClickException, match=r"waits \d+ s more"):
        execute.execute(m, voter, terms)
    chain.pending_timestamp += 120
    chain.mine(1)
    assert execute.execute(m, voter, terms) == "executed"
    assert claim.claim(m, voter, people.client.address, 1_000, ()) == 1_000
    with pytest.raises(click.ClickException, match="took 1000 of 1000 already"):
        claim.claim(m, voter, people.client.address, 1_000, ())
