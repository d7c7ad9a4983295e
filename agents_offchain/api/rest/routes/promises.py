"""Vouchers, orders and signed hires by HTTP: taken when they are good money."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from agents_offchain.api.rest.context import Client, Context
from agents_offchain.api.rest.documents import read_json
from agents_offchain.api.rest.errors import RequestRefused
from agents_offchain.api.rest.models import TakenOut
from agents_offchain.api.rest.problems import responses
from agents_offchain.runtime.payments.documents import parse_promise

router = APIRouter(prefix="/api/v1", tags=["payments"])
_DOCUMENT = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object", "required": ["schema"]}}},
    }
}


@router.post("/promises", status_code=201, responses=responses(400, 403, 413, 422, 429, 503), openapi_extra=_DOCUMENT)
async def post_promise(request: Request, response: Response, context: Context, client: Client) -> TakenOut:
    """Hand over `aitbc.voucher/1`, `aitbc.order/1` or `aitbc.authorized-hire/1`.

    201 when it is kept now, 200 when it was kept before. What is not good money, or pays nobody here, is refused.
    """
    if context.deps.promises is None:
        raise RequestRefused("Nobody takes vouchers here: this market has no PaymentChannels.")
    data = await request.body()
    read_json(data)
    promise = parse_promise(data)
    place = await context.quota.reserve(client, len(data))
    try:
        taken = await context.deps.promises.take(promise)
    except BaseException:
        await context.quota.keep(place, "")  # what was refused has been looked at, too
        raise
    await context.quota.keep(place, taken.key[:120])
    if not taken.is_new:
        response.status_code = 200
    return TakenOut(kind=taken.kind, key=taken.key, is_new=taken.is_new, adds=str(taken.adds))
