"""Rows go to the driver as tuples, so their fields must be the columns of their tables, in order."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import Table

from agents_offchain.indexer import rows
from agents_offchain.indexer.facts import ROW_NAMESPACE, Fact
from agents_offchain.storage.tables import read_model
from tests.unit.indexer.fake_chain import FakeChain

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("row", "table"),
    [
        (Fact, read_model.events),
        (rows.AgentRow, read_model.agents),
        (rows.ListingRow, read_model.agent_listings),
        (rows.PolicyRow, read_model.policies),
        (rows.JobRow, read_model.jobs),
        (rows.VerdictRow, read_model.verdicts),
        (rows.DisputeRow, read_model.disputes),
        (rows.TransactionRow, read_model.marketplace_transactions),
    ],
)
def test_row__of_a_folded_table__has_its_columns_in_order(row: Any, table: Table) -> None:
    assert list(row._fields) == list(table.c.keys())


@pytest.mark.parametrize("leg", [0, 1])
def test_row_id__of_a_movement__is_the_uuid5_of_its_place(leg: int) -> None:
    chain = FakeChain()
    chain.register_policy()
    fact = chain.facts()[0]
    place = f"31337:0x{fact.tx_hash.hex()}:{fact.log_index}" + (f":{leg}" if leg else "")
    assert fact.row_id(leg) == str(uuid.uuid5(ROW_NAMESPACE, place))
