"""A supervisor with small real processes, run as a process of its own: `python -m tests.integration.cli.household DIR`.

It keeps lock and state file as the product does, and prints one line for each change. One process has a grandchild
that ignores SIGTERM, another ends with the code found in `DIR/end-NAME`.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from agents_offchain.runtime.supervisor.child import OsSpawner
from agents_offchain.runtime.supervisor.home_lock import HomeLock
from agents_offchain.runtime.supervisor.logfile import LogFile
from agents_offchain.runtime.supervisor.probes import Asked
from agents_offchain.runtime.supervisor.spec import ProcessSpec, RestartPolicy
from agents_offchain.runtime.supervisor.state_file import ProcessState, StateFile, SupervisorState
from agents_offchain.runtime.supervisor.supervisor import Supervisor

WORKER = """
import pathlib, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
print("hello from", name, flush=True)
(folder / f"ready-{name}").touch()
while not (folder / f"end-{name}").exists():
    time.sleep(0.02)
sys.exit(int((folder / f"end-{name}").read_text()))
"""
PARENT = """
import pathlib, signal, subprocess, sys, time
folder, name = pathlib.Path(sys.argv[1]), sys.argv[2]
sleeper = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", sleeper])
(folder / "grandchild").write_text(str(child.pid))
(folder / f"ready-{name}").touch()
time.sleep(600)
"""
POLICY = RestartPolicy(first_delay_seconds=0.05, longest_delay_seconds=0.1, budget=3, window_seconds=60)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def spec(folder: Path, name: str, code: str, *needs: str) -> ProcessSpec:
    async def is_ready(_pid: int) -> bool:
        return (folder / f"ready-{name}").exists()

    argv = (sys.executable, "-c", code, str(folder), name)
    return ProcessSpec(name=name, argv=argv, needs=needs, ready=Asked(is_ready), restart=POLICY, stop_seconds=2)


async def main(folder: Path) -> None:
    lock, file = HomeLock(folder / "run"), StateFile(folder / "run")
    lock.acquire()
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    def note(state: ProcessState) -> None:
        say(f"{state.name} {state.state} {state.pid}")
        file.write(SupervisorState(os.getpid(), time.time(), supervisor.states()))

    spawner = OsSpawner(lambda name: LogFile(folder / "logs", name), dict(os.environ))
    specs = [
        spec(folder, "first", WORKER),
        spec(folder, "second", WORKER, "first"),
        spec(folder, "parent", PARENT, "first"),
    ]
    supervisor = Supervisor(specs, spawner, folder / "logs", on_change=note)
    await supervisor.start()
    say("up")
    await stop.wait()
    await supervisor.stop()
    file.remove()
    lock.release()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
