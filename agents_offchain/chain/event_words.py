"""Read an event's words at once, where they stand as a contract writes them.

In: topics and data of a log. Out: the same values as `eth_abi` gives, some ten times sooner; or None for whatever is
not plainly encoded (structs, arrays, stray padding, odd offsets), which is then the library's to read or to refuse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

WORD = 32
_ZEROS = bytes(WORD)
_TEXT, _BLOB = "string", "bytes"
_Reader = Callable[[bytes], Any]


class _Unusual(Exception):
    """A word that no contract writes like this."""


class EventWords:
    """Readers of one event's arguments, made once.

    Args:
        indexed: (name, type) of the arguments in topics, in their order.
        plain: (name, type) of the arguments in data, in their order.
    """

    def __init__(self, indexed: Sequence[tuple[str, str]], plain: Sequence[tuple[str, str]]) -> None:
        topics = [(name, _hashed if kind in (_TEXT, _BLOB) else _reader(kind)) for name, kind in indexed]
        self._indexed = [(name, read) for name, read in topics if read is not None]
        self._plain = [(name, kind, None if kind in (_TEXT, _BLOB) else _reader(kind)) for name, kind in plain]
        self._head_bytes = WORD * len(plain)
        self._is_known = len(self._indexed) == len(topics) and all(
            read is not None or kind in (_TEXT, _BLOB) for _, kind, read in self._plain
        )

    def read(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any] | None:
        """The arguments by name; None when the library has to look.

        Args:
            topics: Without the event's own.
        """
        if not self._is_known or len(data) < self._head_bytes:
            return None
        args: dict[str, Any] = {}
        try:
            for (name, read_topic), topic in zip(self._indexed, topics, strict=True):
                args[name] = read_topic(topic)
            place, tail = 0, self._head_bytes
            for name, kind, read in self._plain:
                word = data[place : place + WORD]
                place += WORD
                if read is not None:
                    args[name] = read(word)
                else:
                    blob, tail = _blob(data, int.from_bytes(word, "big"), tail)
                    args[name] = blob if kind == _BLOB else blob.decode("utf-8", "replace")
        except (_Unusual, ValueError):
            return None
        return args


def _blob(data: bytes, offset: int, expected: int) -> tuple[bytes, int]:
    """(bytes of dynamic length, where the next ones begin)."""
    begin = offset + WORD
    if offset != expected or begin > len(data):
        raise _Unusual
    end = begin + int.from_bytes(data[offset:begin], "big")
    after = end + -end % WORD
    if after > len(data) or data[end:after] != _ZEROS[: after - end]:
        raise _Unusual
    return data[begin:end], after


def _reader(kind: str) -> _Reader | None:
    """The reader of one static word; None for other types."""
    if kind == "address":
        return _address
    if kind == "bool":
        return _bool
    if kind == "uint256":
        return _uint256
    if kind.startswith("uint") and kind[4:].isdigit():
        return _narrow_uint(int(kind[4:]))
    if kind.startswith("bytes") and kind[5:].isdigit():
        return _fixed_bytes(int(kind[5:]))
    return None


def _hashed(word: bytes) -> bytes:
    """An indexed value of dynamic type is there as its hash."""
    return word


def _address(word: bytes) -> str:
    if len(word) != WORD or word[:12] != _ZEROS[:12]:
        raise _Unusual
    return "0x" + word[12:].hex()


def _bool(word: bytes) -> bool:
    number = _uint256(word)
    if number > 1:
        raise _Unusual
    return number == 1


def _uint256(word: bytes) -> int:
    if len(word) != WORD:
        raise _Unusual
    return int.from_bytes(word, "big")


def _narrow_uint(bits: int) -> _Reader:
    def read(word: bytes) -> int:
        number = _uint256(word)
        if number >> bits:
            raise _Unusual
        return number

    return read


def _fixed_bytes(size: int) -> _Reader:
    padding = _ZEROS[size:]

    def read(word: bytes) -> bytes:
        if len(word) != WORD or word[size:] != padding:
            raise _Unusual
        return word[:size]

    return read
