"""The generations of a home's market and what is left in each, for `aitbc status` and `aitbc doctor`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from agents_offchain.chain.addresses import Deployment, load_deployment
from agents_offchain.cli.continuity import database_exists
from agents_offchain.primitives.errors import AitbcError
from agents_offchain.primitives.hexes import checksum
from agents_offchain.primitives.settings import Settings
from agents_offchain.primitives.units import format_tokens
from agents_offchain.storage.database import Database
from agents_offchain.storage.generations import open_jobs
from agents_offchain.storage.payments.channels import ChannelBook
from agents_offchain.storage.payments.orders import OrderBook


@dataclass(frozen=True)
class GenerationStatus:
    """One generation; `open_jobs` is None where nothing is indexed.

    Attributes:
        promised_units: What vouchers and orders held here may still bring on its channels; of channels that several
            generations share the newest one tells.
    """

    generation: int
    escrow: str
    is_newest: bool
    open_jobs: int | None
    promised_units: int = 0

    @property
    def words(self) -> str:
        if self.open_jobs is None:
            left = "not indexed here"
        else:
            left = f"{self.open_jobs} open jobs" if self.open_jobs != 1 else "1 open job"
            is_empty = not (self.open_jobs or self.promised_units or self.is_newest)
            left = "empty: no open job, its daemons' watch has ended" if is_empty else left
        promised = f", {format_tokens(self.promised_units)} promised off chain" if self.promised_units else ""
        return f"generation {self.generation}  {left}{promised}" + (", takes new jobs" if self.is_newest else "")


async def read_generations(settings: Settings) -> list[GenerationStatus]:
    """Newest first; nothing where there is no deployment."""
    if not settings.deployment_file.exists():
        return []
    try:
        newest = load_deployment(settings.deployment_file)
    except AitbcError:
        return []
    left, promised = await _left(settings, newest)
    return [
        GenerationStatus(
            each.generation,
            checksum(each.address("JobEscrow")),
            each is newest,
            None if left is None else left.get(each.generation, 0),
            promised.get(each.generation, 0),
        )
        for each in newest.generations
    ]


async def _left(settings: Settings, newest: Deployment) -> tuple[dict[int, int] | None, dict[int, int]]:
    """Open jobs and held promises by generation."""
    if not database_exists(settings):
        return None, {}
    database = Database(settings.database())
    try:
        return await open_jobs(database, newest.chain_id), await _promised(database, newest)
    except (AitbcError, SQLAlchemyError):
        return None, {}
    finally:
        await database.close()


async def _promised(database: Database, newest: Deployment) -> dict[int, int]:
    books = {group[0].generation: group[0].book("PaymentChannels") for group in newest.sharing("PaymentChannels")}
    return {
        number: await ChannelBook(database, book).unclaimed() + await OrderBook(database, book).unpaid()
        for number, book in books.items()
    }
