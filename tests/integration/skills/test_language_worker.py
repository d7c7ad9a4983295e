"""A language worker as the agent runs it: its own process, one key by name, money on disk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agents_offchain.cli.bootstrap.skill_host import host_skills
from agents_offchain.primitives.clock import SystemClock
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.workers.limits import WorkerLimits
from agents_offchain.storage.spending import SpendingBook
from tests.fakes.model_server import model_server

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]
REPOSITORY = Path(__file__).resolve().parents[3]
GUIDE = (REPOSITORY / "examples" / "documents" / "escrow-guide.pdf").read_bytes()
KEY = "sk-not-to-be-seen"


async def test_worker__with_a_model_behind_http__drafts_pays_and_keeps_the_key_to_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIM_KEY", KEY)
    monkeypatch.setenv("OTHER_SECRET", "other")
    with model_server() as server:
        catalogue = tmp_path / "language.toml"
        catalogue.write_text(
            f'[[models]]\nname = "sim"\nmodel = "openai/sim"\napi_base = "{server.url}"\nkey_env = "SIM_KEY"\n'
            'input_usd_per_million = "0.15"\noutput_usd_per_million = "0.60"\ndefault_quality = 0.9\n'
        )
        settings = Settings(home=tmp_path / "home", models=REPOSITORY / "models", language=catalogue)
        request = {"input": {"cid": "c"}, "settings": {"question": "How large is the fee?"}}
        run = host_skills(settings, "agent", 1)
        result = await run("answer-from-documents", request, {"c": GUIDE}, WorkerLimits(wall_seconds=200))
    assert server.keys == [f"Bearer {KEY}"]
    assert result.output["statements"][0] == {
        "text": "five",
        "origin": "draft",
        "citations": result.output["statements"][0]["citations"],
    }
    assert result.evidence["cost_usd_picos"] == str(40 * 150_000 + 8 * 600_000)
    book = SpendingBook(tmp_path / "home" / "language" / "spending.db", SystemClock())
    assert book.totals("agent", "").day_picos == 40 * 150_000 + 8 * 600_000
    told = json.dumps(result.evidence) + result.artifacts["trace"][1].decode()
    assert KEY not in told
    assert KEY.encode() not in b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
