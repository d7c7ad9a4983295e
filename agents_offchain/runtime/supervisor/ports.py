"""TCP ports on this machine: find a free one, or say clearly that a wanted one is taken."""

from __future__ import annotations

import socket

import psutil

from agents_offchain.runtime.supervisor.errors import PortTaken


def free_port(host: str) -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def require_port(host: str, port: int, option: str) -> int:
    """The wanted port.

    Raises:
        PortTaken: somebody listens there; the sentence names who, where the system tells.
    """
    if is_free(host, port):
        return port
    owner = _listener(port)
    raise PortTaken(
        f"Port {port} is taken{f' by {owner}' if owner else ''}.",
        mend=f"Choose another with {option}, or leave {option} out to have a free one.",
        port=port,
    )


def choose_port(host: str, wanted: int | None, last: int | None, option: str) -> int:
    """The wanted port, else the one of last time while it is free, else any free one."""
    if wanted is not None:
        return require_port(host, wanted, option)
    if last is not None and is_free(host, last):
        return last
    return free_port(host)


def listens(pid: int, port: int) -> bool:
    """Whether process `pid` itself has `port` open for listening."""
    try:
        connections = psutil.Process(pid).net_connections(kind="tcp")
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    return any(c.status == psutil.CONN_LISTEN and c.laddr.port == port for c in connections)


def _listener(port: int) -> str:
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
    except psutil.Error:
        pass
    return ""
