from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents_offchain.chain.errors import KeyMissing
from agents_offchain.chain.signer.keystore import open_keystore
from agents_offchain.cli.development import DEVELOPMENT_KEYS, ensure_development_keys, read_passphrase
from agents_offchain.cli.places import make_private

pytestmark = pytest.mark.unit


def test_ensure_development_keys__given_a_new_home__makes_private_marked_keys(tmp_path: Path) -> None:
    folder, passphrase_file = tmp_path / "keys", tmp_path / "keys" / "passphrase"
    addresses = ensure_development_keys(folder, passphrase_file)
    assert set(addresses) == set(DEVELOPMENT_KEYS)
    assert len(set(addresses.values())) == len(DEVELOPMENT_KEYS)
    for path in folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path
    marks = [json.loads((folder / f"{name}.json").read_text())["aitbc"] for name in DEVELOPMENT_KEYS]
    assert all(mark == {"development": True, "chain_id": 31337} for mark in marks)
    opened = open_keystore(folder, read_passphrase(passphrase_file))
    assert {name: key.address for name, key in opened.items()} == addresses
    assert all(key.chain_id == 31337 for key in opened.values())


def test_ensure_development_keys__when_run_again__changes_nothing(tmp_path: Path) -> None:
    first = ensure_development_keys(tmp_path, tmp_path / "passphrase")
    assert ensure_development_keys(tmp_path, tmp_path / "passphrase") == first


def test_ensure_development_keys__when_the_passphrase_is_gone__says_so_and_makes_nothing(tmp_path: Path) -> None:
    ensure_development_keys(tmp_path, tmp_path / "passphrase")
    (tmp_path / "passphrase").unlink()
    with pytest.raises(KeyMissing, match="passphrase file is gone"):
        ensure_development_keys(tmp_path, tmp_path / "passphrase")
    assert not (tmp_path / "passphrase").exists()


def test_make_private__given_a_folder_open_to_others__closes_it(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir(mode=0o755)
    make_private(folder)
    assert folder.stat().st_mode & 0o077 == 0
