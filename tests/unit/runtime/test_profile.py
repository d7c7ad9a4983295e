from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from agents_offchain.primitives.errors import SettingsInvalid
from agents_offchain.primitives.units import parse_units
from agents_offchain.runtime.profiles.profile import Profile, load_profile

pytestmark = pytest.mark.unit
EXAMPLE = Path(__file__).parents[3] / "examples" / "profiles" / "inspector.toml"
SERVICES = ({"type": "inspect-image", "price": "1.50"},)
LEAST = '[agent]\nname = "A"\n[[services]]\ntype = "inspect-image"\nprice = "1.50"\n'


def _write(folder: Path, text: str) -> Path:
    file = folder / "agent.toml"
    file.write_text(text)
    return file


def test_load_profile__of_the_example__is_whole() -> None:
    profile = load_profile(EXAMPLE)
    assert profile.agent.key == "agent"
    service = profile.service("inspect-image")
    assert service is not None
    assert service.price == Decimal("1.50")
    assert profile.service("translate") is None
    assert profile.limits.worker().memory_bytes == profile.limits.memory_mib << 20


def test_daemon_name__of_any_two_keys__differs_and_the_first_agents_is_as_it_always_was(tmp_path: Path) -> None:
    keys = ("agent", "scout", "agent-scout", "indexer", "reporter-1", "agent-agent")
    names = [
        Profile.model_validate({"agent": {"name": "x", "key": key}, "services": SERVICES}).daemon_name for key in keys
    ]
    assert len(set(names)) == len(keys)
    assert names[0] == "agent", "an existing home keeps its cursor, its queue and its log"
    assert not {"indexer", "reporter-1"} & set(names)


def test_load_profile__with_only_what_must_be__has_sensible_limits(tmp_path: Path) -> None:
    profile = load_profile(_write(tmp_path, LEAST))
    assert (profile.limits.concurrency, profile.acceptance.max_attempts) == (1, 3)


@pytest.mark.parametrize("price", ['"1E+1"', "10", '"10"', "10.0", '"1e1"'])
def test_load_profile__with_a_price_in_any_writing__can_be_turned_into_units(tmp_path: Path, price: str) -> None:
    profile = load_profile(_write(tmp_path, LEAST.replace('"1.50"', price)))
    assert parse_units(str(profile.services[0].price), 6) == 10_000_000


BAD = {
    "services.0.price": LEAST.replace("1.50", "-1"),
    "services.0.price ": LEAST.replace("1.50", "0"),
    "services.0.price  ": LEAST.replace("1.50", "NaN"),
    "services.0.type": LEAST.replace("inspect-image", "Inspect Image"),
    "services": '[agent]\nname = "A"\n',
    "services ": LEAST + LEAST[LEAST.index("[[services]]") :],
    "agent.name": LEAST.replace('"A"', '""'),
    "agent.key": LEAST.replace('name = "A"', 'name = "A"\nkey = "../deployer"'),
    "limits.concurrency": LEAST + "[limits]\nconcurrency = 0\n",
    "limits.memory_mib": LEAST + "[limits]\nmemory_mib = 1\n",
    "limits.colour": LEAST + "[limits]\ncolour = 1\n",
    "acceptance.max_attempts": LEAST + "[acceptance]\nmax_attempts = 0\n",
}


@pytest.mark.parametrize("field", BAD)
def test_load_profile__with_a_wrong_field__is_fatal_and_names_it(tmp_path: Path, field: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        load_profile(_write(tmp_path, BAD[field]))
    assert f"agent.toml: {field.strip()}" in caught.value.message


def test_load_profile__that_cannot_be_read__is_fatal(tmp_path: Path) -> None:
    with pytest.raises(SettingsInvalid, match="no profile"):
        load_profile(tmp_path / "none.toml")
    with pytest.raises(SettingsInvalid, match="not TOML"):
        load_profile(_write(tmp_path, "x ="))
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load_profile(tmp_path)
    (tmp_path / "agent.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsInvalid, match="cannot be read"):
        load_profile(tmp_path / "agent.toml")
