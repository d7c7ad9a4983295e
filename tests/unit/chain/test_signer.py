from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import structlog
from coincurve import PrivateKey
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.chain.errors import FolderNotOurs, KeyMissing, SignerRefused, SignerUnavailable
from agents_offchain.chain.signer import server as server_module
from agents_offchain.chain.signer.client import SignerClient
from agents_offchain.chain.signer.judge import Judgement
from agents_offchain.chain.signer.keystore import Key, create_key, key_address, open_keystore
from agents_offchain.chain.signer.requests import (
    MAX_LINE_BYTES,
    TRANSACTION_FIELDS,
    ShowAddress,
    SignTransaction,
    SignTyped,
    decode_line,
    decode_request,
    encode_line,
    encode_request,
)
from agents_offchain.chain.signer.server import SignerServer
from agents_offchain.primitives.eip712 import (
    VERDICT_FIELDS,
    VERDICT_TYPE,
    Domain,
    VerdictMessage,
    oracle_domain,
    typed_data,
    typed_data_digest,
    verdict_digest,
)

pytestmark = pytest.mark.unit
SECRET = bytes.fromhex("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d")
ADDRESS = bytes.fromhex(Account.from_key(SECRET).address[2:])
CHAIN = 31337
ORACLE = bytes([0x0A]) * 20
FIELDS: dict[str, Any] = {
    "chainId": CHAIN,
    "nonce": 3,
    "to": "0x" + "ab" * 20,
    "value": 10**20,
    "data": "0x1234",
    "gas": 21_000,
    "maxFeePerGas": 10**12,
    "maxPriorityFeePerGas": 10**9,
}
VERDICT = VerdictMessage(2**200, 1_700_000_000, b"\1" * 32, b"\2" * 32, 87, 1)


def _key(chain_id: int | None = CHAIN) -> Key:
    return Key("agent", ADDRESS, PrivateKey(SECRET), chain_id)


class LetsEverythingThrough:
    """An authority for tests that are not about what may be signed."""

    async def authorise(self, key: Key, request: SignTransaction | SignTyped) -> Judgement:
        return Judgement(f"anything by {key.name}")


class KeepsNothing:
    """An audit log for tests that are not about it."""

    def append(self, event: str, **facts: Any) -> None:
        json.dumps({"event": event, **facts})


EVERYTHING, NOTHING_KEPT = LetsEverythingThrough(), KeepsNothing()


def answer(server: SignerServer, line: bytes) -> dict[str, Any]:
    return asyncio.run(server.answer(line))


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A socket's path holds 108 bytes; a test's own folder may be longer."""
    with TemporaryDirectory(prefix="aitbc-") as folder:
        yield Path(folder)


@pytest.fixture
async def server(short_folder: Path) -> AsyncIterator[SignerServer]:
    server = SignerServer(
        {"agent": _key(), "anywhere": _key(None)}, EVERYTHING, NOTHING_KEPT, short_folder / "run" / "s.sock"
    )
    await server.start()
    yield server
    await server.close()


@pytest.fixture
def client(server: SignerServer) -> SignerClient:
    return SignerClient(server._path)


async def test_address__over_the_socket__is_the_keys(client: SignerClient) -> None:
    assert await client.address("agent") == ADDRESS


async def test_sign_transaction__with_integers_over_64_bits__is_what_the_account_would_sign(
    client: SignerClient,
) -> None:
    raw = await client.sign_transaction("agent", FIELDS)
    to = "0x" + bytes.fromhex(FIELDS["to"][2:]).hex()
    assert Account.recover_transaction(raw).lower() == "0x" + ADDRESS.hex()
    expected = Account.sign_transaction({**FIELDS, "to": bytes.fromhex(to[2:]), "type": 2}, SECRET)
    assert raw == bytes(expected.raw_transaction)


async def test_sign_typed__a_verdict__recovers_to_the_key_and_is_low_s(client: SignerClient) -> None:
    domain = oracle_domain(CHAIN, ORACLE)
    signature = await client.sign_typed("agent", domain, VERDICT_TYPE, VERDICT_FIELDS, VERDICT.values())
    message = encode_typed_data(full_message=typed_data(domain, VERDICT_TYPE, VERDICT_FIELDS, VERDICT.values()))
    assert len(signature) == 65
    assert signature[64] in (27, 28)
    assert int.from_bytes(signature[32:64], "big") <= 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
    assert Account.recover_message(message, signature=signature).lower() == "0x" + ADDRESS.hex()


@pytest.mark.parametrize("chain_id", [1, 31338, 0])
async def test_sign__with_a_development_key_for_another_chain__is_refused(client: SignerClient, chain_id: int) -> None:
    with pytest.raises(SignerRefused, match="development key of chain 31337"):
        await client.sign_transaction("agent", {**FIELDS, "chainId": chain_id})
    with pytest.raises(SignerRefused, match="development key of chain 31337"):
        await client.sign_typed(
            "agent", oracle_domain(chain_id, ORACLE), VERDICT_TYPE, VERDICT_FIELDS, VERDICT.values()
        )


async def test_sign__with_an_unmarked_key__works_on_any_chain(client: SignerClient) -> None:
    assert await client.sign_transaction("anywhere", {**FIELDS, "chainId": 1})


async def test_sign__with_an_unknown_key__is_refused(client: SignerClient) -> None:
    with pytest.raises(SignerRefused, match="no key named"):
        await client.address("mallory")


async def test_ask__of_a_foreign_user__is_hung_up_on(client: SignerClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "peer_uid", lambda _writer: os.getuid() + 1)
    with pytest.raises(SignerUnavailable):
        await client.address("agent")


async def test_peer_uid__of_our_own_connection__is_ours(server: SignerServer) -> None:
    _, writer = await asyncio.open_unix_connection(str(server._path))
    assert server_module.peer_uid(writer) == os.getuid()
    writer.close()


async def test_start__in_a_folder_that_is_not_ours__is_fatal(
    short_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(FolderNotOurs, match="belongs to somebody else"):
        await SignerServer({}, EVERYTHING, NOTHING_KEPT, short_folder / "s.sock").start()


async def test_start__always__makes_folder_and_socket_private(server: SignerServer) -> None:
    assert server._path.parent.stat().st_mode & 0o777 == 0o700
    assert server._path.stat().st_mode & 0o177 == 0


async def test_start__over_the_socket_of_a_killed_signer__serves(server: SignerServer) -> None:
    again = SignerServer({"agent": _key()}, EVERYTHING, NOTHING_KEPT, server._path)
    await again.start()
    assert await SignerClient(server._path).address("agent") == ADDRESS
    await again.close()


async def test_ask__when_nobody_listens__is_retryable(short_folder: Path) -> None:
    with pytest.raises(SignerUnavailable, match="does not answer"):
        await SignerClient(short_folder / "none.sock").address("agent")


async def test_ask__when_the_signer_hangs_up_half_way__is_retryable(short_folder: Path) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b'{"ok": "0x12')
        writer.close()

    path = short_folder / "s.sock"
    async with await asyncio.start_unix_server(serve, str(path)):
        with pytest.raises(SignerUnavailable):
            await SignerClient(path).address("agent")


async def test_ask__with_more_than_a_line_may_hold__is_refused_before_it_is_sent(client: SignerClient) -> None:
    with pytest.raises(SignerRefused, match="at most"):
        await client.sign_transaction("agent", {**FIELDS, "data": "0x" + "00" * MAX_LINE_BYTES})


async def test_serve__after_an_endless_line__still_serves_others(server: SignerServer, client: SignerClient) -> None:
    reader, writer = await asyncio.open_unix_connection(str(server._path))
    writer.write(b"x" * (MAX_LINE_BYTES + 10))
    writer.write_eof()
    assert await reader.read() == b""
    writer.close()
    assert await client.address("agent") == ADDRESS


async def test_serve__several_requests_on_one_connection__answers_each(server: SignerServer) -> None:
    reader, writer = await asyncio.open_unix_connection(str(server._path))
    for _ in range(3):
        writer.write(encode_line(encode_request(ShowAddress("agent"))))
        assert decode_line(await reader.readline()) == {"ok": "0x" + ADDRESS.hex()}
    writer.close()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=12), inner, max_size=8),
    max_leaves=20,
)
OPERATIONS = st.sampled_from(["address", "sign_transaction", "sign_typed", "export", ""])
NEAR_MISSES = st.fixed_dictionaries(
    {"op": OPERATIONS, "key": st.sampled_from(["agent", "x"]) | JSON},
    optional={
        "fields": st.dictionaries(
            st.sampled_from(TRANSACTION_FIELDS),
            JSON | st.integers(-1, 2**260) | st.sampled_from(["0x", "0x" + "ab" * 20, "0X12", "12 34", "0xé"]),
        )
        | st.lists(st.tuples(st.text(max_size=5), st.sampled_from(["uint8", "uint256[]", "string", "bytes33"])))
        | JSON,
        "domain": st.tuples(st.text(max_size=5) | JSON, JSON, st.integers() | JSON, st.just("0x" + "ab" * 20) | JSON)
        | JSON,
        "type": st.text(max_size=10) | JSON,
        "values": JSON,
    },
)


@given(line=st.binary(max_size=200) | (JSON | NEAR_MISSES).map(lambda data: json.dumps(data).encode()))
def test_answer__to_anything_at_all__is_an_error_or_the_address(line: bytes) -> None:
    server = SignerServer({"agent": _key()}, EVERYTHING, NOTHING_KEPT, Path("unused"))
    reply = answer(server, line)
    assert encode_line(reply)
    if "ok" in reply:
        request = decode_request(decode_line(line))
        assert not isinstance(request, SignTyped | SignTransaction)
        assert reply == {"ok": "0x" + ADDRESS.hex()}


@given(
    name=st.sampled_from(TRANSACTION_FIELDS),
    value=JSON | st.integers(max_value=-1) | st.integers(min_value=2**256) | st.sampled_from(["abc", "ab ", "0x1"]),
)
def test_answer__to_a_transaction_with_one_bad_field__is_never_a_signature(name: str, value: Any) -> None:
    if value == FIELDS[name] or (name not in ("to", "data") and type(value) is int and 0 <= value < 2**256):
        return
    if name == "data" and value == "":
        return
    server = SignerServer({"agent": _key()}, EVERYTHING, NOTHING_KEPT, Path("unused"))
    request = {"op": "sign_transaction", "key": "agent", "fields": {**FIELDS, name: value}}
    assert "ok" not in answer(server, json.dumps(request).encode())


BAD_TYPED: dict[str, dict[str, Any]] = {
    "array": {"fields": [["a", "uint256[]"]], "values": [[1]]},
    "string": {"fields": [["a", "string"]], "values": ["x"]},
    "signed": {"fields": [["a", "int256"]], "values": [-1]},
    "odd width": {"fields": [["a", "uint7"]], "values": [1]},
    "wide bytes": {"fields": [["a", "bytes33"]], "values": ["0x" + "00" * 33]},
    "short bytes": {"fields": [["a", "bytes32"]], "values": ["0x" + "00" * 31]},
    "too big": {"fields": [["a", "uint8"]], "values": [256]},
    "negative": {"fields": [["a", "uint8"]], "values": [-1]},
    "fraction": {"fields": [["a", "uint8"]], "values": [1.0]},
    "truth for a number": {"fields": [["a", "uint8"]], "values": [True]},
    "number for a truth": {"fields": [["a", "bool"]], "values": [1]},
    "short address": {"fields": [["a", "address"]], "values": ["0x" + "00" * 19]},
    "too few values": {"fields": [["a", "uint8"], ["b", "uint8"]], "values": [1]},
    "too many values": {"fields": [["a", "uint8"]], "values": [1, 2]},
    "a name with a type in it": {"fields": [["a,uint8 b", "uint8"]], "values": [1]},
    "a type's name with fields in it": {"type": "Verdict(uint8 x)"},
    "domain of a fractional chain": {"domain": ["n", "1", 31337.5, "0x" + "00" * 20]},
    "domain of a true chain": {"domain": ["n", "1", True, "0x" + "00" * 20]},
    "domain without a contract": {"domain": ["n", "1", CHAIN]},
    "domain with half a character": {"domain": ["\ud800", "1", CHAIN, "0x" + "00" * 20]},
}


@pytest.mark.parametrize("case", BAD_TYPED)
def test_answer__to_typed_data_that_is_not_flat_and_exact__is_a_refusal(case: str) -> None:
    good = {
        "op": "sign_typed",
        "key": "agent",
        "domain": ["n", "1", CHAIN, "0x" + "00" * 20],
        "type": "T",
        "fields": [["a", "uint8"]],
        "values": [1],
    }
    server = SignerServer({"agent": _key()}, EVERYTHING, NOTHING_KEPT, Path("unused"))
    assert "ok" in answer(server, json.dumps(good).encode())
    reply = answer(server, json.dumps({**good, **BAD_TYPED[case]}).encode())
    assert reply["error"] == "SignerRefused"


VALUES = {
    "uint256": st.integers(0, 2**256 - 1),
    "uint8": st.integers(0, 255),
    "bool": st.booleans(),
    "bytes32": st.binary(min_size=32, max_size=32),
    "bytes4": st.binary(min_size=4, max_size=4),
    "address": st.binary(min_size=20, max_size=20),
}
TYPED = st.lists(
    st.sampled_from(sorted(VALUES)).flatmap(lambda kind: st.tuples(st.just(kind), VALUES[kind])), min_size=1, max_size=6
)


@given(pairs=TYPED, chain_id=st.integers(0, 2**64 - 1), name=st.text(min_size=1, max_size=20))
def test_decode_request__of_an_encoded_one__is_the_same(pairs: list[tuple[str, Any]], chain_id: int, name: str) -> None:
    fields = tuple((f"f{index}", kind) for index, (kind, _) in enumerate(pairs))
    domain = Domain(name, "1", chain_id, ORACLE)
    request = SignTyped("agent", domain, "Thing", fields, tuple(value for _, value in pairs))
    assert decode_request(decode_line(encode_line(encode_request(request)))) == request
    assert len(typed_data_digest(domain, "Thing", fields, request.values)) == 32


def test_secret__in_repr_logs_and_errors__is_nowhere(tmp_path: Path) -> None:
    create_key(tmp_path, "agent", "pass", development_chain_id=CHAIN)
    (key,) = open_keystore(tmp_path, "pass").values()
    secret = key.secret.secret.hex()
    with structlog.testing.capture_logs() as logs:
        server = SignerServer({"agent": key}, EVERYTHING, NOTHING_KEPT, Path("unused"))
        answers = [
            answer(server, encode_line(encode_request(request)))
            for request in (
                SignTransaction("agent", FIELDS),
                SignTransaction("agent", {**FIELDS, "gas": -1}),
                SignTyped("agent", oracle_domain(CHAIN, ORACLE), VERDICT_TYPE, VERDICT_FIELDS, VERDICT.values()),
                ShowAddress("nobody"),
            )
        ]
    assert len(logs) == 4
    everything = f"{logs} {answers} {key!r} {key} {vars(server)} {dataclasses.fields(key)}"
    assert secret not in everything
    assert str(int(secret, 16)) not in everything


def test_create_key__always__writes_an_encrypted_private_file_and_never_over_another(tmp_path: Path) -> None:
    address = create_key(tmp_path / "keys", "agent", "pass", development_chain_id=CHAIN)
    file = tmp_path / "keys" / "agent.json"
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["aitbc"] == {"development": True, "chain_id": CHAIN}
    assert key_address(tmp_path / "keys", "agent") == address
    opened = open_keystore(tmp_path / "keys", "pass")["agent"]
    assert (opened.address, opened.chain_id) == (address, CHAIN)
    assert opened.secret.secret.hex() not in file.read_text()
    with pytest.raises(FileExistsError):
        create_key(tmp_path / "keys", "agent", "pass", development_chain_id=CHAIN)


def test_open_keystore__with_trouble__is_fatal_with_a_mend(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match="no keys"):
        open_keystore(tmp_path, "pass")
    create_key(tmp_path, "agent", "pass", development_chain_id=CHAIN)
    with pytest.raises(KeyMissing, match="cannot be opened"):
        open_keystore(tmp_path, "wrong")
    with pytest.raises(KeyMissing, match="no key named client"):
        key_address(tmp_path, "client")
    for text in ("not json", "[]", "{}", '{"address": "xyz"}', '{"address": 5}'):
        (tmp_path / "agent.json").write_text(text)
        with pytest.raises(KeyMissing, match="not a keystore"):
            open_keystore(tmp_path, "pass")


def test_open_keystore__when_the_file_names_another_address__is_fatal(tmp_path: Path) -> None:
    create_key(tmp_path, "agent", "pass", development_chain_id=CHAIN)
    document = json.loads((tmp_path / "agent.json").read_text())
    document["address"] = "00" * 20
    (tmp_path / "agent.json").write_text(json.dumps(document))
    with pytest.raises(KeyMissing, match="another address"):
        open_keystore(tmp_path, "pass")


def test_verdict_digest__of_the_oracles_domain__equals_the_general_one() -> None:
    domain = oracle_domain(CHAIN, ORACLE)
    assert verdict_digest(domain, VERDICT) == typed_data_digest(domain, VERDICT_TYPE, VERDICT_FIELDS, VERDICT.values())
