"""Session keys: one wallet signature, then cheap authentication of every message.

A host makes two keys: one to agree on the MAC's secrets with other hosts (X25519) and one to sign what many may read
(secp256k1); the keys that bodies are sealed to are others and change sooner (`sealing_keys`). Each wallet that speaks
through this host grants them once, by one EIP-712 signature:

    Session(address agent, bytes32 keys, uint64 created, uint64 expires)      keys = SHA2-256(exchange || verifier)

Between two hosts a message is authenticated by HMAC-SHA-256 under a key that only the two can derive; what goes to
many carries the session's signature, which any reader of the grant can check, a stranger included. Measured on one
core beside each other, 400 bytes: HMAC 500,000/s, secp256k1 48,000 signatures and 31,000 checks, Ed25519 (pycryptodome)
2,500 and 700, one X25519 agreement a pair of hosts 4,500/s (`pytest -m bench -s tests/bench/test_bench_seals.py`).
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import msgspec
from coincurve import PrivateKey, PublicKey

from agents_offchain.messaging.errors import EnvelopeInvalid, SessionInvalid
from agents_offchain.messaging.protocols.exchange_key import ExchangeKey
from agents_offchain.messaging.protocols.message import Frame, Message, wallet_of
from agents_offchain.messaging.protocols.sealing_keys import SEAL_SECONDS, PublicSeal, SealRing, seal_words
from agents_offchain.messaging.protocols.signature import TypedDataSigner, recover_signer
from agents_offchain.primitives.eip712 import Domain, typed_data_digest
from agents_offchain.primitives.eip712 import Field as TypedField

SESSION_SECONDS = 86_400
MAX_SESSION_SECONDS = 30 * 86_400
SESSION_DOMAIN_NAME = "AITBC Session"
SESSION_DOMAIN_VERSION = "1"
SESSION_TYPE = "Session"
SESSION_FIELDS: tuple[TypedField, ...] = (
    ("agent", "address"),
    ("keys", "bytes32"),
    ("created", "uint64"),
    ("expires", "uint64"),
)
MAC_BYTES = 32
_MAC_LABEL = b"aitbc.mac/1"


class Grant(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A wallet's word that a session speaks for it. Times are unix seconds."""

    agent: Annotated[bytes, msgspec.Meta(min_length=20, max_length=20)]
    created: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    expires: Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
    signature: Annotated[bytes, msgspec.Meta(min_length=65, max_length=65)]


class PublicSession(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What others know of a session: `exchange` X25519, `verifier` a compressed secp256k1 point."""

    exchange: Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
    verifier: Annotated[bytes, msgspec.Meta(min_length=33, max_length=33)]

    @property
    def keys(self) -> bytes:
        """32 bytes that name both keys."""
        return hashlib.sha256(self.exchange + self.verifier).digest()

    @property
    def id(self) -> bytes:
        return self.keys[:16]


class Session:
    """A host's own keys. Hold it for as long as messages to it may be under way."""

    def __init__(self, exchange_seed: bytes, signing_secret: bytes) -> None:
        self._seed = exchange_seed
        self._secret = signing_secret
        self._exchange = ExchangeKey(exchange_seed)
        self._signing = PrivateKey(signing_secret)
        self.public = PublicSession(self._exchange.public, self._signing.public_key.format())
        self.id = self.public.id

    @classmethod
    def fresh(cls) -> Session:
        return cls(os.urandom(32), PrivateKey().secret)

    @classmethod
    def kept_in(cls, file: Path) -> Session:
        """The session of a file, made when there is none: processes that share an inbox share it, and a process that
        was killed can still read what was sent to it.

        Raises:
            SessionInvalid: the file is damaged.
        """
        try:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            held = file.read_bytes()
            if len(held) != 64:
                raise SessionInvalid(
                    f"The session file {file} is damaged.", mend="Remove it; a new session is made."
                ) from None
            return cls(held[:32], held[32:])
        made = cls.fresh()
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(made._seed + made._secret)
            stream.flush()
            os.fsync(stream.fileno())
        return made

    def sign(self, header: bytes) -> bytes:
        """64 bytes r || s over SHA2-256 of the header."""
        return self._signing.sign_recoverable(hashlib.sha256(header).digest(), hasher=None)[:64]

    def agree(self, other: PublicSession) -> bytes:
        """The secret of this pair of sessions, the same on both sides.

        Raises:
            SessionInvalid: the other's key is no point that gives a secret.
        """
        try:
            return self._exchange.agree(other.exchange)
        except ValueError as error:
            raise SessionInvalid("The other session's exchange key cannot be used.") from error


async def grant_session(
    public: PublicSession, domain: Domain, signer: TypedDataSigner, key: str, *, created: int, expires: int
) -> Grant:
    """Have a wallet's key speak for a session until `expires` (unix seconds)."""
    agent = await signer.address(key)
    values = (agent, public.keys, created, expires)
    signature = await signer.sign_typed(key, domain, SESSION_TYPE, SESSION_FIELDS, values)
    return Grant(agent, created, expires, signature)


def session_domain(chain_id: int, contract: bytes) -> Domain:
    """The EIP-712 domain of sessions in one deployment; `contract` is 20 bytes (the agents' registry)."""
    return Domain(SESSION_DOMAIN_NAME, SESSION_DOMAIN_VERSION, chain_id, contract)


def require_granted(public: PublicSession, grant: Grant, domain: Domain) -> None:
    """Check a grant's signature and length, not its time.

    Raises:
        SessionInvalid: the wallet did not sign this.
    """
    if not 0 < grant.expires - grant.created <= MAX_SESSION_SECONDS:
        raise SessionInvalid(f"A session is granted for at most {MAX_SESSION_SECONDS} s.")
    values: tuple[Any, ...] = (grant.agent, public.keys, grant.created, grant.expires)
    digest = typed_data_digest(domain, SESSION_TYPE, SESSION_FIELDS, values)
    try:
        signer = recover_signer(digest, grant.signature)
    except EnvelopeInvalid as error:
        raise SessionInvalid("The session's grant carries no signature.") from error
    if signer != grant.agent:
        raise SessionInvalid("The session is not granted by its agent's wallet.")


@dataclass
class _Known:
    public: PublicSession
    verifier: PublicKey
    expires: dict[bytes, int] = field(default_factory=dict)
    seal: PublicSeal | None = None


class SessionBook:
    """The sessions of others, believed as far as wallets granted them, and the secrets shared with each.

    Args:
        own: Our own session.
        domain: See `session_domain`.
        ring: Our own sealing keys.
    """

    def __init__(self, own: Session, domain: Domain, ring: SealRing | None = None) -> None:
        self.own = own
        self.ring = ring or SealRing()
        self._domain = domain
        self._known: dict[bytes, _Known] = {}
        self._secrets: dict[bytes, bytes] = {}
        self._checked: set[bytes] = set()

    def learn(self, public: PublicSession, grants: Iterable[Grant]) -> frozenset[bytes]:
        """Take a session in; the wallets it speaks for. A grant is checked once; a false one is passed over."""
        known = self._known.get(public.id)
        if known is None:
            try:
                known = _Known(public, PublicKey(public.verifier))
            except ValueError:
                return frozenset()
            self._known[public.id] = known
        for grant in grants:
            if known.expires.get(grant.agent, 0) >= grant.expires:
                continue
            try:
                require_granted(public, grant, self._domain)
            except SessionInvalid:
                continue
            known.expires[grant.agent] = grant.expires
        return frozenset(known.expires)

    def learn_seal(self, session_id: bytes, seal: PublicSeal | None) -> None:
        """Take in the sealing key of a known session's host; one that the session did not sign is passed over."""
        known = self._known.get(session_id)
        if known is None or known.seal == seal:
            return
        known.seal = None
        if seal is not None:
            digest = hashlib.sha256(seal_words(seal.public, seal.expires)).digest()
            known.seal = seal if _is_signed(known.verifier, digest, seal.signature) else None

    def seal_of(self, session_id: bytes, now_seconds: float) -> PublicSeal:
        """The key that bodies for this session's host are sealed to.

        Raises:
            SessionInvalid: it has said none that is in time.
        """
        known = self._known.get(session_id)
        if known is None or known.seal is None or known.seal.expires <= now_seconds:
            raise SessionInvalid("The receiver has no sealing key now.", mend="Ask again when its host is back.")
        return known.seal

    def own_seal(self) -> PublicSeal:
        """Our newest sealing key as our card says it."""
        key = self.ring.newest
        expires = int(key.made_at) + 2 * SEAL_SECONDS
        return PublicSeal(key.public, expires, self.own.sign(seal_words(key.public, expires)))

    def forget(self, keep: frozenset[bytes]) -> None:
        """Drop the sessions that are not in `keep` and have no grant left that is in time."""
        for session_id in [held for held in self._known if held not in keep]:
            del self._known[session_id]
            self._secrets = {key: value for key, value in self._secrets.items() if key != session_id}

    def knows(self, session_id: bytes) -> bool:
        return session_id in self._known

    def public(self, session_id: bytes) -> PublicSession | None:
        known = self._known.get(session_id)
        return None if known is None else known.public

    def mac_key(self, session_id: bytes, *, is_ours_first: bool) -> bytes:
        """The key of one direction of a link: from us to them when `is_ours_first`.

        Raises:
            SessionInvalid: the session is unknown.
        """
        ends = (self.own.id, session_id) if is_ours_first else (session_id, self.own.id)
        return hmac.digest(self._secret(session_id), _MAC_LABEL + ends[0] + ends[1], "sha256")

    def require_speaks_for(self, message: Message, *, now_seconds: float) -> None:
        """Check that the message's session was granted by the sender's wallet and still is.

        Raises:
            SessionInvalid: it was not, or no more.
        """
        header = message.header
        known = self._known.get(header.session)
        expires = 0 if known is None else known.expires.get(wallet_of(header.sender), 0)
        if expires <= now_seconds:
            raise SessionInvalid("The session does not speak for the sender.", message_id=header.id)

    def speaks_for(self, session_id: bytes, now_seconds: float) -> frozenset[bytes]:
        """The wallets that a session speaks for now."""
        known = self._known.get(session_id)
        expires = {} if known is None else known.expires
        return frozenset(wallet for wallet, end in expires.items() if end > now_seconds)

    def require_signed(self, frame: Frame, message: Message) -> None:
        """Check the session's own signature under a frame.

        Raises:
            SessionInvalid: the session is unknown, or did not sign.
        """
        known = self._known.get(message.header.session)
        if known is None:
            raise SessionInvalid("The message comes from an unknown session.", message_id=message.header.id)
        digest = hashlib.sha256(frame.header).digest()
        if len(frame.signature) != 64 or not _is_signed(known.verifier, digest, frame.signature):
            raise SessionInvalid("The message is not signed by its session.", message_id=message.header.id)

    def _secret(self, session_id: bytes) -> bytes:
        held = self._secrets.get(session_id)
        if held is None:
            known = self._known.get(session_id)
            if known is None:
                raise SessionInvalid("There is no such session.")
            held = self._secrets[session_id] = self.own.agree(known.public)
        return held


def _is_signed(verifier: PublicKey, digest: bytes, compact: bytes) -> bool:
    try:
        return bool(verifier.verify(_der(compact), digest, hasher=None))
    except ValueError:
        return False


def _der(compact: bytes) -> bytes:
    """r || s as ASN.1, which is the form that the library checks."""
    parts = b"".join(_integer(compact[place : place + 32]) for place in (0, 32))
    return b"\x30" + bytes([len(parts)]) + parts


def _integer(number: bytes) -> bytes:
    short = number.lstrip(b"\x00") or b"\x00"
    padded = b"\x00" + short if short[0] & 0x80 else short
    return b"\x02" + bytes([len(padded)]) + padded
