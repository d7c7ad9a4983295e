"""Everything around the daemons fails in its own way while they have a job in hand: node, provider, bus, signer, disk.

An outage begins when a job is funded and again when it is submitted. It ends when the daemons have met it, which
their signs of life, their logs or the provider's counters tell, and the story must end as if nothing had been.
"""

from __future__ import annotations

import asyncio
import random
import shutil
from collections.abc import Awaitable, Callable
from typing import Any

from agents_offchain.primitives.settings import Settings
from tests.faults.client import Hired
from tests.faults.full_disk import fill, make_room
from tests.faults.house import ROLES, House
from tests.faults.report import Report
from tests.faults.story import SETTLED, Stage

SLOW_SECONDS = 0.25
SMALL_RANGE = 3
MET = 12
"""Requests of the daemons after which a misbehaving provider has been met."""
LAG_BLOCKS = 4
HANG_SECONDS = 2.0
HOUR = 3_600.0
SQLITE_PAGE_BYTES = 4_096
FATAL = 4
"""Exit code of what a restart does not mend."""


class Outages:
    """One house, its daemons, and what goes wrong around them."""

    def __init__(self, stage: Stage, report: Report, seed: int) -> None:
        self.stage = stage
        self.house: House = stage.house
        self.report = report
        self._random = random.Random(seed)

    async def tell_all(self, names: list[str]) -> None:
        """Tell the outages in their order; each is taken off the list when it begins."""
        await self.house.start_all()
        while names:
            await self._tell(names.pop(0))

    async def _tell(self, name: str) -> None:
        outage: Callable[[], Awaitable[None]] = getattr(self, "_" + name.replace("-", "_"))
        struck = 0

        async def strike(state: str, _hired: Hired) -> None:
            nonlocal struck
            if state != SETTLED:
                struck += 1
                await outage()

        findings = await self.stage.tell(strike)
        self.house.provider.heal()
        findings.wrong += [
            f"{role} is dead: {self.house.last_words(role)}" for role in ROLES if not self.house.is_alive(role)
        ]
        self.report.note("outages", name, findings, count=struck, items=[name])

    # --- the node and its provider

    async def _node_is_down(self) -> None:
        self.house.provider.fail()
        await self._until_said("step_failed")
        self.house.provider.heal()

    async def _node_hangs(self) -> None:
        self.house.hold("anvil")
        await asyncio.sleep(HANG_SECONDS)  # a process that is held shows nothing: only time tells that it hung
        self.house.release("anvil")

    async def _node_is_slow(self) -> None:
        self.house.provider.delay_seconds = SLOW_SECONDS

    async def _provider_answers_429(self) -> None:
        self.house.provider.status = 429
        await self._until_said("HTTP 429")
        self.house.provider.heal()

    async def _provider_answers_503(self) -> None:
        self.house.provider.status = 503
        await self._until_said("HTTP 503")
        self.house.provider.heal()

    async def _provider_limits_the_rate(self) -> None:
        self.house.provider.refuse = lambda method, params: {"code": -32005, "message": "rate limit exceeded"}
        await self._until_said("limits our rate")
        self.house.provider.heal()

    async def _provider_refuses_ranges(self) -> None:
        def refuse(method: str, params: list[Any]) -> dict[str, Any] | None:
            if method != "eth_getLogs" or "fromBlock" not in params[0]:
                return None
            size = int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1
            return {"code": -32005, "message": "block range is too wide"} if size > SMALL_RANGE else None

        self.house.provider.refuse = refuse

    async def _logs_come_twice(self) -> None:
        self.house.provider.mangle = lambda method, _, result: result * 2 if method == "eth_getLogs" else result

    async def _logs_come_in_disorder(self) -> None:
        def mangle(method: str, _: list[Any], result: Any) -> Any:
            return self._random.sample(result, len(result)) if method == "eth_getLogs" else result

        self.house.provider.mangle = mangle

    async def _provider_lags(self) -> None:
        """Its head stands some blocks behind the chain's, and it says that later blocks do not exist."""
        head = await self.house.node.block_number() - LAG_BLOCKS

        def mangle(method: str, params: list[Any], result: Any) -> Any:
            if method == "eth_blockNumber":
                return hex(min(int(result, 16), head))
            if method == "eth_getBlockByNumber" and params[0] != "latest":
                return None if int(params[0], 16) > head else result
            return result

        self.house.provider.mangle = mangle
        await self._until_asked(MET)
        self.house.provider.heal()

    async def _provider_wavers(self) -> None:
        """Answers come from nodes of which some are behind, as from a pool without sessions."""

        def mangle(method: str, _: list[Any], result: Any) -> Any:
            behind = self._random.randrange(LAG_BLOCKS)
            return hex(max(int(result, 16) - behind, 0)) if method == "eth_blockNumber" else result

        self.house.provider.mangle = mangle

    async def _provider_leaves_out_logs(self) -> None:
        """The worst of lies: blocks are there and their logs are not."""
        self.house.provider.mangle = lambda method, _, result: [] if method == "eth_getLogs" else result
        await self._until_asked(MET)
        self.house.provider.heal()

    async def _provider_talks_nonsense(self) -> None:
        self.house.provider.mangle = lambda method, _, result: {"html": "<h1>It works!</h1>"}
        await self._until_said("has not the right form")
        self.house.provider.heal()

    async def _websocket_is_cut(self) -> None:
        self.house.provider.cut()

    # --- the processes beside the daemons

    async def _message_server_is_killed(self) -> None:
        self.house.kill("valkey")
        self.house.start_valkey()

    async def _message_server_is_away(self) -> None:
        self.house.kill("valkey")
        await self._until_said("bus_unavailable", daemons=("reporter-1", "publisher"))
        self.house.start_valkey()

    async def _message_server_lost_everything(self) -> None:
        self.house.kill("valkey")
        for file in self.house.valkey.directory.rglob("*"):
            if file.is_file():
                file.unlink()
        self.house.start_valkey()

    async def _signer_is_killed(self) -> None:
        self.house.kill("signer")
        self.house.start("signer", "signer")

    async def _artifact_store_is_killed(self) -> None:
        self.house.kill("artifacts")
        self.house.start_artifacts()

    async def _disk_is_full(self) -> None:
        """Nothing more fits into the database; who must write ends with the code for what a restart does not mend."""
        if self.house.database.url.startswith("sqlite"):
            pages = (self.house.home / "aitbc.db").stat().st_size // SQLITE_PAGE_BYTES
            self._restart_all(FAULTS_MAX_PAGES=str(pages))
        else:
            await fill(self.house.database)

        async def has_ended() -> bool:
            return any(self.house.processes[name].poll() == FATAL for name in ROLES)

        await self.house.until(has_ended, "a daemon finds the disk full")
        if not self.house.database.url.startswith("sqlite"):
            await make_room(self.house.database)
        self._restart_all()

    def _restart_all(self, **settings: str) -> None:
        for name in ROLES:
            self.house.kill(name)
            self.house.start_daemon(name, **settings)

    async def _two_agents_have_one_profile(self) -> None:
        """A second home on the same database runs the same agent, with the same signer; the first one dies."""
        second = self.house.home.with_name("h2")
        if not second.exists():
            second.mkdir()
            shutil.copy(self.house.settings.deployment_file, second)
            sockets = Settings(home=second).run_dir
            sockets.mkdir(mode=0o700)
            (sockets / "signer.sock").symlink_to(self.house.settings.signer_socket)
            self.house.start("agent of a second home", "agent", AITBC_HOME=str(second))
        else:
            self.house.kill("agent")
            self.house.start_daemon("agent")

    # --- clocks

    async def _clock_runs_ahead(self) -> None:
        """Every daemon's clock is put an hour ahead; in the next story it is right again, and so put back."""
        self._restart_with_clock(HOUR)

    async def _clock_is_put_back(self) -> None:
        """Daemons die with leases and pauses of a clock that ran ahead, and start with the right one."""
        self._restart_with_clock(0.0)

    async def _clock_runs_behind(self) -> None:
        self._restart_with_clock(-HOUR)

    def _restart_with_clock(self, seconds: float) -> None:
        self._restart_all(FAULTS_CLOCK_SECONDS=str(seconds))

    # --- waiting for an outage to be met

    async def _until_said(self, words: str, daemons: tuple[str, ...] = ("agent", "indexer")) -> None:
        """Until each of the daemons has said so in its log."""
        files = [self.house.folder / f"{name}.log" for name in daemons]
        before = [file.stat().st_size for file in files]

        async def is_said() -> bool:
            return all(words in file.read_text()[size:] for file, size in zip(files, before, strict=True))

        await self.house.until(is_said, f"{daemons} say {words}")

    async def _until_asked(self, times: int) -> None:
        """Until the provider has answered so many more requests."""
        begin = sum(self.house.provider.asked.values())

        async def is_asked() -> bool:
            return sum(self.house.provider.asked.values()) >= begin + times

        await self.house.until(is_asked, "the daemons ask the provider")


_HELPERS = ("_tell", "_until_said", "_until_asked")
OUTAGES = tuple(
    name[1:].replace("_", "-")
    for name, value in vars(Outages).items()
    if name.startswith("_") and asyncio.iscoroutinefunction(value) and name not in _HELPERS
)
"""Every outage by name, in the order of the class."""
