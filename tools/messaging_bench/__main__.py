"""Rounds in turn, bare and product, and the table: `python -m tools.messaging_bench [--rounds 3] [--requests 4000]`.

Prints medians with the least and the most, ratios and CPU seconds; MISSED beside every target that is not reached;
`--write` puts them into the page. Exit code 1 when a ratio falls below its ratchet (`tests/coordination.toml`).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import psutil
import structlog
import uvloop

from agents_offchain.messaging.embedded.valkey import ValkeySpec, wait_ready
from agents_offchain.messaging.streams import connect
from tests.integration.messaging.killed_worker import JOBS, Aftermath, kill_a_worker
from tests.integration.messaging.real_hosts import RECOVERY_SECONDS
from tests.integration.messaging.worker_process import KILL_POINTS
from tools.messaging_bench import bare, measures
from tools.messaging_bench.agreements import agree
from tools.messaging_bench.measures import Measured, other_process

PAGE = measures.ROOT / "docs" / "performance-messaging.md"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
RATCHET = measures.ROOT / "tests" / "coordination.toml"
Round = Callable[[], Awaitable[Measured]]


class Table:
    """Lines for people, figures for `--json`."""

    def __init__(self) -> None:
        self.ratios: dict[str, float] = {}
        self.figures: dict[str, Any] = {}
        self.lines: list[str] = []

    def note(self, name: str, words: str) -> None:
        """A line without a ratio."""
        self._say(f"{name:34} {words}")

    def _say(self, line: str) -> None:
        self.lines.append(line)
        print(line, flush=True)

    def show(self, name: str, rounds: list[Measured]) -> float:
        """One line; the median rate."""
        rates = sorted(item.rate for item in rounds)
        rate = statistics.median(rates)
        p50, p99 = (statistics.median(getattr(item, key) for item in rounds) for key in ("p50_ms", "p99_ms"))
        cpu = statistics.median(item.cpu_seconds for item in rounds)
        self.figures[name] = {"rate": rate, "p50_ms": p50, "p99_ms": p99, "cpu_seconds": cpu}
        self._say(
            f"{name:34} {rate:10,.0f}/s ({rates[0]:,.0f} to {rates[-1]:,.0f})  "
            f"p50 {p50:6.1f} ms  p99 {p99:6.1f} ms  {cpu:.4f} CPU-s/1k"
        )
        return rate

    def ratio(self, name: str, value: float, target: float, *, is_ceiling: bool = False) -> None:
        """A ratio beside its target."""
        is_met = value <= target if is_ceiling else value >= target
        self.ratios[name] = round(value, 3)
        word = "at most" if is_ceiling else "at least"
        self._say(f"    {name}: {value:.2f} ({word} {target:g}){'' if is_met else '  MISSED'}")


async def run(options: argparse.Namespace) -> Table:
    folder = Path(tempfile.mkdtemp(prefix="aitbc-m-"))
    spec = ValkeySpec(folder / "data", folder / "v.sock", max_memory_bytes=1 << 30)
    spec.prepare()
    server = await asyncio.create_subprocess_exec(*spec.argv(), stdout=asyncio.subprocess.DEVNULL)
    try:
        await wait_ready(spec.url)
        return await _measure(spec.url, psutil.Process(server.pid), options)
    finally:
        server.kill()
        await server.wait()
        shutil.rmtree(folder, ignore_errors=True)


async def _measure(url: str, valkey: psutil.Process, options: argparse.Namespace) -> Table:
    table, load = Table(), os.getloadavg()[0]
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {load:.1f} at the start"
    table.note(machine, f"({options.rounds} rounds)")
    await _asks(table, url, valkey, options)
    await _broadcasts(table, url, valkey, options)
    await _votes(table, url, valkey, options)
    await _agreements(table, url, options)
    await _killed_workers(table, url, options)
    await _clean(url)
    async with other_process(url, "agents", 1_000) as other:
        memory, p99 = await measures.directory(url, 1_000)
        serving = other.memory_info().rss / 2**20
    table.figures["directory"] = {"memory_mib": memory, "serving_memory_mib": serving, "query_p99_ms": p99}
    table.note(
        "1,000 agents alive",
        f"{serving:.0f} MiB where they live, {memory:.0f} MiB where they are seen, query p99 {p99:.2f} ms",
    )
    table.ratio("discovery query p99, ms", p99, 5.0, is_ceiling=True)
    return table


async def _agreements(table: Table, url: str, options: argparse.Namespace) -> None:
    """Byzantine agreements, with all awake and with f silent; then a fifth of what is said is lost."""
    for members in (4, 7, 13):
        for faulty in (0, (members - 1) // 3):
            await _clean(url)
            agreed = await agree(url, members, faulty, options.decisions)
            name = f"agreement of {members}, {faulty} faulty"
            table.figures[name] = {"rate": agreed.rate, "p50_ms": agreed.p50_ms, "p99_ms": agreed.p99_ms}
            table.note(name, f"{agreed.rate:.1f}/s, p50 {agreed.p50_ms:.0f} ms, p99 {agreed.p99_ms:.0f} ms")
            if agreed.share < 1:
                table.note(name, f"only {agreed.share:.0%} came to an end within 30 s")
    await _clean(url)
    leaky = await agree(url, 7, 0, 2 * options.decisions, loss=0.2)
    table.ratio("share of proposals decided with 20 % loss", leaky.share, 0.95)


async def _killed_workers(table: Table, url: str, options: argparse.Namespace) -> None:
    """A queue with two workers on a database of effects; one is killed, at each place in turn."""
    found: list[Aftermath] = []
    for point in KILL_POINTS * options.rounds:
        await _clean(url)
        with tempfile.TemporaryDirectory(prefix="aitbc-w-") as folder:
            found.append(await kill_a_worker(url, Path(folder), point))
    lost = sum(len(set(range(JOBS)) - set(item.done)) for item in found)
    twice = sum(len(item.done) - len(set(item.done)) for item in found)
    recovery, end = (sorted(getattr(item, key) for item in found) for key in ("recovery_seconds", "end_seconds"))
    table.figures["killed workers"] = {"kills": len(found), "lost": lost, "twice": twice, "recovery_seconds": recovery}
    table.note(
        "queue, one of two workers killed",
        f"{len(found)} kills at {len(KILL_POINTS)} places, {lost} of {len(found) * JOBS} jobs lost, {twice} done twice",
    )
    table.note(
        "    others have its jobs after",
        f"{statistics.median(recovery):.2f} s ({recovery[0]:.2f} to {recovery[-1]:.2f}), "
        f"all is done after {statistics.median(end):.2f} s ({end[0]:.2f} to {end[-1]:.2f})",
    )
    bound = RECOVERY_SECONDS + RECOVERY_SECONDS / 2 + 0.1
    table.ratio("jobs lost or done twice", lost + twice, 0, is_ceiling=True)
    table.ratio("longest recovery over lease + scan + 100 ms", recovery[-1] / bound, 1.0, is_ceiling=True)


async def _asks(table: Table, url: str, valkey: psutil.Process, options: argparse.Namespace) -> None:
    counts, rates = (10, 100, 500), {}
    results: dict[str, list[Measured]] = {"bare": [], **{str(count): [] for count in counts}}
    for _ in range(options.rounds):
        await _clean(url)
        async with other_process(url, "bare", 0) as other:
            results["bare"].append(await measures.bare_asks(url, other, valkey, options.requests))
        for count in counts:
            await _clean(url)
            async with other_process(url, "agents", count) as other:
                measured = await measures.product_asks(url, count, other, valkey, options.requests)
            results[str(count)].append(measured)
    bare_rate = table.show("bare loop, one inbox a host", results["bare"])
    bare_p99 = table.figures["bare loop, one inbox a host"]["p99_ms"]
    for count in counts:
        name = f"request-response, {count} agents"
        rates[count] = table.show(name, results[str(count)])
        table.ratio(f"rate of {count} agents over bare", rates[count] / bare_rate, 0.6)
        table.ratio(f"p99 of {count} agents over bare", table.figures[name]["p99_ms"] / bare_p99, 2.0, is_ceiling=True)
    table.ratio("rate of 500 agents over 10", rates[500] / rates[10], 0.9)


async def _broadcasts(table: Table, url: str, valkey: psutil.Process, options: argparse.Namespace) -> None:
    for count in (100, 500):
        bares, products = [], []
        for _ in range(options.rounds):
            await _clean(url)
            async with other_process(url, "calls", count) as other:
                bares.append(await measures.bare_broadcasts(url, count, other, valkey, options.calls))
            await _clean(url)
            async with other_process(url, "agents", count) as other:
                products.append(await measures.product_broadcasts(url, count, other, valkey, options.calls))
        bare_rate = table.show(f"bare fan-out to {count}", bares)
        rate = table.show(f"broadcast and gather, {count} agents", products)
        table.ratio(f"deliveries to {count} over bare", rate / bare_rate, 0.7)


async def _votes(table: Table, url: str, valkey: psutil.Process, options: argparse.Namespace) -> None:
    rounds = []
    for _ in range(options.rounds):
        await _clean(url)
        async with other_process(url, "voters", 7) as other:
            rounds.append(await measures.votes(url, other, valkey, max(options.requests // 8, 64)))
    rate = table.show("signed quorum, 5 of 7 voices", rounds)
    table.ratio("signed quorums a second over 1,000", rate / 1_000, 1.0)


async def _clean(url: str) -> None:
    client = connect(url)
    await client.flushall()
    await bare.make_groups(client)
    await client.aclose()


def write_page(lines: list[str]) -> None:
    """Replace what stands between the marks of the page."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text("\n".join([before + BEGIN, "```text", *(line.rstrip() for line in lines), "```", END + after]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--requests", type=int, default=4_000)
    parser.add_argument("--calls", type=int, default=60)
    parser.add_argument("--decisions", type=int, default=24, help="agreements of each council")
    parser.add_argument("--write", action="store_true", help="put the figures into docs/performance-messaging.md")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger("critical"))
    table = uvloop.run(run(options))
    if options.write:
        write_page(table.lines)
    if options.json:
        options.json.write_text(json.dumps({"figures": table.figures, "ratios": table.ratios}, indent=1))
    fallen = 0
    for name, least in tomllib.loads(RATCHET.read_text())["at_least"].items():
        if table.ratios[name] < least:
            print(f"FALLEN: {name} is {table.ratios[name]}, the ratchet holds {least}.")
            fallen += 1
    return 1 if fallen else 0


if __name__ == "__main__":
    sys.exit(main())
