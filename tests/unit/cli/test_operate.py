"""The operator's commands on a home that is not up: words, exit codes, and what they leave behind."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from agents_offchain.chain.signer.approvals import SCOPE
from agents_offchain.chain.signer.audit import AuditLog, verify
from agents_offchain.chain.signer.keystore import open_keystore
from agents_offchain.chain.signer.seals import ensure_secret
from agents_offchain.cli import main as command
from agents_offchain.cli.development import ensure_development_keys, read_passphrase
from agents_offchain.cli.development_policy import ensure_development_policy
from agents_offchain.storage.approvals import ApprovalBook, Question
from agents_offchain.storage.database import Database
from agents_offchain.storage.tables.journal import outbox
from agents_offchain.storage.tables.read_model import jobs, policies, tokens

pytestmark = pytest.mark.unit
VERBS = [
    *((duty, verb) for duty in ("reporter", "keeper") for verb in ("new", "run")),
    *(("agent", verb) for verb in ("new", "run", "drain", "resume", "retire", "list", "show", "schema")),
    ("keys", "list"),
    ("keys", "new"),
    ("keys", "backup"),
    ("keys", "restore"),
    ("keys", "freeze"),
    ("keys", "thaw"),
    ("audit", "verify"),
    ("audit", "show"),
    ("approvals", "list"),
    ("approvals", "approve"),
    ("approvals", "deny"),
    ("index", "verify"),
    ("index", "rebuild"),
    ("dead", "list"),
    ("dead", "show"),
    ("dead", "replay"),
    ("dead", "drop"),
    *(("language", verb) for verb in ("models", "spending", "forecast", "rate", "prompts", "forget")),
    *(("knowledge", verb) for verb in ("add", "list", "remove", "search")),
    ("ask-for",),
    ("ask-market",),
    ("find",),
    ("jobs",),
    ("hire",),
    ("health",),
    ("watch",),
    ("withdraw",),
]


class Home:
    """A home folder and the `aitbc` command run on it."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.keys = folder / "keys"
        self._capsys = capsys

    def run(self, *words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as end:
            command.main([*words, "--home", str(self.folder)])
        said = self._capsys.readouterr()
        return int(end.value.code or 0), said.out, said.err

    def json(self, *words: str, code: int = 0) -> Any:
        found, out, err = self.run(*words, "--json")
        assert found == code, err
        return json.loads(out if code in (0, 1) else err)


@pytest.fixture
def home(tmp_path: Path, database_template: Path, capsys: pytest.CaptureFixture[str]) -> Home:
    """With development keys, their policy, and an empty database."""
    folder = tmp_path / "home"
    addresses = ensure_development_keys(folder / "keys", folder / "keys" / "passphrase")
    ensure_development_policy(folder / "keys", addresses)
    shutil.copy(database_template, folder / "aitbc.db")
    return Home(folder, capsys)


@pytest.fixture
def bare(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Home:
    return Home(tmp_path / "bare", capsys)


@pytest.mark.parametrize("verb", VERBS, ids=" ".join)
def test_help__given_each_verb__shows_an_example_and_json(
    verb: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        command.main([*verb, "--help"])
    assert not end.value.code
    said = " ".join(capsys.readouterr().out.split())
    assert "--json" in said
    assert f"aitbc {' '.join(verb)}" in said.partition("xample")[2]


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("approvals", "list"), 2),
        (("dead", "list"), 2),
        (("jobs",), 2),
        (("index", "verify"), 2),
        (("keys", "freeze"), 2),
        (("keys", "backup", "x.json"), 2),
        (("keys", "restore", "none.json"), 2),
        (("audit", "verify", "--head", "nonsense"), 4),
    ],
)
def test_any_verb__given_an_empty_home__says_one_sentence_and_a_mend(
    bare: Home, words: tuple[str, ...], code: int
) -> None:
    error = bare.json(*words, code=code)
    assert error["message"].endswith((".", "?"))
    assert error["mend"]
    assert not (bare.folder / "aitbc.db").exists(), "asking makes nothing"


def test_keys_list__of_a_local_home__tells_what_each_may_sign(home: Home) -> None:
    rows = {row["name"]: row for row in home.json("keys", "list")["keys"]}
    assert rows["keeper"]["rules"] == [
        "ResultOracle.postVerdict",
        "ResultOracle.settle",
        "JobEscrow.noShow",
        "DecisionLedger.anchor",
        "DisputeDesk.refer",
        "DisputeDesk.rule",
        "JurorCourt.draw",
        "JurorCourt.renewDraw",
        "JurorCourt.close",
    ]
    assert rows["treasury"]["allowed"] == "nothing"
    assert rows["agent"]["chain"] == 31337
    code, out, _ = home.run("keys", "list")
    assert code == 0
    assert "reporter-1" in out


def test_keys_new__makes_one_that_opens_and_never_overwrites(home: Home) -> None:
    made = home.json("keys", "new", "agent-2", "--local")
    opened = open_keystore(home.keys, read_passphrase(home.keys / "passphrase"))["agent-2"]
    assert made["address"].lower() == "0x" + opened.address.hex()
    assert opened.chain_id == 31337
    assert home.json("keys", "new", "agent-2", "--local", code=2)["message"] == "There is a key named agent-2."
    for name in ("../evil", "", "a/b", ".hidden", "x" * 65):
        assert home.run("keys", "new", "--local", "--", name)[0] == 2 or not name
    assert not (home.folder / "evil.json").exists()


def test_keys_backup__then_restore__brings_keys_and_policy_to_another_home(
    home: Home, bare: Home, tmp_path: Path
) -> None:
    file = tmp_path / "backup.json"
    assert len(home.json("keys", "backup", str(file))["keys"]) == 9
    assert file.stat().st_mode & 0o777 == 0o600
    assert read_passphrase(home.keys / "passphrase") not in file.read_text()
    assert home.json("keys", "backup", str(file), code=2)["mend"] == "Name a new file."
    assert "passphrase" in bare.json("keys", "restore", str(file), code=4)["mend"]
    words = ("keys", "restore", str(file), "--passphrase-file", str(home.keys / "passphrase"))
    assert len(bare.json(*words)["restored"]) == 9
    again = bare.json(*words)
    assert (again["restored"], len(again["kept"])) == ([], 9)
    for name in ("policy.toml", "agent.json"):
        assert (bare.keys / name).read_text() == (home.keys / name).read_text()
        assert (bare.keys / name).stat().st_mode & 0o077 == 0
    assert open_keystore(bare.keys, read_passphrase(bare.keys / "passphrase")).keys()


def test_keys_restore__with_the_wrong_passphrase_or_another_key__changes_nothing(
    home: Home, bare: Home, tmp_path: Path
) -> None:
    file = tmp_path / "backup.json"
    home.json("keys", "backup", str(file))
    wrong = tmp_path / "wrong"
    wrong.write_text("wrong\n")
    assert bare.run("keys", "restore", str(file), "--passphrase-file", str(wrong))[0] == 4
    assert not bare.keys.exists()
    bare.json("keys", "new", "agent", "--local")
    shutil.copy(home.keys / "passphrase", bare.keys / "passphrase")
    assert "another key named agent" in bare.json("keys", "restore", str(file), code=2)["message"]
    assert [path.stem for path in bare.keys.glob("*.json")] == ["agent"]
    file.write_text('{"schema": "x"}')
    assert "not a backup" in home.json("keys", "restore", str(file), code=2)["message"]


def test_keys_freeze__then_thaw__turns_the_switch_and_is_noted(home: Home) -> None:
    home.json("keys", "freeze", "--reason", "odd transfers")
    home.json("keys", "freeze", "agent")
    rows = {row["name"]: row for row in home.json("keys", "list")["keys"]}
    assert all("odd transfers" in row["frozen"] for row in rows.values())
    code, out, _ = home.run("keys", "thaw", "agent")
    assert code == 0
    assert "still frozen" in out
    assert home.json("keys", "thaw")["was_frozen"]
    assert not home.json("keys", "thaw")["was_frozen"]
    assert home.json("keys", "freeze", "nobody", code=2)["mend"].startswith("Known: agent")
    events = [line["event"] for line in home.json("audit", "show")["lines"]]
    assert events == ["frozen", "frozen", "thawed", "thawed"]
    assert verify(home.keys).is_whole


def test_audit__verify_and_show__exit_by_what_they_find(home: Home) -> None:
    log = AuditLog(home.keys)
    for number in range(3):
        log.append("signed", key="agent", nonce=number)
    found = home.json("audit", "verify")
    assert (found["is_whole"], found["lines"]) == (True, 3)
    assert home.json("audit", "verify", "--head", found["head"])["is_whole"]
    file = home.keys / "audit.log"
    file.write_bytes(file.read_bytes().replace(b'"nonce":1', b'"nonce":2'))
    broken = home.json("audit", "verify", code=1)
    assert broken["trouble"] == "Line 2 was changed."
    code, out, _ = home.run("audit", "show", "-n", "1")
    assert code == 0
    assert "nonce=2" in out


def test_approvals__list_approve_deny__leave_a_sealed_answer(home: Home) -> None:
    question = Question(SCOPE, "agent", b"\1" * 32, "TestDollar.approve", "60 is more than 50", {"to": "0x12"})

    async def ask() -> None:
        database = Database(f"sqlite+aiosqlite:///{home.folder / 'aitbc.db'}")
        await ApprovalBook(database).ask(question)
        await database.close()

    asyncio.run(ask())
    assert "60 is more than 50" in home.run("approvals", "list")[1]
    assert "secret" in home.json("approvals", "approve", "1", code=4)["message"]
    ensure_secret(home.keys)
    approved = home.json("approvals", "approve", "1", "--note", "by phone")
    assert (approved["status"], approved["note"], approved["subject"]) == ("approved", "by phone", "agent")
    assert home.json("approvals", "list")["approvals"] == []
    assert home.json("approvals", "deny", "1")["status"] == "denied"
    assert len(home.json("approvals", "list", "--all")["approvals"]) == 1
    assert "no approval 9" in home.json("approvals", "approve", "9", code=2)["message"]
    assert [line["event"] for line in home.json("audit", "show")["lines"]] == ["approved", "denied"]


def test_dead__list_show_replay_drop__work_on_the_homes_tables(home: Home) -> None:
    async def fail() -> None:
        database = Database(f"sqlite+aiosqlite:///{home.folder / 'aitbc.db'}")
        row: dict[str, Any] = {"lane": "l", "kind": "submit", "to_address": b"\1" * 20, "data": b"", "status": "failed"}
        row |= {"created_at": 1.0, "updated_at": 1.0, "error": "The escrow\x1b[31m refused."}
        async with database.write() as connection:
            for key in ("a", "b"):
                await connection.execute(outbox.insert().values(intent_key=key, **row))
        await database.close()

    assert home.run("dead", "list")[1].strip() == "There are no dead letters."
    asyncio.run(fail())
    out = home.run("dead", "list")[1]
    assert "intent:1" in out
    assert "\x1b" not in out, "text of strangers cannot move the cursor"
    assert home.json("dead", "show", "intent:1")["details"]["intent_key"] == "a"
    assert home.json("dead", "replay", "intent:1")["replayed"]["id"] == "intent:1"
    assert home.json("dead", "drop", "intent:2", "--note", "old")["dropped"]["id"] == "intent:2"
    assert home.json("dead", "list")["letters"] == []
    assert home.json("dead", "show", "intent:2", code=2)["mend"] == "`aitbc dead list` shows them."
    assert [line["event"] for line in home.json("audit", "show")["lines"]] == [
        "dead_letter_replayed",
        "dead_letter_dropped",
    ]


def test_jobs__of_the_homes_keys__tells_what_they_earned_and_cost(home: Home) -> None:
    rows = {row["name"]: bytes.fromhex(row["address"][2:]) for row in home.json("keys", "list")["keys"]}
    asyncio.run(_two_jobs(home.folder / "aitbc.db", rows["client"], rows["agent"]))
    found = home.json("jobs")
    assert [(job["job_id"], job["role"]) for job in found["jobs"]] == [("1", "provider agent, client client")]
    assert (found["jobs"][0]["earned"], found["jobs"][0]["spent"]) == ("1.425", "1.5")
    assert found["totals"] == [{"symbol": "tUSD", "earned": "1.425", "spent": "1.5", "jobs": 1}]
    assert len(home.json("jobs", "--all")["jobs"]) == 2
    assert home.json("jobs", "--status", "open")["jobs"] == []
    code, out, _ = home.run("jobs")
    assert code == 0
    assert "earned 1.425, spent 1.5 tUSD in 1 jobs" in out


async def _two_jobs(file: Path, client: bytes, provider: bytes) -> None:
    database = Database(f"sqlite+aiosqlite:///{file}")
    zeros = {"hook": bytes(20), "fee_bps": 0, "pool_share_bps": 0, "pass_mark": 0, "verdict_seconds": 0}
    zeros |= {"review_seconds": 0, "court_seconds": 0, "grace_seconds": 0, "is_ledger_only": False}
    job: dict[str, Any] = {"evaluator": bytes(20), "policy_id": 1, "budget": 1_500_000, "status": "completed"}
    job |= {"description": "", "paid": 1_425_000, "refunded": 0, "fee_treasury": 45_000, "fee_reporters": 30_000}
    job |= {"expired_at": 9, "created_at": 1, "settled_at": 5, "created_tx": b"\1"}
    async with database.write() as connection:
        await connection.execute(tokens.insert().values(address=b"\7" * 20, symbol="tUSD", decimals=6))
        await connection.execute(
            policies.insert().values(
                policy_id=1,
                policy_hash=b"\1",
                evaluator=bytes(20),
                token=b"\7" * 20,
                is_retired=False,
                created_at=1,
                **zeros,
            )
        )
        await connection.execute(jobs.insert().values(job_id=1, client=client, provider=provider, **job))
        await connection.execute(jobs.insert().values(job_id=2, client=b"\1" * 20, provider=b"\2" * 20, **job))
    await database.close()


def test_index_verify__while_the_home_is_down__exits_3(home: Home) -> None:
    for verb in ("verify", "rebuild"):
        assert home.json("index", verb, code=3)["mend"].startswith("Start it")
