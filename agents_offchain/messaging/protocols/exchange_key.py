"""One X25519 key (RFC 7748): what two hosts agree on secrets with."""

from __future__ import annotations

from Crypto.Protocol.DH import import_x25519_private_key, import_x25519_public_key, key_agreement


class ExchangeKey:
    """The private half.

    Args:
        seed: 32 bytes.
    """

    def __init__(self, seed: bytes) -> None:
        self._key = import_x25519_private_key(seed)
        self.public: bytes = self._key.public_key().export_key(format="raw")

    def agree(self, other: bytes) -> bytes:
        """The 32 bytes that only the holders of this key and of the public key `other` know.

        Raises:
            ValueError: the public key gives no secret.
        """
        theirs = import_x25519_public_key(other)
        return bytes(key_agreement(static_priv=self._key, static_pub=theirs, kdf=lambda raw: raw))
