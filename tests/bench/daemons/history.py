"""History into SQLite: the indexer, decoded, folded and safe in reorganisations, beside a bare loop that only inserts.

python -m tests.bench.daemons.history ours|bare URL FILE     (prints events, seconds, CPU seconds, peak MiB)
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import httpx
import orjson

from agents_offchain.chain.contract_abi import jsonable
from agents_offchain.chain.node import Node, decode_raw_log
from agents_offchain.chain.watcher import Watcher
from agents_offchain.indexer.sink import IndexSink
from agents_offchain.runtime.collector import settle_collector
from agents_offchain.storage.database import Database
from agents_offchain.storage.migrate import migrate
from tests.bench.daemons.figures import Figure
from tests.bench.peak import peak_mib
from tests.fakes.deployment import DEPLOYMENT
from tests.integration.devnet import free_port

ROUNDS = 3
RANGE_BLOCKS = 2_000
ROOT = Path(__file__).resolve().parents[3]


def measure(events: int) -> list[Figure]:
    """Interleaved rounds of both readers over one tape; medians."""
    rounds: dict[str, list[dict[str, float]]] = {"ours": [], "bare": []}
    with _tape(events) as url, tempfile.TemporaryDirectory(prefix="aitbc-bench-") as folder:
        for number in range(ROUNDS):
            for reader, results in rounds.items():
                results.append(_run(reader, url, Path(folder) / f"{reader}-{number}.db"))
    rates = {reader: [one["events"] / one["seconds"] for one in results] for reader, results in rounds.items()}
    ours, bare = median(rates["ours"]), median(rates["bare"])
    cpu = {reader: median(one["cpu"] / one["events"] * 1e6 for one in results) for reader, results in rounds.items()}
    shown = f"bare loop {bare:,.0f}/s ({min(rates['bare']):,.0f} to {max(rates['bare']):,.0f}), {events:,} events"
    return [
        Figure("history: rate to the bare loop's", ours / bare, "", 0.5, is_more_better=True, reference=shown),
        Figure(
            "history: events", ours, "/s", reference=f"CPU per event: ours {cpu['ours']:.0f}, bare {cpu['bare']:.0f} µs"
        ),
        Figure("history: peak memory", max(one["peak"] for one in rounds["ours"]), "MiB", 200),
    ]


@contextlib.contextmanager
def _tape(events: int) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.daemons.tape", "--events", str(events), "--port", str(port)]
    process = subprocess.Popen(command, cwd=ROOT)
    url = f"http://127.0.0.1:{port}"
    try:
        while True:
            with contextlib.suppress(httpx.HTTPError):
                call = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
                httpx.post(url, json=call, trust_env=False)
                break
            assert process.poll() is None, "the tape did not start"
            time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait()


def _run(reader: str, url: str, file: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.bench.daemons.history", reader, url, str(file)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return {name: float(value) for name, value in json.loads(answer.stdout.splitlines()[-1]).items()}


async def read_ours(url: str, file: Path) -> int:
    """The indexer's watcher and sink, as the daemon wires them."""
    address = f"sqlite+aiosqlite:///{file}"
    database, node = Database(address), Node(url)
    watcher = Watcher("indexer", node, database, DEPLOYMENT, IndexSink(DEPLOYMENT))
    events = 0
    while not (result := await watcher.step()).is_caught_up:
        events += result.events
    await node.close()
    await database.close()
    return events + result.events


def read_bare(url: str, file: Path) -> int:
    """Fetch, decode, insert: no reorganisations, no rows but the events, nothing to go on from."""
    abis, events = DEPLOYMENT.watched(), 0
    addresses = ["0x" + address.hex() for address in abis]
    connection = sqlite3.connect(file)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(
        "CREATE TABLE bare (tx BLOB, log_index INT, block INT, name TEXT, args TEXT, PRIMARY KEY (tx, log_index))"
    )
    with httpx.Client(trust_env=False, timeout=60) as client:

        def ask(method: str, *params: object) -> object:
            body = orjson.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
            return orjson.loads(client.post(url, content=body).content)["result"]

        head = int(str(ask("eth_blockNumber")), 16)
        for first in range(1, head + 1, RANGE_BLOCKS):
            last = min(first + RANGE_BLOCKS - 1, head)
            query = {"address": addresses, "fromBlock": hex(first), "toBlock": hex(last)}
            rows = []
            for entry in map(decode_raw_log, ask("eth_getLogs", query)):  # type: ignore[arg-type,call-overload]
                decoded = abis[entry.address].decode_log(entry.topics, entry.data)
                assert decoded is not None
                arguments = orjson.dumps(jsonable(decoded[1])).decode()
                rows.append((entry.tx_hash, entry.log_index, entry.block_number, decoded[0], arguments))
            with connection:
                connection.executemany("INSERT INTO bare VALUES (?, ?, ?, ?, ?)", rows)
            events += len(rows)
    connection.close()
    return events


def main() -> None:
    reader, url, file = sys.argv[1], sys.argv[2], Path(sys.argv[3])
    if reader == "ours":
        asyncio.run(migrate(f"sqlite+aiosqlite:///{file}"))
        settle_collector()  # as every daemon does
    began, cpu = time.perf_counter(), time.process_time()
    events = asyncio.run(read_ours(url, file)) if reader == "ours" else read_bare(url, file)
    figures = {
        "events": events,
        "seconds": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "peak": peak_mib(),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
