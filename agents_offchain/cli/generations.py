"""The generations of a home's market and what is left in each, for `aitbc status` and `aitbc doctor`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from agents_offchain.chain.addresses import load_deployment
from agents_offchain.cli.continuity import database_exists
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.primitives.hexes import checksum
from agents_offchain.primitives.settings import Settings
from agents_offchain.storage.database import Database
from agents_offchain.storage.generations import open_jobs


@dataclass(frozen=True)
class GenerationStatus:
    """One generation; `open_jobs` is None where nothing is indexed."""

    generation: int
    escrow: str
    is_newest: bool
    open_jobs: int | None

    @property
    def words(self) -> str:
        if self.open_jobs is None:
            left = "not indexed here"
        else:
            left = f"{self.open_jobs} open jobs" if self.open_jobs != 1 else "1 open job"
            left = left if self.open_jobs or self.is_newest else "empty: no open job, its daemons' watch has ended"
        return f"generation {self.generation}  {left}" + (", takes new jobs" if self.is_newest else "")


async def read_generations(settings: Settings) -> list[GenerationStatus]:
    """Newest first; nothing where there is no deployment."""
    if not settings.deployment_file.exists():
        return []
    try:
        newest = load_deployment(settings.deployment_file)
    except AitbcError:
        return []
    left = await _left(settings, newest.chain_id)
    return [
        GenerationStatus(
            each.generation,
            checksum(each.address("JobEscrow")),
            each is newest,
            None if left is None else left.get(each.generation, 0),
        )
        for each in newest.generations
    ]


async def _left(settings: Settings, chain_id: int) -> dict[int, int] | None:
    if not database_exists(settings):
        return None
    database = Database(settings.database())
    try:
        return await open_jobs(database, chain_id)
    except (AitbcError, SQLAlchemyError):
        return None
    finally:
        await database.close()
