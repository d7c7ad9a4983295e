"""Agents of a home as files: the wizard's answers, profiles, keys' duties; and what is refused in one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents_offchain.chain.signer.keystore import create_key
from agents_offchain.chain.signer.policy import parse_policy
from agents_offchain.cli import main as command
from agents_offchain.cli.agents.book import AgentExists, AgentUnknown, entries, find, save, set_aside
from agents_offchain.cli.agents.wizard import Wishes, WishMissing, WishWrong, complete, take_file
from agents_offchain.cli.development import DEVELOPMENT_KEYS, ensure_development_keys
from agents_offchain.cli.development_policy import ensure_development_policy
from agents_offchain.cli.duties.duty import KEEPER, REPORTER
from agents_offchain.cli.roles import PolicyLacks, grant_role, load_roles
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.profiles.profile import Profile, load_profile
from agents_offchain.runtime.profiles.toml import render_profile
from tests.fakes.deployment import DOCUMENT

pytestmark = pytest.mark.unit


def profile(key: str = "scout", price: str = "1.2") -> Profile:
    return Profile.model_validate(
        {"agent": {"name": "Scout", "key": key}, "services": [{"type": "inspect-image", "price": price}]}
    )


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = Settings(home=tmp_path / "home")
    keys = settings.home / "keys"
    ensure_development_policy(keys, ensure_development_keys(keys, keys / "passphrase"))
    create_key(keys, "scout", (keys / "passphrase").read_text().strip(), development_chain_id=31337)
    return settings


@given(name=st.text(min_size=1, max_size=80), description=st.text(max_size=200), cents=st.integers(1, 10**9))
def test_render__of_any_profile__reads_back_as_the_same(
    tmp_path: Path, name: str, description: str, cents: int
) -> None:
    document = {
        "agent": {"name": name, "description": description, "key": "scout"},
        "services": [{"type": "inspect-image", "price": f"{cents / 100:.2f}"}, {"type": "x", "price": "3"}],
    }
    try:
        (description + name).encode()
    except UnicodeEncodeError:
        return
    made = Profile.model_validate(document)
    file = tmp_path / "agent.toml"
    file.write_bytes(render_profile(made).encode())
    assert load_profile(file) == made


def test_complete__with_flags_alone__asks_nobody() -> None:
    name, made = complete(Wishes("scout", "inspect-image", "1.20", work_seconds=600, concurrency=2))
    assert name == "scout"
    assert (made.agent.name, made.agent.key) == ("Scout", "scout")
    assert (str(made.services[0].price), made.services[0].work_seconds, made.limits.concurrency) == ("1.20", 600, 2)


def test_complete__in_a_terminal__asks_for_what_was_not_said_only() -> None:
    asked: list[str] = []

    def ask(question: str, default: str) -> str:
        asked.append(question)
        return "2.50" if "Price" in question else default

    _, made = complete(Wishes("scout", "inspect-image"), ask=ask)
    assert str(made.services[0].price) == "2.50"
    assert [question.partition(" ")[0] for question in asked] == ["Price", "What", "One"]


@pytest.mark.parametrize(
    ("wishes", "error", "word"),
    [
        (Wishes("scout", "inspect-image"), WishMissing, "--price"),
        (Wishes("Scout!", "inspect-image", "1"), WishWrong, "Scout!"),
        (Wishes("scout", "fly", "1"), WishWrong, "fly"),
        (Wishes("scout", "inspect-image", "-1"), WishWrong, "price"),
        (Wishes("scout", "inspect-image", "1", key="Not A Key"), WishWrong, "key"),
    ],
)
def test_complete__with_a_wrong_or_missing_wish__says_which(wishes: Wishes, error: type[Any], word: str) -> None:
    with pytest.raises(error, match=word) as refused:
        complete(wishes)
    assert refused.value.mend


def test_take_file__with_another_key__is_the_same_agent_under_it(tmp_path: Path) -> None:
    file = tmp_path / "scout.toml"
    file.write_text(render_profile(profile("agent")))
    assert take_file(file, Wishes()) == ("scout", profile("agent"))
    assert take_file(file, Wishes("second", key="spare")) == ("second", profile("spare"))
    with pytest.raises(WishWrong, match="Not A Key"):
        take_file(file, Wishes(key="Not A Key"))


def test_book__of_a_home__has_the_products_agent_and_those_made_here(home: Settings) -> None:
    assert [entry.name for entry in entries(home)] == ["inspector"]
    path = save(home, "scout", profile())
    assert save(home, "scout", profile()) == path, "the same again changes nothing"
    assert [(entry.name, entry.is_home) for entry in entries(home)] == [("inspector", False), ("scout", True)]
    with pytest.raises(AgentExists, match="another agent named scout"):
        save(home, "scout", profile(price="9"))
    with pytest.raises(AgentExists, match="that of the agent scout"):
        save(home, "second", profile())
    set_aside(home, find(home, "scout"))
    with pytest.raises(AgentUnknown, match="scout"):
        find(home, "scout")
    assert [entry.is_retired for entry in entries(home, with_retired=True)] == [False, True]


def test_grant__in_a_local_home__is_in_the_policy_and_survives_the_next_start(home: Settings) -> None:
    file = home.home / "keys" / "policy.toml"
    assert grant_role(home, "scout", "agent", 31337) == "rules written"
    held = parse_policy(file.read_text()).keys
    assert [rule.title for rule in held["scout"].calls] == [rule.title for rule in held["agent"].calls]
    keys = home.home / "keys"
    addresses = ensure_development_keys(keys, keys / "passphrase")
    ensure_development_policy(keys, addresses, load_roles(home))
    assert "scout" in parse_policy(file.read_text()).keys
    assert set(held) - {"scout"} <= set(DEVELOPMENT_KEYS)


def test_grant__in_a_home_that_moved_to_new_contracts__keeps_every_generation_in_the_policy(home: Settings) -> None:
    older = DOCUMENT["contracts"] | {"JobEscrow": "0x" + "a1" * 20}
    document = DOCUMENT | {"generation": 2, "older": [DOCUMENT | {"contracts": older, "generation": 1}]}
    home.deployment_file.write_text(json.dumps(document))
    grant_role(home, "scout", "agent", 31337)
    stands = parse_policy((home.home / "keys" / "policy.toml").read_text()).contracts["JobEscrow"]
    assert {bytes.fromhex(text["JobEscrow"][2:]) for text in (older, DOCUMENT["contracts"])} <= stands


def test_grant__when_the_policy_is_somebodys_own__adds_a_section_once_and_changes_nothing_else(home: Settings) -> None:
    file = home.home / "keys" / "policy.toml"
    mine = file.read_text() + "# mine\n"
    file.write_text(mine)
    assert grant_role(home, "scout", "agent", 31337) == "rules added"
    assert file.read_text().startswith(mine.rstrip())
    assert file.stat().st_mode & 0o777 == 0o600
    assert grant_role(home, "scout", "agent", 31337) == "rules found"
    withdraw = '[[keys.scout.calls]]\ncontract = "JobEscrow"\nfunction = "withdraw"'
    file.write_text(file.read_text().rpartition(withdraw)[0])
    with pytest.raises(PolicyLacks, match=r"JobEscrow\.withdraw"):
        grant_role(home, "scout", "agent", 31337)


def test_grant__on_a_chain_with_value__is_bounded_a_hundred_times_tighter(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    create_key(tmp_path / "keys", "scout", "word", development_chain_id=31337)
    grant_role(settings, "scout", "agent", 1)
    rules = parse_policy((tmp_path / "keys" / "policy.toml").read_text()).keys["scout"]
    assert rules.chains == (1,)
    assert rules.wei is not None
    assert rules.wei.per_day == 2 * 10**17


def run(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        command.main([*words, "--home", str(home)])
    said = capsys.readouterr()
    return int(end.value.code or 0), said.out, said.err


def test_new__as_a_dry_run__shows_everything_and_makes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("agent", "new", "scout", "--service", "inspect-image", "--price", "1.2", "--dry-run", "--json")
    code, out, _ = run(capsys, tmp_path / "none", *words)
    assert code == 0
    shown = json.loads(out)
    assert shown["makes_key"]
    assert 'price = "1.2"' in shown["profile"]
    assert "JobEscrow" in shown["rules"]
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("agent", "run", "nobody"), 2),
        (("agent", "run", "inspector"), 3),
        (("agent", "drain", "inspector"), 3),
        (("agent", "retire", "inspector"), 2),
        (("agent", "list"), 2),
        (("agent", "new"), 2),
        (("agent", "new", "scout", "--service", "inspect-image", "--price", "1"), 3),
        (("agent", "new", "scout", "--service", "inspect-image", "--price", "1", "--key", "client"), 2),
    ],
)
def test_verb__given_a_home_that_is_not_up__says_one_sentence_and_a_mend(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int
) -> None:
    found, _, err = run(capsys, tmp_path / "none", *words, "--json")
    assert found == code, err
    error = json.loads(err)
    assert error["message"].endswith(".")
    assert error["mend"]


def test_schema__is_one_that_takes_the_example(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["agent", "schema", "--json"])
    schema = json.loads(capsys.readouterr().out)
    assert {"agent", "services", "limits", "acceptance"} <= set(schema["properties"])
    assert schema["$schema"].endswith("2020-12/schema")


def test_duties__of_any_key__have_a_process_name_that_is_nobody_elses() -> None:
    names = [REPORTER.daemon_name(key) for key in ("reporter-1", "watcher", "agent", "publisher")]
    assert names == ["reporter-1", "reporter.watcher", "reporter.agent", "reporter.publisher"]
    assert KEEPER.daemon_name("keeper") == KEEPER.daemon_name("another") == "publisher"
    assert REPORTER.argv("watcher") == ("reporter", "--key", "watcher")
