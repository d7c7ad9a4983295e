"""Tokens of signed-in wallets: JSON Web Tokens (RFC 7519) under HMAC-SHA-256, and nothing else.

The header is fixed and compared as bytes, so that no token chooses its own algorithm (RFC 8725, 3.1).
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from pathlib import Path

import orjson

from agents_offchain.api.rest.access.principal import SCOPES, Principal, Unauthenticated
from agents_offchain.primitives.errors import SettingsInvalid
from agents_offchain.primitives.hexes import HexInvalid, decode_address, encode_hex

TOKEN_SECONDS = 3_600
SECRET_BYTES = 32
ISSUER = "aitbc"
_HEADER = base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"=")
_MEND = "Sign in again: POST /api/v1/auth/challenge, then /api/v1/auth/token."


class Tokens:
    """Makes and reads the tokens of one server.

    Args:
        secret: 32 random bytes; everybody's tokens end when it changes.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def issue(self, wallet: bytes, now: float) -> str:
        """A token for a wallet, good for `TOKEN_SECONDS`."""
        claims = {"iss": ISSUER, "sub": encode_hex(wallet), "iat": int(now), "exp": int(now) + TOKEN_SECONDS}
        signed = _HEADER + b"." + _encode(orjson.dumps(claims))
        return (signed + b"." + _encode(self._mac(signed))).decode()

    def read(self, token: str, now: float) -> Principal:
        """Who a token is for.

        Raises:
            Unauthenticated: not ours, altered, or its time is over.
        """
        head, _, rest = token.encode("utf-8", "replace").partition(b".")
        payload, _, mac = rest.partition(b".")
        try:
            is_ours = hmac.compare_digest(_decode(mac), self._mac(head + b"." + payload))
            if head != _HEADER or not is_ours:
                raise ValueError("not ours")
            claims = orjson.loads(_decode(payload))
            if claims["iss"] != ISSUER or not claims["iat"] <= now + 60 < claims["exp"] + 60:
                raise ValueError("not now")
            wallet = decode_address(claims["sub"])
        except (ValueError, KeyError, TypeError, binascii.Error, HexInvalid) as error:
            raise Unauthenticated("The token is not valid, or no more.", mend=_MEND) from error
        return Principal(f"wallet:{encode_hex(wallet)}", SCOPES, wallet)

    def _mac(self, data: bytes) -> bytes:
        return hmac.digest(self._secret, data, "sha256")


def secret_of(file: Path) -> bytes:
    """The server's secret, made when there is none; only its owner can read the file.

    Raises:
        SettingsInvalid: the file is damaged.
    """
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        held = file.read_bytes()
        if len(held) != SECRET_BYTES:
            raise SettingsInvalid(
                f"The file {file} does not hold a secret of the API.", mend="Remove it; everybody signs in again then."
            ) from None
        return held
    made = os.urandom(SECRET_BYTES)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(made)
    return made


def _encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _decode(data: bytes) -> bytes:
    return base64.b64decode(data + b"=" * (-len(data) % 4), altchars=b"-_", validate=True)
