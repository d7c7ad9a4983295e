"""Who calls: signing in, tokens, keys for programs, and how often anybody may ask."""

from __future__ import annotations

from typing import Any

import pytest

from agents_offchain.api.rest.access.api_keys import ApiKeys, ApiKeyUnknown, ScopeUnknown
from agents_offchain.api.rest.access.principal import MESSAGE, Principal, Unauthenticated
from agents_offchain.api.rest.access.tokens import TOKEN_SECONDS, Tokens, secret_of
from agents_offchain.primitives.errors import SettingsInvalid
from agents_offchain.primitives.hexes import encode_hex
from tests.unit.api.conftest import World
from tests.unit.api.signed_in import ANN, personal_sign, sign_in
from tests.unit.api.test_hostile import require_problem

pytestmark = pytest.mark.unit


async def test_sign_in__with_the_wallets_signature__gives_a_token_once(world: World) -> None:
    challenge = (await world.http.post("/api/v1/auth/challenge", json={"address": encode_hex(ANN)})).json()
    assert "testserver wants you to sign in" in challenge["message"]
    assert f"Chain ID: {31337}" in challenge["message"]
    proof = {"nonce": challenge["nonce"], "signature": personal_sign("ann", challenge["message"])}
    assert (await world.http.post("/api/v1/auth/token", json=proof)).status_code == 200
    require_problem(await world.http.post("/api/v1/auth/token", json=proof), 401)


@pytest.mark.parametrize("fault", ["other key", "other text", "too late", "nonsense"])
async def test_sign_in__with_anything_else__is_refused(world: World, fault: str) -> None:
    challenge = (await world.http.post("/api/v1/auth/challenge", json={"address": encode_hex(ANN)})).json()
    signature = personal_sign("bob" if fault == "other key" else "ann", challenge["message"])
    if fault == "other text":
        signature = personal_sign("ann", challenge["message"].replace("testserver", "evil.example"))
    if fault == "nonsense":
        signature = "0x" + "00" * 65
    if fault == "too late":
        world.clock.advance(301)
    proof = {"nonce": challenge["nonce"], "signature": signature}
    require_problem(await world.http.post("/api/v1/auth/token", json=proof), 401)


class Wallets:
    """Contracts that take one signature for anything; `asked` keeps what they were shown."""

    good = b"the owners agree"

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, bytes]] = []

    async def is_signed(self, wallet: bytes, digest: bytes, signature: bytes) -> bool:
        self.asked.append((wallet, digest))
        return signature == self.good


@pytest.mark.parametrize(("signature", "status"), [(Wallets.good, 200), (b"nobody agrees", 401), (b"\x01" * 65, 401)])
async def test_sign_in__of_a_wallet_that_is_a_contract__asks_the_contract(
    world: World, signature: bytes, status: int
) -> None:
    world.app.state.context.sign_in._contracts = wallets = Wallets()
    challenge = (await world.http.post("/api/v1/auth/challenge", json={"address": encode_hex(ANN)})).json()
    proof = {"nonce": challenge["nonce"], "signature": encode_hex(signature)}
    assert (await world.http.post("/api/v1/auth/token", json=proof)).status_code == status
    assert [wallet for wallet, _ in wallets.asked] == [ANN]
    assert (await world.http.post("/api/v1/auth/token", json=proof)).status_code == 401, "the nonce is used up"
    assert len(wallets.asked) == 1


async def test_sign_in__of_a_key__asks_no_contract(world: World) -> None:
    world.app.state.context.sign_in._contracts = wallets = Wallets()
    await sign_in(world)
    assert wallets.asked == []


def test_token__altered_or_old_or_of_another_server__is_refused() -> None:
    tokens = Tokens(b"s" * 32)
    token = tokens.issue(ANN, 1_000)
    assert tokens.read(token, 1_000).wallet == ANN
    head, payload, mac = token.split(".")
    none = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"
    for wrong in (f"{none}.{payload}.", f"{none}.{payload}.{mac}", f"{head}.{payload}.AAAA", "", "a.b", token + "x"):
        with pytest.raises(Unauthenticated):
            tokens.read(wrong, 1_000)
    with pytest.raises(Unauthenticated):
        tokens.read(token, 1_000 + TOKEN_SECONDS)
    with pytest.raises(Unauthenticated):
        Tokens(b"t" * 32).read(token, 1_000)


def test_secret__of_a_file__is_made_once_and_private(tmp_path: Any) -> None:
    file = tmp_path / "run" / "secret"
    assert secret_of(file) == secret_of(file)
    assert file.stat().st_mode & 0o777 == 0o600
    file.write_bytes(b"short")
    with pytest.raises(SettingsInvalid):
        secret_of(file)


async def test_api_key__through_its_life__works_until_revoked_and_only_for_its_scopes(world: World) -> None:
    keys = ApiKeys(world.database, world.clock)
    key, text = await keys.create("monitor", [MESSAGE], days=2)
    assert (await keys.prove(text)).scopes == {MESSAGE}
    async with world.database.read() as connection:
        from sqlalchemy import text as sql

        stored = str((await connection.execute(sql("select * from api_keys"))).all())
    assert text.rpartition("_")[2] not in stored
    answer = await world.http.post("/api/v1/agents/register", json={"name": "x"}, headers={"x-api-key": text})
    require_problem(answer, 403)
    newer, new_text = await keys.rotate(key.id)
    await keys.prove(text)
    world.clock.advance(86_400)
    with pytest.raises(Unauthenticated, match="expired"):
        await keys.prove(text)
    await keys.revoke(newer.id)
    with pytest.raises(Unauthenticated, match="revoked"):
        await keys.prove(new_text)
    assert {item.id for item in await keys.list()} == {key.id, newer.id}
    for act in (keys.rotate, keys.revoke):
        with pytest.raises(ApiKeyUnknown):
            await act(newer.id)
    for scopes in ([], ["everything"]):
        with pytest.raises(ScopeUnknown):
            await keys.create("x", scopes)
    for wrong in ("aitbc_", text[:-1] + "A" if text[-1] != "A" else text[:-1] + "B", "x" * 200):
        with pytest.raises(Unauthenticated):
            await keys.prove(wrong)


async def test_caller__that_asks_too_often__is_told_to_slow_down(world: World) -> None:
    codes = [(await world.http.get("/api/v1/agents/list")).status_code for _ in range(110)]
    assert codes[:100] == [200] * 100
    assert codes[-1] == 429
    headers = {"authorization": "Bearer nonsense"}
    assert (await world.http.post("/api/v1/coordination/consensus", json={}, headers=headers)).status_code == 429


def test_principal__without_a_scope__may_not() -> None:
    with pytest.raises(Exception, match="lacks the scope"):
        Principal("key:1", frozenset()).require(MESSAGE)
