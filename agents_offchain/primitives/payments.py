"""What payers sign off chain, as `PaymentChannels` reads it: channels with their vouchers, and orders.

Amounts are in the smallest unit of the token, addresses are 20 bytes, times unix seconds. Nothing is signed in here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from agents_offchain.primitives.eip712 import Domain, Field, typed_data_digest

PAYMENTS_DOMAIN_NAME = "AITBC PaymentChannels"
PAYMENTS_DOMAIN_VERSION = "1"
VOUCHER_TYPE = "Voucher"
VOUCHER_FIELDS: tuple[Field, ...] = (("channelId", "bytes32"), ("cumulative", "uint96"))
ORDER_TYPE = "Order"
ORDER_FIELDS: tuple[Field, ...] = (
    ("payer", "address"),
    ("payee", "address"),
    ("token", "address"),
    ("amount", "uint96"),
    ("nonce", "uint64"),
    ("validBefore", "uint32"),
    ("purpose", "bytes32"),
)
MAX_UNITS = (1 << 96) - 1
NONCE_BITS = 256
"""Nonces of one word of the bitmap."""


@dataclass(frozen=True)
class Channel:
    """The terms of a channel; their hash is its id, so that terms never change."""

    payer: bytes
    payee: bytes
    token: bytes
    grace_seconds: int
    salt: int

    @property
    def terms_word(self) -> bytes:
        """`channelTerms` of a batch row: payer 160, grace 32, salt 64 bits."""
        return self.payer + self.grace_seconds.to_bytes(4, "big") + self.salt.to_bytes(8, "big")

    @property
    def channel_id(self) -> bytes:
        return keccak(encode(("bytes32", "address", "address"), (self.terms_word, self.payee, self.token)))

    def as_tuple(self) -> tuple[Any, ...]:
        """`IPaymentChannels.Channel` in the order of its fields."""
        return (self.payer, self.payee, self.token, self.grace_seconds, self.salt)


@dataclass(frozen=True)
class Order:
    """One payment out of a purse; `purpose` is 32 bytes, such as the sha2-256 of a request document."""

    payer: bytes
    payee: bytes
    token: bytes
    amount: int
    nonce: int
    valid_before: int
    purpose: bytes

    def as_tuple(self) -> tuple[Any, ...]:
        """`ISignedOrders.Order` in the order of its fields; the same order is signed."""
        return (self.payer, self.payee, self.token, self.amount, self.nonce, self.valid_before, self.purpose)

    @property
    def words(self) -> tuple[bytes, int]:
        """The first two words of a batch row."""
        return self.payer + self.amount.to_bytes(12, "big"), (self.valid_before << 64) | self.nonce

    @property
    def nonce_word(self) -> int:
        return self.nonce // NONCE_BITS

    @property
    def nonce_mask(self) -> int:
        return 1 << (self.nonce % NONCE_BITS)


def payments_domain(chain_id: int, contract: bytes) -> Domain:
    return Domain(PAYMENTS_DOMAIN_NAME, PAYMENTS_DOMAIN_VERSION, chain_id, contract)


def voucher_digest(domain: Domain, channel_id: bytes, cumulative: int) -> bytes:
    """What the payer of a channel signs: everything that it owes so far."""
    return typed_data_digest(domain, VOUCHER_TYPE, VOUCHER_FIELDS, (channel_id, cumulative))


def order_digest(domain: Domain, order: Order) -> bytes:
    """What the payer of a purse signs."""
    return typed_data_digest(domain, ORDER_TYPE, ORDER_FIELDS, order.as_tuple())


def compact_signature(signature: bytes) -> tuple[bytes, bytes]:
    """(r, yParityAndS) of ERC-2098, from r || s || v with v 27 or 28 and s in the lower half."""
    s = int.from_bytes(signature[32:64], "big") | (signature[64] - 27) << 255
    return signature[:32], s.to_bytes(32, "big")
