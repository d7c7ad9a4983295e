from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from agents_offchain.primitives.settings import Settings

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in list(os.environ):
        if name.startswith("AITBC_"):
            monkeypatch.delenv(name)


def test_settings__without_anything_said__use_the_home_beside_us() -> None:
    settings = Settings()
    assert settings.home == Path(".aitbc")
    assert settings.database() == f"sqlite+aiosqlite:///{Path('.aitbc').resolve()}/aitbc.db"
    assert settings.deployment_file == Path(".aitbc/deployment.json")


def test_settings__said_in_the_environment__are_taken_and_an_argument_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AITBC_HOME", "/there")
    monkeypatch.setenv("AITBC_CONFIRMATIONS", "7")
    monkeypatch.setenv("AITBC_DATABASE_URL", "postgresql+asyncpg://db/aitbc")
    settings = Settings(confirmations=2)
    assert (settings.home, settings.confirmations) == (Path("/there"), 2)
    assert settings.database() == "postgresql+asyncpg://db/aitbc"


@pytest.mark.parametrize(("name", "value"), [("CONFIRMATIONS", "-1"), ("POLL_SECONDS", "0"), ("RETAINED_BLOCKS", "x")])
def test_settings__out_of_range__are_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"AITBC_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()


def test_run_dir__of_a_deep_home__leaves_room_for_a_sockets_name(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["folder-with-a-long-name"] * 20)
    settings = Settings(home=deep)
    assert len(str(settings.signer_socket)) < 108
    assert len(str(settings.valkey_socket)) < 108
    assert Settings(home=tmp_path).run_dir != settings.run_dir


def test_settings__once_made__do_not_change() -> None:
    with pytest.raises(ValidationError):
        Settings().home = Path("elsewhere")
