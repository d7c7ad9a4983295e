"""A key that is made while the signer runs can be used, and nothing else can."""

from __future__ import annotations

from pathlib import Path

import pytest

from agents_offchain.chain.signer.keyring import KeyAddresses, KeyRing
from agents_offchain.chain.signer.keystore import create_key

pytestmark = pytest.mark.unit


def test_ring__given_a_key_that_was_added__opens_it_once_and_says_so(tmp_path: Path) -> None:
    create_key(tmp_path, "agent", "word", development_chain_id=31337)
    opened: list[str] = []
    ring = KeyRing(tmp_path, "word", on_open=lambda key: opened.append(key.name))
    address = create_key(tmp_path, "scout", "word", development_chain_id=31337)
    assert "scout" not in list(ring)
    assert ring["scout"].address == address
    assert KeyAddresses(ring).get("scout") == address
    assert ring.get("scout") is ring["scout"]
    assert opened == ["scout"]
    assert len(KeyAddresses(ring)) == 2


@pytest.mark.parametrize("name", ["nobody", "../agent", "", "a/b", "other"])
def test_ring__given_a_name_without_a_key_it_can_open__has_none(tmp_path: Path, name: str) -> None:
    create_key(tmp_path, "agent", "word", development_chain_id=31337)
    ring = KeyRing(tmp_path, "word")
    create_key(tmp_path, "other", "another word", development_chain_id=31337)
    assert ring.get(name) is None
    assert KeyAddresses(ring).get(name) is None
