from __future__ import annotations

from pathlib import Path

import pytest

from agents_offchain.cli.places import profile_file, settings_for
from agents_offchain.primitives.errors import SettingsInvalid

pytestmark = pytest.mark.unit


def test_profile_file__given_none__is_the_one_of_the_product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AITBC_PROFILE", raising=False)
    assert profile_file(settings_for(tmp_path)).name == "inspector.toml"


def test_profile_file__given_one_in_the_environment__is_that_one_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AITBC_PROFILE", "mine.toml")
    assert profile_file(settings_for(tmp_path)) == tmp_path.resolve() / "mine.toml"


def test_settings_for__given_a_variable_that_is_no_number__names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AITBC_CONFIRMATIONS", "many")
    with pytest.raises(SettingsInvalid, match="AITBC_CONFIRMATIONS"):
        settings_for(tmp_path)
