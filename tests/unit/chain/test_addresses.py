from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from agents_offchain.chain.addresses import WATCHED, load_deployment, load_previous, parse_deployment
from agents_offchain.chain.errors import DeploymentMissing
from tests.fakes.deployment import DEPLOYMENT, DOCUMENT, ESCROW

pytestmark = pytest.mark.unit


def test_deployment__from_its_file__is_the_same_value(tmp_path: Path) -> None:
    file = tmp_path / "deployment.json"
    file.write_text(json.dumps(DOCUMENT))
    assert load_deployment(file) == DEPLOYMENT
    assert DEPLOYMENT.reporters == (b"\xef" * 20,)
    assert DEPLOYMENT.job_key(7) == f"31337:0x{ESCROW.hex()}:7"
    assert {abi.name for abi in DEPLOYMENT.watched().values()} == set(WATCHED)


@pytest.mark.parametrize("field", ["chainId", "deployedAtBlock", "contracts", "policyId", "treasury", "reporters"])
@pytest.mark.parametrize("value", [None, "x", [5], {"JobEscrow": 5}, "absent"])
def test_parse_deployment__with_a_wrong_field__is_fatal_with_a_mend(field: str, value: Any) -> None:
    document = deepcopy(DOCUMENT)
    document[field] = value
    if value == "absent":
        del document[field]
    with pytest.raises(DeploymentMissing, match="incomplete"):
        parse_deployment(document)


def test_parse_deployment__of_no_object__is_fatal() -> None:
    for document in ([], "x", None, 5):
        with pytest.raises(DeploymentMissing):
            parse_deployment(document)  # type: ignore[arg-type]


def test_load_deployment__absent_or_not_json__says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DeploymentMissing, match="aitbc up"):
        load_deployment(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(DeploymentMissing, match="cannot be read"):
        load_deployment(tmp_path / "bad.json")
    with pytest.raises(DeploymentMissing, match="cannot be read"):
        load_deployment(tmp_path)


def test_load_previous__of_a_market_that_moved_on__has_every_generation_and_of_an_unreadable_file_is_no_market(
    tmp_path: Path,
) -> None:
    """Taken for absent, an unreadable record would be replaced by one that knows the newest contracts alone."""
    file = tmp_path / "deployment.json"
    assert load_previous(file) is None
    moved = {**DOCUMENT, "generation": 2, "older": [DOCUMENT]}
    file.write_text(json.dumps(moved))
    assert load_previous(file) == moved
    for text in ("", "{", "[]", '{"chainId": 31337}'):
        file.write_text(text)
        with pytest.raises(DeploymentMissing) as refused:
            load_previous(file)
        assert "from a copy" in (refused.value.mend or "")


def test_address__of_a_contract_that_is_not_deployed__is_fatal() -> None:
    with pytest.raises(DeploymentMissing, match="has no PaymentChannels"):
        DEPLOYMENT.address("PaymentChannels")
