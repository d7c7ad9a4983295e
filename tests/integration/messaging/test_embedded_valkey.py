from __future__ import annotations

import stat
from pathlib import Path

import pytest

from agents_offchain.messaging.embedded.valkey import ValkeySpec, wait_ready
from agents_offchain.messaging.errors import BusMisused, BusUnavailable
from agents_offchain.messaging.streams import connect
from tests.integration.messaging.conftest import EmbeddedValkey

pytestmark = pytest.mark.integration


async def test_server__when_started__listens_only_on_a_private_socket(valkey: EmbeddedValkey) -> None:
    client = connect(valkey.spec.url)
    assert await client.config_get("port") == {b"port": b"0"} or await client.config_get("port") == {"port": "0"}
    assert stat.S_IMODE(valkey.spec.socket.stat().st_mode) == 0o700
    await client.aclose()


async def test_is_ready__given_the_servers_pid__is_true_and_false_for_another(valkey: EmbeddedValkey) -> None:
    assert await valkey.spec.is_ready(valkey.pid)
    assert not await valkey.spec.is_ready(valkey.pid + 1)


async def test_is_ready__when_killed__is_false(valkey: EmbeddedValkey) -> None:
    pid = valkey.pid
    await valkey.kill()
    assert not await valkey.spec.is_ready(pid)


async def test_prepare__when_a_killed_server_left_its_socket__takes_it_away(valkey: EmbeddedValkey) -> None:
    await valkey.kill()
    assert valkey.spec.socket.exists()
    valkey.spec.prepare()
    valkey.spec.prepare()
    assert not valkey.spec.socket.exists()


async def test_wait_ready__when_nobody_answers__says_so(tmp_path: Path) -> None:
    with pytest.raises(BusUnavailable, match="did not answer"):
        await wait_ready(f"unix://{tmp_path}/none.sock", timeout_seconds=0.1)


def test_argv__given_a_socket_path_that_is_too_long__is_refused(tmp_path: Path) -> None:
    with pytest.raises(BusMisused, match="longer than"):
        ValkeySpec(directory=tmp_path, socket=tmp_path / ("x" * 120)).argv()
