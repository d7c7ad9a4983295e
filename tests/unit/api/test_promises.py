"""Promises by HTTP: taken once, refused as a problem document, counted against an address's hour."""

from __future__ import annotations

import json
from dataclasses import replace

import httpx
import pytest

from agents_offchain.api.rest.app import create_app
from agents_offchain.runtime.payments.documents import Place, Promise, SignedVoucher
from agents_offchain.runtime.payments.intake import PromiseRefused, Taken
from tests.unit.api.conftest import World
from tests.unit.payments.fake_channels import CONTRACT, channel, sign

pytestmark = pytest.mark.unit


class Counter:
    """Takes each voucher once; more than 100 is not good money."""

    def __init__(self) -> None:
        self.taken: list[Promise] = []

    async def take(self, promise: Promise) -> Taken:
        assert isinstance(promise, SignedVoucher)
        if promise.cumulative > 100:
            raise PromiseRefused("The channel holds 100.", mend="Top it up.")
        is_new = promise not in self.taken
        self.taken.append(promise)
        return Taken("voucher", "0xab", is_new, promise.cumulative if is_new else 0)


def voucher(cumulative: int) -> bytes:
    signed = SignedVoucher(Place(31337, CONTRACT), channel(), cumulative, sign(channel(), cumulative))
    return json.dumps(signed.as_dict()).encode()


@pytest.fixture
def http(world: World) -> httpx.AsyncClient:
    app = create_app(replace(world.app.state.context.deps, promises=Counter()))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


async def test_promise__handed_over_twice__is_created_then_known(http: httpx.AsyncClient) -> None:
    first = await http.post("/api/v1/promises", content=voucher(40))
    assert first.status_code == 201
    assert first.json() == {"kind": "voucher", "key": "0xab", "is_new": True, "adds": "40"}
    again = await http.post("/api/v1/promises", content=voucher(40))
    assert (again.status_code, again.json()["adds"]) == (200, "0")


async def test_promise__that_is_not_good_money__is_a_problem_with_a_mend(http: httpx.AsyncClient) -> None:
    refused = await http.post("/api/v1/promises", content=voucher(101))
    assert refused.status_code == 422
    assert (refused.json()["detail"], refused.json()["mend"]) == ("The channel holds 100.", "Top it up.")
    assert (await http.post("/api/v1/promises", content=b"{}")).status_code == 422
    assert (await http.post("/api/v1/promises", content=b"{")).status_code == 400, "as every other write"


async def test_promise__beyond_what_an_address_may_hand_over_in_an_hour__waits(http: httpx.AsyncClient) -> None:
    answers = [(await http.post("/api/v1/promises", content=voucher(200))).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429], "also what is refused was looked at"


async def test_promise__on_a_market_without_channels__is_refused(world: World) -> None:
    answer = await world.http.post("/api/v1/promises", content=voucher(1))
    assert answer.status_code == 422
    assert "PaymentChannels" in answer.json()["detail"]
