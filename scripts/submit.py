"""Hands a result over: `ape run submit --account TEST::1 --job 1 --file result.json` or `--digest 0x…`."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click
from ape.api import AccountAPI

from scripts import Market, require_job, told, verb, word


def submit(m: Market, account: AccountAPI, job_id: int, deliverable: bytes) -> None:
    """Submits the SHA-256 of a result document for a funded job of `account`."""
    require_job(m, job_id)
    told(m.escrow.submit(job_id, deliverable, b"", sender=account), f"job {job_id} submitted")


@verb
@click.option("--job", "job_id", type=int, required=True, help="Number of the job.")
@click.option("--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Result document.")
@click.option("--digest", help="Its SHA-256, 0x and 64 digits.")
def cli(m: Market, account: AccountAPI, job_id: int, file: Path | None, digest: str | None) -> None:
    """Submit a result; its digest goes on the chain, the document stays with you."""
    if (file is None) == (digest is None):
        raise click.ClickException("Give either --file or --digest.")
    deliverable = word(digest, "digest") if file is None else hashlib.sha256(file.read_bytes()).digest()
    submit(m, account, job_id, deliverable)
