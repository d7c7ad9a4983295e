"""A chain of the test's own with the market on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from agents_offchain.chain.addresses import Deployment
from agents_offchain.chain.node import Node
from tests.integration.devnet import Devnet, running_anvil
from tests.integration.market import Market, deploy


@pytest.fixture
def anvil() -> Iterator[Devnet]:
    """A fresh anvil that mines every transaction at once."""
    with running_anvil() as devnet:
        yield devnet


@pytest.fixture
def deployment(anvil: Devnet) -> Deployment:
    """The market, freshly deployed on `anvil`."""
    return deploy(anvil)


@pytest.fixture
def market(anvil: Devnet, deployment: Deployment) -> Market:
    """The verbs of the market on `anvil`."""
    return Market(anvil, deployment)


@pytest.fixture
async def node(anvil: Devnet) -> AsyncIterator[Node]:
    """The product's own client of `anvil`."""
    client = Node(anvil.url)
    yield client
    await client.close()
