from __future__ import annotations

from pathlib import Path

import pytest

from agents_offchain.cli import continuity
from agents_offchain.cli.continuity import HomeIdentity, HomeStale
from agents_offchain.primitives.settings import Settings

pytestmark = pytest.mark.unit
CONTRACTS = {"JobEscrow": "0x01"}
ANCHOR = bytes(31) + b"\1"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, database_url="")


@pytest.fixture
def used_home(home: Settings) -> Settings:
    """A home that ran: chain state, database, identity, keys, artifacts."""
    continuity.chain_folder(home).mkdir()
    state_file(home).write_text("{}")
    (home.home / "aitbc.db").write_text("")
    (home.home / "aitbc.db-wal").write_text("")
    (home.home / "deployment.json").write_text("{}")
    (home.home / "deployment.begun.json").write_text("{}")
    for folder in ("keys", "artifacts"):
        (home.home / folder).mkdir()
        (home.home / folder / "file").write_text("")
    continuity.save_identity(home, HomeIdentity(ANCHOR.hex(), CONTRACTS))
    return home


def state_file(home: Settings) -> Path:
    return continuity.chain_folder(home) / "state.json"


def test_judge_files__given_a_new_home__has_nothing_to_say(home: Settings) -> None:
    assert continuity.judge_files(home, state_file=state_file(home)) == ""


def test_judge_files__given_a_used_home__has_nothing_to_say(used_home: Settings) -> None:
    assert continuity.judge_files(used_home, state_file=state_file(used_home)) == ""


def test_judge_files__when_the_chain_is_gone__wants_a_fresh_start(used_home: Settings) -> None:
    state_file(used_home).unlink()
    with pytest.raises(HomeStale, match="chain of this home is gone"):
        continuity.judge_files(used_home, state_file=state_file(used_home))


def test_judge_files__when_only_the_database_is_gone__says_that_it_is_made_again(used_home: Settings) -> None:
    (used_home.home / "aitbc.db").unlink()
    assert "made again from the chain" in continuity.judge_files(used_home, state_file=state_file(used_home))


def test_require_same_chain__given_another_chain__wants_a_fresh_start(used_home: Settings) -> None:
    continuity.require_same_chain(used_home, ANCHOR)
    with pytest.raises(HomeStale, match="another local chain"):
        continuity.require_same_chain(used_home, bytes(32))


def test_require_same_chain__given_a_database_of_unknown_chain__wants_a_fresh_start(used_home: Settings) -> None:
    continuity.identity_file(used_home).unlink()
    with pytest.raises(HomeStale):
        continuity.require_same_chain(used_home, ANCHOR)


def test_require_same_contracts__given_others__wants_a_fresh_start(used_home: Settings) -> None:
    continuity.require_same_contracts(used_home, [{"JobEscrow": "0x02"}, CONTRACTS])
    with pytest.raises(HomeStale, match="contracts of this release"):
        continuity.require_same_contracts(used_home, [{"JobEscrow": "0x02"}])


@pytest.mark.parametrize("with_artifacts", [True, False])
def test_forget__given_a_used_home__keeps_keys(used_home: Settings, with_artifacts: bool) -> None:
    continuity.forget(used_home, with_artifacts=with_artifacts)
    left = {path.name for path in used_home.home.iterdir()}
    assert left == ({"keys"} if with_artifacts else {"keys", "artifacts"})


def test_forget__given_a_database_of_somebody_else__refuses(used_home: Settings) -> None:
    foreign = used_home.model_copy(update={"database_url": "postgresql+asyncpg://host/name"})
    with pytest.raises(HomeStale, match="belongs to another") as refusal:
        continuity.forget(foreign, with_artifacts=False)
    assert refusal.value.mend
    assert state_file(used_home).exists()
