"""A demo's temporary home is gone afterwards, whoever was killed; nobody else's folder is touched."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from agents_offchain.cli.demo.lodging import LOCK, sweep, temporary_home

pytestmark = pytest.mark.unit
KILLED = (
    "import os, signal; from agents_offchain.cli.demo.lodging import temporary_home;"
    "home = temporary_home(); print(home.__enter__(), flush=True); os.kill(os.getpid(), signal.SIGKILL)"
)


def test_home__of_a_demo_that_was_killed__is_removed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    done = subprocess.run([sys.executable, "-c", KILLED], capture_output=True, text=True, check=False)
    assert done.returncode == -9, done.stderr
    left = Path(done.stdout.strip())
    assert left.is_dir()
    with temporary_home() as home:
        assert not left.exists()
        assert sweep(tmp_path) == [], "one that is lived in stays"
        assert home.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_sweep__of_folders_that_only_look_like_it__touches_none(tmp_path: Path) -> None:
    kept, linked, real = tmp_path / "aitbc-demo-kept", tmp_path / "aitbc-demo-link", tmp_path / "real"
    for folder in (kept, real):
        folder.mkdir()
    (real / LOCK).touch()
    linked.symlink_to(real)
    assert sweep(tmp_path) == []
    assert kept.is_dir()
    assert (real / LOCK).is_file()
