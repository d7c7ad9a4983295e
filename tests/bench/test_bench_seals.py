"""What it costs to authenticate 400 bytes, each way: `pytest -m bench -s tests/bench/test_bench_seals.py`."""

from __future__ import annotations

import hashlib
import hmac
import os
import sys
import time
from collections.abc import Callable

import pytest
from Crypto.PublicKey import ECC
from Crypto.Signature import eddsa

from agents_offchain.messaging.protocols.message import Frame, Message, body_digest, write_frame
from agents_offchain.messaging.protocols.sealed_body import seal_body
from agents_offchain.messaging.protocols.session import Session
from tests.unit.messaging.test_message import LINKS, header_for

pytestmark = pytest.mark.bench


def test_seals__of_each_kind__cost_so_much() -> None:
    data, key = os.urandom(400), os.urandom(32)
    one, two = LINKS
    header = header_for(b"1", session=one.own.id, digest=body_digest(b"1"))
    frame = write_frame(header, b"1")
    signed, message = Frame(frame.header, frame.body, 0, one.own.sign(frame.header)), Message(header, b"1")
    edwards = ECC.generate(curve="ed25519")
    signer, verifier = eddsa.new(edwards, "rfc8032"), eddsa.new(edwards.public_key(), "rfc8032")
    signature, other = signer.sign(data), Session.fresh()
    kinds: list[tuple[str, int, Callable[[], object]]] = [
        ("HMAC-SHA-256", 20_000, lambda: hmac.digest(key, data, "sha256")),
        ("SHA2-256 alone", 20_000, lambda: hashlib.sha256(data).digest()),
        ("session signature, made", 3_000, lambda: one.own.sign(data)),
        ("session signature, checked", 3_000, lambda: two.require_signed(signed, message)),
        ("Ed25519 (pycryptodome), made", 300, lambda: signer.sign(data)),
        ("Ed25519 (pycryptodome), checked", 100, lambda: verifier.verify(data, signature)),
        ("X25519 agreement", 200, lambda: one.own.agree(other.public)),
        ("sealed body", 3_000, lambda: seal_body(one.ring, two.own_seal(), b"context", data)),
    ]
    for name, times, act in kinds:
        began = time.process_time()
        for _ in range(times):
            act()
        sys.stdout.write(f"\n{name}: {times / (time.process_time() - began):,.0f} per CPU second")
    sys.stdout.write("\n")
