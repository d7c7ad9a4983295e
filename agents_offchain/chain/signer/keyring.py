"""The opened keys of a folder, where one that was added since is opened when it is first asked for.

So an operator makes a key while the home is up, and no daemon has to be stopped for it. What the key may sign is the
policy's to say; that it was opened stands in the audit log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from agents_offchain.chain.errors import KeyMissing
from agents_offchain.chain.signer.keystore import Key, key_file, open_key, open_keystore


class KeyRing(Mapping[str, Key]):
    """Keys by name.

    Args:
        on_open: Told of every key that is opened after the first ones.
    """

    def __init__(self, folder: Path, passphrase: str, *, on_open: Callable[[Key], object] = lambda key: None) -> None:
        self._folder = folder
        self._passphrase = passphrase
        self._on_open = on_open
        self._keys = open_keystore(folder, passphrase)

    def __getitem__(self, name: str) -> Key:
        if name not in self._keys:
            try:
                key = open_key(key_file(self._folder, name), self._passphrase)
            except KeyMissing as error:
                raise KeyError(name) from error
            self._on_open(key)
            self._keys[name] = key
        return self._keys[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


class KeyAddresses(Mapping[str, bytes]):
    """The addresses of a ring's keys by name."""

    def __init__(self, ring: KeyRing) -> None:
        self._ring = ring

    def __getitem__(self, name: str) -> bytes:
        return self._ring[name].address

    def __iter__(self) -> Iterator[str]:
        return iter(self._ring)

    def __len__(self) -> int:
        return len(self._ring)
