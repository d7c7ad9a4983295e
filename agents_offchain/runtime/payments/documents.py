"""The documents that payers hand over: `aitbc.voucher/1`, `aitbc.order/1`, `aitbc.authorized-hire/1`.

Amounts are decimal text of the smallest unit, bytes are 0x hex, times unix seconds. Reading one checks its form alone;
whether it is good money is `intake`'s question.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from agents_offchain.chain.proxies.authorized_hire import AuthorizedHire
from agents_offchain.chain.proxies.job_escrow import HireTerms
from agents_offchain.primitives.canonical import DocumentInvalid, parse_document
from agents_offchain.primitives.errors import Refused
from agents_offchain.primitives.hexes import checksum, decode_address, decode_hex, encode_hex
from agents_offchain.primitives.payments import Channel, Order
from agents_offchain.primitives.units import AgentId, TokenUnits

VOUCHER_SCHEMA = "aitbc.voucher/1"
ORDER_SCHEMA = "aitbc.order/1"
HIRE_SCHEMA = "aitbc.authorized-hire/1"
MAX_DOCUMENT_BYTES = 1 << 16

Address = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{40}$")]
Word = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{64}$")]
Signature = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{130}$")]
Number = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,77})$")]


class PromiseMalformed(Refused):
    """A voucher, an order or a signed hire has not the form of one."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _Terms(_Strict):
    payer: Address
    payee: Address
    token: Address
    grace_seconds: Annotated[int, Field(ge=0, lt=1 << 32)]
    salt: Number


class _Voucher(_Strict):
    schema_: str = Field(alias="schema")
    chain_id: int
    contract: Address
    channel: _Terms
    cumulative: Number
    signature: Signature


class _Order(_Strict):
    schema_: str = Field(alias="schema")
    chain_id: int
    contract: Address
    payer: Address
    payee: Address
    token: Address
    amount: Number
    nonce: Number
    valid_before: Annotated[int, Field(ge=0, lt=1 << 32)]
    purpose: Word
    signature: Signature


class _HireTerms(_Strict):
    provider: Address
    policy_id: Annotated[int, Field(ge=0, lt=1 << 32)]
    budget: Number
    expired_at: Annotated[int, Field(ge=0, lt=1 << 32)]
    agent_id: Number
    listing_id: Number
    description: Annotated[str, StringConstraints(max_length=200)]


class _Hire(_Strict):
    schema_: str = Field(alias="schema")
    chain_id: int
    contract: Address
    client: Address
    terms: _HireTerms
    salt: Word
    valid_after: Annotated[int, Field(ge=0, lt=1 << 48)]
    valid_before: Annotated[int, Field(ge=0, lt=1 << 48)]
    signature: Signature


@dataclass(frozen=True)
class Place:
    """Which contract on which chain a promise is about."""

    chain_id: int
    contract: bytes


@dataclass(frozen=True)
class SignedVoucher:
    """A voucher as it was handed over."""

    place: Place
    channel: Channel
    cumulative: int
    signature: bytes

    def as_dict(self) -> dict[str, Any]:
        channel = self.channel
        return {
            **_head(VOUCHER_SCHEMA, self.place),
            "channel": {
                "payer": checksum(channel.payer),
                "payee": checksum(channel.payee),
                "token": checksum(channel.token),
                "grace_seconds": channel.grace_seconds,
                "salt": str(channel.salt),
            },
            "cumulative": str(self.cumulative),
            "signature": encode_hex(self.signature),
        }


@dataclass(frozen=True)
class SignedOrder:
    """An order as it was handed over."""

    place: Place
    order: Order
    signature: bytes

    def as_dict(self) -> dict[str, Any]:
        order = self.order
        return {
            **_head(ORDER_SCHEMA, self.place),
            "payer": checksum(order.payer),
            "payee": checksum(order.payee),
            "token": checksum(order.token),
            "amount": str(order.amount),
            "nonce": str(order.nonce),
            "valid_before": order.valid_before,
            "purpose": encode_hex(order.purpose),
            "signature": encode_hex(self.signature),
        }


@dataclass(frozen=True)
class SignedHire:
    """A hire that its client only signed."""

    place: Place
    hire: AuthorizedHire

    def as_dict(self) -> dict[str, Any]:
        hire, terms = self.hire, self.hire.terms
        return {
            **_head(HIRE_SCHEMA, self.place),
            "client": checksum(hire.client),
            "terms": {
                "provider": checksum(terms.provider),
                "policy_id": terms.policy_id,
                "budget": str(terms.budget),
                "expired_at": terms.expired_at,
                "agent_id": str(terms.agent_id),
                "listing_id": str(terms.listing_id),
                "description": terms.description,
            },
            "salt": encode_hex(hire.salt),
            "valid_after": hire.valid_after,
            "valid_before": hire.valid_before,
            "signature": encode_hex(hire.signature),
        }


Promise = SignedVoucher | SignedOrder | SignedHire


def parse_promise(data: bytes) -> Promise:
    """Read one of the three documents.

    Raises:
        PromiseMalformed: it is too large, no JSON, of an unknown schema, or a field is wrong.
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise PromiseMalformed(f"The document has {len(data)} bytes; at most {MAX_DOCUMENT_BYTES} are read.")
    schema, document = _read(data)
    try:
        match schema:
            case "aitbc.voucher/1":
                return _voucher(_Voucher.model_validate(document))
            case "aitbc.order/1":
                return _order(_Order.model_validate(document))
            case "aitbc.authorized-hire/1":
                return _hire(_Hire.model_validate(document))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise PromiseMalformed(f"The {schema} document is wrong at {where or 'the top'}: {first['msg']}.") from error
    raise PromiseMalformed(
        "The document is no voucher, no order and no signed hire.",
        mend=f"Hand over {VOUCHER_SCHEMA}, {ORDER_SCHEMA} or {HIRE_SCHEMA}.",
    )


def _read(data: bytes) -> tuple[str, dict[str, Any]]:
    """The schema of a document of ours and all of it; an unknown schema comes back alone."""
    for schema in (VOUCHER_SCHEMA, ORDER_SCHEMA, HIRE_SCHEMA):
        if schema.encode() in data:
            try:
                return schema, parse_document(data, schema)
            except DocumentInvalid as error:
                raise PromiseMalformed(error.message) from error
    return "", {}


def _voucher(read: _Voucher) -> SignedVoucher:
    terms = read.channel
    return SignedVoucher(
        place=Place(read.chain_id, decode_address(read.contract)),
        channel=Channel(
            payer=decode_address(terms.payer),
            payee=decode_address(terms.payee),
            token=decode_address(terms.token),
            grace_seconds=terms.grace_seconds,
            salt=_bounded("channel.salt", terms.salt, 64),
        ),
        cumulative=_bounded("cumulative", read.cumulative, 96),
        signature=decode_hex(read.signature),
    )


def _order(read: _Order) -> SignedOrder:
    return SignedOrder(
        place=Place(read.chain_id, decode_address(read.contract)),
        order=Order(
            payer=decode_address(read.payer),
            payee=decode_address(read.payee),
            token=decode_address(read.token),
            amount=_bounded("amount", read.amount, 96),
            nonce=_bounded("nonce", read.nonce, 64),
            valid_before=read.valid_before,
            purpose=decode_hex(read.purpose),
        ),
        signature=decode_hex(read.signature),
    )


def _hire(read: _Hire) -> SignedHire:
    terms = read.terms
    return SignedHire(
        place=Place(read.chain_id, decode_address(read.contract)),
        hire=AuthorizedHire(
            client=decode_address(read.client),
            terms=HireTerms(
                provider=decode_address(terms.provider),
                policy_id=terms.policy_id,
                budget=TokenUnits(_bounded("terms.budget", terms.budget, 96)),
                expired_at=terms.expired_at,
                agent_id=AgentId(_bounded("terms.agent_id", terms.agent_id, 256)),
                listing_id=_bounded("terms.listing_id", terms.listing_id, 256),
                description=terms.description,
            ),
            salt=decode_hex(read.salt),
            valid_after=read.valid_after,
            valid_before=read.valid_before,
            signature=decode_hex(read.signature),
        ),
    )


def _bounded(name: str, text: str, bits: int) -> int:
    number = int(text)
    if number >= 1 << bits:
        raise PromiseMalformed(f"{name} has more than {bits} bits.")
    return number


def _head(schema: str, place: Place) -> dict[str, Any]:
    return {"schema": schema, "chain_id": place.chain_id, "contract": checksum(place.contract)}
