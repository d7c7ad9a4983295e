"""A worker of a queue is killed, wherever that is: every job's effect happens once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.integration.messaging.conftest import EmbeddedValkey
from tests.integration.messaging.killed_worker import JOBS, kill_a_worker
from tests.integration.messaging.worker_process import AFTER_EFFECT, KILL_POINTS

pytestmark = pytest.mark.integration
IS_FULL = os.environ.get("AITBC_TEST_SIZE") == "full"


@pytest.mark.parametrize("point", KILL_POINTS if IS_FULL else [AFTER_EFFECT])
async def test_queue__when_a_worker_is_killed__does_every_job_once(
    valkey: EmbeddedValkey, tmp_path: Path, point: str
) -> None:
    aftermath = await kill_a_worker(valkey.spec.url, tmp_path, point)
    assert aftermath.done == list(range(JOBS))
    assert aftermath.held > 0, "the dead worker left nothing behind, so nothing was shown"
