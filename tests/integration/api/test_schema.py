"""Whatever a stranger sends by the API's own description is answered as the description says, and never with a crash.

Requests are drawn by schemathesis, good and bad ones, against a served API; live streams are left out, since they do
not end, and the deployment, which an empty index answers with "ask again".
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import httpx
import pytest

from agents_offchain.api.rest.access.tokens import Tokens
from tests.integration.api.schema_server import SECRET
from tests.integration.devnet import free_port

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]
IS_FULL = os.environ.get("AITBC_TEST_SIZE") == "full"
EXAMPLES = 60 if IS_FULL else 3
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
LEFT_OUT = r"/events$|/live$|/deployment$"
READY_SECONDS = 120.0


@pytest.fixture
def served(database_file: Path) -> Iterator[str]:
    """The URL of an API over an empty home."""
    port = free_port()
    command = [sys.executable, "-m", "tests.integration.api.schema_server", str(database_file), str(port)]
    process = subprocess.Popen(command)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait(url, process)
        yield url
    finally:
        process.kill()
        process.wait()


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_SECONDS
    port = int(url.rpartition(":")[2])
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended at once"
        with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), timeout=1)):
            return
        time.sleep(0.05)
    raise TimeoutError("the server does not listen")


def test_api__given_requests_drawn_from_its_description__answers_as_it_says(served: str, tmp_path: Path) -> None:
    token = Tokens(SECRET).issue(b"\x0a" * 20, time.time())
    described = httpx.get(f"{served}/api/openapi.json", trust_env=False, timeout=60).json()
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "run", f"{served}/api/openapi.json"),
            *("--phases", "examples,fuzzing", "--max-examples", str(EXAMPLES), "--checks", CHECKS),
            *("--exclude-path-regex", LEFT_OUT, "-H", f"Authorization: Bearer {token}"),
            *("--no-color", "--generation-deterministic", "--request-timeout", "60"),
        ],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,  # it keeps what it found in a folder
        env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    found = re.search(r"Operations:\s+(\d+) selected", done.stdout)
    assert found is not None
    operations = sum(len(path) for name, path in described["paths"].items() if not re.search(LEFT_OUT, name))
    assert int(found[1]) == operations
