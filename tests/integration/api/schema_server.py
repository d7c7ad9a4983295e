"""The whole HTTP API over an empty home, as a process: `python -m ... <database file> <port>`.

It has tables, votes and sign-in; its chain does not answer and its message server is absent, as after a bad morning.
"""

from __future__ import annotations

import sys

import uvicorn

from agents_offchain.api.rest.app import create_app
from agents_offchain.api.rest.deps import ApiDeps, ApiLimits
from agents_offchain.chain.node import Node
from agents_offchain.messaging.routing.quota import Quota
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.artifacts.client import MemoryArtifactStore
from agents_offchain.storage.database import Database
from tests.unit.indexer.fake_chain import fake_deployment

SECRET = b"known to the tests, not for use."


def main(file: str, port: int) -> None:
    deps = ApiDeps(
        database=Database(f"sqlite+aiosqlite:///{file}"),
        deployment=fake_deployment(),
        node=Node("http://127.0.0.1:1"),
        artifacts=MemoryArtifactStore(),
        settings=Settings(),
        access_secret=SECRET,
        limits=ApiLimits(caller_quota=Quota(per_second=1e6, burst=10**6), uploads_per_hour=10**6),
    )
    uvicorn.run(create_app(deps), host="127.0.0.1", port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
