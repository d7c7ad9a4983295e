"""The set-up of Debian packages: installs what is missing, or says what to run; fails only under CI."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BASH = "/bin/bash"

pytestmark = pytest.mark.unit


class Machine:
    """A PATH with stand-ins for dpkg, apt-get and id, and a log of what apt-get was asked."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.asked, self.packages = folder / "bin", folder / "asked", folder / "packages.debian"
        self.bin.mkdir()
        self.packages.write_text("# comment\n\nchromium\nvalgrind\n")
        (self.bin / "grep").symlink_to("/bin/grep")
        self.installed("chromium", "valgrind")
        self.user(0)
        self.apt(0)

    def program(self, name: str, body: str) -> None:
        (self.bin / name).write_text(f"#!{BASH}\n{body}\n")
        (self.bin / name).chmod(0o755)

    def installed(self, *names: str) -> None:
        self.program(
            "dpkg-query", f'case " {" ".join(names)} " in *" $3 "*) echo "install ok installed";; *) exit 1;; esac'
        )

    def user(self, number: int) -> None:
        self.program("id", f"echo {number}")

    def apt(self, status: int) -> None:
        self.program("apt-get", f'echo "$@" >> {self.asked}; exit {status}')

    def set_up(self, *, is_ci: bool = False) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name != "CI"}
        environment |= {"PATH": str(self.bin)} | ({"CI": "1"} if is_ci else {})
        command = [BASH, str(ROOT / "tools" / "setup_system.sh"), str(self.packages)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def requests(self) -> list[str]:
        return self.asked.read_text().splitlines() if self.asked.exists() else []


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_setup_system__given_every_package__asks_for_nothing(machine: Machine) -> None:
    done = machine.set_up(is_ci=True)
    assert (done.returncode, done.stdout + done.stderr, machine.requests()) == (0, "", [])


def test_setup_system__given_a_missing_package_and_root__installs_that_one(machine: Machine) -> None:
    machine.installed("valgrind")
    assert machine.set_up(is_ci=True).returncode == 0
    assert machine.requests() == ["update -q", "install -y -q --no-install-recommends chromium"]


@pytest.mark.parametrize(("is_ci", "status"), [(False, 0), (True, 1)])
def test_setup_system__when_apt_cannot__says_so_and_fails_under_ci_alone(
    machine: Machine, is_ci: bool, status: int
) -> None:
    machine.installed()
    machine.apt(100)
    done = machine.set_up(is_ci=is_ci)
    assert done.returncode == status
    assert "could not install: chromium valgrind" in done.stderr


@pytest.mark.parametrize(("is_ci", "status"), [(False, 0), (True, 1)])
def test_setup_system__given_another_user__prints_the_line_to_run(machine: Machine, is_ci: bool, status: int) -> None:
    machine.installed()
    machine.user(1_000)
    done = machine.set_up(is_ci=is_ci)
    assert done.returncode == status
    assert "sudo apt-get install -y chromium valgrind" in done.stderr
    assert machine.requests() == []


def test_setup_system__given_another_system__names_the_packages(machine: Machine) -> None:
    machine.installed()
    (machine.bin / "apt-get").unlink()
    done = machine.set_up()
    assert done.returncode == 0
    assert "not Debian; please install by hand: chromium valgrind" in done.stderr
