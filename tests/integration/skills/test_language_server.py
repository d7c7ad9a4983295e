"""The local model in a process of its own, under the real supervisor: it answers, dies, and comes back."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import pytest

from agents_offchain.cli.specs import language_server
from agents_offchain.primitives.settings import Settings
from agents_offchain.runtime.supervisor.child import OsSpawner
from agents_offchain.runtime.supervisor.logfile import LogFile
from agents_offchain.runtime.supervisor.ports import free_port
from agents_offchain.runtime.supervisor.spec import StepSpec
from agents_offchain.runtime.supervisor.supervisor import Supervisor
from agents_offchain.skills.llm.chat import Ask, Message
from agents_offchain.skills.llm.local import LocalModel

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]
MODELS = Path(Settings().models).resolve()
SCHEMA = {
    "type": "object",
    "required": ["label"],
    "additionalProperties": False,
    "properties": {"label": {"enum": ["one", "two"]}},
}
ASK = Ask([Message("user", "Say one or two.")], max_tokens=12, schema=SCHEMA)


async def _nothing() -> None:
    """Set-up is done already."""


async def test_language_server__killed_under_its_supervisor__comes_back_and_nobody_is_left_without_an_answer(
    tmp_path: Path,
) -> None:
    url = f"http://127.0.0.1:{free_port('127.0.0.1')}"
    spawner = OsSpawner(lambda name: LogFile(tmp_path, name), {**os.environ, "AITBC_MODELS": str(MODELS)})
    supervisor = Supervisor([StepSpec("prepare", _nothing), language_server(url)], spawner, tmp_path)
    probe = language_server(url).ready
    model = LocalModel(MODELS, server_url=url)
    await supervisor.start()
    try:
        served = await asyncio.to_thread(model.complete, ASK)
        assert model._server is None, "the weights were loaded by the server alone"
        (state,) = (one for one in supervisor.states() if one.name == "language")
        assert state.pid
        os.kill(state.pid, signal.SIGKILL)
        here = await asyncio.to_thread(model.complete, ASK)
        assert here.text == served.text, "the same weights, seed and build say the same"
        async with asyncio.timeout(120):
            while not await probe.is_ready(0):
                await asyncio.sleep(0.1)
        assert (await asyncio.to_thread(LocalModel(MODELS, server_url=url).complete, ASK)).text == served.text
    finally:
        await supervisor.stop()
    assert not await probe.is_ready(0)
